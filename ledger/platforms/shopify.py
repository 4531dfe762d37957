"""Shopify, declared."""

import re
from typing import Final

from ledger.platforms.credentials import CLIENT, Field, Form
from ledger.platforms.declaration import Declaration, Kind

_SHOP: Final = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
_NUMBER: Final = re.compile(r"[0-9]{1,20}")


def _order_url(shop: str, order_id: str, _currency: str) -> str:
    is_known = _NUMBER.fullmatch(order_id) and _SHOP.fullmatch(shop)
    return f"https://{shop}/admin/orders/{order_id}" if is_known else ""


SHOPIFY: Final = Declaration(
    name="shopify",
    label="Shopify",
    kind=Kind.CART,
    storefront_label="Shop",
    storefront_hint="The shop's own domain, such as example.myshopify.com.",
    credentials=Form(
        (*CLIENT, Field("access_token", "Access token, in place of both")),
        (("client_id", "client_secret"), ("access_token",)),
    ),
    storefront_ids=_SHOP,
    storefront_id_is="a shop such as example.myshopify.com",
    makes_webhook_secret=True,
    order_url=_order_url,
    tokens=(re.compile(r"\bshp[a-z]{2,3}_[A-Za-z0-9]{1,128}"),),  # tokens and secrets
)
