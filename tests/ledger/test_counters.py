"""Counting over all processes."""

from collections.abc import Iterator

import pytest
from redis import Redis

from ledger.counters import ATTEMPTS, CALLS, POSTED, QUOTA, SETTLED, Counters
from ledger.queue import connect


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    with connect(valkey_url, timeout=5) as client:
        yield client


def test_what_several_processes_count_adds_up(redis: Redis) -> None:
    one, other = Counters(redis), Counters(redis)
    one.add(ATTEMPTS, "post", "POSTED")
    other.add(ATTEMPTS, "post", "POSTED", value=2)
    other.add(ATTEMPTS, "fail", "REFUSED")
    assert one.read() == {}
    assert one.flush()
    assert other.flush()
    assert one.read() == {ATTEMPTS.name: {("post", "POSTED"): 3, ("fail", "REFUSED"): 1}}


def test_what_was_flushed_is_not_counted_again(redis: Redis) -> None:
    counters = Counters(redis)
    counters.add(ATTEMPTS, "post", "POSTED")
    assert counters.flush()
    assert counters.flush()
    assert counters.read() == {ATTEMPTS.name: {("post", "POSTED"): 1}}


def test_of_a_gauge_the_last_value_counts(redis: Redis) -> None:
    counters = Counters(redis)
    for value in (40.0, 39.5):
        counters.set(QUOTA, "shopify", "my-shop", "points", value=value)
        counters.flush()
    assert counters.read() == {QUOTA.name: {("shopify", "my-shop", "points"): 39.5}}


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0.0, "0.1"), (0.1, "0.1"), (0.11, "0.25"), (86400, "86400"), (86401, "+Inf")]
)
def test_a_time_is_counted_in_the_first_bucket_that_holds_it(
    redis: Redis, seconds: float, bucket: str
) -> None:
    counters = Counters(redis)
    counters.observe(POSTED, "shopify", "no", seconds=seconds)
    counters.flush()
    assert counters.read() == {POSTED.name: {("shopify", "no", bucket): 1, ("shopify", "no", "sum"): seconds}}


def test_while_redis_is_away_nothing_is_raised_and_nothing_piles_up() -> None:
    with connect("redis://127.0.0.1:1/0", timeout=1) as nobody:
        counters = Counters(nobody)
        counters.observe(CALLS, "netsuite", "200", seconds=0.2)
        assert not counters.flush()
        assert counters.flush()


def test_no_more_names_are_kept_than_memory_is_meant_for(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.counters._MOST_PENDING", 2)
    counters = Counters(redis)
    for name in "abc":
        counters.add(ATTEMPTS, name, "")
        counters.set(QUOTA, "shopify", name, "points", value=1)
    counters.flush()
    assert {name: len(series) for name, series in counters.read().items()} == {
        ATTEMPTS.name: 2,
        QUOTA.name: 2,
    }


def test_what_was_settled_is_counted_at_once(redis: Redis) -> None:
    counters = Counters(redis)
    counters.settled([("posted", "POSTED"), ("ignored", "ECHO"), ("posted", "POSTED")])
    assert counters.read() == {SETTLED.name: {("posted", "POSTED"): 2, ("ignored", "ECHO"): 1}}
