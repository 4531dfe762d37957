"""Compare what came out with what was expected: in the ledger, and on the other side."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import quantiles
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from cli.demo.stage import Expected, Stage
from ledger.models import Attempt, Refund
from ledger.models.accounts import Direction
from ledger.states import State

_RECORDS = {"cashrefund": "cashRefund", "creditmemo": "creditMemo"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came out.

    Attributes:
        rows: Every refund of the ledger, in the order they arrived.
        wrong: A sentence for each refund that is not as expected.
        expected: How many are.
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
    echoes = _echoes(rows, wanted)
    records = {kind: stage.books.records(name) for kind, name in _RECORDS.items()}
    wrong: list[str] = []
    for row in rows:
        expected = wanted.pop((row.account.slug, row.origin, row.source_refund_id), None)
        is_echo = (row.origin, row.source_refund_id) in echoes
        if expected is None and is_echo:
            wrong += _differs(row, State.IGNORED, "ECHO", "its echo")
        elif expected is None:
            wrong.append(f"{_name(row)} was not expected")
        else:
            wrong += _differs(row, expected.state, expected.reason, expected.scenario)
            wrong += _record_differs(row, expected, records)
    wrong += [
        f"{missing.scenario}: refund {missing.refund_id} is not in the ledger" for missing in wanted.values()
    ]
    keys = Counter(record.get("externalId") for kind in records.values() for record in kind)
    wrong += [
        f"{number} NetSuite records have the key {key}" for key, number in keys.items() if key and number > 1
    ]
    seen = {(row.origin, row.source_refund_id) for row in rows}
    wrong += [f"the echo of {origin} record {number} never arrived" for origin, number in echoes - seen]
    return Verdict(rows, wrong, len(rows) - len({each.split(":")[0] for each in wrong}))


def _echoes(rows: Sequence[Refund], wanted: dict[tuple[str, str, str], Expected]) -> set[tuple[str, str]]:
    """Return the records this service made, whose own webhooks come back."""
    found: set[tuple[str, str]] = set()
    for row in rows:
        expected = wanted.get((row.account.slug, row.origin, row.source_refund_id))
        if row.state is State.POSTED and expected is not None and expected.echo:
            back = "netsuite" if row.direction is Direction.TO_NETSUITE else row.account.platform.value
            found.add((back, row.target_id))
    return found


def _differs(row: Refund, state: State, reason: str, scenario: str) -> list[str]:
    if (row.state, row.reason) == (state, reason):
        return []
    return [f"{_name(row)}: {scenario} is {row.state} {row.reason}, not {state} {reason} ({row.detail})"]


def _record_differs(row: Refund, expected: Expected, records: dict[str, list[dict[str, Any]]]) -> list[str]:
    if expected.transaction_type and row.transaction_type != expected.transaction_type:
        return [f"{_name(row)}: a {row.transaction_type}, not a {expected.transaction_type}"]
    if row.direction is Direction.FROM_NETSUITE or not expected.record_total:
        return []
    found = [record for record in records.get(row.target_type, []) if record.get("externalId") == row.key]
    totals = [abs(Decimal(str(record["total"]))) for record in found]
    if totals != [Decimal(expected.record_total)]:
        return [f"{_name(row)}: NetSuite records of {totals}, not one of {expected.record_total}"]
    return []


def _name(row: Refund) -> str:
    return f"{row.account.slug} {row.origin} refund {row.source_refund_id}"


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
