import multiprocessing
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.waiting import until
from workers.platforms.amazon_rates import PLANS, Budget
from workers.platforms.buckets import Buckets, Draw, Level
from workers.platforms.errors import PlatformError

OPERATION: Final = "listTransactions"
PLAN: Final = PLANS[OPERATION]
NOWHERE: Final = "redis://127.0.0.1:1/0"
CALLS: Final = 12  # of each process; together they are more than the burst


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    with Redis.from_url(valkey_url) as client:
        yield client


@pytest.fixture
def away() -> Iterator[Redis]:
    """A Redis that nobody reaches."""
    with Redis.from_url(NOWHERE, retry=Retry(NoBackoff(), 0)) as client:
        yield client


def spend(budget: Budget, times: int) -> int:
    """Spend as many calls as there are, at most some times; return how many there were."""
    made = 0
    with suppress(PlatformError):
        for _ in range(times):
            budget.spend(OPERATION)
            made += 1
    return made


def draw(buckets: Buckets, what: Draw) -> Level | None:
    """Do something with a bucket of two calls, which come back within milliseconds."""
    return buckets.draw("b", what, rate=1000, burst=2, believed=2, longest=0)


def process(url: str, made: "multiprocessing.Queue[int]") -> None:
    """Spend as much as there is, over a connection of its own."""
    with Redis.from_url(url) as client:
        made.put(spend(Budget(shared=Buckets(client), name="app"), CALLS))


def test_two_processes_stay_within_one_plan(valkey_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    made: multiprocessing.Queue[int] = context.Queue()
    began = time.monotonic()
    both = [context.Process(target=process, args=(valkey_url, made)) for _ in range(2)]
    for each in both:
        each.start()
    counts = [made.get(timeout=60) for _ in both]
    for each in both:
        each.join()
    most = PLAN.burst + (time.monotonic() - began) * PLAN.rate + 1  # and one that was waited for
    assert PLAN.burst <= sum(counts) <= most
    assert sum(counts) < len(both) * PLAN.burst


def test_what_one_process_took_the_other_lacks(redis: Redis) -> None:
    one, other = (Budget(shared=Buckets(redis), name="app") for _ in range(2))
    assert spend(one, 10) == 10
    with pytest.raises(PlatformError) as caught:
        other.spend(OPERATION)
    assert 1 < (caught.value.retry_after or 0) <= 1 / PLAN.rate
    with pytest.raises(PlatformError):
        other.need(OPERATION)
    assert other.left(OPERATION) < 1
    other.spend("getOrder")  # which has a plan of its own


def test_another_app_or_seller_has_a_plan_of_its_own(redis: Redis) -> None:
    one, other = (Budget(shared=Buckets(redis), name=name) for name in ("app", "another"))
    assert spend(one, 10) == spend(other, 10) == 10


def test_a_refusal_is_news_for_every_process(redis: Redis) -> None:
    one, other = (Budget(shared=Buckets(redis), name="app") for _ in range(2))
    assert one.throttled(OPERATION) == 1 / PLAN.rate
    with pytest.raises(PlatformError):
        other.spend(OPERATION)


def test_calls_come_back_by_the_rate_and_no_more_than_the_bucket_holds(redis: Redis) -> None:
    buckets = Buckets(redis)
    assert draw(buckets, Draw.EMPTY) == Level(wait=0.001, left=0)
    until(lambda: draw(buckets, Draw.LOOK) == Level(wait=0, left=2))
    assert draw(buckets, Draw.LOOK) == Level(wait=0, left=2)


def test_a_bucket_that_is_full_again_is_forgotten_in_time(redis: Redis) -> None:
    spend(Budget(shared=Buckets(redis), name="app"), 10)
    (key,) = redis.keys("refund-sync:bucket:*")
    assert 60 < redis.ttl(key) <= 60 + PLAN.burst / PLAN.rate


def test_while_redis_is_away_a_process_has_a_bucket_of_its_own(away: Redis) -> None:
    one, other = (Budget(shared=Buckets(away), name="app") for _ in range(2))
    assert spend(one, CALLS) == spend(other, CALLS) == 10
    assert one.throttled("getFeed") == pytest.approx(1 / PLANS["getFeed"].rate, rel=0.01)


def test_what_was_known_counts_when_redis_has_forgotten_or_is_away(redis: Redis, away: Redis) -> None:
    budget = Budget(shared=Buckets(redis), name="app")
    assert spend(budget, 10) == 10
    redis.flushall()
    assert spend(budget, 1) == 0
    redis.connection_pool = away.connection_pool
    assert spend(budget, 1) == 0


def test_a_redis_that_is_away_is_left_alone_for_a_while(valkey_url: str, away: Redis) -> None:
    now = 100.0
    buckets = Buckets(away, clock=lambda: now)
    assert draw(buckets, Draw.LOOK) is None
    with Redis.from_url(valkey_url) as back:
        away.connection_pool = back.connection_pool
        assert draw(buckets, Draw.LOOK) is None
        now += 5
        assert draw(buckets, Draw.LOOK) is not None
