"""What a refund gives back, in numbers, and its effect on the order. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from sandbox.shopify.ids import Ids
from sandbox.shopify.model import (
    Adjustment,
    Duty,
    LineItem,
    Order,
    Refund,
    RefundDuty,
    RefundLine,
    RefundShipping,
    Transaction,
)
from sandbox.shopify.money import ZERO, Bag

OFF: Final = "refund_discrepancy"
DISCREPANCY: Final = "Refund discrepancy"
PENDING: Final = "Pending refund discrepancy"
SHIPPING: Final = "Shipping refund"


@dataclass(frozen=True)
class LineWish:
    """Units of a line that shall be refunded; with ``tax_only`` nothing but their tax."""

    line: LineItem
    quantity: int
    restock_type: str = "no_restock"
    location_id: int | None = None
    tax_only: bool = False


@dataclass(frozen=True)
class DutyWish:
    """Duty that shall be given back; all that is left of it if no units are named."""

    line: LineItem
    duty: Duty
    quantity: int | None = None


@dataclass(frozen=True)
class Wish:
    """What shall be refunded.

    Attributes:
        lines: Units of lines.
        shipping: Shipping before tax in the presentment currency, ``None`` for none.
        duties: Import duties.
    """

    lines: Sequence[LineWish] = ()
    shipping: Decimal | None = None
    duties: Sequence[DutyWish] = ()


@dataclass
class Worth:
    """What a wish is worth: the parts of a refund before any money is moved."""

    lines: list[RefundLine] = field(default_factory=list)
    shipping: RefundShipping | None = None
    duties: list[RefundDuty] = field(default_factory=list)

    @property
    def subtotal(self) -> Bag:
        """Lines after discount, before tax."""
        return sum((each.subtotal for each in self.lines), Bag())

    @property
    def duty(self) -> Bag:
        """Import duties."""
        return sum((each.amount for each in self.duties), Bag())

    @property
    def tax(self) -> Bag:
        """Tax on lines and shipping."""
        shipping = self.shipping.tax if self.shipping else Bag()
        return sum((each.tax for each in self.lines), shipping)

    @property
    def total(self) -> Bag:
        """All of it."""
        shipping = self.shipping.subtotal if self.shipping else Bag()
        return self.subtotal + self.tax + shipping + self.duty


def appraise(order: Order, wish: Wish, ids: Ids) -> Worth:
    """Return what a wish is worth; the order stays as it is.

    Units of a line refunded in any number of steps give back exactly what the line cost.

    Args:
        order: The order.
        wish: What shall be refunded; quantities must not exceed what is refundable.
        ids: Where the parts' ids come from.
    """
    return Worth(
        lines=[_line(order, each, ids) for each in wish.lines],
        shipping=None if wish.shipping is None else _shipping(order, wish.shipping, ids),
        duties=[_duty(order, each) for each in wish.duties],
    )


def _line(order: Order, wish: LineWish, ids: Ids) -> RefundLine:
    line, currencies = wish.line, order.currencies
    tax = currencies.part(line.tax, line.refunded, wish.quantity, line.quantity)
    subtotal = currencies.part(line.total, line.refunded, wish.quantity, line.quantity)
    return RefundLine(
        id=ids.next(),
        line=line,
        quantity=wish.quantity,
        restock_type=wish.restock_type,
        location_id=wish.location_id,
        subtotal=Bag() if wish.tax_only else subtotal,
        tax=tax.at_most(line.tax - line.tax_refunded),
    )


def _shipping(order: Order, amount: Decimal, ids: Ids) -> RefundShipping | None:
    shipping = order.shipping
    if shipping is None or amount == ZERO:
        return None
    left = shipping.price - shipping.refunded
    if amount >= left.presentment:
        return RefundShipping(ids.next(), left, shipping.tax - shipping.tax_refunded)
    subtotal = order.currencies.bag(amount)
    tax = order.currencies.prorated(shipping.tax, subtotal, shipping.price)
    return RefundShipping(ids.next(), subtotal, tax.at_most(shipping.tax - shipping.tax_refunded))


def _duty(order: Order, wish: DutyWish) -> RefundDuty:
    left = wish.duty.price - wish.duty.refunded
    if wish.quantity is None:
        return RefundDuty(wish.duty, left)
    part = order.currencies.part(wish.duty.price, wish.line.refunded, wish.quantity, wish.line.quantity)
    return RefundDuty(wish.duty, part.at_most(left))


def settle(order: Order, refund: Refund, tax_only: frozenset[int] = frozenset()) -> None:
    """Take a refund's parts off what the order has left, and add the refund to the order.

    Args:
        order: The order.
        refund: The refund, complete.
        tax_only: Ids of refund lines that give back tax and no units.
    """
    for each in refund.lines:
        each.line.tax_refunded += each.tax
        if each.id not in tax_only:
            each.line.refunded += each.quantity
    if refund.shipping is not None and order.shipping is not None:
        order.shipping.refunded += refund.shipping.subtotal
        order.shipping.tax_refunded += refund.shipping.tax
    for part in refund.duties:
        part.duty.refunded += part.amount
    order.refunds.append(refund)


def adjust(refund: Refund, ids: Ids, reason: str = DISCREPANCY) -> None:
    """Write a refund's order adjustments: where the money differs from what the lines say.

    Money still pending is adjusted for too, until it has moved.
    See https://shopify.dev/docs/api/admin-graphql/latest/enums/OrderAdjustmentDiscrepancyReason
    """
    alive = sum((each.amount for each in refund.transactions if each.alive), Bag())
    pending = sum((each.amount for each in refund.transactions if each.status == "pending"), Bag())
    refund.adjustments = []
    if refund.item_value - alive:
        refund.adjustments.append(Adjustment(ids.next(), OFF, reason, refund.item_value - alive))
    if pending:
        refund.adjustments.append(Adjustment(ids.next(), OFF, PENDING, pending))
    if refund.legacy_shipping and refund.shipping is not None:
        given = refund.shipping
        refund.adjustments.append(
            Adjustment(ids.next(), "shipping_refund", SHIPPING, -given.subtotal, -given.tax)
        )


def spread(order: Order, amount: Bag) -> list[tuple[Transaction, Bag]]:
    """Divide money to give back over the payments that have some left, oldest first."""
    parts: list[tuple[Transaction, Bag]] = []
    for payment in order.payments:
        if not amount or not payment.moved:
            continue
        part = amount.at_most(order.left_of(payment))
        if part.presentment > 0:
            parts.append((payment, part))
            amount -= part
    return parts


@dataclass(frozen=True)
class Draft:
    """A refund as asked for.

    Attributes:
        wish: What shall be refunded.
        transactions: The money that moves, none for a refund that is only recorded.
        note: Note on the refund.
        reason: Reason given for a discrepancy.
        legacy_shipping: List shipping as an order adjustment too, as API versions before 2024-10 did.
        unadjusted: Leave the order adjustments away, as the official example does.
        id: The refund's REST id, a new one if ``None``.
    """

    wish: Wish
    transactions: list[Transaction]
    note: str | None = None
    reason: str = DISCREPANCY
    legacy_shipping: bool = False
    unadjusted: bool = False
    id: int | None = None


def make_refund(order: Order, ids: Ids, now: datetime, draft: Draft) -> Refund:
    """Make a refund, add it to its order and return it; whether it may be made has been checked before."""
    worth = appraise(order, draft.wish, ids)
    refund = Refund(
        id=ids.next() if draft.id is None else draft.id,
        created_at=now,
        updated_at=now,
        note=draft.note,
        lines=worth.lines,
        shipping=worth.shipping,
        duties=worth.duties,
        transactions=draft.transactions,
        legacy_shipping=draft.legacy_shipping,
    )
    if not draft.unadjusted:
        adjust(refund, ids, draft.reason)
    wishes = zip(draft.wish.lines, refund.lines, strict=True)
    settle(order, refund, frozenset(part.id for wish, part in wishes if wish.tax_only))
    order.updated_at = now
    return refund
