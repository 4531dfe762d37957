from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from ledger import throttle
from ledger.database import Database
from ledger.models import SignInTries
from ledger.throttle import WINDOW, Gauge, ThrottledError

HERE, THERE = "198.51.100.7", "203.0.113.9"


def tried(
    database: Database, gauges: tuple[Gauge, ...], now: datetime, times: int = 1
) -> list[timedelta | None]:
    answers = []
    for _ in range(times):
        with database.write() as session:
            answers.append(throttle.count(session, gauges, now=now))
    return answers


def password(email: str = "anna@example.com", address: str = HERE) -> tuple[Gauge, ...]:
    return throttle.password_gauges(email, address)


def test_five_tries_of_an_account_from_an_address_are_let_through(database: Database, now: datetime) -> None:
    assert tried(database, password(), now, 5) == [None] * 5
    assert tried(database, password(" ANNA@example.com "), now) == [WINDOW]


def test_from_elsewhere_the_account_can_still_be_tried(database: Database, now: datetime) -> None:
    tried(database, password(), now, 9)
    assert tried(database, password(address=THERE), now) == [None]


def test_an_account_is_not_tried_from_everywhere_for_ever(database: Database, now: datetime) -> None:
    waits = [tried(database, password(address=f"10.0.0.{number}"), now)[0] for number in range(51)]
    assert waits == [None] * 50 + [WINDOW]


def test_an_address_does_not_try_every_account_for_ever(database: Database, now: datetime) -> None:
    waits = [tried(database, password(f"p{number}@example.com"), now)[0] for number in range(51)]
    assert waits == [None] * 50 + [WINDOW]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:198.51.100.7", HERE, True),
        (HERE, THERE, False),
        ("", "", True),
    ],
)
def test_a_subscribers_network_counts_as_one_address(one: str, other: str, *, is_same: bool) -> None:
    assert (password(address=one) == password(address=other)) is is_same


def test_the_wait_shrinks_and_ends(database: Database, now: datetime) -> None:
    tried(database, password(), now, 6)
    later = now + timedelta(minutes=10)
    assert tried(database, password(), later) == [timedelta(minutes=5)]
    assert tried(database, password(), now + WINDOW) == [None]


def test_a_right_try_makes_up_for_wrong_ones_but_not_for_those_of_the_address(
    database: Database, now: datetime
) -> None:
    for number in range(49):
        tried(database, password(f"p{number}@example.com"), now)
    tried(database, password(), now)
    with database.write() as session:
        throttle.forgive(session, password())
    assert tried(database, password(address=THERE), now, 5) == [None] * 5
    assert tried(database, password(), now) == [WINDOW]


def test_codes_are_counted_by_person(database: Database, now: datetime) -> None:
    assert tried(database, throttle.code_gauges(1), now, 6) == [None] * 5 + [WINDOW]
    assert tried(database, throttle.code_gauges(2), now) == [None]


def test_tries_at_the_same_time_are_all_counted(database: Database, now: datetime) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: tried(database, password(), now)[0], range(12)))
    assert found.count(None) == 5


def test_old_counts_are_dropped(database: Database, now: datetime) -> None:
    tried(database, password(), now)
    tried(database, throttle.code_gauges(1), now + WINDOW)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(SignInTries)) == 1


@pytest.mark.parametrize(("seconds", "said"), [(1, "1 minute"), (60, "1 minute"), (61, "2 minutes")])
def test_the_wait_is_told_in_minutes(seconds: int, said: str) -> None:
    error = ThrottledError(timedelta(seconds=seconds))
    assert (str(error), error.reason) == (f"too many tries; try again in {said}", "throttled")
