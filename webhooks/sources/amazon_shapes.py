"""What of Amazon's notifications is used, as dataclasses, and what a notification must be like to become one.

Keys are found in whatever case they come: older types write `NotificationType`, newer `notificationType`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final, TypeVar

from marshmallow import Schema, fields, pre_load, validate

from webhooks.sources.fields import Moment, Shape


@dataclass(frozen=True, slots=True)
class Metadata:
    """The notification's own id, unique a notification and the same in every sending; empty if cut off."""

    id: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every notification has.

    Attributes:
        at: When it was published.
        payload: A JSON value.
    """

    type: str
    at: datetime
    payload: object
    metadata: Metadata = field(default_factory=Metadata)


@dataclass(frozen=True, slots=True)
class Seller:
    """Whose transaction it is."""

    id: str


@dataclass(frozen=True, slots=True)
class Identifier:
    """Something that a transaction belongs to."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction that was posted to the seller's account; its amount is read from the Finances API."""

    seller: Seller
    type: str
    posted_at: datetime
    identifiers: Sequence[Identifier] = ()


@dataclass(frozen=True, slots=True)
class TransactionUpdate:
    """The payload of `TRANSACTION_UPDATE`."""

    transaction: Transaction


@dataclass(frozen=True, slots=True)
class Summary:
    """An order's status as of the notification."""

    status: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an order."""

    seller_id: str
    order_id: str
    summary: Summary


@dataclass(frozen=True, slots=True)
class OrderChange:
    """The payload of `ORDER_CHANGE`."""

    change: Change


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that was worked off; its seller is null where a vendor sent it."""

    seller_id: str = ""


@dataclass(frozen=True, slots=True)
class FeedProcessed:
    """The payload of `FEED_PROCESSING_FINISHED`."""

    feed: Feed


class _Loose(Shape):
    """A shape whose keys are found in whatever case they come."""

    @pre_load
    def find_keys(self, data: object, **_: object) -> object:
        """Return the object with its keys written as documented."""
        if not isinstance(data, Mapping):
            return data
        documented = {str(each.data_key).lower(): each.data_key for each in self.fields.values()}
        return {documented.get(key.lower(), key): value for key, value in data.items()}


def _text(key: str) -> fields.Field[str]:
    return fields.String(required=True, data_key=key, validate=validate.Length(min=1))


def _nested(schema: type[Schema], key: str) -> fields.Field[object]:
    return fields.Nested(schema, required=True, data_key=key)


class _Metadata(_Loose):
    makes: ClassVar[type] = Metadata
    id = fields.String(allow_none=True, data_key="NotificationId")


class _Envelope(_Loose):
    makes: ClassVar[type] = Envelope
    type = _text("NotificationType")
    at = Moment(required=True, data_key="EventTime")
    payload = fields.Raw(required=True, data_key="Payload")
    metadata = fields.Nested(_Metadata, allow_none=True, data_key="NotificationMetadata")


class _Seller(_Loose):
    makes: ClassVar[type] = Seller
    id = _text("SellingPartnerId")


class _Identifier(_Loose):
    makes: ClassVar[type] = Identifier
    name = _text("RelatedIdentifierName")
    value = _text("RelatedIdentifierValue")


class _Transaction(_Loose):
    makes: ClassVar[type] = Transaction
    seller = _nested(_Seller, "SellingPartnerMetadata")
    type = _text("TransactionType")
    posted_at = Moment(required=True, data_key="PostedDate")
    identifiers = fields.List(fields.Nested(_Identifier), allow_none=True, data_key="RelatedIdentifiers")


class _TransactionUpdate(_Loose):
    makes: ClassVar[type] = TransactionUpdate
    transaction = _nested(_Transaction, "TransactionUpdateNotification")


class _Summary(_Loose):
    makes: ClassVar[type] = Summary
    status = _text("OrderStatus")


class _Change(_Loose):
    makes: ClassVar[type] = Change
    seller_id = _text("SellerId")
    order_id = _text("AmazonOrderId")
    summary = _nested(_Summary, "Summary")


class _OrderChange(_Loose):
    makes: ClassVar[type] = OrderChange
    change = _nested(_Change, "OrderChangeNotification")


class _Feed(_Loose):
    makes: ClassVar[type] = Feed
    seller_id = fields.String(allow_none=True, data_key="SellerId")


class _FeedProcessed(_Loose):
    makes: ClassVar[type] = FeedProcessed
    feed = _nested(_Feed, "FeedProcessingFinishedNotification")


_Shaped = TypeVar("_Shaped")

_SCHEMAS: Final[dict[type, Schema]] = {
    schema.makes: schema() for schema in (_Envelope, _TransactionUpdate, _OrderChange, _FeedProcessed)
}


def load(shape: type[_Shaped], value: object) -> _Shaped:
    """Return a JSON value as a shape.

    Args:
        shape: `Envelope`, `TransactionUpdate`, `OrderChange` or `FeedProcessed`.
        value: A JSON value.

    Raises:
        marshmallow.ValidationError: If it is not of that shape.
    """
    shaped: _Shaped = _SCHEMAS[shape].load(value)  # type: ignore[arg-type] # it refuses what is no object
    return shaped
