"""What each platform has to be asked to send, and where a person asks it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger.models.accounts import Platform
from webhooks.sources.ebay_events import TOPICS as EBAY_TOPICS
from webhooks.sources.shopify_events import READERS as SHOPIFY_READERS


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a platform has to be asked to send.

    Attributes:
        topics: The platform's own names for it.
        where: Where it is asked for them.
        secret: Where the secret comes from that vouches for what it sends.
    """

    topics: tuple[str, ...]
    where: str
    secret: str


SUBSCRIPTIONS: Final[Mapping[Platform, Subscription]] = {
    # Types: https://developer-docs.amazon.com/sp-api/docs/notification-type-values
    Platform.AMAZON: Subscription(
        ("TRANSACTION_UPDATE", "ORDER_CHANGE"),
        "the Notifications API (createDestination, createSubscription), for an EventBridge rule with an API "
        "destination, or for a queue that is relayed by an SNS topic",
        "it is what the relay sends: the API key of EventBridge's API destination",
    ),
    # https://developer.ebay.com/api-docs/commerce/notification/overview.html
    Platform.EBAY: Subscription(
        tuple(sorted(EBAY_TOPICS)),
        "the application's Alerts & Notifications page, or the Notification API's createSubscription",
        "it is the endpoint's verification token: 32 to 80 letters, digits, _ and -",
    ),
    # https://developer.adobe.com/commerce/extensibility/events/events-reference/
    Platform.MAGENTO: Subscription(
        ("observer.sales_order_creditmemo_save_after", "observer.sales_order_save_after"),
        "Adobe I/O Events or the Commerce Webhooks module; or, with an extension such as Mageplaza, its "
        "hooks for new credit memos and orders",
        "the shop sends it in the header x-refund-sync-secret, unless the credentials have adobe_client_id "
        "(for Adobe I/O Events) or commerce_public_key (for Commerce Webhooks)",
    ),
    # https://shopify.dev/docs/apps/build/webhooks/subscribe/https
    Platform.SHOPIFY: Subscription(
        tuple(SHOPIFY_READERS),
        "the app's configuration (shopify.app.toml) or webhookSubscriptionCreate",
        "Shopify signs webhooks with the app's client secret",
    ),
}
"""Of every storefront platform; NetSuite's script knows by itself what to send."""
