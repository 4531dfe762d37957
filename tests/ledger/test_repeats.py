"""What came again, counted by several processes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from redis import Connection, ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ledger.repeats import Repeated, Repeats
from tests.support.ledger import NOW

LATER = NOW + timedelta(minutes=5, microseconds=250)


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    with Redis.from_url(valkey_url) as connection:
        yield connection


def test_two_processes_count_together(redis: Redis, valkey_url: str) -> None:
    with Redis.from_url(valkey_url) as another:
        first, second = Repeats(redis), Repeats(another)
        assert first.read() == second.read() == []
        assert first.count("shopify", "shop", at=NOW)
        assert second.count("shopify", "shop", at=LATER)
        assert second.count("netsuite", "books", at=NOW)
        both = [
            Repeated("shopify", "shop", 2, last_at=LATER, since=NOW),
            Repeated("netsuite", "books", 1, last_at=NOW, since=NOW),
        ]
        assert first.read() == second.read() == both
    assert Repeats(redis).read() == both  # a process that begins later


def test_none_is_lost_where_many_threads_count_at_once(redis: Redis) -> None:
    repeats = Repeats(redis)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: repeats.count("ebay", "seller", at=NOW), range(200)))
    assert [row.number for row in repeats.read()] == [200]


def test_an_emptied_redis_begins_anew_and_says_since_when(redis: Redis) -> None:
    repeats = Repeats(redis)
    repeats.count("shopify", "shop", at=NOW)
    redis.flushdb()
    repeats.count("shopify", "shop", at=LATER)
    assert repeats.read() == [Repeated("shopify", "shop", 1, last_at=LATER, since=LATER)]


def test_while_redis_is_away_nothing_is_counted_and_nobody_waits_for_each(redis: Redis) -> None:
    seconds, asked = [100.0], []

    class Counting(Connection):
        """Writes down each try to connect."""

        def connect(self) -> None:
            asked.append(seconds[0])
            super().connect()  # type: ignore[no-untyped-call] # redis-py annotates it not

    with Redis(connection_pool=ConnectionPool(Counting, port=1, retry=Retry(NoBackoff(), 0))) as away:
        repeats = Repeats(away, clock=lambda: seconds[0])
        assert not repeats.count("shopify", "shop", at=NOW)
        assert not repeats.count("shopify", "shop", at=NOW)
        seconds[0] += 6
        assert not repeats.count("shopify", "shop", at=NOW)
    assert asked == [100.0, 106.0]
    assert Repeats(redis).read() == []
