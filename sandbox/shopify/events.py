"""Sends a shop's webhooks: headers, signature and patience as documented.

https://shopify.dev/docs/apps/build/webhooks (delivery structure, best practices) and, for the retries,
https://shopify.dev/changelog/updates-to-webhook-retry-mechanism
"""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sandbox.jsonish import Json, dumps
from sandbox.shopify.model import Order, Transaction
from sandbox.shopify.payloads.order import order_body
from sandbox.shopify.payloads.refund import order_transaction_body
from sandbox.shopify.shop import COMPLIANCE_TOPICS, Shop
from sandbox.webhooks import Delivery, Headers
from sandbox.world import World

PLATFORM: Final = "shopify"
RETRIES: Final = 8
RETRY_SPAN_SECONDS: Final = 4 * 60 * 60
EVENT_ID_HEADER: Final = "X-Shopify-Event-Id"

Event = tuple[str, Json]


def retry_delays() -> tuple[float, ...]:
    """Return the waits between attempts: 8 retries, each wait double the last, 4 hours in all."""
    shares = [2**index for index in range(RETRIES)]
    return tuple(RETRY_SPAN_SECONDS * share / sum(shares) for share in shares)


def signature(secret: str, body: bytes) -> str:
    """Sign the raw body: base64 of HMAC-SHA256, keyed by the app's client secret."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def announce(world: World, shop: Shop, events: Sequence[Event]) -> None:
    """Send the webhooks that one action of the merchant causes; they share an event id.

    Args:
        world: Where they are sent from.
        shop: Whose they are.
        events: Topics and bodies.
    """
    now = world.clock.now()
    event_id = str(uuid.uuid4())
    deliveries = [_delivery(world, shop, topic, body, event_id, now) for topic, body in events]
    world.courier.send([each for each in deliveries if each is not None])


def _delivery(
    world: World, shop: Shop, topic: str, body: Json, event_id: str, now: datetime
) -> Delivery | None:
    """Address and sign one webhook; ``None`` if nobody subscribes to its topic."""
    subscription = shop.subscriptions.get(topic)
    url = subscription.uri if subscription else shop.webhook_url if topic in COMPLIANCE_TOPICS else None
    if url is None:
        return None
    data = dumps(body)
    webhook_id = str(uuid.uuid4())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Shopify-Captain-Hook",
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signature(shop.webhook_secret, data),
        "X-Shopify-Shop-Domain": shop.domain,
        "X-Shopify-API-Version": shop.webhook_version,
        "X-Shopify-Webhook-Id": webhook_id,
        EVENT_ID_HEADER: event_id,
        "X-Shopify-Triggered-At": now.isoformat().replace("+00:00", "Z"),
    }

    def sign(_now: datetime) -> Headers:
        return headers

    def unsubscribe() -> None:
        with world.lock:
            if subscription is not None and shop.subscriptions.get(topic) is subscription:
                del shop.subscriptions[topic]

    return Delivery(
        id=webhook_id,
        platform=PLATFORM,
        tenant=shop.domain,
        topic=topic,
        url=url,
        body=data,
        sign=sign,
        delays=retry_delays(),
        event_id=event_id,
        on_give_up=unsubscribe,
    )


def order_event(shop: Shop, topic: str, order: Order) -> Event:
    """Write an ``orders/*`` event as the order is now."""
    return topic, order_body(order, shop.domain)


def transaction_events(order: Order, transactions: Sequence[Transaction]) -> list[Event]:
    """Write ``order_transactions/create`` for transactions with an outcome; pending ones send nothing."""
    return [
        ("order_transactions/create", order_transaction_body(order, each))
        for each in transactions
        if each.status in {"success", "failure", "error"}
    ]
