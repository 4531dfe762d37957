"""Moves money: shipments, refunds by the merchant, and the release of what was held back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from sandbox.amazon.model import (
    CENT,
    LINE_PARTS,
    TAKEN,
    ZERO,
    FulfillmentStatus,
    Item,
    Line,
    Order,
    Part,
    Transaction,
    TransactionStatus,
)
from sandbox.amazon.seller import Seller
from sandbox.jsonish import ControlError, Fields

COMMISSION_RATE: Final = Decimal("0.15")
REFUND_COMMISSION_RATE: Final = Decimal("0.20")
REFUND_COMMISSION_LIMIT: Final = Decimal("5.00")
"""Referral fee, and what Amazon keeps of it when it gives it back: assumed."""
DEFERRAL_REASON: Final = "DD7"


@dataclass(frozen=True)
class LineRefund:
    """What is refunded of a line.

    Attributes:
        quantity: Units given back; 0 where only money is.
        amounts: Each part, positive as the buyer sees it; a discount taken back is positive too.
        extra: Signed amounts on top, as the seller sees them: goodwill, a restocking fee, fees of Amazon's.
    """

    line: Line
    quantity: int
    amounts: Mapping[Part, Decimal]
    extra: Mapping[Part, Decimal]


@dataclass(frozen=True)
class When:
    """When transactions are posted, shown and released.

    Attributes:
        late: Seconds until the Finances API shows them.
        deferred: Seconds until their money is released, ``None`` if it is at once.
    """

    now: datetime
    late: float
    deferred: float | None = None
    silent: bool = False


def rounded(amount: Decimal) -> Decimal:
    """Round half up to cents."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def ship(seller: Seller, order: Order, when: When) -> Transaction:
    """Ship an order: the buyer's money is posted, less Amazon's commission."""
    order.status = FulfillmentStatus.SHIPPED
    order.updated_at = when.now
    items = []
    for line in order.lines:
        amounts = {part: -amount if part in TAKEN else amount for part, amount in line.amounts.items()}
        amounts[Part.COMMISSION] = -rounded(line.amounts[Part.PRINCIPAL] * COMMISSION_RATE)
        items.append(Item(line, line.id, line.quantity, amounts))
    transaction = _post(seller, order, "Shipment", "", items, when)
    seller.transactions.append(transaction)
    return transaction


def refund(
    seller: Seller, order: Order, refunds: Sequence[LineRefund], when: When, *, split: bool = False
) -> list[Transaction]:
    """Post a refund.

    Args:
        seller: Who pays.
        order: What is refunded.
        refunds: What of which line.
        when: When it is posted and shown.
        split: Whether each line is a transaction of its own; they share the refund's id.

    Returns:
        The transactions.
    """
    items = []
    for each in refunds:
        amounts = {part: amount if part in TAKEN else -amount for part, amount in each.amounts.items()}
        for part, amount in each.extra.items():
            amounts[part] = amounts.get(part, ZERO) + amount
        for part, amount in each.amounts.items():
            each.line.refunded[part] = each.line.refunded.get(part, ZERO) + amount
        each.line.returned += each.quantity
        quantity = each.quantity or each.line.quantity
        items.append(Item(each.line, seller.ids.number(15), quantity, amounts))
    refund_id = seller.ids.number(15)
    parcels = [[item] for item in items] if split else [items]
    posted = [_post(seller, order, "Refund", refund_id, parcel, when) for parcel in parcels]
    seller.transactions.extend(posted)
    return posted


def _post(
    seller: Seller, order: Order, kind: str, refund_id: str, items: list[Item], when: When
) -> Transaction:
    deferred = when.deferred is not None
    return Transaction(
        id=seller.ids.token(),
        kind=kind,
        order=order,
        refund_id=refund_id,
        posted_at=when.now,
        visible_at=when.now + timedelta(seconds=when.late),
        items=items,
        maturity=when.now + timedelta(seconds=when.deferred or 0) if deferred else None,
        deferral_reason=DEFERRAL_REASON if deferred else "",
        silent=when.silent,
    )


def release(seller: Seller, held: Transaction, now: datetime) -> Transaction:
    """Release a transaction's money: it is posted again, and both name each other."""
    posted = Transaction(
        id=seller.ids.token(),
        kind=held.kind,
        order=held.order,
        refund_id=held.refund_id,
        posted_at=now,
        visible_at=max(now, held.visible_at),
        items=held.items,
        maturity=held.maturity,
        deferral_reason=held.deferral_reason,
        releases=held,
        silent=held.silent,
    )
    held.released_by = posted
    seller.transactions.append(posted)
    return posted


def release_mature(seller: Seller, now: datetime) -> list[Transaction]:
    """Release all whose time has come; return what was posted for it."""
    ripe = [
        each
        for each in seller.transactions
        if each.status is TransactionStatus.DEFERRED and each.maturity is not None and each.maturity <= now
    ]
    return [release(seller, each, each.maturity or now) for each in ripe]


def refunds_from(order: Order, fields: Fields) -> list[LineRefund]:
    """Read what the merchant refunds.

    Without lines everything that is left is refunded. A line of which no part is given is refunded pro rata
    of its quantity, what is left of it with its last unit; where any part is given, only those are.

    Raises:
        ControlError: The description makes no sense.
    """
    given = fields.maybe_objects("lines")
    goodwill = fields.maybe_decimal("goodwill")
    restocking = fields.maybe_decimal("restocking_fee")
    fees = fields.maybe_object("fees") or Fields({}, "fees")
    commission, kept = fees.maybe_decimal("commission"), fees.maybe_decimal("refund_commission")
    fees.finish()
    if given is None:
        wanted = [(line, line.quantity - line.returned, _rest(line)) for line in order.lines]
        wanted = [each for each in wanted if each[1] or any(each[2].values())]
    else:
        wanted = [_line_refund(order, each) for each in given]
    if not wanted:
        raise ControlError("The body: there is nothing to refund.")
    refunds = []
    for index, (line, quantity, amounts) in enumerate(wanted):
        extra = default_fees(amounts.get(Part.PRINCIPAL, ZERO))
        whole = {Part.COMMISSION: commission, Part.REFUND_COMMISSION: None if kept is None else -kept}
        for part, amount in whole.items():
            if amount is not None:
                extra[part] = ZERO if index else amount
        if not index:
            extra[Part.GOODWILL] = -(goodwill or ZERO)
            extra[Part.RESTOCKING_FEE] = restocking or ZERO
        refunds.append(
            LineRefund(line, quantity, amounts, {part: amount for part, amount in extra.items() if amount})
        )
    return refunds


def default_fees(principal: Decimal) -> dict[Part, Decimal]:
    """Return the commission given back for a refunded price, and what Amazon keeps of it."""
    back = rounded(principal * COMMISSION_RATE)
    kept = min(REFUND_COMMISSION_LIMIT, rounded(back * REFUND_COMMISSION_RATE))
    fees = {Part.COMMISSION: back, Part.REFUND_COMMISSION: -kept}
    return {part: amount for part, amount in fees.items() if amount}


def _rest(line: Line) -> dict[Part, Decimal]:
    rest = {part: max(ZERO, line.left(part)) for part in line.amounts}
    return {part: amount for part, amount in rest.items() if amount}


def _line_refund(order: Order, fields: Fields) -> tuple[Line, int, dict[Part, Decimal]]:
    line = line_of(order, fields.text("sku"))
    quantity = fields.integer("quantity", 0)
    parts = {part: fields.maybe_decimal(part.value) for part in LINE_PARTS}
    fields.finish()
    if not 0 <= quantity <= line.quantity - line.returned:
        raise ControlError(f"There are not {quantity} of {line.sku} left to refund.")
    given = {part: amount for part, amount in parts.items() if amount}
    if any(amount < 0 for amount in given.values()):
        raise ControlError("A line: amounts must not be negative.")
    if given:
        return line, quantity, given
    if not quantity:
        raise ControlError("A line: give a quantity or amounts.")
    return line, quantity, pro_rata(line, quantity)


def pro_rata(line: Line, quantity: int) -> dict[Part, Decimal]:
    """Return what is refunded for so many units: their share of what is left, with the last one all of it.

    A share is of the line as it was sold, and never above what is left of it.
    """
    rest = _rest(line)
    if line.returned + quantity == line.quantity:
        return rest
    shares = {
        part: min(left, rounded(line.amounts[part] * quantity / line.quantity)) for part, left in rest.items()
    }
    return {part: amount for part, amount in shares.items() if amount}


def line_of(order: Order, sku: str) -> Line:
    """Return the order's line of a product.

    Raises:
        ControlError: There is none.
    """
    for line in order.lines:
        if line.sku == sku:
            return line
    raise ControlError(f"The order {order.id} has no line of {sku}.")
