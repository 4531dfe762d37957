"""One list of an order's refunds out of the two in which eBay shows them. Pure.

`paymentSummary.refunds` has every refund with its status, `lineItems[].refunds` those of lines, without one.
What `issueRefund` made of lines has its `refundId` in the second list only; any other refund has its
`refundReferenceId` in the first, once it was issued
(https://developer.ebay.com/api-docs/sell/fulfillment/types/sel:OrderRefund and the same of `LineItemRefund`).
So the two are told to be the same by an id they share, else by date and amount.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from ledger.events import MoneyState
from ledger.money import Money
from workers.platforms.errors import PlatformError

_NEAR: Final = timedelta(hours=1)  # by which the two lists may be apart in when a refund was issued


@dataclass(frozen=True, slots=True)
class RefundFound:
    """A refund as eBay shows it.

    Attributes:
        refund_id: What `issueRefund` called it; empty for one made otherwise.
        reference: eBay's own reference; empty until it was issued.
        amount: What the seller gives back.
        at: When it was issued, in UTC; None until then.
        lines: What of it is for a line, by the line's id.
    """

    refund_id: str
    reference: str
    amount: Money
    money: MoneyState
    at: datetime | None
    lines: Mapping[str, Money] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return the name it keeps; empty while it has none."""
        return self.refund_id or self.reference


def merged(
    of_order: Sequence[RefundFound], of_lines: Iterable[RefundFound], *, order_id: str
) -> tuple[RefundFound, ...]:
    """Return an order's refunds, each once: those of the first list in its order, then what it lacks.

    Args:
        of_order: Those of the order.
        of_lines: Those of its lines, one for each line.
        order_id: The order's, for the error.

    Raises:
        PlatformError: `TRANSIENT` if a refund of lines may be one of the order's or another: that is told
            once both were issued.
    """
    groups = _grouped(of_lines)
    found = dict(enumerate(of_order))
    left = set(found)
    for is_same in (_shares_id, _same_issue, _both_undated, _near_issue, _same_moment):
        for number in sorted(left):
            whole = found[number]
            alike = [group for group in groups if is_same(whole, group)]
            if alike:
                match = min(alike, key=lambda group: _apart(whole, group))
                groups.remove(match)
                left.remove(number)
                found[number] = _joined(whole, match, of_order)
    extra = [group for group in groups if group.id]
    if any(_are_confusable(found[number], group) for number in left for group in extra):
        names = ", ".join(group.id for group in extra)
        detail = f"eBay does not tell yet which refund of order {order_id} is that of its lines, {names}"
        raise PlatformError("TRANSIENT", detail)
    return (*found.values(), *extra)


def _grouped(of_lines: Iterable[RefundFound]) -> list[RefundFound]:
    """Put the lines of one refund together: those of one name, else those issued at one moment."""
    groups: dict[tuple[str, datetime | None], RefundFound] = {}
    for each in of_lines:
        key = (each.id, None if each.id else each.at)
        groups[key] = _with_line(groups[key], each) if key in groups else each
    return list(groups.values())


def _with_line(known: RefundFound, more: RefundFound) -> RefundFound:
    lines = dict(known.lines)
    for line_id, amount in more.lines.items():
        lines[line_id] = lines[line_id] + amount if line_id in lines else amount
    money = known.money if known.money is more.money else MoneyState.PENDING
    at = known.at if known.at and more.at else None
    return replace(known, amount=known.amount + more.amount, lines=lines, money=money, at=at)


def _may_be_same(whole: RefundFound, group: RefundFound) -> bool:
    """Return whether no name tells the two apart."""
    names = ((whole.refund_id, group.refund_id), (whole.reference, group.reference))
    return all(one == other or not one or not other for one, other in names)


def _shares_id(whole: RefundFound, group: RefundFound) -> bool:
    same_id = bool(group.refund_id) and whole.refund_id == group.refund_id
    return same_id or (bool(group.reference) and whole.reference == group.reference)


def _same_issue(whole: RefundFound, group: RefundFound) -> bool:
    return _same_moment(whole, group) and whole.amount == group.amount


def _both_undated(whole: RefundFound, group: RefundFound) -> bool:
    undated = whole.at is None and group.at is None
    return undated and whole.amount == group.amount and _may_be_same(whole, group)


def _near_issue(whole: RefundFound, group: RefundFound) -> bool:
    is_near = whole.at is not None and group.at is not None and _apart(whole, group) <= _NEAR
    return is_near and whole.amount == group.amount and _may_be_same(whole, group)


def _same_moment(whole: RefundFound, group: RefundFound) -> bool:
    return whole.at is not None and whole.at == group.at and _may_be_same(whole, group)


def _apart(whole: RefundFound, group: RefundFound) -> timedelta:
    return abs(whole.at - group.at) if whole.at and group.at else timedelta(0)


def _are_confusable(whole: RefundFound, group: RefundFound) -> bool:
    """Return whether one that was issued may be the other that was not."""
    one_is_dated = (whole.at is None) is not (group.at is None)
    return one_is_dated and whole.amount == group.amount and _may_be_same(whole, group)


def _joined(whole: RefundFound, group: RefundFound, of_order: Iterable[RefundFound]) -> RefundFound:
    """Return a refund of the order with the lines and the names that only its lines show.

    Of several without name and date that are alike in amount, which one failed and which is under way is not
    said: then it is pending, until one of them is issued.
    """
    money = whole.money
    if whole.at is None and not whole.id:
        alike = {
            each.money for each in of_order if not each.id and each.at is None and each.amount == whole.amount
        }
        money = whole.money if len(alike) == 1 else MoneyState.PENDING
    return replace(
        whole,
        refund_id=whole.refund_id or group.refund_id,
        reference=whole.reference or group.reference,
        money=money,
        at=whole.at or group.at,
        lines=group.lines,
    )
