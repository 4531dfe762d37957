"""Do the next bit of a run: read the refunds of a period, and take them over, list or compare them."""

import random
from datetime import datetime, timedelta
from typing import Final

import structlog
from structlog.contextvars import bound_contextvars

from ledger import pausing, runs
from ledger.audit import SYSTEM
from ledger.clock import utcnow
from ledger.models import Run, RunKind, RunState
from ledger.models.accounts import Direction
from ledger.reasons import Recovery, reason
from ledger.refunds import LeaseLostError
from ledger.runs import SHORTEST_STRIDE
from ledger.schedule import next_try
from ledger.secrets import SecretsError
from workers import backfill, reconciling, strangers
from workers.asking import AskedError
from workers.bits import Bit, check
from workers.platforms.errors import CredentialsError, PlatformError, TooMuchError
from workers.runtime import Runtime

log = structlog.get_logger(__name__)

PAUSED_LOOK: Final = timedelta(minutes=15)
"""How often a run that waits for a paused account is looked at; resuming wakes it at once."""

STILL: Final = timedelta(minutes=5)
"""How old the last look may be: what changes while a run is under way leaves what is yet to be read."""


def work(runtime: Runtime, run_id: int) -> bool:
    """Do the next bit of a run; return False if it has ended or waits, or somebody else works on it."""
    with runtime.database.write() as session:
        run = runs.claim(session, run_id, now=utcnow())
    if run is None:
        return False
    runtime.journal.clear()
    with bound_contextvars(trace_id=run.trace_id):
        try:
            is_over = _step(runtime, run)
        except LeaseLostError as error:
            log.warning("lease_lost", run=run.id, detail=str(error), trace_id=run.trace_id)
        except PlatformError as error:
            _put_off(runtime, run, error)
        except (CredentialsError, SecretsError) as error:
            _put_off(runtime, run, PlatformError("BAD_CREDENTIALS", str(error)))
        except Exception as error:  # whatever it is, the run must say so
            log.exception("crash", run=run.id, trace_id=run.trace_id)
            _put_off(runtime, run, PlatformError("INTERNAL", repr(error)[:500]))
        else:
            if not is_over:
                runtime.waker.runs(run.source, [run.id])
    return True


def _step(runtime: Runtime, run: Run) -> bool:
    """Do a bit and keep that it was done; return whether it was the last."""
    paused = run.account.paused_reason or run.account.netsuite.paused_reason
    if paused:
        raise PlatformError("ACCOUNT_PAUSED", paused)
    bit = Bit.of(runtime, run)
    try:
        _read(bit)
    except TooMuchError:
        if bit.length <= SHORTEST_STRIDE:
            raise
        _advance(runtime, run, run.done_until, bit.length / 4)
        return False
    now = utcnow()
    is_last = bit.until >= run.reaches_to and now - run.reaches_to <= STILL
    if is_last and run.kind is RunKind.RECONCILE and not strangers.look_up(runtime, run):
        _advance(runtime, run, bit.until, bit.length)
        return False
    if is_last:
        _end(runtime, run, bit.until)
    else:
        reaches_to = now if bit.until >= run.reaches_to else run.reaches_to
        _advance(runtime, run, bit.until, bit.length * 2, reaches_to=reaches_to)
    return is_last


def _read(bit: Bit) -> None:
    run = bit.run
    if run.kind is RunKind.RECONCILE:
        reconciling.collect(bit)
    elif run.account.direction is Direction.FROM_NETSUITE:
        backfill.step_from_netsuite(bit)
    else:
        backfill.step(bit)


def _advance(
    runtime: Runtime, run: Run, done_until: datetime, stride: timedelta, *, reaches_to: datetime | None = None
) -> None:
    with runtime.database.write() as session:
        held = runs.advance(session, run, done_until, stride=stride, reaches_to=reaches_to, now=utcnow())
    check(run, held=held)


def _end(runtime: Runtime, run: Run, done_until: datetime) -> None:
    if run.kind is RunKind.RECONCILE:
        reconciling.compare(runtime, run)
    with runtime.database.write() as session:
        held = runs.end(session, run, RunState.DONE, done_until=done_until, now=utcnow())
    check(run, held=held)
    log.info("run_done", run=run.id, kind=run.kind.value, trace_id=run.trace_id)


def _put_off(runtime: Runtime, run: Run, error: PlatformError) -> None:
    """Go on later, or end the run where nothing can be expected from waiting."""
    now = utcnow()
    recovery = reason(error.reason).recovery
    say, what = log.info, "run_put_off"
    with runtime.database.write() as session:
        if recovery is Recovery.PAUSE:
            if error.reason != "ACCOUNT_PAUSED":
                owner = error.owner if isinstance(error, AskedError) else run.account
                pausing.pause(session, owner, error.reason, error.detail, now=now, actor=SYSTEM)
            runs.postpone(session, run, now + PAUSED_LOOK, error.reason, error.detail, counts=False)
        elif (due := _next_try(runtime, run, error, recovery, now=now)) is not None:
            counts = error.reason != "CONCURRENCY"  # our own slots, taken by our own refunds
            runs.postpone(session, run, due, error.reason, error.detail, counts=counts)
        else:
            runs.end(session, run, RunState.FAILED, now=now, reason=error.reason, detail=error.detail)
            say, what = log.warning, "run_failed"
    say(what, run=run.id, reason=error.reason, detail=error.detail, trace_id=run.trace_id)


def _next_try(
    runtime: Runtime, run: Run, error: PlatformError, recovery: Recovery, *, now: datetime
) -> datetime | None:
    if recovery in {Recovery.NONE, Recovery.WAIT}:
        return None
    return next_try(
        recovery,
        run.tries + 1,
        now=now,
        pace=runtime.installation.pace,
        chance=random.random(),  # noqa: S311 - jitter, not a secret
        retry_after=error.retry_after,
    )
