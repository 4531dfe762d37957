"""Whose order a NetSuite refund is of, where the ledger does not know: by what the storefronts say. Pure.

Two shops may number their orders alike, so that one which has the order says nothing of another that cannot
be asked. What NetSuite knows of the order does: currency, amount, time and goods. A refund that is paid to a
wrong customer does not come back, so that whatever does not agree is left to a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Final

from ledger.reasons import Recovery, reason
from workers.rules.facts import NetSuiteRefund, StorefrontOrder
from workers.rules.from_netsuite import convert
from workers.rules.netsuite_lines import PlanError, normal

CLOCKS: Final = timedelta(hours=2)
"""By how much an order may seem to be in NetSuite before it was placed, since NetSuite's clock is moved."""

IMPORTED_WITHIN: Final = timedelta(days=7)
"""How long after it was placed an order is in NetSuite, unless a history is imported."""

_ROUNDING: Final = 5  # minor units that a conversion between two currencies may be off by
_GENERIC: Final = "OthCharge"
_MAY_PASS: Final = frozenset({Recovery.BACKOFF, Recovery.THROTTLE})


@dataclass(frozen=True, slots=True)
class Answer:
    """What one storefront account says of an order's number.

    Attributes:
        takes: Whether NetSuite's refunds are carried to it.
        order: Its order of that number; None where it has none, or did not say.
        silent: Why it could not be asked, a code of `ledger.reasons`; empty where it said.
    """

    account_id: int
    slug: str
    takes: bool
    order: StorefrontOrder | None = None
    silent: str = ""


class Verdict(Enum):
    """What is to be done."""

    DECIDE = auto()  # with the orders that were found
    LATER = auto()  # nobody who could take the refund has the order, and somebody who may have it did not say
    WAIT = auto()  # for those who did not say, for a while
    HOLD = auto()  # for a person


def wants_others(record: NetSuiteRefund, answers: Sequence[Answer]) -> bool:
    """Tell whether accounts that take no refunds of NetSuite are asked too, to tell whose order it is.

    Args:
        record: NetSuite's refund.
        answers: Of those that take them.
    """
    orders = [each.order for each in answers if each.order is not None]
    return not orders or (len(orders) == 1 and bool(difference(record, orders[0])))


def judge(record: NetSuiteRefund, answers: Sequence[Answer], *, waited: bool) -> Verdict:
    """Return what is to be done about a refund whose order the ledger does not know.

    Args:
        record: NetSuite's refund.
        answers: Of everybody who was asked, or should have been.
        waited: Whether those who did not say were waited for long enough.
    """
    having = [each for each in answers if each.order is not None]
    silent = [each for each in answers if each.silent]
    if not silent or len(having) > 1:
        return Verdict.DECIDE
    if not having or not having[0].takes:
        return Verdict.LATER
    # A pause does not pass by itself.
    if not waited and any(reason(each.silent).recovery in _MAY_PASS for each in silent):
        return Verdict.WAIT
    order = having[0].order
    agrees = order is not None and not difference(record, order)
    return Verdict.DECIDE if agrees else Verdict.HOLD


def difference(record: NetSuiteRefund, order: StorefrontOrder) -> str:
    """Return in what a storefront's order is not the one that NetSuite knows; empty where all agrees.

    What one side does not tell does not agree.
    """
    return _of_amount(record, order) or _of_time(record, order) or _of_goods(record, order)


def _of_amount(record: NetSuiteRefund, order: StorefrontOrder) -> str:
    ours, theirs = record.order_total, order.total
    if ours is None or theirs is None:
        return "what the order came to is not told"
    said = f"{theirs} in the storefront, {ours} in NetSuite"
    try:
        converted = convert(ours, order)
    except PlanError:
        return said
    allowed = 0 if ours.currency == order.currency else _ROUNDING
    return "" if abs(converted - theirs).minor <= allowed else said


def _of_time(record: NetSuiteRefund, order: StorefrontOrder) -> str:
    if record.order_at is None or order.placed_at is None:
        return "when the order was placed is not told"
    if -CLOCKS <= record.order_at - order.placed_at <= IMPORTED_WITHIN:
        return ""
    return (
        f"placed {order.placed_at:%Y-%m-%d %H:%M}, entered in NetSuite {record.order_at:%Y-%m-%d %H:%M} UTC"
    )


def _of_goods(record: NetSuiteRefund, order: StorefrontOrder) -> str:
    sold = {normal(line.sku) for line in order.lines if line.sku.strip()}
    refunded = record.document.lines if record.document is not None else ()
    foreign = [
        line.sku
        for line in refunded
        if line.item_type != _GENERIC and line.sku and normal(line.sku) not in sold
    ]
    return f"{foreign[0]} is not on the storefront's order" if foreign else ""
