"""Work one delivery off: claim it, read what it does not say, take it over, and carry what came of it."""

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import deliveries, pausing
from ledger.audit import SYSTEM
from ledger.clock import utcnow
from ledger.events import (
    Event,
    OrderTouched,
    RecordChanged,
    RefundSeen,
    SubscriptionOffered,
    event_from_json,
)
from ledger.models import Account, Delivery, NetSuiteAccount, Refund
from ledger.reasons import Recovery, reason
from ledger.refunds import LeaseLostError
from ledger.schedule import TRIES, next_try
from workers.carry import carry
from workers.platforms.errors import PlatformError
from workers.posting.settle import PAUSED_LOOK
from workers.rules.facts import NetSuiteRefund
from workers.runtime import Runtime
from workers.understanding import netsuite, owner, storefront, touched
from workers.understanding.owner import Found

log = structlog.get_logger()

_OWNERLESS: Final = frozenset({"ORDER_NOT_SYNCED", "AMBIGUOUS_ORDER"})
"""Why a refund has no account to be recorded under; the delivery stays visible until it has one."""


def process(runtime: Runtime, delivery_id: int) -> None:
    """Take a delivery over and carry its refunds; does nothing if it is done or somebody else has it."""
    with runtime.database.write() as session:
        delivery = deliveries.claim(session, delivery_id, now=utcnow())
        if delivery is None:
            return
        if delivery.attempts > TRIES:  # it has killed a worker each time, or the tries would have ended it
            detail = f"gave up after {TRIES} tries, the last of which never came to an end"
            deliveries.give_up(session, delivery, now=utcnow(), reason="INTERNAL", detail=detail)
            return
        account = session.get(Account, delivery.account_id) if delivery.account_id else None
        books = session.get_one(NetSuiteAccount, delivery.netsuite_account_id)
    runtime.journal.clear()
    try:
        events = [event_from_json(data) for data in delivery.events]
        found = {event: _read(runtime, account, books, event) for event in events}
        refund_ids = _take(runtime, delivery, account, books, found)
    except LeaseLostError as error:
        log.warning("lease_lost", delivery=delivery_id, detail=str(error), trace_id=delivery.trace_id)
        return
    except PlatformError as error:
        _postpone(runtime, delivery, account or books, error)
        return
    except Exception as error:  # whatever it is, the delivery must not be lost over it
        log.exception("crash", delivery=delivery_id, trace_id=delivery.trace_id)
        _postpone(runtime, delivery, account or books, PlatformError("INTERNAL", repr(error)[:500]))
        return
    for refund_id in refund_ids:
        carry(runtime, refund_id)


@dataclass(frozen=True, slots=True)
class _Read:
    """What had to be read before an event can be taken over.

    Attributes:
        record: NetSuite's.
        asked: The storefront orders that may stand behind it.
        seen: What a storefront has of an order that was touched.
        is_late: The refund that was told of is not there yet.
    """

    record: NetSuiteRefund | None = None
    asked: tuple[Found, ...] = ()
    seen: tuple[RefundSeen, ...] = ()
    is_late: bool = False


def _read(runtime: Runtime, account: Account | None, books: NetSuiteAccount, event: Event) -> _Read:
    if account is not None and isinstance(event, OrderTouched):
        seen = touched.read(runtime, account, event)
        return _Read(seen=seen, is_late=touched.is_late(event, seen))
    if account is not None and isinstance(event, SubscriptionOffered):
        touched.confirm(runtime, account, event)
    if not isinstance(event, RecordChanged):
        return _Read()
    with runtime.database.read() as session:
        if not netsuite.needs_reading(session, books, event):
            return _Read()
        fields = netsuite.order_fields(session, books)
    if books.paused_reason:
        raise PlatformError("ACCOUNT_PAUSED", books.paused_reason)
    record = runtime.netsuite(books).refund(event.record_type, event.record_id, match_fields=fields)
    return _Read(record, owner.ask(runtime, books, record))


def _take(
    runtime: Runtime,
    delivery: Delivery,
    account: Account | None,
    books: NetSuiteAccount,
    found: dict[Event, _Read],
) -> list[int]:
    """Take every event over in one transaction with closing the delivery; all of it counts, or nothing."""
    now = utcnow()
    refund_ids: list[int] = []
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
                )
                if taken.reason in _OWNERLESS:
                    raise PlatformError(taken.reason, taken.detail)
                refund_ids += taken.refund_ids
                why, detail = taken.reason, taken.detail
            elif account is not None:
                told = read.seen if isinstance(event, OrderTouched | SubscriptionOffered) else (event,)
                for each in told:
                    refund_ids += storefront.take(
                        session,
                        account,
                        each,
                        now=now,
                        trace_id=delivery.trace_id,
                        received_at=delivery.received_at,
                    )
        is_late = any(read.is_late for read in found.values()) and not _brought_news(session, refund_ids, now)
        if is_late and account is not None:
            closed = _late(session, runtime, delivery, account, now=now)
        else:
            closed = deliveries.finish(session, delivery, now=now, reason=why, detail=detail)
        if not closed:
            raise LeaseLostError(f"delivery {delivery.id} was taken over while it was worked on")
    return list(dict.fromkeys(refund_ids))


def _brought_news(session: Session, refund_ids: list[int], now: datetime) -> bool:
    """Tell whether any of the refunds is new or changed as of now, such as one whose money was released."""
    query = select(Refund.id).where(Refund.id.in_(refund_ids), Refund.updated_at == now)
    return session.scalar(query.limit(1)) is not None


def _late(session: Session, runtime: Runtime, delivery: Delivery, account: Account, *, now: datetime) -> bool:
    """Look again later for a refund the platform told of and does not show yet, or leave it at that."""
    waited = now - delivery.received_at
    looks = runtime.storefront(account).late_looks
    look = next((each for each in looks if each > waited), None)
    if look is None:
        return deliveries.finish(session, delivery, now=now, reason="NOTHING_FOUND")
    due = delivery.received_at + look
    return deliveries.postpone(session, delivery, due, reason="ROWS_LATE", detail="", counts=False)


def _postpone(
    runtime: Runtime,
    delivery: Delivery,
    owner_of_it: Account | NetSuiteAccount,
    error: PlatformError,
) -> None:
    """Put a delivery off that could not be read: by the retry schedule, or until its account is resumed."""
    now = utcnow()
    recovery = reason(error.reason).recovery
    with runtime.database.write() as session:
        if recovery is Recovery.PAUSE:
            if error.reason != "ACCOUNT_PAUSED":
                pausing.pause(session, owner_of_it, error.reason, error.detail, now=now, actor=SYSTEM)
            due: datetime | None = now + PAUSED_LOOK
        elif recovery is Recovery.NONE:
            due = None
        else:
            due = next_try(
                Recovery.THROTTLE if recovery is Recovery.THROTTLE else Recovery.BACKOFF,
                delivery.attempts,
                now=now,
                pace=runtime.installation.pace,
                chance=random.random(),  # noqa: S311 - jitter, not a secret
                retry_after=error.retry_after,
            )
        if due is None:
            deliveries.give_up(session, delivery, now=now, reason=error.reason, detail=error.detail)
        else:
            # Neither a pause nor a slot of ours that is taken says anything of the delivery.
            counts = recovery is not Recovery.PAUSE and error.reason != "CONCURRENCY"
            deliveries.postpone(
                session, delivery, due, reason=error.reason, detail=error.detail, counts=counts
            )
    log.warning(
        "delivery_postponed",
        delivery=delivery.id,
        reason=error.reason,
        detail=error.detail,
        trace_id=delivery.trace_id,
    )
