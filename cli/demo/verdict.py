"""Compare what came out with what was expected: in the ledger, and on the other side of every platform."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import quantiles
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from cli.demo.control import Json
from cli.demo.platforms.netsuite import Books
from cli.demo.stage import Stage
from cli.demo.watch import Expected
from ledger.models import Attempt, Refund
from ledger.models.accounts import Direction
from ledger.states import State

_RECORDS: Final = {"cashrefund": "cashRefund", "creditmemo": "creditMemo"}
_TYPES: Final = {"cash_refund": "cashrefund", "credit_memo": "creditmemo"}

_Name = tuple[str, str, str]
"""A refund by its account, where it came from, and its id there."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came out.

    Attributes:
        rows: Every refund of the ledger, in the order they arrived.
        wrong: A sentence for each thing that is not as expected.
        expected: How many refunds are.
    """

    rows: Sequence[Refund]
    wrong: list[str]
    expected: int


def judge(stage: Stage) -> Verdict:
    """Compare every refund of the ledger with what was expected, and every record on the other side."""
    with stage.database.read() as session:
        query = select(Refund).options(joinedload(Refund.account), selectinload(Refund.order_link))
        rows = session.scalars(query.order_by(Refund.id)).all()
    wanted = {(each.account, each.origin, each.refund_id): each for each in stage.expected}
    echoes = _echoes(stage, rows, wanted)
    found = _Found(stage)
    wrong: list[str] = []
    as_expected = 0
    for row in rows:
        sentences = list(_of_row(row, wanted.get(_name(row)), found, is_echo=_name(row) in echoes))
        as_expected += not sentences
        wrong += sentences
    there = {_name(row) for row in rows}
    wrong += [
        f"{each.scenario}: it is not in the ledger" for name, each in wanted.items() if name not in there
    ]
    wrong += [f"the echo of {' '.join(name)} never arrived" for name in sorted(echoes - there)]
    wrong += found.miscounted(rows)
    return Verdict(rows, wrong, as_expected)


def _name(row: Refund) -> _Name:
    return row.account.slug, row.origin, row.source_refund_id


def _echoes(stage: Stage, rows: Sequence[Refund], wanted: Mapping[_Name, Expected]) -> set[_Name]:
    """Return the refunds this service made that are told back to it."""
    telling = {each.slug for each in stage.storefronts() if each.echoes}
    found: set[_Name] = set()
    for row in rows:
        if _name(row) not in wanted or not row.target_id:
            continue
        if row.direction is Direction.TO_NETSUITE:
            found.add((row.account.slug, "netsuite", row.target_id))
        elif row.account.slug in telling:
            found.add((row.account.slug, row.account.platform.value, row.target_id))
    return found


def _of_row(row: Refund, expected: Expected | None, found: "_Found", *, is_echo: bool) -> Iterator[str]:
    """Yield a sentence for everything that is wrong with a refund."""
    if expected is None and not is_echo:
        yield f"{_said(row)}: it was not expected"
        return
    state, reason = (expected.state, expected.reason) if expected else (State.IGNORED, "ECHO")
    scenario = expected.scenario if expected else "its echo"
    if (row.state, row.reason) != (state, reason):
        yield f"{_said(row)}: {scenario} is {row.state} {row.reason}, not {state} {reason} ({row.detail})"
    if expected is None:
        return
    if expected.transaction_type and row.transaction_type != expected.transaction_type:
        yield f"{_said(row)}: {scenario} is a {row.transaction_type}, not a {expected.transaction_type}"
    amounts = found.made_of(row)
    if amounts != ([Decimal(expected.total)] if expected.total else []):
        made = [f"{each:.2f}" for each in amounts]
        yield f"{_said(row)}: {scenario} made {made}, not {expected.total or None}"


def _said(row: Refund) -> str:
    return f"{row.account.slug} {row.origin} refund {row.source_refund_id}"


class _Found:
    """What is on the other side of every account."""

    def __init__(self, stage: Stage) -> None:
        self._books = [stage.books, stage.market_books]
        self._storefronts = {each.slug: each for each in stage.storefronts()}
        self._records = {
            books.slug: {kind: books.records(name) for kind, name in _RECORDS.items()}
            for books in self._books
        }

    def made_of(self, row: Refund) -> Sequence[Decimal]:
        """Return the amounts of everything that was made for a refund, of whatever type in NetSuite."""
        storefront = self._storefronts[row.account.slug]
        if row.direction is Direction.FROM_NETSUITE:
            order_id = row.storefront_order_id
            has_order = order_id and row.reason not in {"ORDER_NOT_SYNCED", "ORDER_DELETED"}
            return storefront.given_back(order_id, row.key, row.target_id) if has_order else []
        kept = self._records[storefront.books]
        if row.target_type in _RECORDS and row.target_type != _TYPES.get(row.transaction_type):
            return []
        return [
            _total(record) for kind in kept.values() for record in kind if record.get("externalId") == row.key
        ]

    def miscounted(self, rows: Sequence[Refund]) -> Iterator[str]:
        """Yield a sentence for every kind of write that there is another number of than of refunds."""
        asked = Counter(
            (row.account.slug, "")
            for row in rows
            if row.direction is Direction.FROM_NETSUITE and row.target_id
        )
        asked += Counter(
            (self._storefronts[row.account.slug].books, row.target_type)
            for row in rows
            if row.direction is Direction.TO_NETSUITE and row.target_id
        )
        for storefront in self._storefronts.values():
            made, wanted = storefront.writes(), asked[storefront.slug, ""]
            if made != wanted:
                yield f"{storefront.slug} counted {made} refunds made, the ledger {wanted}"
        for books in self._books:
            yield from _miscounted(books, asked)


def _miscounted(books: Books, asked: Counter[tuple[str, str]]) -> Iterator[str]:
    counted = books.writes()
    for kind, name in _RECORDS.items():
        made, wanted = counted.get(name, 0), asked[books.slug, kind]
        if made != wanted:
            yield f"{books.slug} counted {made} {name} made, the ledger {wanted}"


def _total(record: Json) -> Decimal:
    return abs(Decimal(str(record["total"])))


def latencies(stage: Stage) -> tuple[float, float, int]:
    """Return p50 and p99 in seconds, from accepted delivery to written record, and of how many refunds.

    Counted are the refunds that nothing held up: those posted by their first attempt.
    """
    with stage.database.read() as session:
        tries = select(Attempt.refund_id).group_by(Attempt.refund_id).having(func.count() == 1)
        query = select(Refund).where(Refund.state == State.POSTED, Refund.id.in_(tries))
        took = [
            (row.posted_at - row.received_at).total_seconds()
            for row in session.scalars(query)
            if row.posted_at is not None
        ]
    cuts = quantiles(took, n=100, method="inclusive")
    return cuts[49], cuts[98], len(took)
