"""The topics we ask eBay for, each with what its notification tells in our own words.

Topics: https://developer.ebay.com/develop/api/buy/notification_events. None of them is about a refund, so
whatever may have led to one names the order or the buyer's request to look at, and the refunds are read from
eBay. None announces when a refund was made.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from marshmallow import ValidationError

from ledger.events import AccountLost, Event, OrderSeen, OrderTouched, PersonalDataRequest, person_ref_of
from ledger.models import OrderState
from webhooks.parsing import Json, ParseError, parse
from webhooks.sources import ebay_shapes as shapes
from webhooks.sources.ebay_shapes import MOST_ORDERS, ORDER_ID
from webhooks.sources.protocol import NotOfSchemaError, Reading, UnknownTopicError, UnreadableError
from webhooks.sources.signing import delivery_key, unread_key

_REVOCATION: Final = "AUTHORIZATION_REVOCATION"


@dataclass(frozen=True, slots=True)
class _Understood:
    """What a notification tells; the references are eBay's own ids, empty where it names none."""

    events: tuple[Event, ...]
    order_ref: str = ""
    person_ref: str = ""


def _confirmed(notification: shapes.Notification) -> _Understood:
    order_id = shapes.load(shapes.Confirmation, notification.data).order.id
    # eBay's orders have no other name than their id.
    return _Understood((OrderSeen(order_id, order_id, OrderState.OPEN, notification.at),), order_id)


def _touched(notification: shapes.Notification) -> _Understood:
    """Read that something happened to a return, a cancellation or an inquiry.

    Where it stands is not read, since it moves on until somebody looks. An activity may have its own number
    only, so that eBay has to be asked whose order it is about.
    """
    data = dict(notification.data)
    orders = shapes.orders_in(data)
    if len(orders) > MOST_ORDERS or not all(ORDER_ID.fullmatch(order) for order in orders):
        raise NotOfSchemaError("what stands for an order's id cannot be one, or there are too many")
    buyer = shapes.buyer_in(data)
    if orders:
        return _Understood(tuple(OrderTouched(order) for order in orders), orders[0], buyer)
    requests = shapes.requests_in(data)
    if not requests:
        raise NotOfSchemaError("the activity names no order, and no return, cancellation or inquiry either")
    if len(requests) > MOST_ORDERS or not all(each.request_id for each in requests):
        raise NotOfSchemaError("what stands for a request's number cannot be one, or there are too many")
    return _Understood(requests, person_ref=buyer)


def _deleted(notification: shapes.Notification) -> _Understood:
    """Read that somebody who may have bought here is gone from eBay; pushes may have used either name."""
    names = _named(notification.data)
    events = tuple(PersonalDataRequest("erase_person", (), person_ref_of(name)) for name in names)
    return _Understood(events, person_ref=names[0])


def _revoked(notification: shapes.Notification) -> _Understood:
    _named(notification.data)  # whether it is ours was checked with the signature
    return _Understood((AccountLost("BAD_CREDENTIALS"),))


def _named(data: Mapping[str, Json]) -> tuple[str, ...]:
    names = shapes.load(shapes.User, data).names
    if not names:
        raise NotOfSchemaError("the notification names no user")
    return names


_READERS: Final[dict[str, Callable[[shapes.Notification], _Understood]]] = {
    "ORDER_CONFIRMATION": _confirmed,
    "ORDER_CANCELLATION_ACTIVITY": _touched,
    "ORDER_RETURN_ACTIVITY": _touched,
    "ORDER_INQUIRY_ACTIVITY": _touched,
    "MARKETPLACE_ACCOUNT_DELETION": _deleted,
    _REVOCATION: _revoked,
}

TOPICS: Final = frozenset(_READERS)
"""Every topic that is understood."""


def read(body: bytes) -> Reading:
    """Return a notification in our own words.

    Raises:
        UnreadableError: If the topic is not one we asked for, or the body is not of its shape.
    """
    payload: Json = None
    try:
        payload = parse(body)
        return _reading(shapes.load(shapes.Envelope, payload))
    except (ParseError, NotOfSchemaError, UnknownTopicError) as error:
        reason, detail = error.reason, str(error)
    except ValidationError as error:
        reason, detail = NotOfSchemaError.reason, json.dumps(error.messages)
    topic = shapes.text_at(payload, "metadata", "topic")
    event = shapes.text_at(payload, "notification", "notificationId")
    raise UnreadableError(
        reason,
        detail,
        topic=topic,
        # A further attempt has another date and count in its body, and the same id.
        delivery_key=delivery_key("unread", event) if event else unread_key(topic, event, body),
        order_ref=next(filter(ORDER_ID.fullmatch, shapes.orders_in(payload)), ""),
    )


def _reading(envelope: shapes.Envelope) -> Reading:
    topic, notification = envelope.metadata.topic, envelope.notification
    reader = _READERS.get(topic)
    if reader is None:
        raise UnknownTopicError("the topic is not one this service asked for")
    understood = reader(notification)
    return Reading(
        topic,
        delivery_key(notification.id),
        understood.events,
        order_ref=understood.order_ref,
        person_ref=understood.person_ref,
    )


def subscriber(body: bytes) -> tuple[str, ...]:
    """Return what a signed notification calls the seller who subscribed to it; nothing if it names none."""
    try:
        payload = parse(body)
    except ParseError:
        return ()
    data = shapes.at(payload, "notification", "data")
    if shapes.text_at(payload, "metadata", "topic") == _REVOCATION:
        return shapes.names_of(data)
    return shapes.names_of(shapes.at(data, "user"))
