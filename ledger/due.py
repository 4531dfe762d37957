"""What is due: rows whose time has come, handed out so that two schedulers do not hand out the same."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from ledger.models import Account, Delivery, Poll, Refund, Request, Run

AGAIN: timedelta = timedelta(seconds=15)
"""How long a wake-up call has to be followed before it is repeated."""


def deliveries(session: Session, *, now: datetime, limit: int) -> Sequence[tuple[int, str]]:
    """Return the due deliveries as (id, source), and put them off by `AGAIN`."""
    return _hand_out(session, Delivery, Delivery.source, now=now, limit=limit)


def refunds(session: Session, *, now: datetime, limit: int) -> Sequence[tuple[int, str]]:
    """Return the due refunds as (id, the platform of their account), and put them off by `AGAIN`."""
    handed_out = _hand_out(session, Refund, Refund.origin, now=now, limit=limit)
    return carried(session, [number for number, _ in handed_out])


def carried(session: Session, refund_ids: Sequence[int]) -> Sequence[tuple[int, str]]:
    """Return the refunds that have a way to go as (id, the platform in whose queue they are carried)."""
    if not refund_ids:
        return []
    query = select(Refund.id, Account.platform).join(Account, Refund.account_id == Account.id)
    query = query.where(Refund.id.in_(refund_ids), Refund.due_at.is_not(None))
    return [(number, platform.value) for number, platform in session.execute(query)]


def polls(session: Session, *, now: datetime, limit: int) -> Sequence[tuple[int, str]]:
    """Return the due polls as (id, source), and put them off by `AGAIN`."""
    return _hand_out(session, Poll, Poll.source, now=now, limit=limit)


def runs(session: Session, *, now: datetime, limit: int) -> Sequence[tuple[int, str]]:
    """Return the due runs as (id, source), and put them off by `AGAIN`."""
    return _hand_out(session, Run, Run.source, now=now, limit=limit)


def requests(session: Session, *, now: datetime, limit: int) -> Sequence[tuple[int, str]]:
    """Return the due requests as (id, source), and put them off by `AGAIN`."""
    return _hand_out(session, Request, Request.source, now=now, limit=limit)


def _hand_out(
    session: Session,
    table: type[Delivery | Refund | Poll | Run | Request],
    queue: InstrumentedAttribute[str],
    *,
    now: datetime,
    limit: int,
) -> Sequence[tuple[int, str]]:
    due = (
        select(table.id)
        .where(table.due_at <= now)
        .order_by(table.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = session.execute(
        update(table)
        .where(table.id.in_(due.scalar_subquery()))
        .values(due_at=now + AGAIN)
        .returning(table.id, queue)
    )
    return [(number, name) for number, name in taken]
