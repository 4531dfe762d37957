"""Magento Open Source and Adobe Commerce, declared.

Their back office has an address that every shop chooses for itself, so that orders have none that is known:
https://experienceleague.adobe.com/en/docs/commerce-operations/configuration-guide/setup/custom-admin-path.
"""

from typing import Final

from ledger.platforms.credentials import Field, Form
from ledger.platforms.declaration import Declaration, Kind

MAGENTO: Final = Declaration(
    name="magento",
    label="Magento",
    kind=Kind.CART,
    storefront_label="Store's address",
    storefront_hint="The domain at which the store's API is reached, such as shop.example.com.",
    credentials=Form(
        (
            Field("consumer_key", "Integration: consumer key"),
            Field("consumer_secret", "Integration: consumer secret"),
            Field("access_token", "Integration: access token"),
            Field("access_token_secret", "Integration: access token secret"),
            Field("client_id", "Cloud Service: client id"),
            Field("client_secret", "Cloud Service: client secret"),
            Field("commerce_public_key", "Commerce Webhooks: public key (PEM)", is_long=True),
        ),
        (
            ("consumer_key", "consumer_secret", "access_token", "access_token_secret"),
            ("access_token",),
            ("client_id", "client_secret"),
        ),
        ("store", "shipping_includes_tax", "adobe_client_id", "commerce_public_key", "secret_header"),
    ),
    # https://developer.adobe.com/commerce/webapi/rest/; credit memos have numbers there.
    order_states=frozenset(
        {
            *("new", "processing", "complete", "closed"),
            *("canceled", "holded", "payment_review", "pending_payment"),
        }
    ),
)
