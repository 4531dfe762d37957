"""Work one delivery off: claim it, read what it does not say, take it over, and carry what came of it."""

import logging
import random
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from structlog.contextvars import bound_contextvars

from ledger import deliveries, due, pausing, polls
from ledger.audit import SYSTEM
from ledger.clock import utcnow
from ledger.events import (
    Event,
    OrderTouched,
    PersonalDataRequest,
    RecordChanged,
    RefundSeen,
    RequestTouched,
    SubscriptionOffered,
    event_from_json,
)
from ledger.looks import Look, StaleLookError
from ledger.models import Account, Delivery, NetSuiteAccount, Refund
from ledger.reading import NotUnderstoodError
from ledger.reasons import Recovery, reason
from ledger.refunds import LeaseLostError
from ledger.schedule import TRIES, next_try
from ledger.states import AT_REST
from workers.carry import carry
from workers.platforms.errors import PlatformError
from workers.posting.settle import PAUSED_LOOK
from workers.rules.facts import NetSuiteRefund
from workers.runtime import Runtime
from workers.understanding import netsuite, owner, storefront, touched
from workers.understanding.owner import Found, UnaskedError

log = structlog.get_logger(__name__)

_POLL_LOOK: Final = timedelta(seconds=5)  # until it is seen whether a poll that is under way has ended
_DETAIL_LENGTH: Final = 500  # characters kept of what is wrong with a body
_LOOKS: Final = 3  # at a record that somebody else takes news of over meanwhile
_READ_FIRST: Final = (OrderTouched, RequestTouched, SubscriptionOffered)
_OWNERLESS: Final = frozenset({"ORDER_NOT_SYNCED", "AMBIGUOUS_ORDER"})
"""Why a refund has no account to be recorded under; the delivery stays visible until it has one."""


def process(runtime: Runtime, delivery_id: int) -> None:
    """Take a delivery over and carry its refunds; does nothing if it is done or somebody else has it."""
    started = time.perf_counter()
    lease = runtime.installation.lease
    with runtime.database.write() as session:
        delivery = deliveries.claim(session, delivery_id, now=utcnow(), lease=lease)
        if delivery is None:
            return
        account = session.get(Account, delivery.account_id) if delivery.account_id else None
        books = session.get_one(NetSuiteAccount, delivery.netsuite_account_id)
    runtime.journal.clear()
    with bound_contextvars(trace_id=delivery.trace_id):
        slug = (account or books).slug
        try:
            outcome = _work_off(runtime, delivery, account, books)
        except SQLAlchemyError as error:  # its lease will end, and somebody take it over
            lost = _Outcome("unrecorded", "ledger_unreachable", type(error).__name__)
            _tell(runtime, delivery, slug, lost, started)
            raise
        _tell(runtime, delivery, slug, outcome, started)
        _carry(runtime, delivery, outcome)


def _carry(runtime: Runtime, delivery: Delivery, outcome: "_Outcome") -> None:
    """Carry the refunds that came of it: here, or in their storefront's queue where that is another one.

    A storefront that hangs holds up its own queue, not what NetSuite tells of the others.
    """
    if delivery.account_id is None:
        with runtime.database.read() as session:
            runtime.waker.due_refunds(due.carried(session, outcome.refund_ids))
        return
    for refund_id in outcome.refund_ids:
        if refund_id not in outcome.at_rest:
            carry(runtime, refund_id)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How working a delivery off ended, as the log tells it.

    Attributes:
        name: `processed`, `late` (to be looked at again for a refund that is not there yet), `postponed`,
            `failed`, `quarantined`, `lease_lost`, or `unrecorded` where the ledger was gone.
        reason: A code of `ledger.reasons`, where there is something to say.
        refund_ids: The refunds that it is about.
        at_rest: Those of them that nobody is to carry: told of once more, mostly.
    """

    name: str
    reason: str = ""
    detail: str = ""
    refund_ids: tuple[int, ...] = ()
    at_rest: frozenset[int] = frozenset()


def _tell(runtime: Runtime, delivery: Delivery, slug: str, outcome: _Outcome, started: float) -> None:
    """Write the one line about it to the log."""
    log.log(
        logging.INFO if outcome.name in {"processed", "late"} else logging.WARNING,
        "worked_off",
        delivery=delivery.id,
        source=delivery.source,
        account=slug,
        topic=delivery.topic,
        outcome=outcome.name,
        reason=outcome.reason,
        detail=outcome.detail,
        refunds=list(outcome.refund_ids),
        calls=len(runtime.journal.entries()),
        trace_id=delivery.trace_id,
        ms=round((time.perf_counter() - started) * 1000),
    )


def _work_off(
    runtime: Runtime, delivery: Delivery, account: Account | None, books: NetSuiteAccount
) -> _Outcome:
    if delivery.attempts > TRIES:  # it has killed a worker each time, or the tries would have ended it
        detail = f"gave up after {TRIES} tries, the last of which never came to an end"
        with runtime.database.write() as session:
            deliveries.give_up(session, delivery, now=utcnow(), reason="INTERNAL", detail=detail)
        return _Outcome("failed", "INTERNAL", detail)
    try:
        return _look_and_take(runtime, delivery, account, books)
    except LeaseLostError as error:
        return _Outcome("lease_lost", error.reason, str(error))
    except NotUnderstoodError as error:
        return _quarantine(runtime, delivery, error)
    except PlatformError as error:
        return _postpone(runtime, delivery, account or books, error)
    except Exception as error:  # whatever it is, the delivery must not be lost over it
        log.exception("crash", delivery=delivery.id, trace_id=delivery.trace_id)
        internal = PlatformError("INTERNAL", repr(error)[:500])
        return _postpone(runtime, delivery, account or books, internal)


def _quarantine(runtime: Runtime, delivery: Delivery, error: NotUnderstoodError) -> _Outcome:
    detail = str(error)[:_DETAIL_LENGTH]
    with runtime.database.write() as session:
        deliveries.quarantine(
            session,
            delivery,
            now=utcnow(),
            reason=error.reason,
            detail=detail,
            delivery_key=error.delivery_key,
        )
    return _Outcome("quarantined", error.reason, detail)


def _look_and_take(
    runtime: Runtime, delivery: Delivery, account: Account | None, books: NetSuiteAccount
) -> _Outcome:
    """Read what the delivery does not say and take it over; read again what other news overtook meanwhile."""
    if deliveries.is_unread(delivery):
        delivery.events = [event.to_json() for event in runtime.read(account or books, delivery)]
    events = [event_from_json(data) for data in delivery.events]
    if account is not None and any(isinstance(event, PersonalDataRequest) for event in events):
        _read_others(runtime, account)
    for _ in range(_LOOKS):
        found = {event: _read(runtime, delivery, account, books, event) for event in events}
        with suppress(StaleLookError):
            return _take(runtime, delivery, account, books, found)
    raise PlatformError("TRANSIENT", f"other news overtook it each of the {_LOOKS} times it was read")


def _read_others(runtime: Runtime, account: Account) -> None:
    """Work off what an account's other deliveries tell before any of them is emptied.

    Raises:
        PlatformError: `TRANSIENT`, if another worker is still at it.
    """
    for delivery_id in _unread(runtime, account):
        process(runtime, delivery_id)
    if left := _unread(runtime, account):
        raise PlatformError("TRANSIENT", f"{len(left)} deliveries of the account are still to be read")


def _unread(runtime: Runtime, account: Account) -> list[int]:
    with runtime.database.read() as session:
        return deliveries.unread(session, account.id)


@dataclass(frozen=True, slots=True)
class _Read:
    """What had to be read before an event can be taken over.

    Attributes:
        record: NetSuite's.
        asked: The storefront orders that may stand behind it.
        seen: What a storefront has of an order that was touched.
        is_late: The refund that was told of is not there yet.
        is_untold: Nobody tells which order it is about.
        look: What was begun before NetSuite's was read.
    """

    record: NetSuiteRefund | None = None
    asked: tuple[Found, ...] = ()
    seen: tuple[RefundSeen, ...] = ()
    is_late: bool = False
    is_untold: bool = False
    look: Look | None = None


def _read(
    runtime: Runtime, delivery: Delivery, account: Account | None, books: NetSuiteAccount, event: Event
) -> _Read:
    if account is not None and isinstance(event, OrderTouched):
        seen = touched.read(runtime, account, event)
        return _Read(seen=seen, is_late=touched.is_late(event, seen))
    if account is not None and isinstance(event, RequestTouched):
        refunds = touched.read_request(runtime, account, event)
        return _Read(seen=refunds or (), is_untold=refunds is None)
    if account is not None and isinstance(event, SubscriptionOffered):
        touched.confirm(runtime, account, event)
    if not isinstance(event, RecordChanged):
        return _Read()
    with runtime.database.read() as session:
        if not netsuite.needs_reading(session, books, event):
            return _Read()
        fields = netsuite.order_fields(session, books)
        look = netsuite.look(session, books, event, now=utcnow())
    if books.paused_reason:
        raise PlatformError("ACCOUNT_PAUSED", books.paused_reason)
    record = runtime.netsuite(books).refund(event.record_type, event.record_id, match_fields=fields)
    return _Read(record, owner.ask(runtime, books, record, since=delivery.received_at), look=look)


def _take(
    runtime: Runtime,
    delivery: Delivery,
    account: Account | None,
    books: NetSuiteAccount,
    found: dict[Event, _Read],
) -> _Outcome:
    """Take every event over in one transaction with closing the delivery; all of it counts, or nothing."""
    now = utcnow()
    refund_ids: list[int] = []
    told_of: list[Refund] = []
    # A delivery that was accepted with a remark keeps it, unless there is something newer to say.
    why, detail = "", "" if delivery.reason else delivery.detail
    with runtime.database.write() as session:
        for event, read in found.items():
            if isinstance(event, RecordChanged):
                taken = netsuite.take(
                    session,
                    books,
                    event,
                    read.record,
                    asked=read.asked,
                    now=now,
                    trace_id=delivery.trace_id,
                    received_at=delivery.received_at,
                    look=read.look,
                )
                if taken.reason in _OWNERLESS:
                    raise PlatformError(taken.reason, taken.detail)
                refund_ids += taken.refund_ids
                why, detail = taken.reason, taken.detail
            elif account is not None:
                told = read.seen if isinstance(event, _READ_FIRST) else (event,)
                for each in told:
                    told_of += storefront.take(
                        session,
                        account,
                        each,
                        now=now,
                        trace_id=delivery.trace_id,
                        received_at=delivery.received_at,
                    )
        refund_ids += [refund.id for refund in told_of]
        at_rest = frozenset(refund.id for refund in told_of if refund.state in AT_REST)
        is_late = any(read.is_late for read in found.values()) and not _brought_news(session, refund_ids, now)
        look = _next_look(runtime, delivery, account, now=now) if is_late and account is not None else None
        later = "ROWS_LATE"
        if account is not None and any(read.is_untold for read in found.values()):
            why = later = "ORDER_UNTOLD"
            look = _hurry(session, account, now=now)
        if look is not None:
            outcome = _Outcome("late", later)
            closed = deliveries.postpone(
                session, delivery, look, reason=outcome.reason, detail="", counts=False
            )
        else:
            outcome = _Outcome("processed", *(("NOTHING_FOUND", "") if is_late else (why, detail)))
            closed = deliveries.finish(
                session, delivery, now=now, reason=outcome.reason, detail=outcome.detail
            )
        if not closed:
            raise LeaseLostError(f"delivery {delivery.id} was taken over while it was worked on")
    return replace(outcome, refund_ids=tuple(dict.fromkeys(refund_ids)), at_rest=at_rest)


def _hurry(session: Session, account: Account, *, now: datetime) -> datetime | None:
    """Have the account asked for all that changed; return when to try again while it is being asked already.

    That poll may have read past what happened just now.
    """
    poll = polls.hurry(session, account, now=now, spares_failed=True)
    is_under_way = poll.lease_until is not None and poll.lease_until > now
    return now + _POLL_LOOK if is_under_way else None


def _brought_news(session: Session, refund_ids: list[int], now: datetime) -> bool:
    """Tell whether any of the refunds is new or changed as of now, such as one whose money was released."""
    query = select(Refund.id).where(Refund.id.in_(refund_ids), Refund.updated_at == now)
    return session.scalar(query.limit(1)) is not None


def _next_look(runtime: Runtime, delivery: Delivery, account: Account, *, now: datetime) -> datetime | None:
    """Return when to look again for a refund the platform told of and does not show; None to leave it."""
    waited = now - delivery.received_at
    looks = runtime.storefront(account).late_looks
    look = next((each for each in looks if each > waited), None)
    return None if look is None else delivery.received_at + look


def _postpone(
    runtime: Runtime,
    delivery: Delivery,
    owner_of_it: Account | NetSuiteAccount,
    error: PlatformError,
) -> _Outcome:
    """Put a delivery off that could not be read: by the retry schedule, or until its account is resumed."""
    now = utcnow()
    recovery = reason(error.reason).recovery
    with runtime.database.write() as session:
        if recovery is Recovery.PAUSE:
            if error.reason != "ACCOUNT_PAUSED":
                pausing.pause(session, owner_of_it, error.reason, error.detail, now=now, actor=SYSTEM)
            again: datetime | None = now + PAUSED_LOOK
        elif recovery is Recovery.NONE:
            again = None
        else:
            again = next_try(
                Recovery.THROTTLE if recovery is Recovery.THROTTLE else Recovery.BACKOFF,
                delivery.attempts,
                now=now,
                pace=runtime.installation.pace,
                chance=random.random(),  # noqa: S311 - jitter, not a secret
                retry_after=error.retry_after,
            )
        if isinstance(error, UnaskedError) and error.until is not None:
            again = min(again or error.until, error.until)
        if again is None:
            deliveries.give_up(session, delivery, now=now, reason=error.reason, detail=error.detail)
        else:
            # Neither a pause nor a slot of ours that is taken says anything of the delivery.
            counts = recovery is not Recovery.PAUSE and error.reason != "CONCURRENCY"
            deliveries.postpone(
                session, delivery, again, reason=error.reason, detail=error.detail, counts=counts
            )
    return _Outcome("failed" if again is None else "postponed", error.reason, error.detail)
