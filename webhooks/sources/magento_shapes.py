"""What Magento's bodies must be like to be read, and what they then are.

Only what refunds need is looked at. Everything but the order may be missing: a subscription to Adobe I/O
Events sends the fields chosen for it, a hook the fields configured for it, and a template what an
administrator wrote. Fields: https://developer.adobe.com/commerce/extensibility/events/events-reference/ .
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final, TypeVar

from marshmallow import Schema, ValidationError, fields, pre_load, validate

from ledger.models import OrderState
from webhooks.sources.fields import Flag, Id, Moment, Shape, moment_of

_NAME_LENGTH: Final = 120  # characters; the width of the ledger's column
_CANCELED: Final = "canceled"  # the state, and the status of that name that comes with it
_TEXT_LENGTH: Final = 300  # characters; far above any event id


@dataclass(frozen=True, slots=True)
class CreditMemo:
    """A credit memo, or whatever else belongs to an order.

    Attributes:
        order_id: The order's entity id.
        entity_id: Its own, where it is told: the events' documented fields lack it.
        increment_id: The number that people see.
        is_new: Whether this save made it; also where nothing says.
    """

    order_id: str
    entity_id: str = ""
    creditmemo_id: str = ""
    increment_id: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Child:
    """A part of an order."""

    order_id: str = ""
    parent_id: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """An order; its own entity id is not among the events' documented fields, but its parts have it."""

    entity_id: str = ""
    id: str = ""
    increment_id: str = ""
    state: str = ""
    status: str = ""
    updated_at: datetime | None = None
    customer_id: str = ""
    items: Sequence[Child] = ()
    payment: Child = field(default_factory=Child)

    @property
    def order_id(self) -> str:
        """Return the entity id; empty where nothing tells it."""
        named = (self.entity_id, self.id, *(item.order_id for item in self.items), self.payment.parent_id)
        return next(filter(None, named), "")

    @property
    def life(self) -> OrderState | None:
        """Return whether it is open or cancelled; None where neither its state nor its status is told."""
        stage = self.state or self.status
        if not stage:
            return None
        return OrderState.CANCELLED if stage == _CANCELED else OrderState.OPEN


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """What Adobe I/O Events delivers.

    Some of its names come twice, since the CloudEvents standard forbids the underscore.
    """

    type: str
    value: Mapping[str, Any]
    event_id: str = ""
    eventid: str = ""
    id: str = ""
    time: datetime | None = None


class _EntityId(Id):
    """The id that Magento's API knows things by."""

    def read(self, value: object) -> str:
        """Refuse the number that people see, which has zeros in front and would name another order."""
        if isinstance(value, str) and value.startswith("0"):
            raise ValidationError("Not an entity id, which has no zero in front.")
        return super().read(value)


class _CustomerId(Id):
    """A customer's id; guests have none."""

    def read(self, value: object) -> str:
        """Return the digits, or nothing for a guest."""
        return "" if str(value) == "0" else super().read(value)


class _StoreTime(Moment):
    """A time as Magento's database has it: in UTC, without saying so."""

    def read(self, value: object) -> datetime:
        """Return the time in UTC."""
        return super().read(value if moment_of(str(value)) else f"{value}Z")


def _text(length: int = _TEXT_LENGTH) -> fields.Field[str]:
    return fields.String(allow_none=True, validate=validate.Length(max=length))


class _Entity(Shape):
    @pre_load
    def drop_empty(self, data: object, **_: object) -> object:
        """Take an empty text, as templates and PHP write what is missing, for no value."""
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value != ""}


class _CreditMemo(_Entity):
    makes: ClassVar[type] = CreditMemo
    order_id = _EntityId(required=True)
    entity_id = _EntityId(allow_none=True)
    creditmemo_id = _EntityId(allow_none=True)
    increment_id = _text(_NAME_LENGTH)
    created_at = _StoreTime(allow_none=True)
    updated_at = _StoreTime(allow_none=True)
    is_new = Flag(data_key="_isNew", allow_none=True)


class _Child(_Entity):
    makes: ClassVar[type] = Child
    order_id = _EntityId(allow_none=True)
    parent_id = _EntityId(allow_none=True)


class _Order(_Entity):
    makes: ClassVar[type] = Order
    entity_id = _EntityId(allow_none=True)
    id = _EntityId(allow_none=True)
    increment_id = _text(_NAME_LENGTH)
    state = _text()
    status = _text()
    updated_at = _StoreTime(allow_none=True)
    customer_id = _CustomerId(allow_none=True)
    items = fields.List(fields.Nested(_Child), allow_none=True)
    payment = fields.Nested(_Child, allow_none=True)


class _CloudEvent(_Entity):
    makes: ClassVar[type] = CloudEvent
    type = fields.String(required=True, validate=validate.Length(min=1, max=_TEXT_LENGTH))
    value = fields.Dict(required=True)
    event_id = _text()
    eventid = _text()
    id = _text()
    time = Moment(allow_none=True)

    @pre_load
    def unwrap(self, data: object, **_: object) -> object:
        """Take the changed entity out of `data`."""
        if not isinstance(data, dict) or not isinstance(data.get("data"), dict):
            return data
        return data | {"value": data["data"].get("value")}


_Shaped = TypeVar("_Shaped")

_SCHEMAS: Final[dict[type, Schema]] = {
    schema.makes: schema() for schema in (_CreditMemo, _Order, _CloudEvent)
}


def load(shape: type[_Shaped], payload: object) -> _Shaped:
    """Return a payload as a shape.

    Args:
        shape: `CreditMemo`, `Order` or `CloudEvent`.
        payload: A JSON value.

    Raises:
        marshmallow.ValidationError: If it is not of that shape.
    """
    shaped: _Shaped = _SCHEMAS[shape].load(payload)  # type: ignore[arg-type] # it refuses what is no object
    return shaped
