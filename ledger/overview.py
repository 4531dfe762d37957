"""How things stand, for people: what needs them now.

Every count is by index, and what may be many is counted up to `MOST`, so that a page costs the same with a
thousand refunds and with millions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from ledger.models import Delivery, DeliveryState, Poll, Refund
from ledger.states import State

MOST: Final = 1000
"""Up to how many are counted, of each state."""

_STUCK: Final = (State.ERROR, State.DISCREPANCY, State.HELD)
_UNREAD: Final = (DeliveryState.QUARANTINED, DeliveryState.FAILED)


@dataclass(frozen=True, slots=True)
class Stuck:
    """Refunds that wait for a person for one reason.

    Attributes:
        since: When the oldest of them came to be so, in UTC.
    """

    state: State
    reason: str
    account_id: int
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Unread:
    """Deliveries that could not be worked off for one reason.

    Attributes:
        since: When the oldest of them came, in UTC.
    """

    state: DeliveryState
    source: str
    reason: str
    count: int
    since: datetime


def stuck(session: Session) -> Sequence[Stuck]:
    """Return which refunds wait for a person, the most numerous first."""
    newest = [
        select(
            select(Refund.state, Refund.reason, Refund.account_id, Refund.updated_at)
            .where(Refund.state == state)
            .order_by(Refund.id.desc())
            .limit(MOST)
            .subquery()
        )
        for state in _STUCK
    ]
    each = union_all(*newest).subquery()
    columns = (each.c.state, each.c.reason, each.c.account_id)
    query = select(*columns, func.count(), func.min(each.c.updated_at)).group_by(*columns)
    found = [Stuck(*row) for row in session.execute(query)]
    return sorted(found, key=lambda row: (_STUCK.index(row.state), -row.count, row.reason, row.account_id))


def unread(session: Session) -> Sequence[Unread]:
    """Return which deliveries could not be worked off."""
    newest = [
        select(
            select(Delivery.state, Delivery.source, Delivery.reason, Delivery.received_at)
            .where(Delivery.state == state)
            .order_by(Delivery.id.desc())
            .limit(MOST)
            .subquery()
        )
        for state in _UNREAD
    ]
    each = union_all(*newest).subquery()
    columns = (each.c.state, each.c.source, each.c.reason)
    query = select(*columns, func.count(), func.min(each.c.received_at)).group_by(*columns)
    found = [Unread(*row) for row in session.execute(query)]
    return sorted(found, key=lambda row: (row.state, -row.count, row.source, row.reason))


def failing_polls(session: Session) -> Sequence[Poll]:
    """Return the polls that failed when they were tried last, the most often failed first."""
    return session.scalars(
        select(Poll).where(Poll.failures > 0).order_by(Poll.failures.desc(), Poll.id)
    ).all()
