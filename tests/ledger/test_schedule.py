from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reasons import Recovery
from ledger.schedule import TRIES, Pace, ceiling, next_look, next_try, set_look
from tests.support.ledger import NOW

PACE = Pace()
recoveries = st.sampled_from((Recovery.BACKOFF, Recovery.THROTTLE))
tries = st.integers(1, TRIES - 1)
chances = st.floats(0, 1)
asked = st.none() | st.floats(0, 3600)


@given(recoveries, tries, chances, asked)
def test_the_next_try_is_never_before_the_time_the_platform_asked_for(
    recovery: Recovery, done: int, chance: float, retry_after: float | None
) -> None:
    at = next_try(recovery, done, now=NOW, pace=PACE, chance=chance, retry_after=retry_after)
    assert at is not None
    earliest = NOW + timedelta(seconds=retry_after or 0)
    assert earliest <= at <= earliest + timedelta(seconds=ceiling(recovery, done, PACE) + 1e-6)


@given(recoveries, chances, asked, st.integers(TRIES, 1000))
def test_after_twelve_tries_there_is_no_next_one(
    recovery: Recovery, chance: float, retry_after: float | None, done: int
) -> None:
    assert TRIES == 12
    assert next_try(recovery, done, now=NOW, pace=PACE, chance=chance, retry_after=retry_after) is None


@pytest.mark.parametrize("recovery", [Recovery.BACKOFF, Recovery.THROTTLE])
def test_ceilings_never_sink_and_stay_below_eight_hours(recovery: Recovery) -> None:
    ceilings = [ceiling(recovery, done, PACE) for done in range(1, TRIES)]
    assert ceilings == sorted(ceilings)
    assert ceilings[-1] == 8 * 3600


@pytest.mark.parametrize("recovery", [Recovery.BACKOFF, Recovery.THROTTLE])
def test_a_platform_may_be_down_for_a_day(recovery: Recovery) -> None:
    longest = sum(ceiling(recovery, done, PACE) for done in range(1, TRIES))
    assert timedelta(days=1) < timedelta(seconds=longest) < timedelta(days=2)


def test_a_platform_that_asks_to_slow_down_is_asked_again_soon_at_first() -> None:
    assert [ceiling(Recovery.THROTTLE, done, PACE) for done in range(1, 6)] == [2, 4, 8, 16, 32]
    assert [ceiling(Recovery.BACKOFF, done, PACE) for done in range(1, 6)] == [30, 90, 270, 810, 2430]


def test_the_installation_sets_the_pace() -> None:
    pace = Pace(retry=0.1, throttle=0.05)
    assert ceiling(Recovery.BACKOFF, 1, pace) == pytest.approx(0.1)
    assert ceiling(Recovery.THROTTLE, 1, pace) == pytest.approx(0.05)


@given(st.floats(0, 90 * 86400), st.floats(1, 90 * 86400))
def test_the_next_look_is_at_a_growing_distance_and_never_after_the_deadline(
    waited: float, left: float
) -> None:
    since, deadline = NOW - timedelta(seconds=waited), NOW + timedelta(seconds=left)
    at = next_look(since, now=NOW, pace=PACE, deadline=deadline)
    assert NOW < at <= deadline
    shortest = timedelta(seconds=min(PACE.wait, left)) - timedelta(microseconds=1)
    assert shortest <= at - NOW <= timedelta(seconds=PACE.wait_longest)


@pytest.mark.parametrize(
    ("waited", "distance"), [(0, 60), (240, 60), (400, 100), (3600, 900), (7 * 86400, 900)]
)
def test_looks_grow_apart_with_the_time_waited(waited: int, distance: int, now: datetime) -> None:
    at = next_look(now - timedelta(seconds=waited), now=now, pace=PACE, deadline=now + timedelta(days=14))
    assert at == now + timedelta(seconds=distance)


def test_what_has_passed_its_deadline_is_looked_at_once_more_at_once(now: datetime) -> None:
    at = next_look(now - timedelta(days=15), now=now, pace=PACE, deadline=now - timedelta(days=1))
    assert at == now + timedelta(seconds=1)


LOOKS = (timedelta(hours=2), timedelta(days=2), timedelta(days=14))


@pytest.mark.parametrize(
    ("waited", "look"),
    [
        (timedelta(0), timedelta(hours=2)),
        (timedelta(hours=2) - timedelta(seconds=1), timedelta(hours=2)),
        (timedelta(hours=2), timedelta(days=2)),
        (timedelta(days=5), timedelta(days=14)),
        (timedelta(days=14), timedelta(days=28)),
        (timedelta(days=30), timedelta(days=42)),
    ],
)
def test_set_looks_are_counted_from_the_beginning_and_go_on_as_far_apart_as_the_last(
    waited: timedelta, look: timedelta, now: datetime
) -> None:
    at = set_look(now - waited, LOOKS, now=now, deadline=now + timedelta(days=365))
    assert at == now - waited + look


@given(st.floats(0, 90 * 86400), st.floats(1, 90 * 86400))
def test_a_set_look_is_to_come_and_never_after_the_deadline(waited: float, left: float) -> None:
    since, deadline = NOW - timedelta(seconds=waited), NOW + timedelta(seconds=left)
    assert NOW < set_look(since, LOOKS, now=NOW, deadline=deadline) <= deadline
    assert set_look(since, LOOKS, now=NOW, deadline=since) == NOW + timedelta(seconds=1)
