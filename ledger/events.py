"""What deliveries, polls and look-ups tell us, in our own words and the same for every platform.

`webhooks.sources` turns a platform's payload into these, a delivery keeps them as JSON, `workers` acts on
them.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Self

from ledger.models import OrderState
from ledger.money import Money, total

_MOMENT: Final = timedelta(minutes=1)


class PartKind(StrEnum):
    """What a part of a refund is for; each but ITEM goes to a generic item of the account."""

    ITEM = "item"
    SHIPPING = "shipping"
    TAX = "tax"  # tax given back without goods
    ADJUSTMENT = "adjustment"
    GIFT_CARD = "gift_card"
    DUTY = "duty"
    FEE = "fee"
    GIFT_WRAP = "gift_wrap"
    PROMOTION = "promotion"
    GOODWILL = "goodwill"
    RESTOCKING_FEE = "restocking_fee"
    FACILITATOR_TAX = "facilitator_tax"  # tax that the marketplace collects and gives back itself
    DIFFERENCE = "difference"  # between the parts and the money that moved


class MoneyState(StrEnum):
    """What the source says of the money."""

    MOVED = "moved"
    PENDING = "pending"
    FAILED = "failed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a refund; amounts are what the customer gets, so a charge kept back is negative."""

    kind: PartKind
    net: Money
    tax: Money
    sku: str = ""
    title: str = ""
    quantity: Decimal = Decimal(0)
    restock: bool = False
    source_line_id: str = ""

    @property
    def gross(self) -> Money:
        """Return the part with its tax."""
        return self.net + self.tax

    def to_json(self) -> dict[str, Any]:
        """Return the part as JSON values."""
        return {
            "kind": self.kind.value,
            "net": self.net.to_json(),
            "tax": self.tax.to_json(),
            "sku": self.sku,
            "title": self.title,
            "quantity": str(self.quantity),
            "restock": self.restock,
            "source_line_id": self.source_line_id,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the part that `to_json` wrote."""
        return cls(
            kind=PartKind(data["kind"]),
            net=Money.from_json(data["net"]),
            tax=Money.from_json(data["tax"]),
            sku=data["sku"],
            title=data["title"],
            quantity=Decimal(data["quantity"]),
            restock=data["restock"],
            source_line_id=data["source_line_id"],
        )


@dataclass(frozen=True, slots=True)
class Payment:
    """One movement of money behind a refund.

    Attributes:
        amount: None where the platform states it in a currency the account does not keep its books in.
    """

    id: str
    state: MoneyState
    amount: Money | None

    def to_json(self) -> dict[str, Any]:
        """Return the payment as JSON values."""
        amount = None if self.amount is None else self.amount.to_json()  # an amount of zero is one, too
        return {"id": self.id, "state": self.state.value, "amount": amount}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the payment that `to_json` wrote."""
        amount = data["amount"]
        return cls(data["id"], MoneyState(data["state"]), Money.from_json(amount) if amount else None)


@dataclass(frozen=True, slots=True)
class RefundSeen:
    """A refund exists at its source.

    Attributes:
        mark: Our own key found on it, which makes it an echo; else empty.
        record_type: For NetSuite, the record's type; else empty.
        source_location_id: Where the goods come back, where the source says so.
        first_hand: Whether its own creation told us of it; False where it was found on an order or by an
            edit, so that it may be older than the account's connection to this service.
        requested: Whether a request of the buyer stands behind it, on platforms that want one.
    """

    origin: str
    refund_id: str
    order_id: str
    order_name: str
    occurred_at: datetime
    currency: str
    parts: tuple[Part, ...]
    payments: tuple[Payment, ...]
    mark: str = ""
    record_type: str = ""
    source_location_id: str = ""
    first_hand: bool = True
    requested: bool = True

    @property
    def money(self) -> MoneyState:
        """Return the state of the money as a whole: pending while any of it is."""
        states = {payment.state for payment in self.payments}
        for state in (MoneyState.PENDING, MoneyState.MOVED, MoneyState.FAILED):
            if state in states:
                return state
        return MoneyState.NONE

    @property
    def amount(self) -> Money:
        """Return what moved or will move; the sum of the parts where the platform states no amount for it."""
        live = [p for p in self.payments if p.state in {MoneyState.MOVED, MoneyState.PENDING}]
        amounts = [p.amount for p in live if p.amount is not None]
        if not live or len(amounts) < len(live):
            return total([part.gross for part in self.parts], self.currency)
        return total(amounts, self.currency)

    @property
    def amount_is_known(self) -> bool:
        """Return whether `amount` is what moved.

        Where the platform states some payments in another currency, the parts say what all of them are worth;
        with one of several failed, nobody says what the rest is worth.
        """
        live = [p for p in self.payments if p.state in {MoneyState.MOVED, MoneyState.PENDING}]
        return len(live) == len(self.payments) or all(p.amount is not None for p in live)

    def balanced(self) -> tuple[Part, ...]:
        """Return the parts, with one more for the difference to the money where there is one."""
        difference = self.amount - total([part.gross for part in self.parts], self.currency)
        if not difference:
            return self.parts
        zero = Money.zero(self.currency)
        return (
            *self.parts,
            Part(PartKind.DIFFERENCE, difference, zero, title="Difference to the money moved"),
        )

    def with_payment(self, payment_id: str, state: MoneyState) -> "RefundSeen":
        """Return the refund after news of one of its payments."""
        return replace(
            self,
            payments=tuple(replace(p, state=state) if p.id == payment_id else p for p in self.payments),
        )

    def after(self, known: "RefundSeen") -> "RefundSeen":
        """Return the refund as it is known after this news, which may be older than what is known.

        News that lacks a known payment is older, and settled money is not pending again. When it was made may
        come out differently by moments each time it is read off another clock, which is no news.
        """
        if {p.id for p in known.payments} - {p.id for p in self.payments}:
            return known
        settled = {p.id: p.state for p in known.payments if p.state is not MoneyState.PENDING}
        payments = (
            replace(p, state=settled.get(p.id, p.state)) if p.state is MoneyState.PENDING else p
            for p in self.payments
        )
        is_same_moment = abs(self.occurred_at - known.occurred_at) < _MOMENT
        occurred_at = known.occurred_at if is_same_moment else self.occurred_at
        return replace(self, payments=tuple(payments), occurred_at=occurred_at)

    def to_json(self) -> dict[str, Any]:
        """Return the event as JSON values."""
        return {
            "event": "refund_seen",
            "origin": self.origin,
            "refund_id": self.refund_id,
            "order_id": self.order_id,
            "order_name": self.order_name,
            "occurred_at": self.occurred_at.isoformat(),
            "currency": self.currency,
            "parts": [part.to_json() for part in self.parts],
            "payments": [payment.to_json() for payment in self.payments],
            "mark": self.mark,
            "record_type": self.record_type,
            "source_location_id": self.source_location_id,
            "first_hand": self.first_hand,
            "requested": self.requested,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the event that `to_json` wrote."""
        return cls(
            origin=data["origin"],
            refund_id=data["refund_id"],
            order_id=data["order_id"],
            order_name=data["order_name"],
            occurred_at=datetime.fromisoformat(data["occurred_at"]),
            currency=data["currency"],
            parts=tuple(Part.from_json(part) for part in data["parts"]),
            payments=tuple(Payment.from_json(payment) for payment in data["payments"]),
            mark=data["mark"],
            record_type=data["record_type"],
            source_location_id=data["source_location_id"],
            first_hand=data["first_hand"],
            requested=data["requested"],
        )


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """A storefront order is in a state, as of the platform's own time `seen_at`."""

    order_id: str
    name: str
    state: OrderState
    seen_at: datetime

    def to_json(self) -> dict[str, Any]:
        """Return the event as JSON values."""
        return {
            "event": "order_seen",
            "order_id": self.order_id,
            "name": self.name,
            "state": self.state.value,
            "seen_at": self.seen_at.isoformat(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the event that `to_json` wrote."""
        return cls(
            data["order_id"], data["name"], OrderState(data["state"]), datetime.fromisoformat(data["seen_at"])
        )


@dataclass(frozen=True, slots=True)
class OrderTouched:
    """Something happened to an order that the push does not tell of; its refunds are read from the platform.

    Attributes:
        order_id: The order's id at the platform.
        expected_at: When the refund that is expected on it was made, where one is; it is looked for again
            later while none is found.
    """

    order_id: str
    expected_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the event as JSON values."""
        expected = None if self.expected_at is None else self.expected_at.isoformat()
        return {"event": "order_touched", "order_id": self.order_id, "expected_at": expected}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the event that `to_json` wrote."""
        expected = data["expected_at"]
        return cls(data["order_id"], None if expected is None else datetime.fromisoformat(expected))


@dataclass(frozen=True, slots=True)
class RequestTouched:
    """Something happened to a buyer's request; whose order it is about, the push does not tell.

    Attributes:
        kind: `return`, `cancellation`, `inquiry` or `case`.
        request_id: The request's number at the platform.
    """

    kind: str
    request_id: str

    def to_json(self) -> dict[str, Any]:
        """Return the event as JSON values."""
        return {"event": "request_touched", "kind": self.kind, "request_id": self.request_id}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the event that `to_json` wrote."""
        return cls(data["kind"], data["request_id"])


@dataclass(frozen=True, slots=True)
class SubscriptionOffered:
    """The platform asks us to confirm, at an address of its own, that we want its pushes."""

    url: str

    def to_json(self) -> dict[str, Any]:
        """Return the event as JSON values."""
        return {"event": "subscription_offered", "url": self.url}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the event that `to_json` wrote."""
        return cls(data["url"])


@dataclass(frozen=True, slots=True)
class PaymentSeen:
    """The money of a refund was settled, or was not."""

    order_id: str
    payment_id: str
    state: MoneyState

    def to_json(self) -> dict[str, Any]:
        """Return the event as JSON values."""
        return {
            "event": "payment_seen",
            "order_id": self.order_id,
            "payment_id": self.payment_id,
            "state": self.state.value,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the event that `to_json` wrote."""
        return cls(data["order_id"], data["payment_id"], MoneyState(data["state"]))


@dataclass(frozen=True, slots=True)
class RecordChanged:
    """A NetSuite record was created, changed or deleted; a thin push, the rest is read.

    Attributes:
        record_type: SuiteScript's name of the type, such as `creditmemo`.
        change: `create`, `edit`, `xedit` or `delete`.
    """

    record_type: str
    record_id: str
    change: str
    external_id: str = ""
    other_ref_num: str = ""
    created_from: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the event as JSON values."""
        return {
            "event": "record_changed",
            "record_type": self.record_type,
            "record_id": self.record_id,
            "change": self.change,
            "external_id": self.external_id,
            "other_ref_num": self.other_ref_num,
            "created_from": self.created_from,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the event that `to_json` wrote."""
        return cls(**{name: value for name, value in data.items() if name != "event"})


@dataclass(frozen=True, slots=True)
class AccountLost:
    """The platform says we may no longer use the account; `reason` is a code of `ledger.reasons`."""

    reason: str

    def to_json(self) -> dict[str, Any]:
        """Return the event as JSON values."""
        return {"event": "account_lost", "reason": self.reason}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the event that `to_json` wrote."""
        return cls(data["reason"])


@dataclass(frozen=True, slots=True)
class PersonalDataRequest:
    """The platform passes on a request about personal data.

    Attributes:
        action: `report` (a person answers it), `erase_orders`, `erase_person` or `erase_account`.
        person_ref: The platform's own id of the person, hashed by `person_ref_of`; for `erase_person`.
    """

    action: str
    order_ids: tuple[str, ...]
    person_ref: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the event as JSON values."""
        return {
            "event": "personal_data_request",
            "action": self.action,
            "order_ids": list(self.order_ids),
            "person_ref": self.person_ref,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the event that `to_json` wrote."""
        return cls(data["action"], tuple(data["order_ids"]), data["person_ref"])


@dataclass(frozen=True, slots=True)
class Unread:
    """What a request tells is still to be read by a worker; never beside any other event."""

    def to_json(self) -> dict[str, Any]:
        """Return the event as JSON values."""
        return {"event": "unread"}

    @classmethod
    def from_json(cls, _data: dict[str, Any]) -> Self:
        """Return the event that `to_json` wrote."""
        return cls()


def person_ref_of(platform_id: str) -> str:
    """Return what is kept of a person's id at a platform: enough to find them again, and not who they are."""
    return hashlib.sha256(platform_id.encode()).hexdigest() if platform_id else ""


Event = (
    RefundSeen
    | OrderSeen
    | OrderTouched
    | RequestTouched
    | SubscriptionOffered
    | PaymentSeen
    | RecordChanged
    | AccountLost
    | PersonalDataRequest
    | Unread
)

_KINDS: dict[str, type[Event]] = {
    "refund_seen": RefundSeen,
    "order_seen": OrderSeen,
    "order_touched": OrderTouched,
    "request_touched": RequestTouched,
    "subscription_offered": SubscriptionOffered,
    "payment_seen": PaymentSeen,
    "record_changed": RecordChanged,
    "account_lost": AccountLost,
    "personal_data_request": PersonalDataRequest,
    "unread": Unread,
}


def event_from_json(data: dict[str, Any]) -> Event:
    """Return the event that its `to_json` wrote."""
    return _KINDS[data["event"]].from_json(data)
