"""What eBay's notifications must be like, as far as this service reads them.

https://developer.ebay.com/develop/api/buy/notification_events has the contract of each topic. Those of the
three activities are open to approved applications only; what is read of them is looked for by its key,
wherever it stands.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, TypeVar

from marshmallow import Schema, ValidationError, fields, validate

from ledger.events import RequestTouched
from webhooks.parsing import Json
from webhooks.sources.fields import Moment, Shape

ORDER_ID: Final = re.compile(r"[A-Za-z0-9!-]{1,60}")
"""What an order's id may look like, `12-34567-89012` as a rule; fit for a path as it is."""

MOST_ORDERS: Final = 20
"""The most orders a push may send us to; a return, cancellation or inquiry is about one."""

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9-]{1,60}")
"""What the number of a buyer's request may look like, digits as a rule; fit for a path as it is."""

REQUESTS: Final = {
    "returnId": "return",
    "cancellationId": "cancellation",
    "cancelId": "cancellation",
    "inquiryId": "inquiry",
    "caseId": "case",
}
"""The names under which pushes have the number of a request, each with the kind of it."""

_TEXT_LENGTH: Final = 300  # characters; far above any id or name


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a notification is about."""

    topic: str


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification, whose `data` depend on its topic.

    Attributes:
        id: The same at every attempt to deliver it.
        at: When what it tells happened.
    """

    id: str
    at: datetime
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every notification is wrapped in."""

    metadata: Metadata
    notification: Notification


@dataclass(frozen=True, slots=True)
class User:
    """A user: the id stays, the name may change; of some users eBay gives the id in place of the name."""

    id: str = ""
    name: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Return what the user is called, the lasting id first."""
        return tuple(dict.fromkeys(name for name in (self.id, self.name) if name))


@dataclass(frozen=True, slots=True)
class Order:
    """An order, of which no more than its id is read."""

    id: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The data of ORDER_CONFIRMATION; its `user` is read before the topic is."""

    order: Order


def _text(key: str, *, required: bool = True) -> fields.Field[str]:
    length = validate.Length(min=int(required), max=_TEXT_LENGTH)
    return fields.String(required=required, allow_none=not required, data_key=key, validate=length)


class _Metadata(Shape):
    makes: ClassVar[type] = Metadata
    topic = _text("topic")


class _Notification(Shape):
    makes: ClassVar[type] = Notification
    id = _text("notificationId")
    at = Moment(required=True, data_key="eventDate")
    data = fields.Dict(required=True)


class _Envelope(Shape):
    makes: ClassVar[type] = Envelope
    metadata = fields.Nested(_Metadata, required=True)
    notification = fields.Nested(_Notification, required=True)


class _User(Shape):
    makes: ClassVar[type] = User
    id = _text("userId", required=False)
    name = _text("username", required=False)


class _Order(Shape):
    makes: ClassVar[type] = Order
    id = fields.String(required=True, data_key="orderId", validate=validate.Regexp(rf"{ORDER_ID.pattern}\Z"))


class _Confirmation(Shape):
    makes: ClassVar[type] = Confirmation
    order = fields.Nested(_Order, required=True)


_Shaped = TypeVar("_Shaped")

_SCHEMAS: Final[dict[type, Schema]] = {schema.makes: schema() for schema in (_Envelope, _User, _Confirmation)}


def load(shape: type[_Shaped], payload: object) -> _Shaped:
    """Return a payload as a shape.

    Args:
        shape: `Envelope`, `User` or `Confirmation`.
        payload: A JSON value.

    Raises:
        marshmallow.ValidationError: If it is not of that shape.
    """
    shaped: _Shaped = _SCHEMAS[shape].load(payload)  # type: ignore[arg-type] # it refuses what is no object
    return shaped


def names_of(user: Json) -> tuple[str, ...]:
    """Return what a user is called; nothing if it is none."""
    try:
        return load(User, user).names
    except ValidationError:
        return ()


def orders_in(payload: Json) -> tuple[str, ...]:
    """Return what stands for an order's id, once each, wherever it stands: a return has it with its lines."""
    values = (value for value in found(payload, frozenset({"orderId"})) if value is not None)
    return tuple(dict.fromkeys(value if isinstance(value, str) else "" for value in values))


def requests_in(payload: Json) -> tuple[RequestTouched, ...]:
    """Return what stands for requests of the buyer's, once each; without a number where it cannot be one."""
    return tuple(
        dict.fromkeys(
            RequestTouched(kind, _number(value))
            for name, kind in REQUESTS.items()
            for value in found(payload, frozenset({name}))
            if value is not None
        )
    )


def _number(value: Json) -> str:
    is_number = isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
    return str(value) if is_number and REQUEST_ID.fullmatch(str(value)) else ""


def buyer_in(data: Json) -> str:
    """Return what an activity calls the buyer, empty if it names none."""
    buyers = found(data, frozenset({"buyer"}))
    return next((name for buyer in buyers for name in names_of(buyer)), "")


def found(node: Json, keys: frozenset[str]) -> Iterator[Json]:
    """Yield what stands under one of the keys, at any depth; `webhooks.parsing` limits the depth."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name in keys:
                yield value
            else:
                yield from found(value, keys)
    elif isinstance(node, list):
        for value in node:
            yield from found(value, keys)


def at(payload: Json, *path: str) -> Json:
    """Return what stands at the end of a path of keys; None where nothing does."""
    for key in path:
        payload = payload.get(key) if isinstance(payload, dict) else None
    return payload


def text_at(payload: Json, *path: str) -> str:
    """Return the text at the end of a path of keys, empty where there is none."""
    value = at(payload, *path)
    return value if isinstance(value, str) else ""
