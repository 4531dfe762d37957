"""Do the next bit of a run: read the refunds of a period, and take them over, list or compare them."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from ledger import pausing, runs
from ledger.audit import SYSTEM
from ledger.clock import utcnow
from ledger.events import RefundSeen
from ledger.models import Account, Run, RunKind, RunState
from ledger.models.accounts import Direction
from ledger.policy import Policy
from ledger.reasons import Recovery, reason
from ledger.refunds import LeaseLostError, mark_prefix
from ledger.schedule import next_try
from workers import backfill, reconciling
from workers.platforms.errors import CredentialsError, PlatformError
from workers.runtime import Runtime

log = structlog.get_logger()

STEP: Final = timedelta(days=1)
"""How much time is done at once; what was done is kept after each."""

PAUSED_LOOK: Final = timedelta(minutes=15)


def work(runtime: Runtime, run_id: int) -> None:
    """Do the next bit of a run; does nothing if it has ended or somebody else works on it."""
    with runtime.database.write() as session:
        run = runs.claim(session, run_id, now=utcnow())
    if run is None:
        return
    runtime.journal.clear()
    try:
        _step(runtime, run)
    except LeaseLostError:
        return
    except CredentialsError as error:
        _put_off(runtime, run, PlatformError("BAD_CREDENTIALS", str(error)))
    except PlatformError as error:
        _put_off(runtime, run, error)
    except Exception as error:  # whatever it is, the run must say so
        log.exception("crash", run=run.id, trace_id=run.trace_id)
        _put_off(runtime, run, PlatformError("INTERNAL", repr(error)[:500]))
    else:
        with runtime.database.write() as session:
            now = runs.get(session, run.id)
        if now.state is RunState.RUNNING:
            runtime.waker.runs(run.source, [run.id])


def _step(runtime: Runtime, run: Run) -> None:
    account = run.account
    if account.paused_reason or account.netsuite.paused_reason:
        paused = account.paused_reason or account.netsuite.paused_reason
        raise PlatformError("ACCOUNT_PAUSED", paused)
    until = min(run.reaches_to, run.done_until + STEP)
    if run.kind is RunKind.RECONCILE:
        reconciling.collect(runtime, run, _refunds(runtime, run, account))
    elif account.direction is Direction.FROM_NETSUITE:
        backfill.step_from_netsuite(runtime, run, until)
    else:
        backfill.step(runtime, run, _refunds(runtime, run, account))
    with runtime.database.write() as session:
        if not runs.advance(session, run, until, now=utcnow()):
            raise LeaseLostError(f"run {run.id} was stopped or taken over")
    if until >= run.reaches_to:
        _end(runtime, run)


def _refunds(runtime: Runtime, run: Run, account: Account) -> Iterator[RefundSeen]:
    """Yield the refunds of the period among what changed in the next bit of time."""
    client = runtime.storefront(account)
    policy, prefix = Policy.of(account.settings), mark_prefix(account.slug)
    until = min(run.reaches_to, run.done_until + STEP)
    since = run.done_until - client.overlap if run.done_until > run.since else run.since
    done: set[str] = set()
    for change in client.changes(since, until):
        if change.order_id in done:
            continue
        done.add(change.order_id)
        for seen in client.refunds(change.order_id, policy=policy, mark_prefix=prefix):
            if run.since <= seen.occurred_at < run.until:
                yield replace(seen, first_hand=True)
        with runtime.database.write() as session:
            if not runs.renew(session, run, now=utcnow()):
                raise LeaseLostError(f"run {run.id} was stopped or taken over")


def _end(runtime: Runtime, run: Run) -> None:
    if run.kind is RunKind.RECONCILE:
        with runtime.database.write() as session:
            again = runs.claim(session, run.id, now=utcnow())
        if again is None:
            return
        reconciling.compare(runtime, again)
        run = again
    with runtime.database.write() as session:
        runs.end(session, run, RunState.DONE, now=utcnow())
    log.info("run_done", run=run.id, kind=run.kind.value, trace_id=run.trace_id)


def _put_off(runtime: Runtime, run: Run, error: PlatformError) -> None:
    """Go on later, or end the run where nothing can be expected from waiting."""
    now = utcnow()
    recovery = reason(error.reason).recovery
    with runtime.database.write() as session:
        if recovery is Recovery.PAUSE:
            if error.reason != "ACCOUNT_PAUSED":
                pausing.pause(session, run.account, error.reason, error.detail, now=now, actor=SYSTEM)
            runs.postpone(session, run, now + PAUSED_LOOK, error.reason, error.detail, counts=False)
            return
        due = None
        if recovery is not Recovery.NONE:
            due = next_try(
                Recovery.THROTTLE if recovery is Recovery.THROTTLE else Recovery.BACKOFF,
                run.tries + 1,
                now=now,
                pace=runtime.installation.pace,
                chance=random.random(),  # noqa: S311 - jitter, not a secret
                retry_after=error.retry_after,
            )
        if due is None:
            runs.end(session, run, RunState.FAILED, now=now, reason=error.reason, detail=error.detail)
        else:
            runs.postpone(session, run, due, error.reason, error.detail, counts=True)
    log.warning("run_put_off", run=run.id, reason=error.reason, detail=error.detail, trace_id=run.trace_id)
