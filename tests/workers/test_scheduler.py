import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import create_engine, make_url, select, text
from sqlalchemy.orm import Session

from ledger import deliveries, idempotency, installation, people, refunds, requests
from ledger.clock import utcnow
from ledger.database import Database
from ledger.due import AGAIN
from ledger.models import (
    Account,
    Alert,
    AlertMessage,
    Delivery,
    FlowSlot,
    KeptAnswer,
    NetSuiteAccount,
    Refund,
    Request,
    Role,
)
from ledger.models.deliveries import DeliveryState
from ledger.queue import QUEUES, open_queue
from ledger.refunds import LEASE
from ledger.settings import Settings
from ledger.states import Transition
from tests.support.alerts import make_channel, raise_errors, tell_all
from tests.support.ledger import TRACE, make_account, make_delivery, make_refund, make_seen
from tests.support.racing import race
from tests.support.waiting import until
from workers.runtime import Runtime
from workers.scheduler import Scheduler

HOUR = timedelta(hours=1)
Leave = Callable[[Session, Account, datetime], None]
"""Leaves a row as it is after something happened at a time."""

DELIVERY = ("shopify", "workers.jobs.process_delivery", 1)
REFUND = ("shopify", "workers.jobs.carry_refund", 1)


@pytest.fixture
def runtime(worker_settings: Settings) -> Iterator[Runtime]:
    """The tools of a scheduler's process."""
    made = Runtime(worker_settings)
    yield made
    made.redis.close()
    made.database.dispose()


@pytest.fixture
def database(runtime: Runtime) -> Database:
    """The scheduler's ledger."""
    return runtime.database


@pytest.fixture
def account(runtime: Runtime) -> Account:
    """A shop."""
    with runtime.database.write() as session:
        return make_account(session, runtime.vault)


POLL = "workers.jobs.poll_account"


def woken(redis: Redis) -> Counter[tuple[str, str, int]]:
    """Return how often each wake-up call stands in a queue, polls aside."""
    return Counter(
        (name, str(job.func_name), int(job.args[0]))
        for name in QUEUES
        for job in open_queue(name, redis).jobs
        if job.func_name != POLL
    )


@contextmanager
def running(scheduler: Scheduler) -> Iterator[None]:
    """Let a scheduler sweep in a thread of its own."""
    thread = threading.Thread(target=scheduler.run)
    thread.start()
    try:
        yield
    finally:
        scheduler.stop()
        thread.join(10)
    assert not thread.is_alive()


def accepted(session: Session, account: Account, at: datetime) -> Delivery:
    number = deliveries.accept(session, make_delivery(account), now=at)
    return session.get_one(Delivery, number)


def lost_delivery(session: Session, account: Account, at: datetime) -> None:
    accepted(session, account, at - deliveries.GRACE)


def postponed_delivery(session: Session, account: Account, at: datetime) -> None:
    delivery = deliveries.claim(session, accepted(session, account, at).id, now=at)
    assert delivery is not None
    deliveries.postpone(session, delivery, at, reason="TRANSIENT", detail="")


def abandoned_delivery(session: Session, account: Account, at: datetime) -> None:
    deliveries.claim(session, accepted(session, account, at).id, now=at - deliveries.LEASE)


def lost_refund(session: Session, account: Account, at: datetime) -> None:
    make_refund(session, account, now=at - refunds.GRACE)


def moved(*ways: Transition) -> Leave:
    """Let a worker move a refund."""

    def leave(session: Session, account: Account, at: datetime) -> None:
        refund = make_refund(session, account, now=at)
        for way in ways:
            refunds.move(session, refund, way, "TRANSIENT", now=at, due_at=at)

    return leave


def abandoned_refund(session: Session, account: Account, at: datetime) -> None:
    refunds.claim(session, make_refund(session, account, now=at).id, now=at - LEASE)


def abandoned_write(session: Session, account: Account, at: datetime) -> None:
    refund = make_refund(session, account, now=at)
    refunds.move(session, refund, Transition.BEGIN, "POSTED", now=at - LEASE)


DUE: Mapping[str, tuple[Leave, tuple[str, str, int]]] = {
    "a delivery whose call was lost": (lost_delivery, DELIVERY),
    "a delivery that was put off": (postponed_delivery, DELIVERY),
    "a delivery whose worker died": (abandoned_delivery, DELIVERY),
    "a refund whose call was lost": (lost_refund, REFUND),
    "a refund that waits": (moved(Transition.WAIT), REFUND),
    "a refund to be tried again": (moved(Transition.RETRY_LATER), REFUND),
    "a refund there is news of": (moved(Transition.WAIT, Transition.RECONSIDER), REFUND),
    "a refund a person wants posted": (moved(Transition.HOLD, Transition.POST_NOW), REFUND),
    "a refund whose worker died while it read": (abandoned_refund, REFUND),
    "a refund whose worker died while it wrote": (abandoned_write, REFUND),
}


@pytest.mark.parametrize("what", DUE)
def test_whatever_is_due_is_woken_once_its_time_has_come(
    runtime: Runtime, account: Account, what: str
) -> None:
    leave, call = DUE[what]
    scheduler = Scheduler(runtime)
    with runtime.database.write() as session:
        leave(session, account, utcnow() + HOUR)
    assert scheduler.sweep() == 0
    put_off(runtime.database, by=-2 * HOUR)
    assert scheduler.sweep() == 1
    assert woken(runtime.redis) == {call: 1}
    # And again, if nobody comes, but not at once.
    assert scheduler.sweep() == 0
    put_off(runtime.database, by=-AGAIN)
    assert scheduler.sweep() == 1
    assert woken(runtime.redis) == {call: 2}


def put_off(database: Database, *, by: timedelta) -> None:
    """Let time pass, or go back."""
    with database.write() as session:
        waiting: list[Delivery | Refund] = [
            *session.scalars(select(Delivery)),
            *session.scalars(select(Refund)),
        ]
        for row in waiting:
            if row.due_at is not None:
                row.due_at += by


@pytest.mark.parametrize(
    "ways",
    [
        (Transition.BEGIN, Transition.POST),
        (Transition.FAIL,),
        (Transition.DISPUTE,),
        (Transition.HOLD,),
        (Transition.IGNORE,),
        (Transition.CANCEL,),
        (Transition.HOLD, Transition.RESOLVE),
    ],
)
def test_a_refund_at_rest_is_left_alone(
    runtime: Runtime, account: Account, ways: tuple[Transition, ...]
) -> None:
    with runtime.database.write() as session:
        moved(*ways)(session, account, utcnow() - HOUR)
    assert Scheduler(runtime).sweep() == 0
    assert woken(runtime.redis) == {}


def test_news_wakes_its_sources_queue_and_a_refund_its_storefronts(
    runtime: Runtime, account: Account
) -> None:
    with runtime.database.write() as session:
        books = session.get_one(NetSuiteAccount, account.netsuite_account_id)
        for owner in (account, books):
            deliveries.accept(session, make_delivery(owner), now=utcnow() - HOUR)
        for origin in QUEUES:
            make_refund(session, account, make_seen(origin=origin), now=utcnow() - HOUR)
    assert Scheduler(runtime).sweep() == 2 + len(QUEUES)
    assert woken(runtime.redis) == {
        ("shopify", "workers.jobs.process_delivery", 1): 1,
        ("netsuite", "workers.jobs.process_delivery", 2): 1,
        **{("shopify", "workers.jobs.carry_refund", n): 1 for n in range(1, len(QUEUES) + 1)},
    }


def due_refunds(database: Database, account: Account, number: int) -> None:
    with database.write() as session:
        for each in range(number):
            make_refund(session, account, make_seen(refund_id=str(each)), now=utcnow() - HOUR)


def test_two_schedulers_at_once_wake_each_once(
    runtime: Runtime, worker_settings: Settings, account: Account
) -> None:
    due_refunds(runtime.database, account, 60)
    other = Runtime(worker_settings)
    try:
        found = race(Scheduler(runtime).sweep, Scheduler(other).sweep)
    finally:
        other.redis.close()
        other.database.dispose()
    # On PostgreSQL neither waits for what the other has, so that one may find less than there is.
    found.append(Scheduler(runtime).sweep())
    assert sum(found) == 60
    assert set(woken(runtime.redis).values()) == {1}
    assert len(woken(runtime.redis)) == 60


def test_a_full_sweep_is_followed_by_the_next_at_once(runtime: Runtime, account: Account) -> None:
    with runtime.database.write() as session:
        for number in range(501):
            deliveries.accept(session, make_delivery(account, key=str(number)), now=utcnow() - HOUR)
    with running(Scheduler(runtime, interval=3600)):
        until(lambda: woken(runtime.redis).total() == 501)


def test_what_redis_did_not_take_is_woken_by_a_later_sweep(
    runtime: Runtime, worker_settings: Settings, account: Account, log: Sequence[Mapping[str, Any]]
) -> None:
    due_refunds(runtime.database, account, 2)
    fields = {name: getattr(worker_settings, name) for name in Settings.__dataclass_fields__}
    cut_off = Runtime(Settings(**{**fields, "redis_url": "redis://127.0.0.1:1/0"}))
    assert Scheduler(cut_off).sweep() == 2
    cut_off.database.dispose()
    assert [(line["event"], line.get("waiting")) for line in log] == [
        ("queue_unreachable", 2),
        ("swept", None),
    ]
    assert Scheduler(runtime).sweep() == 0
    put_off(runtime.database, by=-AGAIN)
    assert Scheduler(runtime).sweep() == 2
    assert len(woken(runtime.redis)) == 2


@contextmanager
def away(database: Database, url: str) -> Iterator[None]:
    """Let nobody connect to a database."""
    parsed = make_url(url)
    if database.is_sqlite:
        home = Path(parsed.database or "").parent
        gone = home.rename(home.with_name(f"{home.name}-gone"))
        yield
        gone.rename(home)
        return
    server = create_engine(parsed.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {parsed.database} ALLOW_CONNECTIONS false"))
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
            {"name": parsed.database},
        )
        yield
        connection.execute(text(f"ALTER DATABASE {parsed.database} ALLOW_CONNECTIONS true"))
    server.dispose()


def test_a_ledger_that_is_away_for_a_while_is_waited_for(
    runtime: Runtime, database_url: str, account: Account, log: Sequence[Mapping[str, Any]]
) -> None:
    def is_missed() -> bool:
        runtime.database.dispose()  # SQLite's connections outlive their file
        return any(line["event"] == "ledger_unreachable" for line in list(log))

    with running(Scheduler(runtime, interval=0.01)):
        with away(runtime.database, database_url):
            until(is_missed)
        due_refunds(runtime.database, account, 1)
        until(lambda: woken(runtime.redis) == {REFUND: 1})


def test_only_old_deliveries_that_are_settled_are_forgotten(runtime: Runtime, account: Account) -> None:
    kept = {"young": DeliveryState.PROCESSED, "open": DeliveryState.RECEIVED, "failed": DeliveryState.FAILED}
    gone = {"processed": DeliveryState.PROCESSED, "quarantined": DeliveryState.QUARANTINED}
    with runtime.database.write() as session:
        installation.store(session, "keep_deliveries_days", "2")
        for key, state in {**kept, **gone}.items():
            age = timedelta(days=1 if key == "young" else 3)
            number = deliveries.accept(session, make_delivery(account, key=key), now=utcnow() - age)
            session.get_one(Delivery, number).state = state

    def keys() -> set[str]:
        with runtime.database.read() as session:
            return set(session.scalars(select(Delivery.delivery_key)))

    with running(Scheduler(runtime, interval=0.01)):
        until(lambda: keys() == set(kept))


def test_what_may_be_personal_is_emptied_once_it_is_old(runtime: Runtime, account: Account) -> None:
    with runtime.database.write() as session:
        installation.store(session, "keep_personal_days", "2")
        numbers = [
            deliveries.accept(
                session, make_delivery(account, key=str(age)), now=utcnow() - timedelta(days=age)
            )
            for age in (1, 3)
        ]

    def bodies() -> list[bool]:
        with runtime.database.read() as session:
            return [bool(session.get_one(Delivery, number).body) for number in numbers]

    with running(Scheduler(runtime, interval=0.01)):
        until(lambda: bodies() == [True, False])


def test_what_a_person_asked_for_is_swept_and_forgotten_once_it_is_answered_and_old(
    runtime: Runtime, account: Account
) -> None:
    long_ago = utcnow() - timedelta(days=365)
    with runtime.database.write() as session:
        asked = [
            requests.check(session, account, now=long_ago, actor="api:ci", trace_id=TRACE) for _ in range(2)
        ]
        claimed = requests.claim(session, asked[0].id, now=long_ago)
        assert claimed is not None
        requests.answer(session, claimed, {}, now=long_ago)
        token, _ = people.add_token(
            session, "ci", Role.OPERATOR, timedelta(days=1), now=long_ago, actor="test"
        )
        idempotency.claim(session, token.id, "key", "fingerprint", now=long_ago)

    def left() -> tuple[set[int], int]:
        with runtime.database.read() as session:
            return set(session.scalars(select(Request.id))), len(session.scalars(select(KeptAnswer)).all())

    with running(Scheduler(runtime, interval=0.01)):
        until(lambda: left() == ({asked[1].id}, 0))
        until(lambda: woken(runtime.redis)["shopify", "workers.jobs.answer_request", asked[1].id])


def test_a_scheduler_that_waits_stops_when_told(
    runtime: Runtime, account: Account, log: Sequence[Mapping[str, Any]]
) -> None:
    scheduler = Scheduler(runtime, interval=3600)
    due_refunds(runtime.database, account, 1)
    with running(scheduler):
        until(lambda: woken(runtime.redis) == {REFUND: 1})
        until(lambda: "forgot" in [line["event"] for line in list(log)])
    assert [line["event"] for line in log] == ["scheduler_started", "swept", "forgot", "scheduler_stopped"]


def test_a_scheduler_that_was_stopped_before_it_began_sweeps_nothing(
    runtime: Runtime, account: Account
) -> None:
    due_refunds(runtime.database, account, 1)
    scheduler = Scheduler(runtime)
    scheduler.stop()
    scheduler.run()
    assert woken(runtime.redis) == {}


def test_old_alerts_are_forgotten_with_the_messages_that_told_them(
    runtime: Runtime, account: Account
) -> None:
    long_ago = utcnow() - timedelta(days=365)
    with runtime.database.write() as session:
        make_channel(session, runtime.vault)
        raise_errors(session, account.id, 1, now=long_ago)
        raise_errors(session, account.id, 2, now=utcnow())
    tell_all(runtime.database, long_ago)

    def left() -> tuple[list[int], int]:
        with runtime.database.read() as session:
            kept = list(session.scalars(select(Alert.subject_id)))
            return kept, len(session.scalars(select(AlertMessage)).all())

    with running(Scheduler(runtime, interval=0.01)):
        until(lambda: left() == ([2], 0))


def test_what_flowed_is_counted_once_its_time_is_over(runtime: Runtime, account: Account) -> None:
    with runtime.database.write() as session:
        accepted(session, account, utcnow() - HOUR)

    def kept() -> int:
        with runtime.database.read() as session:
            return sum(session.scalars(select(FlowSlot.accepted)))

    with running(Scheduler(runtime)):
        assert until(kept, 10) == 1
