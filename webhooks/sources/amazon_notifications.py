"""Amazon's notifications: what stands in their envelope, in our own words.

All of them are thin or not signed by Amazon, so nothing is taken from them but which order to look at.
Types: https://developer-docs.amazon.com/sp-api/docs/notification-type-values. Shapes: the notification
schemas of https://github.com/amzn/selling-partner-api-models.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from marshmallow import ValidationError

from ledger.events import Event, OrderSeen, OrderTouched
from ledger.models import OrderState
from webhooks.parsing import Json
from webhooks.sources import amazon_shapes as shapes
from webhooks.sources.protocol import NotOfSchemaError, UnknownTopicError
from webhooks.sources.signing import delivery_key

_ORDER_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,39}")
"""Usually three groups of digits, `903-8868176-2219830`; the examples of the schemas have others."""

_REFUND: Final = "refund"
"""The transaction type of every refund, one after a chargeback included
(https://github.com/amzn/selling-partner-api-models/issues/4268)."""

_SHIPMENT: Final = "shipment"
"""The only type that Amazon documents: the sale itself, so no reason to look for refunds."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What a notification tells.

    Attributes:
        topic: The notification's type.
        key: The same for the notification in whatever wrapping it comes, and however often.
        seller: Whose it is; empty for what was done for no seller.
        order_ref: The order's id, empty where there is none.
    """

    topic: str
    key: str
    seller: str
    events: tuple[Event, ...] = ()
    order_ref: str = ""


@dataclass(frozen=True, slots=True)
class Hints:
    """What something that is not understood seems to be, as far as it says; empty texts where it does not."""

    topic: str
    id: str
    order_ref: str


Told = tuple[str, tuple[Event, ...], str]
"""The seller, the events and the order of a payload."""


def detail(body: Json) -> Json:
    """Return the notification in an EventBridge event, or the body itself where it is none.

    Event: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html.
    """
    if isinstance(body, dict) and "detail-type" in body and "detail" in body:
        return body["detail"]
    return body


def understand(content: Json) -> Understood:
    """Return what a notification tells.

    Raises:
        marshmallow.ValidationError: If it is not of its documented shape.
        NotOfSchemaError: If its contents contradict each other.
        UnknownTopicError: If its type is not one we ask for.
    """
    envelope = shapes.load(shapes.Envelope, content)
    reader = _READERS.get(envelope.type)
    if reader is None:
        raise UnknownTopicError("the notification type is not one this service asked for")
    seller, events, order_ref = reader(envelope)
    # Amazon says it always gives an id; what a relay has cut off is told apart by all that is left.
    id_ = envelope.metadata.id or hashlib.sha256(canonical(content)).hexdigest()
    return Understood(envelope.type, delivery_key(envelope.type, id_), seller, events, order_ref)


def canonical(content: Json) -> bytes:
    """Return the same bytes for the same JSON value, however it was written."""
    return json.dumps(content, sort_keys=True, default=str).encode()


def hints(content: Json) -> Hints:
    """Return what something that is not understood seems to be."""
    objects = list(_objects(content))
    outermost = objects[0] if isinstance(content, dict) else {}
    ids = (each[name] for each in objects for name in ("notificationid", "messageid") if name in each)
    orders = (order for each in objects for order in (_named(each),) if _ORDER_ID.fullmatch(order))
    return Hints(
        topic=_text(outermost.get("notificationtype") or outermost.get("type")),
        id=_text(next(ids, "")),
        order_ref=next(orders, ""),
    )


def _named(found: dict[str, Json]) -> str:
    """Return the order that an object names, whose keys are in lower case."""
    if _is_order(_text(found.get("relatedidentifiername"))):
        return _text(found.get("relatedidentifiervalue"))
    return _text(found.get("amazonorderid"))


def _objects(content: Json) -> Iterator[dict[str, Json]]:
    """Yield every object in a value, from the outside in, its keys in lower case."""
    if isinstance(content, dict):
        yield {key.lower(): value for key, value in content.items()}
    inner = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    for value in inner:
        yield from _objects(value)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _is_order(name: str) -> bool:
    # The Finances API calls the same identifier ORDER_ID.
    return name.replace("_", "").lower() == "orderid"


def _transaction(envelope: shapes.Envelope) -> Told:
    """Read `TRANSACTION_UPDATE`, the only push that tells of refunds."""
    transaction = shapes.load(shapes.TransactionUpdate, envelope.payload).transaction
    orders = dict.fromkeys(each.value for each in transaction.identifiers if _is_order(each.name))
    kind = transaction.type.lower()
    if kind == _REFUND and not orders:
        raise NotOfSchemaError("the refund's transaction names no order")
    for order in orders:
        _check_order(order)
    expected_at = transaction.posted_at if kind == _REFUND else None
    events = () if kind == _SHIPMENT else tuple(OrderTouched(order, expected_at) for order in orders)
    return transaction.seller.id, events, next(iter(orders), "")


def _order_change(envelope: shapes.Envelope) -> Told:
    """Read `ORDER_CHANGE`: the order's state as of when Amazon said so.

    `TimeOfOrderChange` may be null, and two clocks would not keep the order's states in their order.
    """
    change = shapes.load(shapes.OrderChange, envelope.payload).change
    _check_order(change.order_id)
    state = OrderState.CANCELLED if change.summary.status == "Canceled" else OrderState.OPEN
    seen = OrderSeen(change.order_id, change.order_id, state, envelope.at)
    return change.seller_id, (seen,), change.order_id


def _feed(envelope: shapes.Envelope) -> Told:
    """Read `FEED_PROCESSING_FINISHED`, which tells nothing: whoever sent a feed follows it to its end."""
    return shapes.load(shapes.FeedProcessed, envelope.payload).feed.seller_id, (), ""


def _check_order(order_id: str) -> None:
    """Refuse what would be a strange part of an address: the order is read by its id."""
    if not _ORDER_ID.fullmatch(order_id):
        raise NotOfSchemaError("the notification names an order by what is no order id")


_READERS: Final[dict[str, Callable[[shapes.Envelope], Told]]] = {
    "TRANSACTION_UPDATE": _transaction,
    "ORDER_CHANGE": _order_change,
    "FEED_PROCESSING_FINISHED": _feed,
}

UNREADABLE: Final = (ValidationError, NotOfSchemaError, UnknownTopicError)
"""What `understand` raises."""
