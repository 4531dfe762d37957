"""G19: personal data is erased on request and by age; the record of the money stays."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import select, update

from ledger import installation
from ledger.models import Attempt, Delivery
from ledger.states import State
from tests.guarantees.house import LONGEST, House
from tests.support.waiting import until
from workers.scheduler import Scheduler

EMAIL = "ada.lovelace@example.org"
NAME = "Steve"  # as the sandbox calls everybody
NOTE = "for the neighbour, Byron Street 12"
SUPPORT = "john@example.com"  # whom the platform's request names
PERSONAL = (EMAIL, NAME, NOTE, SUPPORT)


def found(house: House) -> set[str]:
    """Return what of a person is anywhere in the ledger or in Redis."""
    redis = house.world.runtime.redis
    everything = house.everything() + "".join(repr(_value(redis, key)) for key in redis.keys("*"))
    return {each for each in PERSONAL if each in everything}


def _value(redis: Redis, key: bytes | str) -> object:
    kind = redis.type(key)
    if kind == b"hash":
        return redis.hgetall(key)
    if kind == b"list":
        return redis.lrange(key, 0, -1)
    return redis.dump(key)


def money(house: House) -> list[dict[str, Any]]:
    """Return the record of the money: refunds, their lines, and what happened to them."""
    views = [house.api(f"/refunds/{refund.id}")[1] for refund in house.world.refunds()]
    for view in views:
        del view["deliveries"]
        for attempt in view["attempts"]:
            del attempt["calls"], attempt["detail"]
    return views


@pytest.fixture
def carried(house: House) -> House:
    """An installation that has carried a refund of somebody, and was refused another."""
    order = house.order(customer={"email": EMAIL})
    house.refund(order, note=NOTE)
    house.settle()
    said = {"title": f"There is no customer {EMAIL}.", "o:errorDetails": [{"detail": f"{EMAIL} is unknown."}]}
    house.books.fault("suiteql", "status", status=400, body=said)
    house.refund(order, note=NOTE)
    house.settle()
    assert [refund.state for refund in house.world.refunds()] == [State.POSTED, State.ERROR]
    return house


def test_g19_what_is_personal_is_in_nothing_but_the_requests_as_they_came(carried: House) -> None:
    assert found(carried) == {EMAIL, NAME, NOTE}
    with carried.world.database.write() as session:
        session.execute(update(Delivery).values(body=b""))
    assert found(carried) == set()


def test_g19_on_request_what_is_personal_is_erased_and_the_money_stays(carried: House) -> None:
    before = money(carried)
    carried.shop.control.post(f"{carried.shop.path}/compliance", {"topic": "customers/redact"})
    carried.is_told()
    assert SUPPORT in found(carried)
    carried.settle()
    assert found(carried) == set()
    assert all(attempt.calls == [] for refund in before for attempt in carried.world.attempts(refund["id"]))
    assert money(carried) == before
    erased = [entry for entry in carried.world.audit("account") if entry.action == "erase"]
    assert [(entry.actor, "delivery bodies" in entry.note) for entry in erased] == [("system", True)]
    # What was refused can still be carried.
    carried.api(f"/refunds/{before[1]['id']}/retry", {})
    carried.settle()
    assert carried.books.writes() == {"creditMemo": 2}


@contextmanager
def scheduling(house: House) -> Iterator[None]:
    scheduler = Scheduler(house.world.another())
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(scheduler.run)
        try:
            yield
        finally:
            scheduler.stop()
            running.result(LONGEST)


def test_g19_by_age_what_is_personal_is_erased_and_the_money_stays(carried: House) -> None:
    before = money(carried)
    with carried.world.database.write() as session:
        installation.store(session, "keep_personal_days", "7")
        for delivery in session.scalars(select(Delivery)):
            delivery.received_at -= timedelta(days=8)
        for attempt in session.scalars(select(Attempt)):
            attempt.started_at -= timedelta(days=8)
    refunds = [each["id"] for each in before]

    def is_erased() -> bool:
        return not any(attempt.calls for number in refunds for attempt in carried.world.attempts(number))

    with scheduling(carried):
        until(is_erased, LONGEST)
    assert found(carried) == set()
    assert all((each.body, each.headers) == (b"", {}) for each in carried.deliveries())
    after = money(carried)
    for view in (*before, *after):
        for attempt in view["attempts"]:
            del attempt["started_at"]
    assert after == before
