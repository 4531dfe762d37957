"""Writes a seller's notifications, and sends them the way they reach an HTTPS endpoint.

Amazon itself delivers to Amazon SQS and EventBridge only; an API destination or an SNS topic goes on.
https://developer-docs.amazon.com/sp-api/docs/notifications-api-v1-use-case-guide
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sandbox.amazon import sns
from sandbox.amazon.answers import moment
from sandbox.amazon.breakdowns import ACCOUNT_TYPE
from sandbox.amazon.model import Feed, FulfillmentStatus, Order, Transaction
from sandbox.amazon.seller import PLATFORM, Push, Seller
from sandbox.jsonish import Json, dumps
from sandbox.webhooks import Delivery, Headers
from sandbox.world import World

TRANSACTION_UPDATE: Final = "TRANSACTION_UPDATE"
ORDER_CHANGE: Final = "ORDER_CHANGE"
FEED_PROCESSING_FINISHED: Final = "FEED_PROCESSING_FINISHED"
AWS_ACCOUNT: Final = "123456789012"

_DOUBLING: Final = 9
_ATTEMPTS: Final = 185
_SPAN_SECONDS: Final = 24 * 60 * 60


def destination_delays() -> tuple[float, ...]:
    """Return an API destination's waits: 185 retries in 24 hours, doubling at first.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html gives both numbers
    and says "exponential backoff"; where the growth ends is assumed.
    """
    first = [float(2**index) for index in range(_DOUBLING)]
    rest = (_SPAN_SECONDS - sum(first)) / (_ATTEMPTS - _DOUBLING)
    return (*first, *[rest] * (_ATTEMPTS - _DOUBLING))


def transaction_update(seller: Seller, transaction: Transaction) -> Json:
    """Write the payload of ``TRANSACTION_UPDATE``."""
    return {
        "TransactionUpdateNotification": {
            "SellingPartnerMetadata": {
                "SellingPartnerId": seller.id,
                "MarketplaceId": seller.marketplace,
                "AccountType": ACCOUNT_TYPE,
            },
            "RelatedIdentifiers": [
                {
                    "RelatedIdentifierName": "OrderId",
                    "RelatedIdentifierValue": transaction.order.id,
                }
            ],
            "TransactionType": transaction.kind,
            "PostedDate": moment(transaction.posted_at),
            "TotalAmount": {
                "CurrencyAmount": transaction.total,
                "CurrencyCode": transaction.order.currency,
            },
        }
    }


ORDER_STATUSES: Final = {
    FulfillmentStatus.PENDING: "Pending",
    FulfillmentStatus.UNSHIPPED: "Unshipped",
    FulfillmentStatus.SHIPPED: "Shipped",
    FulfillmentStatus.CANCELLED: "Canceled",
}


def order_change(seller: Seller, order: Order) -> Json:
    """Write the payload of ``ORDER_CHANGE`` for a change of status."""
    shipped = order.status is FulfillmentStatus.SHIPPED
    open_order = order.status in {FulfillmentStatus.PENDING, FulfillmentStatus.UNSHIPPED}
    units = sum(line.quantity for line in order.lines)
    return {
        "OrderChangeNotification": {
            "NotificationLevel": "OrderLevel",
            "SellerId": seller.id,
            "AmazonOrderId": order.id,
            "OrderChangeType": "OrderStatusChange",
            "OrderChangeTrigger": {
                "TimeOfOrderChange": moment(order.updated_at),
                "ChangeReason": order.cancel_reason or "OrderStatusChange",
            },
            "Summary": {
                "MarketplaceId": seller.marketplace,
                "OrderStatus": ORDER_STATUSES[order.status],
                "PurchaseDate": moment(order.created_at),
                "DestinationPostalCode": order.postal_code,
                "FulfillmentType": order.network,
                "OrderType": "StandardOrder",
                "NumberOfItemsShipped": units if shipped else 0,
                "NumberOfItemsUnshipped": units if open_order else 0,
                "OrderItems": [
                    {
                        "OrderItemId": line.id,
                        "SellerSKU": line.sku,
                        "SupplySourceId": None,
                        "OrderItemStatus": "Shipped" if shipped else "Unshipped",
                        "Quantity": line.quantity,
                        "QuantityShipped": line.quantity if shipped else 0,
                    }
                    for line in order.lines
                ],
            },
        }
    }


def feed_finished(seller: Seller, feed: Feed) -> Json:
    """Write the payload of ``FEED_PROCESSING_FINISHED``."""
    payload = {
        "sellerId": seller.id,
        "accountId": f"amzn1.merchant.o.{seller.id}",
        "feedId": feed.id,
        "feedType": feed.kind,
        "processingStatus": feed.status.value,
    }
    if feed.report is not None:
        payload["resultFeedDocumentId"] = feed.report.id
    return {"feedProcessingFinishedNotification": payload}


def envelope(seller: Seller, kind: str, payload: Json, now: datetime) -> Json:
    """Write a notification; that of a feed has its names in lower camel case."""
    lower = kind == FEED_PROCESSING_FINISHED
    version = "2020-09-04" if lower else "1.0"
    whole: Json = {
        "NotificationVersion": version,
        "NotificationType": kind,
        "PayloadVersion": version,
        "EventTime": moment(now),
        "Payload": payload,
        "NotificationMetadata": {
            "ApplicationId": seller.application_id,
            "SubscriptionId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{seller.id}/{kind}")),
            "PublishTime": moment(now),
            "NotificationId": str(uuid.uuid4()),
        },
    }
    return _lowered(whole) if lower else whole


def _lowered(value: Json) -> Json:
    return {
        name[0].lower() + name[1:]: _lowered(each) if isinstance(each, dict) else each
        for name, each in value.items()
    }


def notification_id(whole: Json) -> str:
    """Return a notification's id."""
    metadata: Json = whole.get("NotificationMetadata") or whole["notificationMetadata"]
    found: str = metadata.get("NotificationId") or metadata["notificationId"]
    return found


def publish(world: World, seller: Seller, events: Sequence[tuple[str, Json]]) -> None:
    """Publish notifications.

    Args:
        world: Where they are sent from.
        seller: Whose they are.
        events: Types and payloads.
    """
    now = world.clock.now()
    for kind, payload in events:
        whole = envelope(seller, kind, payload, now)
        seller.notifications[notification_id(whole)] = (kind, whole)
        send(world, seller, kind, whole)


def send(world: World, seller: Seller, kind: str, whole: Json) -> None:
    """Send a published notification once more on its way, wrapped anew: as when a queue delivers it twice."""
    push = seller.push
    if push is None or (push.via == "sns" and not push.confirmed):
        return  # SNS sends nothing to an endpoint that has not confirmed
    now = world.clock.now()
    if push.via == "sns":
        text = dumps(whole).decode()
        message = sns.notification(text, push.topic_arn, push.subscription_arn, push.signature_version, now)
        _deliver_sns(world, seller, push, kind, message, notification_id(whole))
        return
    body, delivery_id = whole, str(uuid.uuid4())
    if push.via == "api_destination":
        body = _event(seller, kind, whole, delivery_id, now)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Amazon/EventBridge/ApiDestinations",
    }
    if push.secret:
        headers[push.secret_header] = push.secret
    data = dumps(body)
    _deliver(
        world, seller, push, kind, delivery_id, data, headers, destination_delays(), notification_id(whole)
    )


def _event(seller: Seller, kind: str, whole: Json, event_id: str, now: datetime) -> Json:
    """Wrap a notification as an event: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html."""
    source = f"aws.partner/sellingpartnerapi.amazon.com/{AWS_ACCOUNT}/{seller.application_id}"
    return {
        "version": "0",
        "id": event_id,
        "detail-type": kind,
        "source": source,
        "account": AWS_ACCOUNT,
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "us-east-1",
        "resources": [],
        "detail": whole,
    }


def offer_subscription(world: World, seller: Seller) -> None:
    """Ask the endpoint to confirm its subscription to the topic."""
    push = seller.push
    if push is None or push.via != "sns" or push.confirmed:
        return
    about = (
        f"You have chosen to subscribe to the topic {push.topic_arn}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message."
    )
    _confirmation(world, seller, push, "SubscriptionConfirmation", about)


def end_subscription(world: World, seller: Seller) -> None:
    """End the endpoint's subscription, and tell it."""
    push = seller.push
    if push is None or push.via != "sns":
        return
    push.confirmed = False
    about = (
        f"You have chosen to deactivate subscription {push.subscription_arn}.\n"
        "To cancel this operation and restore the subscription, "
        "visit the SubscribeURL included in this message."
    )
    _confirmation(world, seller, push, "UnsubscribeConfirmation", about)


def _confirmation(world: World, seller: Seller, push: Push, kind: str, about: str) -> None:
    message = sns.confirmation(
        kind, push.topic_arn, about, push.token, push.signature_version, world.clock.now()
    )
    _deliver_sns(world, seller, push, kind, message, None)


def _deliver_sns(
    world: World, seller: Seller, push: Push, kind: str, message: Json, event_id: str | None
) -> None:
    headers = sns.headers(message, push.subscription_arn)
    data = sns.as_bytes(message)
    _deliver(world, seller, push, kind, message["MessageId"], data, headers, sns.RETRY_SECONDS, event_id)


def _deliver(
    world: World,
    seller: Seller,
    push: Push,
    topic: str,
    delivery_id: str,
    body: bytes,
    headers: Mapping[str, str],
    delays: Sequence[float],
    event_id: str | None,
) -> None:
    def sign(_now: datetime) -> Headers:
        return headers

    world.courier.send(
        [
            Delivery(
                id=delivery_id,
                platform=PLATFORM,
                tenant=seller.id,
                topic=topic,
                url=push.url,
                body=body,
                sign=sign,
                delays=delays,
                event_id=event_id,
            )
        ]
    )
