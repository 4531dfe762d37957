"""Carry one refund across: claim, decide, post, record. The only place that moves a refund by itself."""

import logging
import time
import traceback
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from structlog.contextvars import bound_contextvars

from ledger import attempts, lines, refunds, waits
from ledger.clock import utcnow
from ledger.counters import ATTEMPTS, POSTED, TAKEOVERS
from ledger.events import MoneyState
from ledger.models import Refund
from ledger.models.accounts import Direction
from ledger.refunds import FIRST_CLAIM, LeaseLostError
from ledger.schedule import TRIES
from ledger.secrets import SecretsError
from ledger.states import Transition
from workers.platforms.errors import CredentialsError, PlatformError
from workers.platforms.http import over_by
from workers.posting import settle, source
from workers.posting.settle import Ending
from workers.posting.side import PlanT, Side
from workers.posting.to_netsuite import ToNetSuite
from workers.posting.to_storefront import ToStorefront
from workers.posting.work import Work, work_of
from workers.rules.views import Action, Decision
from workers.runtime import Runtime

log = structlog.get_logger(__name__)


def carry(runtime: Runtime, refund_id: int) -> None:
    """Carry a refund as far as it goes now; does nothing if it is at rest or somebody else has it."""
    started = time.perf_counter()
    row = _claim(runtime, refund_id)
    if row is None:
        return
    runtime.journal.clear()
    with bound_contextvars(trace_id=row.trace_id):
        try:
            ending = _ended(runtime, row)
        except SQLAlchemyError as error:  # its lease will end, and somebody take it over
            calls = len(runtime.journal.entries())
            name = type(error).__name__
            _tell(row, "unrecorded", "ledger_unreachable", name, calls=calls, started=started)
            raise
        calls = len(runtime.journal.entries())
        _tell(row, ending.transition.value, ending.reason, ending.detail, calls=calls, started=started)


def _ended(runtime: Runtime, row: Refund) -> Ending:
    """Return how the attempt ended, once that is written down."""
    try:
        ending = _attempt(runtime, row)
    except LeaseLostError as error:
        ending = Ending(Transition.RECONSIDER, "FACTS_CHANGED", str(error))
        with runtime.database.write() as session:
            _close(session, runtime, row, ending)
    _count(runtime, row, ending)
    return ending


def _tell(row: Refund, outcome: str, reason: str, detail: str, *, calls: int = 0, started: float) -> None:
    """Write the one line about an attempt to the log.

    Args:
        row: The refund.
        outcome: The transition that the attempt ended in; `abandoned` where its worker was killed,
            `unrecorded` where the ledger was gone.
        reason: A code of `ledger.reasons`.
        detail: What exactly happened.
        calls: How many calls it made.
        started: When it began, or was found abandoned, by the performance counter.
    """
    log.log(
        logging.WARNING if outcome in {"abandoned", "unrecorded"} else logging.INFO,
        "attempt",
        refund=row.id,
        account=row.account.slug,
        key=row.key,
        direction=row.direction.value,
        outcome=outcome,
        reason=reason,
        detail=detail,
        calls=calls,
        trace_id=row.trace_id,
        ms=round((time.perf_counter() - started) * 1000),
    )


def _close(session: Session, runtime: Runtime, row: Refund, ending: Ending) -> None:
    """Write down how the attempt ended: in the transaction that moves the refund, so that neither is lost."""
    settle.close_attempt(session, row, row.lease_token, ending, runtime.journal.entries(), now=utcnow())


def _count(runtime: Runtime, row: Refund, ending: Ending) -> None:
    counters = runtime.counters
    counters.add(ATTEMPTS, ending.transition.value, ending.reason)
    if ending.transition is Transition.POST:
        seconds = (utcnow() - row.received_at).total_seconds()
        # It is posted and written down: a ledger that is gone since then takes nothing but this count.
        with suppress(SQLAlchemyError), runtime.database.read() as session:
            way = waits.way_of(session, row)
        if way.by_webhook:
            counters.observe(POSTED, row.origin, "yes" if way.has_waited else "no", seconds=seconds)
    counters.flush()


def _claim(runtime: Runtime, refund_id: int) -> Refund | None:
    """Claim the refund; one that has killed a worker each time is given to a person instead.

    Nothing of what it says is looked at here, so that no content of it undoes the claim.
    """
    lease, started = runtime.installation.lease, time.perf_counter()
    gave_up = ""
    with runtime.database.write() as session:
        now = utcnow()
        row = refunds.claim(session, refund_id, now=now, lease=lease)
        if row is None:
            return None
        is_first = row.lease_token == FIRST_CLAIM
        abandoned = 0 if is_first else attempts.abandon(session, refund_id, now=now)
        row.tries += abandoned
        if row.tries >= TRIES:
            gave_up = f"gave up after {TRIES} tries; look for {row.key} on the other side"
            refunds.move(
                session, row, Transition.FAIL, "INTERNAL", now=now, token=row.lease_token, detail=gave_up
            )
            row = refunds.load(session, refund_id)
        else:
            attempts.begin(session, row, now=now)
    runtime.counters.add(TAKEOVERS, value=abandoned)
    for _ in range(abandoned):
        _tell(row, "abandoned", "INTERNAL", "the worker was killed", started=started)
    if gave_up:
        _tell(row, Transition.FAIL.value, "INTERNAL", gave_up, started=started)
    return None if gave_up else row


def _attempt(runtime: Runtime, row: Refund) -> Ending:
    try:
        with runtime.database.read() as session:
            work = work_of(session, row)
        return _to_its_side(runtime, work)
    except LeaseLostError:
        raise
    except Exception as error:  # whatever it is, the refund must not be lost over it
        log.exception("crash", refund=row.id, trace_id=row.trace_id)
        detail = "".join(traceback.format_exception_only(error)).strip()[:500]
        return _failed(runtime, row, PlatformError("INTERNAL", detail), at_storefront=False)


def _to_its_side(runtime: Runtime, work: Work) -> Ending:
    account = work.row.account
    at_storefront = True
    try:
        storefront = runtime.storefront(account)
        if work.refund.direction is Direction.FROM_NETSUITE:
            return _run(runtime, work, ToStorefront(work, storefront))
        at_storefront = False
        books = runtime.netsuite(account.netsuite)
    except (CredentialsError, SecretsError) as error:
        refused = PlatformError("BAD_CREDENTIALS", str(error))
        return _failed(runtime, work.row, refused, at_storefront=at_storefront)
    return _run(runtime, work, ToNetSuite(work, books, storefront))


def _run(runtime: Runtime, work: Work, side: Side[PlanT]) -> Ending:
    try:
        decision = _decide_and_write(runtime, work, side)
    except PlatformError as error:
        return _failed(runtime, work.row, error, at_storefront=side.asks_storefront)
    looks = source.money_looks(runtime, work)
    with runtime.database.write() as session:
        ending = settle.settle_decision(
            session,
            work.row,
            work.token,
            decision,
            now=utcnow(),
            shared=runtime.installation,
            looks=looks,
        )
        _close(session, runtime, work.row, ending)
        return ending


def _failed(runtime: Runtime, row: Refund, error: PlatformError, *, at_storefront: bool) -> Ending:
    with runtime.database.write() as session:
        ending = settle.settle_error(
            session,
            row,
            row.lease_token,
            error,
            at_storefront=at_storefront,
            now=utcnow(),
            shared=runtime.installation,
        )
        _close(session, runtime, row, ending)
        return ending


def _decide_and_write(runtime: Runtime, work: Work, side: Side[PlanT]) -> Decision[PlanT]:
    usually = side.asks_storefront  # while a call fails, it says whose call it was
    side.asks_storefront = True
    source.look_for_money(runtime, work)
    side.asks_storefront = usually
    decision = side.decide()
    if decision.action is Action.READ:
        read_at = utcnow()
        side.read()
        lease = runtime.installation.lease
        with runtime.database.write() as session:
            row = refunds.load(session, work.row.id)
            refunds.renew(session, row, work.token, now=utcnow(), lease=lease)
            side.learn(session, row, now=utcnow())
        decision = side.decide()
        if decision.action is Action.WRITE and decision.plan is not None:
            side.asks_storefront = False
            source.look_before_paying(runtime, work)
            side.asks_storefront = usually
            return _write(runtime, work, side, decision, decision.plan, read_at=read_at)
    return decision


def _write(
    runtime: Runtime,
    work: Work,
    side: Side[PlanT],
    decision: Decision[PlanT],
    plan: PlanT,
    *,
    read_at: datetime,
) -> Decision[PlanT]:
    """Pass the point of no return, write once, and return the decision with what was written.

    Entering `posting` is the last check that nobody cancelled, that no other worker took over, and that no
    other refund of the order moved since what is left of it was read. Whatever the write takes, it is over
    before somebody else may take this refund for abandoned.
    """
    lease = runtime.installation.lease
    ends = time.monotonic() + lease.total_seconds()
    with runtime.database.write() as session:
        row = refunds.load(session, work.row.id)
        others = refunds.others_of_order(session, row, since=read_at)
        if others:
            raise PlatformError("ORDER_BUSY", f"refunds of the same order: {', '.join(map(str, others))}")
        lines.map_all(session, row, side.mapped(plan))
        row.write_began = True
        row.unanswered_at = utcnow()
        row.write_began_at = row.write_began_at or row.unanswered_at
        refunds.move(
            session, row, Transition.BEGIN, decision.reason, now=utcnow(), token=work.token, lease=lease
        )
    with over_by(ends):
        written = side.write(plan)
    if decision.target_type == "returnauthorization":
        return Decision(Action.WAIT, decision.reason, f"return authorization {written.id} was made")
    decision = replace(decision, target_id=written.id, detail=written.detail or decision.detail)
    if written.money is MoneyState.PENDING:
        return replace(decision, action=Action.WAIT, reason="OUTCOME_PENDING")
    if written.problem:
        return replace(decision, action=Action.DISPUTE, reason=written.problem)
    return decision
