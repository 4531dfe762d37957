"""How things stand, for people: what needs them now, and what flowed in the last hours.

Every count is by index, and what may be many is counted up to `MOST`, so that a page costs the same with a
thousand refunds and with millions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from ledger.models import Delivery, DeliveryState, Poll, Refund
from ledger.sqltime import hour_of, seconds_between
from ledger.states import State

MOST: Final = 1000
"""Up to how many are counted, of each state."""

HOURS: Final = 24
"""How many hours of flow are shown, the present one included."""

_STUCK: Final = (State.ERROR, State.DISCREPANCY, State.HELD)
_UNREAD: Final = (DeliveryState.QUARANTINED, DeliveryState.FAILED)
_HOUR: Final = timedelta(hours=1)


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


@dataclass(frozen=True, slots=True)
class Flow:
    """What flowed, hour by hour, the oldest first.

    Attributes:
        hours: When each hour begins, in UTC.
        accepted: Deliveries that came.
        posted: Refunds that were posted.
        half_within: Seconds from webhook to posted that half of them took at most; None if there were none.
        most_within: Seconds that 99 of 100 took at most.
    """

    hours: Sequence[datetime]
    accepted: Sequence[int]
    posted: Sequence[int]
    half_within: float | None
    most_within: float | None


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


def flow(session: Session, *, now: datetime) -> Flow:
    """Return what flowed in the last `HOURS` hours."""
    begin = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * _HOUR
    hours = [begin + number * _HOUR for number in range(HOURS)]
    came = _by_hour(session, begin, now, Delivery.received_at)
    went = _by_hour(session, begin, now, Refund.posted_at)
    posted = [went.get(hour, 0) for hour in hours]
    return Flow(
        hours,
        [came.get(hour, 0) for hour in hours],
        posted,
        _within(session, begin, now, 50, sum(posted)),
        _within(session, begin, now, 99, sum(posted)),
    )


def _by_hour(
    session: Session, begin: datetime, now: datetime, column: InstrumentedAttribute[Any]
) -> Mapping[datetime, int]:
    hour = hour_of(column)
    query = select(hour, func.count()).where(column >= begin, column <= now).group_by(hour)
    found = session.execute(query)
    return {datetime.fromtimestamp(number * 3600, UTC): count for number, count in found}


def _within(session: Session, begin: datetime, now: datetime, percent: int, total: int) -> float | None:
    """Return the seconds that `percent` of the posted refunds took at most (nearest rank)."""
    seconds = seconds_between(Refund.received_at, Refund.posted_at)
    query = select(seconds).where(Refund.posted_at >= begin, Refund.posted_at <= now).order_by(seconds)
    rank = -(-percent * total // 100)
    return session.scalar(query.offset(max(rank, 1) - 1).limit(1))
