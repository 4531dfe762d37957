"""Which of NetSuite's refunds is which of the storefront's, and where they differ. Pure.

Two are the same for sure where a key or the ledger says so. What is left over is matched by order: first by
the same amount, nearest in time first, then the only one left on each side.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.models import Finding
from ledger.money import Money
from workers.rules.to_netsuite import REFUND_OF

BY_AMOUNT: Final = "matched by order and amount"
BY_ORDER: Final = "matched as the only refund of its order on each side"


@dataclass(frozen=True, slots=True)
class There:
    """A refund in the storefront.

    Attributes:
        key: What NetSuite's external id is where this service carried it there.
        mark: Our key found on it, where this service made it.
        counterpart: NetSuite's internal id of the other side, where the ledger knows it.
        ledger_id: The ledger's number of it, where it has one.
    """

    refund_id: str
    order_id: str
    order_name: str
    occurred_at: datetime
    amount: Money
    key: str
    mark: str = ""
    counterpart: str = ""
    ledger_id: int | None = None


@dataclass(frozen=True, slots=True)
class Here:
    """A refund record in NetSuite.

    Attributes:
        billed_type: Type of the record it goes back to, where that was found.
        key: Its key in the ledger, which is the mark on the storefront's refund; empty where it has none.
    """

    record_type: str
    record_id: str
    number: str
    external_id: str
    order_id: str
    order_name: str
    entered_at: datetime
    amount: Money
    billed_type: str = ""
    key: str = ""
    ledger_id: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a reconciliation; at least one side is there."""

    finding: Finding
    there: There | None
    here: Here | None
    note: str = ""


def compare_sides(
    there: Sequence[There], here: Sequence[Here], *, since: datetime, until: datetime
) -> tuple[Line, ...]:
    """Return a line for every refund of the period, each of both sides in exactly one.

    Args:
        there: The storefront's, of the period.
        here: NetSuite's; those entered outside the period count only as another side of one in it.
        since: The period's beginning.
        until: The period's end, not part of it.
    """
    pairs = _by_key(there, here)
    free_there, free_here = _free(there, here, pairs)
    pairs = [*pairs, *_by_order(free_there, free_here)]
    free_there, free_here = _free(there, here, pairs)
    return (
        *(_line(pair) for pair in pairs),
        *(Line(Finding.MISSING_IN_NETSUITE, each, None) for each in free_there),
        *(
            Line(Finding.MISSING_IN_STOREFRONT, None, each)
            for each in free_here
            if since <= each.entered_at < until
        ),
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    there: There
    here: Here
    note: str = ""


def _free(
    there: Sequence[There], here: Sequence[Here], pairs: Iterable[_Pair]
) -> tuple[list[There], list[Here]]:
    taken = [(pair.there.refund_id, pair.here.record_id) for pair in pairs]
    refunds, records = {one for one, _ in taken}, {other for _, other in taken}
    return [each for each in there if each.refund_id not in refunds], [
        each for each in here if each.record_id not in records
    ]


def _by_key(there: Sequence[There], here: Sequence[Here]) -> list[_Pair]:
    by_external = {each.external_id: each for each in here if each.external_id}
    by_record = {each.record_id: each for each in here}
    by_key = {each.key: each for each in here if each.key}
    pairs: list[_Pair] = []
    taken: set[str] = set()
    for each in there:
        found = by_external.get(each.key) or by_record.get(each.counterpart) or by_key.get(each.mark)
        if found is not None and found.record_id not in taken:
            taken.add(found.record_id)
            pairs.append(_Pair(each, found))
    return pairs


def _by_order(there: Sequence[There], here: Sequence[Here]) -> list[_Pair]:
    """Match what no key joins: by order and amount, the nearest first, then what is alone on each side."""
    records: dict[str, list[Here]] = defaultdict(list)
    for each in here:
        if each.order_id:
            records[each.order_id].append(each)
    pairs: list[_Pair] = []
    left: dict[str, list[There]] = defaultdict(list)
    for refund in sorted(there, key=lambda each: each.occurred_at):
        same = [each for each in records[refund.order_id] if each.amount == refund.amount]
        if not same:
            left[refund.order_id].append(refund)
            continue
        nearest = min(same, key=lambda each: abs(each.entered_at - refund.occurred_at))
        records[refund.order_id].remove(nearest)
        pairs.append(_Pair(refund, nearest, BY_AMOUNT))
    for order_id, refunds in left.items():
        if len(refunds) == len(records[order_id]) == 1:
            pairs.append(_Pair(refunds[0], records[order_id][0], BY_ORDER))
    return pairs


def _line(pair: _Pair) -> Line:
    there, here = pair.there, pair.here
    if there.amount != here.amount:
        note = f"{there.amount} in the storefront, {here.amount} in NetSuite"
        return Line(Finding.AMOUNT_DIFFERS, there, here, "; ".join(filter(None, (note, pair.note))))
    expected = REFUND_OF.get(here.billed_type, here.record_type)
    if here.record_type != expected:
        note = f"a {here.record_type} of an order billed by {here.billed_type}, which asks for a {expected}"
        return Line(Finding.TYPE_DIFFERS, there, here, "; ".join(filter(None, (note, pair.note))))
    return Line(Finding.MATCHED, there, here, pair.note)
