"""What flowed: the same as a plain count, whatever of it was kept before."""

import itertools
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, insert, literal, select, update

from ledger import deliveries, flow, refunds, spans
from ledger.database import Database
from ledger.flow import HOURS, SETTLES, SLOT, Flow
from ledger.models import Account, Delivery, FlowSlot, Refund
from ledger.models.base import UtcDateTime
from ledger.sqltime import epoch_of, seconds_between
from ledger.states import State, Transition
from tests.support.ledger import make_delivery, make_refund, make_seen

HOUR = timedelta(hours=1)
LITTLE = timedelta(microseconds=1)


def add(database: Database, shop: Account, number: int, **columns: object) -> int:
    with database.write() as session:
        refund = make_refund(session, shop, make_seen(refund_id=str(number)))
        session.execute(update(Refund).where(Refund.id == refund.id).values(columns))
        return refund.id


def come(database: Database, shop: Account, *moments: datetime) -> None:
    """Let deliveries come at some moments."""
    with database.write() as session:
        known = session.scalar(select(func.count()).select_from(Delivery)) or 0
        rows = [
            deliveries.row(make_delivery(shop, key=f"k{known + place}"), now=moment)
            for place, moment in enumerate(moments)
        ]
        for row in rows:
            session.execute(insert(Delivery).values(row))


def flowed(database: Database, now: datetime) -> Flow:
    with database.read() as session:
        return flow.flow(session, now=now)


def slots(database: Database) -> list[FlowSlot]:
    with database.read() as session:
        return list(session.scalars(select(FlowSlot).order_by(FlowSlot.begins_at)))


def first_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * HOUR


@pytest.mark.parametrize("is_kept", [False, True], ids=["live", "kept"])
def test_flow_is_counted_hour_by_hour_up_to_now(
    database: Database, shop: Account, now: datetime, *, is_kept: bool
) -> None:
    begin = first_hour(now)
    come(database, shop, begin - LITTLE, begin, begin + HOUR, begin + HOUR, now, now + timedelta(seconds=1))
    for number, seconds in enumerate(range(1, 101)):
        moment = begin + timedelta(minutes=number)
        add(database, shop, number, posted_at=moment, received_at=moment - timedelta(seconds=seconds))
    if is_kept:
        assert flow.keep(database, now=now) > 0
    found = flowed(database, now)
    assert found.hours == [begin + number * HOUR for number in range(HOURS)]
    assert found.accepted == [1, 2, *[0] * 21, 1]
    assert found.posted == [60, 40, *[0] * 22]
    assert [spans.total(each) for each in found.took] == found.posted
    for percent, exact in ((50, 50), (99, 99)):
        told = found.within(percent)
        assert told is not None
        assert exact - 0.01 <= told <= exact * spans.STEP + 0.01


def test_whatever_was_kept_when_it_is_what_a_plain_count_says(
    database: Database, shop: Account, now: datetime
) -> None:
    """Rows come all the time while slots are kept now and then; each closed hour is right to the refund."""
    chance = random.Random(7)  # noqa: S311 - no secret
    begin = first_hour(now)
    came, went = [], []
    at, number = begin, 0
    while at < now:
        step = timedelta(minutes=chance.choice([1, 17, 60, 240]))
        here = sorted(at + chance.random() * step for _ in range(chance.randint(0, 12)))
        here = [moment for moment in (*here, at) if moment <= now]
        come(database, shop, *here)
        came += here
        for moment in here[:3]:
            number += 1
            add(database, shop, number, posted_at=moment, received_at=moment - timedelta(seconds=number))
            went.append(moment)
        at += step
        if chance.random() < 0.5:
            flow.keep(database, now=min(at, now))
    found = flowed(database, now)
    for moments, told in ((came, found.accepted), (went, found.posted)):
        plain = Counter(moment.replace(minute=0, second=0, microsecond=0) for moment in moments)
        assert told == [plain[hour] for hour in found.hours]
    assert found.untouched == len(went) > 20
    assert slots(database)


def test_a_slot_is_kept_only_once_nothing_can_be_added_to_it(
    database: Database, shop: Account, now: datetime
) -> None:
    end = first_hour(now) + 10 * HOUR
    come(database, shop, end - SLOT)
    flow.keep(database, now=end + SETTLES - LITTLE)
    assert slots(database)[-1].begins_at == end - 2 * SLOT
    come(database, shop, end - LITTLE)  # a transaction that took its time
    flow.keep(database, now=end + SETTLES)
    kept = slots(database)[-1]
    assert (kept.begins_at, kept.accepted) == (end - SLOT, 2)


def test_what_is_kept_is_not_counted_again(database: Database, shop: Account, now: datetime) -> None:
    come(database, shop, now - 5 * HOUR, now)
    assert flow.keep(database, now=now) > 0
    assert flow.keep(database, now=now) == 0
    with database.write() as session:  # as deliveries are forgotten some day
        session.execute(delete(Delivery))
    assert sum(flowed(database, now).accepted) == 1


def test_several_schedulers_may_keep_at_once(database: Database, shop: Account, now: datetime) -> None:
    come(database, shop, *(now - number * HOUR for number in range(20)))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: flow.keep(database, now=now), range(4)))
    kept = slots(database)
    assert len({slot.begins_at for slot in kept}) == len(kept)
    assert sum(flowed(database, now).accepted) == 20


def test_slots_that_a_stopped_scheduler_missed_are_counted_when_it_is_back(
    database: Database, shop: Account, now: datetime
) -> None:
    come(database, shop, now - 9 * HOUR, now - 3 * HOUR)
    flow.keep(database, now=now - 8 * HOUR)
    assert sum(flowed(database, now).accepted) == 2
    flow.keep(database, now=now)
    beginnings = [slot.begins_at for slot in slots(database)]
    assert {later - earlier for earlier, later in itertools.pairwise(beginnings)} == {SLOT}
    assert sum(flowed(database, now).accepted) == 2


def test_what_nobody_is_shown_any_more_is_forgotten(database: Database, now: datetime) -> None:
    flow.keep(database, now=now)
    flow.keep(database, now=now + 30 * HOUR)
    assert slots(database)[0].begins_at == first_hour(now + 30 * HOUR)


def test_a_refund_that_waited_for_nobody_is_timed(database: Database, shop: Account, now: datetime) -> None:
    ours = (
        (Transition.BEGIN, "RECEIVED"),
        (Transition.RETRY_LATER, "TRANSIENT"),
        (Transition.POST, "POSTED"),
    )
    pass_through(database, shop, 1, ours, now)
    found = flowed(database, now)
    assert (sum(found.posted), found.untouched) == (1, 1)


@pytest.mark.parametrize(
    ("transition", "reason"),
    [
        (Transition.WAIT, "NOT_BILLED"),
        (Transition.WAIT, "ORDER_NOT_SYNCED"),
        (Transition.HOLD, "REVIEW_FIRST"),
        (Transition.FAIL, "MAPPING_MISSING"),
        (Transition.DISPUTE, "OVER_REFUND"),
        (Transition.CANCEL, "CANCELLED_BY_PERSON"),
    ],
)
@pytest.mark.parametrize("is_kept", [False, True], ids=["live", "kept"])
def test_a_refund_that_waited_is_posted_but_not_timed(
    database: Database, shop: Account, now: datetime, transition: Transition, reason: str, *, is_kept: bool
) -> None:
    at = now - HOUR if is_kept else now
    pass_through(database, shop, 1, ((transition, reason),), at)
    if is_kept:
        flow.keep(database, now=now)
    found = flowed(database, now)
    assert (sum(found.posted), found.untouched) == (1, 0)
    assert (found.within(50), found.within(99)) == (None, None)


def pass_through(
    database: Database, shop: Account, number: int, ways: tuple[tuple[Transition, str], ...], now: datetime
) -> None:
    """Let a refund go some ways, and be posted."""
    with database.write() as session:
        refund = make_refund(session, shop, make_seen(refund_id=str(number)))
        for transition, reason in ways:
            refunds.move(session, refund, transition, reason, now=now)
        values = {"state": State.POSTED, "posted_at": now, "received_at": now - timedelta(seconds=9)}
        session.execute(update(Refund).where(Refund.id == refund.id).values(values))


def test_both_databases_reckon_alike_with_times(database: Database, now: datetime) -> None:
    earlier, later = (
        literal(moment, UtcDateTime()) for moment in (now, now + timedelta(days=1, milliseconds=250))
    )
    with database.read() as session:
        epoch, seconds = session.execute(select(epoch_of(earlier), seconds_between(earlier, later))).one()
    assert datetime.fromtimestamp(epoch, UTC) == now.replace(microsecond=0)
    assert seconds == pytest.approx(86400.25, abs=0.01)
