"""From an order as eBay shows it to the refunds the ledger takes over. Pure.

eBay says how much was given back, at most for which line, and never for how many units. The parts are what
the amount says: goods where it is the price of whole units, shipping where it is that, else an adjustment.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from ledger.events import MoneyState, Part, PartKind, Payment, RefundSeen
from ledger.money import Money, total
from workers.platforms.ebay_merging import RefundFound
from workers.platforms.ebay_reading import Node, OrderLine, lines_of, moment, refunds_of

_SHIPPING: Final = "Shipping"


def refunds_seen(
    order: Node, *, requested: Mapping[str, bool] | None = None, fees: Mapping[str, Money] | None = None
) -> tuple[RefundSeen, ...]:
    """Return an order's refunds; what eBay has not named yet is left out until it has.

    Args:
        order: What `getOrder` answers.
        requested: Whether the buyer asked for it, by refund; None where that is not to be known.
        fees: Selling fees that came back, by refund, where they are to be posted; the money of a refund for
            which they are not known yet is pending.

    Raises:
        workers.platforms.errors.PlatformError: `TRANSIENT` if the order's refunds cannot be told apart yet.
    """
    lines = lines_of(order)
    return tuple(
        _seen(
            each,
            lines,
            order,
            requested=True if requested is None else requested[each.id],
            fees=Money.zero(each.amount.currency) if fees is None else fees.get(each.id),
        )
        for each in refunds_of(order)
        if each.id
    )


def _seen(
    found: RefundFound,
    lines: Sequence[OrderLine],
    order: Node,
    *,
    requested: bool,
    fees: Money | None,
) -> RefundSeen:
    money = found.money
    if fees is None:
        fees = Money.zero(found.amount.currency)
        money = MoneyState.PENDING if money is MoneyState.MOVED else money
    return RefundSeen(
        origin="ebay",
        refund_id=found.id,
        order_id=order["orderId"],
        order_name=order["orderId"],
        occurred_at=occurred_at(found, order),
        currency=found.amount.currency,
        parts=(*parts_of(found, lines), *_fee(fees)),
        payments=(Payment(found.id, money, found.amount - fees),),
        first_hand=False,
        requested=requested,
    )


def occurred_at(found: RefundFound, order: Node) -> datetime:
    """Return when a refund was issued; until then when its order last changed, as eBay gives it no time."""
    return found.at or moment(order["lastModifiedDate"])


def _fee(fees: Money) -> Iterable[Part]:
    if fees:
        zero = Money.zero(fees.currency)
        yield Part(PartKind.FEE, -fees, zero, title="Selling fees given back")


def parts_of(found: RefundFound, lines: Sequence[OrderLine]) -> tuple[Part, ...]:
    """Return what a refund is for; the parts add up to its amount."""
    if not found.lines:
        return _of_order(found.amount, lines)
    by_id = {line.id: line for line in lines}
    parts = [part for line_id, amount in found.lines.items() for part in _of_line(amount, by_id[line_id])]
    return (*parts, *_rest(found.amount, parts, lines))


def _of_order(amount: Money, lines: Sequence[OrderLine]) -> tuple[Part, ...]:
    """Return the parts of a refund that names no line: of all lines, or of the only one it can be."""
    if len(lines) == 1:
        return tuple(_of_line(amount, lines[0]))
    if amount == total([line.total for line in lines], amount.currency):
        return tuple(part for line in lines for part in _whole(line))
    alike = [line for line in lines if amount in {line.total, line.cost + line.tax}]
    if len(alike) == 1:
        return tuple(_of_line(amount, alike[0]))
    return _rest(amount, (), lines)


def _of_line(amount: Money, line: OrderLine) -> Iterable[Part]:
    if amount == line.total:
        return _whole(line)
    without_tax = Money.zero(line.cost.currency)
    for price, tax in ((line.cost, line.tax), (line.cost, without_tax)):
        if amount == price + line.delivery + tax:
            return [_goods(line, price, tax, line.quantity), *_shipping(line.delivery)]
        units = _units(amount, price + tax, line.quantity)
        if units:
            share = Money.rounded(tax.amount * units / line.quantity, tax.currency)
            return [_goods(line, amount - share, share, units)]
    if amount == line.delivery:
        return _shipping(amount)
    return [_adjustment(amount, f"Partial refund of {line.title or line.sku}", line)]


def _units(amount: Money, price: Money, quantity: int) -> int:
    """Return of how many units an amount is the price, to the last minor unit; 0 if of no number of them."""
    if price.amount <= 0:
        return 0
    units = int((amount.amount * quantity / price.amount).to_integral_value())
    same = Money.rounded(price.amount * units / quantity, price.currency) == amount
    return units if same and 0 < units <= quantity else 0


def _whole(line: OrderLine) -> list[Part]:
    return [_goods(line, line.cost, line.tax, line.quantity), *_shipping(line.delivery)]


def _goods(line: OrderLine, net: Money, tax: Money, units: int) -> Part:
    return Part(
        PartKind.ITEM,
        net,
        tax,
        sku=line.sku,
        title=line.title,
        quantity=Decimal(units),
        source_line_id=line.id,
    )


def _shipping(amount: Money) -> list[Part]:
    zero = Money.zero(amount.currency)
    return [Part(PartKind.SHIPPING, amount, zero, title=_SHIPPING)] if amount else []


def _adjustment(amount: Money, title: str, line: OrderLine | None = None) -> Part:
    zero = Money.zero(amount.currency)
    return Part(PartKind.ADJUSTMENT, amount, zero, title=title, source_line_id=line.id if line else "")


def _rest(amount: Money, parts: Sequence[Part], lines: Sequence[OrderLine]) -> tuple[Part, ...]:
    """Return what a refund has beyond its lines: the order's shipping if it is that."""
    rest = amount - total([part.gross for part in parts], amount.currency)
    delivery = total([line.delivery for line in lines], amount.currency)
    has_shipping = any(part.kind is PartKind.SHIPPING for part in parts)
    if rest == delivery and not has_shipping:
        return tuple(_shipping(rest))
    return (_adjustment(rest, "Refund of the order"),) if rest else ()
