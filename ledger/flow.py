"""What flowed in the last hours, at a cost that does not grow with how much it was.

Five minutes that are over are counted once and kept, by the scheduler; what came since is counted when it is
asked for. A slot is kept only once nothing can be added to it: whoever wrote a row into it has committed long
ago. Counting is idempotent, so that any number of schedulers may do it, and slots that a stopped scheduler
missed are counted when it is back, or live until then.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from ledger import spans
from ledger.database import Database
from ledger.models import Delivery, FlowSlot, Refund
from ledger.spans import Spans
from ledger.sqltime import epoch_of, seconds_between
from ledger.upsert import insert
from ledger.waits import has_rested

HOURS: Final = 24
"""How many hours of flow are shown, the present one included."""

SLOT: Final = timedelta(minutes=5)
"""What is counted together."""

SETTLES: Final = timedelta(minutes=2)
"""How long after its end a slot is counted: longer than a transaction takes and clocks of hosts differ."""

_HOUR: Final = timedelta(hours=1)


@dataclass(slots=True)
class _Counted:
    accepted: int = 0
    posted: int = 0
    took: dict[int, int] = field(default_factory=dict)

    def add(self, accepted: int, posted: int, took: Spans) -> None:
        self.accepted += accepted
        self.posted += posted
        for number, count in took.items():
            self.took[number] = self.took.get(number, 0) + count


@dataclass(frozen=True, slots=True)
class Flow:
    """What flowed, hour by hour, the oldest first.

    Attributes:
        hours: When each hour begins, in UTC.
        accepted: Deliveries that came.
        posted: Refunds that were posted.
        took: How long those of them took, from received to posted, that waited for no person, no billing and
            nothing else that is not ours.
    """

    hours: Sequence[datetime]
    accepted: Sequence[int]
    posted: Sequence[int]
    took: Sequence[Spans]

    def within(self, percent: int) -> float | None:
        """Return the seconds that `percent` of 100 of all took at most; None if there were none."""
        return spans.within(_together(self.took), percent)

    @property
    def untouched(self) -> int:
        """Return how many refunds are counted in `took`."""
        return sum(map(spans.total, self.took))


def flow(session: Session, *, now: datetime) -> Flow:
    """Return what flowed in the last `HOURS` hours."""
    begin = _begin(now)
    hours = [begin + number * _HOUR for number in range(HOURS)]
    counted = {hour: _Counted() for hour in hours}
    kept = session.scalars(
        select(FlowSlot).where(FlowSlot.begins_at >= begin, FlowSlot.begins_at <= now).order_by("begins_at")
    ).all()
    live_since = kept[-1].begins_at + SLOT if kept else begin
    for slot in kept:
        took = {int(number): count for number, count in slot.took.items()}
        counted[_hour(slot.begins_at)].add(slot.accepted, slot.posted, took)
    for begins_at, live in _count(session, live_since, now + timedelta(microseconds=1)).items():
        counted[_hour(begins_at)].add(live.accepted, live.posted, live.took)
    return Flow(
        hours,
        [counted[hour].accepted for hour in hours],
        [counted[hour].posted for hour in hours],
        [counted[hour].took for hour in hours],
    )


def keep(database: Database, *, now: datetime) -> int:
    """Count the slots that are over and not kept yet, and forget what nobody is shown any more.

    Nothing is locked while it counts.

    Returns:
        How many were counted.
    """
    begin = _begin(now)
    with database.read() as session:
        last = session.scalar(select(func.max(FlowSlot.begins_at)))
        first = max(begin, last + SLOT) if last else begin
        number = max((now - SETTLES - first) // SLOT, 0)
        if not number:
            return 0
        found = _count(session, first, first + number * SLOT)
    rows = [_row(at, found.get(at, _Counted())) for at in (first + place * SLOT for place in range(number))]
    with database.write() as session:
        session.execute(insert(session, FlowSlot).on_conflict_do_nothing(), rows)
        session.execute(delete(FlowSlot).where(FlowSlot.begins_at < begin))
    return number


def _row(begins_at: datetime, counted: _Counted) -> dict[str, Any]:
    took = {str(number): count for number, count in counted.took.items()}
    return {"begins_at": begins_at, "accepted": counted.accepted, "posted": counted.posted, "took": took}


def _count(session: Session, since: datetime, until: datetime) -> Mapping[datetime, _Counted]:
    """Return what flowed from `since` on and before `until`, by the slots' beginnings."""
    found: dict[datetime, _Counted] = defaultdict(_Counted)
    for begins_at, count in _by_slot(session, since, until, Delivery.received_at):
        found[begins_at].accepted = count
    for begins_at, count in _by_slot(session, since, until, Refund.posted_at):
        found[begins_at].posted = count
    for begins_at, number, count in _took(session, since, until):
        found[begins_at].took[number] = count
    return found


def _by_slot(
    session: Session, since: datetime, until: datetime, column: InstrumentedAttribute[Any]
) -> list[tuple[datetime, int]]:
    slot = _slot_of(column)
    query = select(slot, func.count()).where(column >= since, column < until).group_by(slot)
    return [(_moment(number), count) for number, count in session.execute(query)]


def _took(session: Session, since: datetime, until: datetime) -> list[tuple[datetime, int, int]]:
    each = (
        select(
            _slot_of(Refund.posted_at).label("slot"),
            seconds_between(Refund.received_at, Refund.posted_at).label("seconds"),
        )
        .where(Refund.posted_at >= since, Refund.posted_at < until, ~has_rested(Refund.id))
        .subquery()
    )
    counted = select(each.c.slot, spans.bucket_of(each.c.seconds).label("bucket")).subquery()
    query = select(counted.c.slot, counted.c.bucket, func.count()).group_by(counted.c.slot, counted.c.bucket)
    return [(_moment(slot), number, count) for slot, number, count in session.execute(query)]


def _slot_of(column: InstrumentedAttribute[Any]) -> ColumnElement[int]:
    return epoch_of(column) // int(SLOT.total_seconds())


def _moment(slot: int) -> datetime:
    return datetime.fromtimestamp(slot * SLOT.total_seconds(), UTC)


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _begin(now: datetime) -> datetime:
    return _hour(now) - (HOURS - 1) * _HOUR


def _together(each: Sequence[Spans]) -> Spans:
    whole = _Counted()
    for took in each:
        whole.add(0, 0, took)
    return whole.took
