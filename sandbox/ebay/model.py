"""An order with its lines and refunds, and the requests a buyer makes about it."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from sandbox.jsonish import Json

PENDING: Final = "PENDING"
REFUNDED: Final = "REFUNDED"
FAILED: Final = "FAILED"
REFUND_STATUSES: Final = (PENDING, REFUNDED, FAILED)
RETURN: Final = "return"
CANCELLATION: Final = "cancellation"
INQUIRY: Final = "inquiry"
CASE: Final = "case"
REQUEST_KINDS: Final = (RETURN, CANCELLATION, INQUIRY, CASE)
ZERO: Final = Decimal(0)


def money(value: Decimal, currency: str) -> Json:
    """Write an amount in major units as eBay does: ``0.0`` and ``12.5``, but ``9.99``."""
    text = format(value.quantize(Decimal("0.01")), "f")
    return {"value": text.removesuffix("0"), "currency": currency}


@dataclass(frozen=True)
class Line:
    """A line of an order; the amounts are for the whole line.

    Attributes:
        id: eBay's line item id; also the legacy transaction id.
        item_id: Legacy id of the listing.
        sku: The seller's name for it.
        title: Title of the listing.
        quantity: Units bought.
        cost: Price of all units.
        delivery: Delivery cost.
        tax: Tax the seller collects.
        remitted: Tax eBay collects and remits; never the seller's.
    """

    id: str
    item_id: str
    sku: str
    title: str
    quantity: int
    cost: Decimal
    delivery: Decimal
    tax: Decimal
    remitted: Decimal

    @property
    def total(self) -> Decimal:
        """What the seller gets for it."""
        return self.cost + self.delivery + self.tax


@dataclass
class Refund:
    """A refund of an order or of some of its lines, net of the tax eBay collects.

    Attributes:
        number: By which the control API names it; the ``refundId`` of one made through the API.
        by_api: Whether ``issueRefund`` made it.
        amount: All of it.
        lines: Amount by line item id; empty for a refund of the order.
        reason: Reason given.
        comment: What was said with it.
        status: How far it has come.
        requested_at: When it was asked for.
        due: When it ends, ``None`` if only by hand.
        outcome: How it ends then.
        reference: ``refundReferenceId`` once issued.
        issued_at: When it was issued.
        transaction_id: Its id in the Finances API.
        transaction_status: Its status there.
        request_id: The buyer's request it answers, if any.
    """

    number: str
    by_api: bool
    amount: Decimal
    lines: dict[str, Decimal]
    reason: str
    comment: str
    status: str
    requested_at: datetime
    due: datetime | None
    outcome: str
    transaction_id: str
    transaction_status: str = "FUNDS_AVAILABLE_FOR_PAYOUT"
    reference: str | None = None
    issued_at: datetime | None = None
    request_id: str | None = None

    def finish(self, status: str, reference: str, at: datetime) -> None:
        """Bring it to an end, or back to pending."""
        self.status = status
        self.due = None
        if status == REFUNDED:
            self.reference = self.reference or reference
            self.issued_at = self.issued_at or at


@dataclass
class Request:
    """What a buyer (or, for a cancellation, the seller) asked for: a return, cancellation, inquiry or case.

    Attributes:
        id: eBay's number of it.
        kind: One of ``REQUEST_KINDS``.
        order_id: The order it is about.
        line: The line it is about.
        quantity: Units it is about.
        reason: Reason given, in the API's word for it.
        amount: What is asked for.
        initiator: ``BUYER`` or ``SELLER``.
        created: When it was made.
        modified: When it last changed.
        closed_at: When it was closed.
        outcome: How it was closed: ``refunded``, ``declined``, ``withdrawn`` or ``escalated``.
        refunded: What was refunded for it.
        return_id: For a case that was a return, the return's number.
    """

    id: str
    kind: str
    order_id: str
    line: Line
    quantity: int
    reason: str
    amount: Decimal
    initiator: str
    created: datetime
    modified: datetime
    closed_at: datetime | None = None
    outcome: str = ""
    refunded: Decimal = ZERO
    return_id: str | None = None

    @property
    def open(self) -> bool:
        """Whether it waits for something."""
        return self.closed_at is None

    def close(self, outcome: str, at: datetime) -> None:
        """Close it."""
        self.outcome = outcome
        self.closed_at = at
        self.modified = at


@dataclass
class Order:
    """An order.

    Attributes:
        id: Its id in every API but the oldest.
        buyer: The buyer's user name.
        currency: Of every amount in it.
        lines: What was bought.
        created: When it was made.
        modified: When it last changed.
        paid: Whether the buyer's payment is through.
        managed: Whether eBay manages its payment.
        fulfilled: Whether it was shipped.
        refunds: Oldest first.
        requests: Oldest first.
        cancelled_at: When it was cancelled.
    """

    id: str
    buyer: str
    currency: str
    lines: list[Line]
    created: datetime
    modified: datetime
    paid: bool = True
    managed: bool = True
    fulfilled: bool = False
    refunds: list[Refund] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    cancelled_at: datetime | None = None

    @property
    def total(self) -> Decimal:
        """What the seller gets for it, refunds aside."""
        return sum((line.total for line in self.lines), ZERO)

    @property
    def remitted(self) -> Decimal:
        """Tax that eBay collects and remits."""
        return sum((line.remitted for line in self.lines), ZERO)

    @property
    def refunded(self) -> Decimal:
        """What was given back."""
        return sum((each.amount for each in self.refunds if each.status == REFUNDED), ZERO)

    @property
    def remaining(self) -> Decimal:
        """What can still be refunded; a pending refund counts as done."""
        return self.total - sum((each.amount for each in self.refunds if each.status != FAILED), ZERO)

    def line_remaining(self, line: Line) -> Decimal:
        """What refunds of this line leave of it."""
        gone = (each.lines.get(line.id, ZERO) for each in self.refunds if each.status != FAILED)
        return line.total - sum(gone, ZERO)

    @property
    def payment_status(self) -> str:
        """``orderPaymentStatus``."""
        if not self.paid:
            return "PENDING"
        if self.refunded <= 0:
            return "PAID"
        return "FULLY_REFUNDED" if self.refunded >= self.total else "PARTIALLY_REFUNDED"

    @property
    def cancel_state(self) -> str:
        """``cancelStatus.cancelState``."""
        if self.cancelled_at is not None:
            return "CANCELED"
        asked = any(each.kind == CANCELLATION and each.open for each in self.requests)
        return "IN_PROGRESS" if asked else "NONE_REQUESTED"

    def touch(self, at: datetime) -> None:
        """Note a change."""
        self.modified = max(self.modified, at)
