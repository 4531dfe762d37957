"""What is due: rows whose time has come, handed out so that two schedulers do not hand out the same."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger.models import Delivery, Refund

AGAIN: timedelta = timedelta(seconds=15)
"""How long a wake-up call has to be followed before it is repeated."""


def deliveries(session: Session, *, now: datetime, limit: int) -> Sequence[tuple[int, str]]:
    """Return the due deliveries as (id, source), and put them off by `AGAIN`."""
    due = (
        select(Delivery.id)
        .where(Delivery.due_at <= now)
        .order_by(Delivery.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = session.execute(
        update(Delivery)
        .where(Delivery.id.in_(due.scalar_subquery()))
        .values(due_at=now + AGAIN)
        .returning(Delivery.id, Delivery.source)
    )
    return [(row.id, row.source) for row in taken]


def refunds(session: Session, *, now: datetime, limit: int) -> Sequence[tuple[int, str]]:
    """Return the due refunds as (id, origin), and put them off by `AGAIN`."""
    due = (
        select(Refund.id)
        .where(Refund.due_at <= now)
        .order_by(Refund.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = session.execute(
        update(Refund)
        .where(Refund.id.in_(due.scalar_subquery()))
        .values(due_at=now + AGAIN)
        .returning(Refund.id, Refund.origin)
    )
    return [(row.id, row.origin) for row in taken]
