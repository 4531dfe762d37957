"""When a channel is told what: examples, and what holds for every history."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.ledger import NOW
from workers.rules.telling import GATHER, MOST_SINGLE, WINDOW, Pace, Pending, Plan, plan, waited

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
AT_ONCE = Pace(timedelta(), 5)


def some(number: int, since: datetime = NOW, *, was_held: bool = False) -> list[Pending]:
    return [Pending(each, since, was_held) for each in range(1, number + 1)]


def ids(planned: Plan) -> list[list[int]]:
    return [[each.id for each in message] for message in planned.messages]


def test_where_nothing_waits_nothing_is_told() -> None:
    assert plan([], AT_ONCE, sent=[], now=NOW) == Plan()


def test_news_is_gathered_for_a_moment() -> None:
    assert plan(some(1), AT_ONCE, sent=[], now=NOW) == Plan(again_at=NOW + GATHER)
    assert ids(plan(some(1), AT_ONCE, sent=[], now=NOW + GATHER)) == [[1]]


def test_what_is_told_at_once_is_told_well_within_a_minute() -> None:
    assert GATHER < MINUTE / 2


def test_what_came_of_one_delivery_is_told_in_one_message() -> None:
    traced = [Pending(1, NOW, trace="a"), Pending(2, NOW), Pending(3, NOW, trace="a")]
    assert ids(plan(traced, AT_ONCE, sent=[], now=NOW + GATHER)) == [[1, 3], [2]]
    assert ids(plan(traced, Pace(timedelta(), 2), sent=[], now=NOW + GATHER)) == [[1, 3], [2]]
    assert ids(plan(traced, Pace(timedelta(), 1), sent=[], now=NOW + GATHER)) == [[1, 2, 3]]


def test_a_few_are_told_one_by_one_and_many_together() -> None:
    now = NOW + GATHER
    assert ids(plan(some(MOST_SINGLE), AT_ONCE, sent=[], now=now)) == [[1], [2], [3]]
    assert ids(plan(some(MOST_SINGLE + 1), AT_ONCE, sent=[], now=now)) == [[1, 2, 3, 4]]


def test_a_few_that_are_more_than_the_cap_leaves_are_told_together() -> None:
    planned = plan(some(2), Pace(timedelta(), 1), sent=[], now=NOW + GATHER)
    assert ids(planned) == [[1, 2]]


def test_a_digest_waits_for_its_time_and_then_tells_everything() -> None:
    pace = Pace(30 * MINUTE, 5)
    pending = [Pending(1, NOW), Pending(2, NOW + 29 * MINUTE)]
    assert plan(pending, pace, sent=[], now=NOW + 29 * MINUTE) == Plan(again_at=NOW + 30 * MINUTE)
    assert ids(plan(pending, pace, sent=[], now=NOW + 30 * MINUTE)) == [[1, 2]]


def test_above_the_cap_everything_waits_until_the_hour_allows_one_more() -> None:
    sent = [NOW - 59 * MINUTE, NOW - 30 * MINUTE]
    planned = plan(some(2), Pace(timedelta(), 2), sent=sent, now=NOW + GATHER)
    assert planned == Plan(held=tuple(some(2)), again_at=NOW + MINUTE)


def test_a_cap_that_was_lowered_waits_for_as_many_as_it_takes() -> None:
    sent = [NOW - 50 * MINUTE, NOW - 40 * MINUTE, NOW - 30 * MINUTE]
    planned = plan(some(1), Pace(timedelta(), 2), sent=sent, now=NOW + GATHER)
    assert planned.again_at == NOW - 40 * MINUTE + WINDOW


def test_what_was_held_is_held_once_and_told_together_with_what_came_since() -> None:
    held = some(1, NOW, was_held=True)
    waiting = [*held, Pending(2, NOW + MINUTE)]
    full = plan(waiting, Pace(timedelta(), 1), sent=[NOW], now=NOW + 2 * MINUTE)
    assert full.held == (Pending(2, NOW + MINUTE),)
    assert ids(plan(waiting, Pace(timedelta(), 5), sent=[], now=NOW + WINDOW)) == [[1, 2]]


def test_what_came_while_others_were_held_had_to_wait_too_unless_it_just_came() -> None:
    now = NOW + MINUTE
    message = [Pending(1, NOW, was_held=True), Pending(2, NOW), Pending(3, now - GATHER)]
    assert waited(message, AT_ONCE, now=now) == 2
    assert waited(message[1:], AT_ONCE, now=now) == 0


@pytest.mark.parametrize("seconds", [3599, 3600])
def test_a_message_counts_for_an_hour(seconds: int) -> None:
    now = NOW + seconds * SECOND
    planned = plan(some(1), Pace(timedelta(), 1), sent=[NOW], now=now)
    assert bool(planned.messages) is (seconds == 3600)


@dataclass
class Channel:
    """A channel on which every plan is followed."""

    pace: Pace
    pending: list[Pending] = field(default_factory=list)
    sent: list[datetime] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    again_at: datetime | None = None

    def look(self, now: datetime) -> None:
        planned = plan(self.pending, self.pace, sent=self.sent, now=now)
        gone = {each.id for message in planned.messages for each in message}
        held = {each.id for each in planned.held}
        self.told += [each.id for message in planned.messages for each in message]
        self.sent += [now] * len(planned.messages)
        self.pending = [
            Pending(each.id, each.since, was_held=each.was_held or each.id in held)
            for each in self.pending
            if each.id not in gone
        ]
        self.again_at = planned.again_at


paces = st.builds(
    Pace,
    digest=st.integers(0, 90).map(lambda minutes: timedelta(minutes=minutes)),
    cap=st.integers(1, 6),
)
steps = st.lists(st.tuples(st.integers(0, 20 * 60), st.integers(0, 6)), max_size=40)
"""Seconds until a look, and how many notices came just before it."""


def followed(pace: Pace, history: Sequence[tuple[int, int]]) -> tuple[Channel, int]:
    """Look at a channel through a history, then as often as it asks for; return it and how many came."""
    channel, now, number = Channel(pace), NOW, 0
    for seconds, new in history:
        now += seconds * SECOND
        channel.pending += [Pending(number + each + 1, now) for each in range(new)]
        number += new
        channel.look(now)
    while channel.again_at is not None:
        assert channel.again_at > now
        now = channel.again_at
        channel.look(now)
    return channel, number


@given(paces, steps)
def test_nothing_is_lost_and_nothing_told_twice(pace: Pace, history: list[tuple[int, int]]) -> None:
    channel, number = followed(pace, history)
    assert sorted(channel.told) == list(range(1, number + 1))
    assert channel.pending == []


@given(paces, steps)
def test_no_hour_has_more_messages_than_the_cap(pace: Pace, history: list[tuple[int, int]]) -> None:
    channel, _ = followed(pace, history)
    for end in channel.sent:
        assert sum(end - WINDOW < at <= end for at in channel.sent) <= pace.cap


@given(st.builds(Pace, digest=st.just(timedelta()), cap=st.just(1000)), steps)
def test_below_the_cap_nobody_waits_longer_than_it_takes_to_gather(
    pace: Pace, history: list[tuple[int, int]]
) -> None:
    channel, now, number = Channel(pace), NOW, 0
    for seconds, new in history:
        now += seconds * SECOND
        channel.pending += [Pending(number + each + 1, now) for each in range(new)]
        number += new
        while channel.again_at is not None and channel.again_at <= now:
            channel.look(channel.again_at)
        channel.look(now)
        assert all(now - each.since < GATHER for each in channel.pending)
