"""Which of NetSuite's refunds is which of the storefront's, and where they differ. Pure.

Two are the same for sure where a key or the ledger says so. What is left over is matched by order: first by
the same amount, nearest in time first, then the only one left on each side. Which refund is which does not
depend on the order in which they are given.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.models import Finding
from ledger.money import Money
from ledger.records import record_name
from workers.rules.to_netsuite import REFUND_OF

BY_AMOUNT: Final = "matched by order and amount"
BY_ORDER: Final = "matched as the only refund of its order on each side"


@dataclass(frozen=True, slots=True)
class There:
    """A refund in the storefront.

    Attributes:
        at: When it was made.
        key: What NetSuite's external id is where this service carried it there.
        mark: Our key found on it, where this service made it.
        counterpart: NetSuite's internal id of the other side, where the ledger knows it.
        ledger_id: The ledger's number of it, where it has one.
    """

    refund_id: str
    order_id: str
    order_name: str
    at: datetime
    amount: Money
    key: str
    mark: str = ""
    counterpart: str = ""
    ledger_id: int | None = None


@dataclass(frozen=True, slots=True)
class Here:
    """A refund record in NetSuite.

    Attributes:
        at: When it was entered, or, where the ledger knows that, when the storefront's side of it was made.
        billed_type: Type of the record it goes back to, where that was found.
        key: Its key in the ledger, which is the mark on the storefront's refund; empty where it has none.
        note: What is to be said of it where the storefront lacks it.
    """

    record_type: str
    record_id: str
    number: str
    external_id: str
    order_id: str
    order_name: str
    at: datetime
    amount: Money
    billed_type: str = ""
    key: str = ""
    ledger_id: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a reconciliation.

    Attributes:
        first: The storefront's refund, or NetSuite's where only that has one.
        second: NetSuite's of the same refund, where both have one.
    """

    finding: Finding
    first: There | Here
    second: Here | None = None
    note: str = ""

    @property
    def there(self) -> There | None:
        """Return the storefront's refund."""
        return self.first if isinstance(self.first, There) else None

    @property
    def here(self) -> Here | None:
        """Return NetSuite's."""
        return self.second if isinstance(self.first, There) else self.first


def compare_sides(
    there: Sequence[There], here: Sequence[Here], *, since: datetime, until: datetime
) -> tuple[Line, ...]:
    """Return a line for every refund of the period, each of both sides in exactly one.

    Args:
        there: The storefront's, of the period.
        here: NetSuite's; those outside the period count only as another side of one in it.
        since: The period's beginning.
        until: The period's end, not part of it.
    """
    pairs = list(_by_key(there, here))
    pairs += _by_amount(*_free(there, here, pairs))
    pairs += _alone(*_free(there, here, pairs))
    free_there, free_here = _free(there, here, pairs)
    return (
        *(_line(pair) for pair in pairs),
        *(Line(Finding.MISSING_IN_NETSUITE, each) for each in free_there),
        *(
            Line(Finding.MISSING_IN_STOREFRONT, each, note=each.note)
            for each in free_here
            if since <= each.at < until
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
    """Return what is in no pair, in an order of its own."""
    taken = [(pair.there.refund_id, pair.here.record_id) for pair in pairs]
    refunds, records = {one for one, _ in taken}, {other for _, other in taken}
    return (
        sorted((each for each in there if each.refund_id not in refunds), key=_refund_order),
        sorted((each for each in here if each.record_id not in records), key=_record_order),
    )


def _refund_order(refund: There) -> tuple[datetime, str]:
    return refund.at, refund.refund_id


def _record_order(record: Here) -> tuple[datetime, str]:
    return record.at, record.record_id


def _by_key(there: Sequence[There], here: Sequence[Here]) -> Iterator[_Pair]:
    """Match by the key that this service wrote, then by what the ledger knows, then by the mark."""
    records = sorted(here, key=_record_order)
    by_external = {each.external_id: each for each in records if each.external_id}
    by_record = {each.record_id: each for each in records}
    by_key = {each.key: each for each in records if each.key}
    ways: tuple[tuple[Mapping[str, Here], Callable[[There], str]], ...] = (
        (by_external, lambda refund: refund.key),
        (by_record, lambda refund: refund.counterpart),
        (by_key, lambda refund: refund.mark),
    )
    left, taken = sorted(there, key=_refund_order), set[str]()
    for known, key in ways:
        unmatched: list[There] = []
        for refund in left:
            record = known.get(key(refund))
            if record is None or record.record_id in taken:
                unmatched.append(refund)
                continue
            taken.add(record.record_id)
            yield _Pair(refund, record)
        left = unmatched


def _by_amount(there: Sequence[There], here: Sequence[Here]) -> list[_Pair]:
    """Match what has the same order and amount, the nearest in time first."""
    records: dict[tuple[str, Money], list[Here]] = defaultdict(list)
    for record in here:
        if record.order_id:
            records[record.order_id, record.amount].append(record)
    near = sorted(
        (
            (abs(record.at - refund.at), _refund_order(refund), _record_order(record), refund, record)
            for refund in there
            for record in records[refund.order_id, refund.amount]
        ),
        key=lambda each: each[:3],
    )
    pairs: list[_Pair] = []
    refunds_taken, records_taken = set[str](), set[str]()
    for *_, refund, record in near:
        if refund.refund_id not in refunds_taken and record.record_id not in records_taken:
            refunds_taken.add(refund.refund_id)
            records_taken.add(record.record_id)
            pairs.append(_Pair(refund, record, BY_AMOUNT))
    return pairs


def _alone(there: Sequence[There], here: Sequence[Here]) -> list[_Pair]:
    """Match what is the only one left of its order on each side."""
    left: dict[str, tuple[list[There], list[Here]]] = defaultdict(lambda: ([], []))
    for refund in there:
        left[refund.order_id][0].append(refund)
    for record in here:
        if record.order_id:
            left[record.order_id][1].append(record)
    return [
        _Pair(refunds[0], records[0], BY_ORDER)
        for refunds, records in left.values()
        if len(refunds) == len(records) == 1
    ]


def _line(pair: _Pair) -> Line:
    there, here = pair.there, pair.here
    if there.amount != here.amount:
        note = f"{there.amount} in the storefront, {here.amount} in NetSuite"
        return Line(Finding.AMOUNT_DIFFERS, there, here, "; ".join(filter(None, (note, pair.note))))
    expected = REFUND_OF.get(here.billed_type, here.record_type)
    if here.record_type != expected:
        kind, billed, asked = map(record_name, (here.record_type, here.billed_type, expected))
        note = f"a {kind} of an order billed by {billed}, which asks for a {asked}"
        return Line(Finding.TYPE_DIFFERS, there, here, "; ".join(filter(None, (note, pair.note))))
    return Line(Finding.MATCHED, there, here, pair.note)
