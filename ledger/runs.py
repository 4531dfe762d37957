"""Runs: something done with all refunds of an account and a period, bit by bit, so that it can be resumed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, or_, select, union_all, update
from sqlalchemy import insert as core_insert
from sqlalchemy.orm import Session

from ledger import audit
from ledger.models import Account, Finding, Run, RunItem, RunKind, RunState
from ledger.reasons import reason as known_reason
from ledger.upsert import insert

LEASE = timedelta(minutes=5)
"""How long a worker has for one bit before another may take the run over."""

LONGEST: Final = timedelta(days=3 * 366)
"""How long a period may be."""

COUNTED: Final = 20_000
"""Up to how many refunds a run that goes on has found, its totals are counted whenever somebody looks."""

LONGEST_STRIDE: Final = timedelta(days=1)
"""How much time is read at once, at most."""

SHORTEST_STRIDE: Final = timedelta(minutes=1)


class RunError(Exception):
    """Raised when a run cannot be begun or changed as asked; the message names the mend.

    Attributes:
        reason: `bad_period`, `under_way`, `not_found` or `ended`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def begin(
    session: Session,
    account: Account,
    kind: RunKind,
    since: datetime,
    until: datetime,
    *,
    actor: str,
    trace_id: str,
    now: datetime,
) -> Run:
    """Begin a run over the refunds made from `since` on and before `until`, in UTC.

    Raises:
        RunError: `bad_period`, or `under_way` if the account has one of its kind that has not ended.
    """
    if not since < until or until - since > LONGEST or since > now:
        raise RunError(
            "bad_period", "the period must begin before it ends, in the past, and last 3 years at most"
        )
    # The account's row is locked, so that of two who begin at once one comes first.
    session.execute(select(Account.id).where(Account.id == account.id).with_for_update())
    going = select(Run.id).where(
        Run.account_id == account.id, Run.kind == kind, Run.state == RunState.RUNNING
    )
    if session.scalar(going) is not None:
        raise RunError("under_way", f"a {kind.value} of {account.slug} is under way; stop it first")
    run = Run(
        kind=kind,
        source=account.platform.value,
        account_id=account.id,
        since=since,
        until=until,
        done_until=since,
        reaches_to=now,
        stride=_seconds(LONGEST_STRIDE),
        state=RunState.RUNNING,
        actor=actor,
        trace_id=trace_id,
        created_at=now,
        due_at=now,
    )
    session.add(run)
    session.flush()
    note = f"{kind.value} {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC"
    audit.write(session, "account", account.id, kind.value, at=now, actor=actor, note=note, trace_id=trace_id)
    return run


def get(session: Session, run_id: int) -> Run:
    """Return a run.

    Raises:
        RunError: `not_found`.
    """
    run = session.get(Run, run_id, populate_existing=True)
    if run is None:
        raise RunError("not_found", f"there is no run {run_id}")
    return run


def latest(
    session: Session,
    *,
    kinds: Sequence[RunKind] = tuple(RunKind),
    account_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[Run]:
    """Return runs, the newest first, from the one before an id on."""
    query = select(Run).where(Run.kind.in_(kinds)).order_by(Run.id.desc()).limit(limit)
    if account_id is not None:
        query = query.where(Run.account_id == account_id)
    if before is not None:
        query = query.where(Run.id < before)
    return session.scalars(query).all()


def claim(session: Session, run_id: int, *, now: datetime) -> Run | None:
    """Take a run for `LEASE`; return None if it has ended, its time has not come or somebody else has it."""
    free = or_(Run.lease_until.is_(None), Run.lease_until <= now)
    ripe = or_(Run.not_before.is_(None), Run.not_before <= now)
    claimed = session.execute(
        update(Run)
        .where(Run.id == run_id, Run.state == RunState.RUNNING, free, ripe)
        .values(lease_until=now + LEASE, due_at=now + LEASE, lease_token=Run.lease_token + 1)
        .returning(Run.id)
    ).scalar()
    return None if claimed is None else get(session, claimed)


def renew(session: Session, run: Run, *, now: datetime) -> bool:
    """Begin the lease anew; return False if the claim is over."""
    return _settle(session, run, {"lease_until": now + LEASE, "due_at": now + LEASE})


def advance(
    session: Session,
    run: Run,
    done_until: datetime,
    *,
    stride: timedelta,
    now: datetime,
    reaches_to: datetime | None = None,
) -> bool:
    """Keep how far the run has come and give it back for its next bit; return False if the claim is over.

    Args:
        session: A writing transaction.
        run: As it was claimed.
        done_until: Everything that changed up to here was looked at.
        stride: How much time to read next; held between `SHORTEST_STRIDE` and `LONGEST_STRIDE`.
        now: The time, in UTC.
        reaches_to: How far to look from now on; as before if None.
    """
    values: dict[str, Any] = {"done_until": done_until, "tries": 0, "reason": "", "detail": ""}
    values["stride"] = _seconds(min(max(stride, SHORTEST_STRIDE), LONGEST_STRIDE))
    values["reaches_to"] = reaches_to or run.reaches_to
    return _settle(session, run, {**values, "lease_until": None, "due_at": now, "not_before": None})


def postpone(session: Session, run: Run, due: datetime, reason: str, detail: str, *, counts: bool) -> bool:
    """Put a run off that cannot go on just now; return False if the claim is over."""
    values = {"reason": known_reason(reason).code, "detail": detail, "tries": run.tries + int(counts)}
    return _settle(session, run, {**values, "lease_until": None, "due_at": due, "not_before": due})


def end(
    session: Session,
    run: Run,
    state: RunState,
    *,
    now: datetime,
    done_until: datetime | None = None,
    reason: str = "",
    detail: str = "",
) -> bool:
    """Close a run; return False if the claim is over."""
    values: dict[str, Any] = {"state": state, "ended_at": now, "reason": reason, "detail": detail}
    values["done_until"] = done_until or run.done_until
    values |= {"lease_until": None, "due_at": None, "not_before": None}
    has_ended = _settle(session, run, values)
    if has_ended:
        _keep_totals(session, run.id)
    return has_ended


def stop(session: Session, run_id: int, *, now: datetime, actor: str) -> Run:
    """End a run because a person wants it to; what it did stays.

    Raises:
        RunError: `not_found` or `ended`.
    """
    run = get(session, run_id)
    stopped = session.execute(
        update(Run)
        .where(Run.id == run_id, Run.state == RunState.RUNNING)
        .values(
            state=RunState.STOPPED,
            ended_at=now,
            due_at=None,
            lease_until=None,
            lease_token=Run.lease_token + 1,
        )
        .returning(Run.id)
    ).scalar()
    if stopped is None:
        raise RunError("ended", f"run {run_id} has ended already: {run.state.value}")
    _keep_totals(session, run_id)
    audit.write(
        session, "account", run.account_id, "stop_run", at=now, actor=actor, note=f"{run.kind.value} {run_id}"
    )
    return get(session, run_id)


def _settle(session: Session, run: Run, values: Mapping[str, Any]) -> bool:
    settled = session.execute(
        update(Run)
        .where(Run.id == run.id, Run.lease_token == run.lease_token, Run.state == RunState.RUNNING)
        .values(**values)
        .returning(Run.id)
    )
    return settled.scalar() is not None


def count(session: Session, run: Run, *, found: int, taken: int) -> None:
    """Add to what a run found."""
    session.execute(
        update(Run).where(Run.id == run.id).values(found=Run.found + found, taken=Run.taken + taken)
    )


def put(session: Session, run: Run, identity: str, **values: Any) -> bool:  # noqa: ANN401 - columns of RunItem
    """Write one refund down that a run found, once; return whether it was new to the run."""
    item = {"run_id": run.id, "identity": identity, **values}
    made = session.execute(
        insert(session, RunItem).values(item).on_conflict_do_nothing().returning(RunItem.id)
    )
    return made.scalar() is not None


def replace(session: Session, run: Run, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write down what a run found in place of what it wrote down before.

    Args:
        session: A writing transaction.
        run: The run.
        rows: Columns of `RunItem`, the same ones in each.
    """
    session.execute(delete(RunItem).where(RunItem.run_id == run.id))
    if rows:
        session.execute(core_insert(RunItem), [{"run_id": run.id, **row} for row in rows])


def items(
    session: Session,
    run_id: int,
    *,
    findings: Sequence[Finding] = (),
    after: int = 0,
    limit: int | None = None,
) -> Sequence[RunItem]:
    """Return what a run wrote down, in the order it was found, from the one after an id on."""
    of_run = select(RunItem).where(RunItem.run_id == run_id, RunItem.id > after)
    if findings:
        # Of each finding the first, by index: of all of them together there may be a million to sort.
        firsts = (
            of_run.with_only_columns(RunItem.id)
            .where(RunItem.finding == finding)
            .order_by(RunItem.finding, RunItem.id)
            .limit(limit)
            .subquery()
            for finding in findings
        )
        of_run = select(RunItem).where(RunItem.id.in_(union_all(*(select(each.c.id) for each in firsts))))
    return session.scalars(of_run.order_by(RunItem.run_id, RunItem.id).limit(limit)).all()


Totals = Sequence[tuple[Finding, str, int, int, int, int]]
"""Tuples of finding, currency, its exponent, number, storefront's and NetSuite's minor units."""


def totals(session: Session, run_id: int) -> Totals:
    """Return, by finding and currency, how many and the amounts of both sides.

    A refund that the sides have in two currencies is counted under the storefront's, and each amount stands
    under its own. Of a run that goes on nothing is returned while it has too many to count again and again.
    """
    run = session.get(Run, run_id)
    if run is None:
        return []
    if run.totals:
        return [(Finding(finding), *rest) for finding, *rest in run.totals]
    if run.state is RunState.RUNNING and run.found > COUNTED:
        return []
    return _totals(session, run_id)


def _totals(session: Session, run_id: int) -> Totals:
    own = (RunItem.finding, RunItem.currency, RunItem.currency_exponent)
    others = (RunItem.finding, RunItem.netsuite_currency, RunItem.netsuite_exponent)
    sums: dict[tuple[str, Finding, int], list[int]] = {}
    for columns, amount, counts in ((own, RunItem.storefront_minor, 1), (others, RunItem.netsuite_minor, 0)):
        query = (
            select(*columns, func.count(), func.coalesce(func.sum(amount), 0))
            .where(RunItem.run_id == run_id, columns[1] != "")
            .group_by(*columns)
        )
        for finding, currency, exponent, number, minor in session.execute(query):
            row = sums.setdefault((currency, finding, exponent), [0, 0, 0])
            row[0] += int(number) * counts
            row[2 - counts] += int(minor or 0)
    return [
        (finding, currency, exponent, number, there, here)
        for (currency, finding, exponent), (number, there, here) in sorted(sums.items())
    ]


def _keep_totals(session: Session, run_id: int) -> None:
    """Keep what a run that has ended found in all, so that nobody who looks at it counts again."""
    kept = [[finding.value, *rest] for finding, *rest in _totals(session, run_id)]
    session.execute(update(Run).where(Run.id == run_id).values(totals=kept))


def _seconds(stride: timedelta) -> int:
    return round(stride.total_seconds())
