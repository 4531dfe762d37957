import multiprocessing
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.waiting import until
from workers.platforms.errors import PlatformError
from workers.platforms.slots import Slots

HELD = "refund-sync:slots:{books}:held"
QUEUE = "refund-sync:slots:{books}:queue"
SEEN = "refund-sync:slots:{books}:seen"
TOLD = "refund-sync:slots:{books}:told:"
CALLS = 12  # of each thread or process in the crowds below


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    with Redis.from_url(valkey_url) as client:
        yield client


@pytest.fixture
def slots(redis: Redis) -> Slots:
    return Slots(redis, "books", 2)


def crowd(url: str, limit: int, lease: float, calls: int) -> None:
    """Take slots again and again; fail if ever more than the limit are in them at once."""
    with Redis.from_url(url) as client:
        mine = Slots(client, "books", limit)
        for _ in range(calls):
            with mine.slot(60, lease=lease):
                inside = client.incr("inside")
                assert inside <= limit, f"{inside} of {limit}"
                client.incr("served")
                client.decr("inside")


def hold(slots: Slots, number: int, *, lease: float) -> ExitStack:
    """Take slots and keep them, as somebody does who crashed, until told to close."""
    held = ExitStack()
    for _ in range(number):
        held.enter_context(slots.slot(0, lease=lease))
    return held


def test_a_slot_is_free_again_after_use(redis: Redis, slots: Slots) -> None:
    for _ in range(5):
        with slots.slot(0), slots.slot(0):
            assert redis.zcard(HELD) == 2
    assert redis.keys() == []


def test_who_gets_a_slot_is_told_how_many_are_free_besides(slots: Slots) -> None:
    with slots.slot(0) as one:
        with slots.slot(0) as none:
            assert (one, none) == (1, 0)
        with slots.slot(0) as none:
            assert none == 0


def test_above_the_limit_nobody_gets_a_slot(slots: Slots) -> None:
    with slots.slot(0), slots.slot(0):
        with pytest.raises(PlatformError) as caught, slots.slot(0.05):
            pytest.fail("a third slot of two")
        assert caught.value.reason == "CONCURRENCY"
        assert not caught.value.outcome_unknown
        assert "none of 2 slots of books" in caught.value.detail
    with slots.slot(0):
        pass


def test_who_gave_up_waiting_stands_in_nobodys_way(redis: Redis, slots: Slots) -> None:
    with slots.slot(0), slots.slot(0), pytest.raises(PlatformError), slots.slot(0.05):
        pytest.fail("a third slot of two")
    assert redis.zcard(QUEUE) == 0
    assert redis.zcard(SEEN) == 0


def test_a_slot_is_given_back_when_the_call_in_it_fails(redis: Redis, slots: Slots) -> None:
    with pytest.raises(KeyError), slots.slot(0):
        raise KeyError
    assert redis.zcard(HELD) == 0


def test_slots_of_another_name_are_others(redis: Redis) -> None:
    with Slots(redis, "a", 1).slot(0), Slots(redis, "b", 1).slot(0):
        assert redis.zcard("refund-sync:slots:{a}:held") == 1


def test_a_waiter_gets_the_slot_that_comes_free(slots: Slots) -> None:
    asked, served = threading.Event(), threading.Event()

    def wait() -> None:
        asked.set()
        with slots.slot(30):
            served.set()

    with ExitStack() as held:
        held.enter_context(slots.slot(0))
        held.enter_context(slots.slot(0))
        thread = threading.Thread(target=wait)
        thread.start()
        assert asked.wait(10)
        assert not served.is_set()
    assert served.wait(30)
    thread.join()


def test_a_crashed_holders_slot_frees_itself(redis: Redis, slots: Slots) -> None:
    crashed = hold(slots, 2, lease=1)
    assert redis.zcard(HELD) == 2
    with slots.slot(30), slots.slot(30):
        assert redis.zcard(HELD) == 2
    crashed.close()


def test_a_crashed_waiter_stands_in_nobodys_way_for_long(redis: Redis, slots: Slots) -> None:
    redis.zadd(QUEUE, {"crashed": 1})
    redis.zadd(SEEN, {"crashed": 1})  # was seen in 1970
    with slots.slot(0), slots.slot(0):
        assert redis.zcard(QUEUE) == 0


def test_who_asks_first_is_served_first(redis: Redis) -> None:
    slots = Slots(redis, "books", 1)
    order: list[int] = []

    def wait(number: int) -> None:
        with slots.slot(60):
            order.append(number)

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(5)]
    with slots.slot(0):
        for number, thread in enumerate(threads):
            thread.start()
            until(lambda: redis.zcard(QUEUE) == number + 1)  # noqa: B023 - called before the loop goes on
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_a_newcomer_does_not_overtake_a_waiter(redis: Redis) -> None:
    slots = Slots(redis, "books", 1)
    now, _ = redis.time()
    redis.zadd(QUEUE, {"waiting": 1})
    redis.zadd(SEEN, {"waiting": now * 1000 + 60_000})  # is still asking
    with pytest.raises(PlatformError), slots.slot(0):
        pytest.fail("overtook a waiter")


def stand_in_line(redis: Redis, *waiting: str) -> None:
    """Have others wait for a slot, who are still asking."""
    now, _ = redis.time()
    redis.zadd(QUEUE, {member: place for place, member in enumerate(waiting, 1)})
    redis.zadd(SEEN, dict.fromkeys(waiting, now * 1000 + 60_000))


@pytest.mark.parametrize(("left", "told"), [(1, ["a"]), (2, ["a", "b"])])
def test_who_is_next_is_told_of_a_slot_that_comes_free(
    redis: Redis, slots: Slots, left: int, told: list[str]
) -> None:
    held = [hold(slots, 1, lease=30) for _ in range(2)]
    stand_in_line(redis, "a", "b", "c")
    for each in held[:left]:
        each.close()
    assert [member for member in "abc" if redis.exists(TOLD + member)] == told
    assert all(0 < redis.pttl(TOLD + member) <= 3000 for member in told)
    held[-1].close()


def test_who_gives_up_tells_the_next_if_a_slot_is_free(redis: Redis, slots: Slots) -> None:
    with slots.slot(0):
        stand_in_line(redis, "a", "b")
        with pytest.raises(PlatformError), slots.slot(0):
            pytest.fail("overtook those who wait")
    assert redis.exists(TOLD + "a")
    assert redis.zrange(QUEUE, 0, -1) == [b"a", b"b"]


def test_what_was_told_is_gone_with_who_was_told(redis: Redis, slots: Slots) -> None:
    with slots.slot(0):
        (holder,) = redis.zscan_iter(HELD)
        redis.rpush(TOLD + holder[0].decode(), 1)
    assert list(redis.scan_iter(TOLD + "*")) == []


def test_who_cannot_wait_is_not_given_a_slot_that_nobody_counted(valkey_url: str, redis: Redis) -> None:
    redis.acl_setuser("deaf", enabled=True, passwords="+x", keys="*", commands=["+@all", "-blpop"])
    deaf = Redis.from_url(valkey_url, username="deaf", password="x")
    with (
        deaf,
        hold(Slots(redis, "books", 1), 1, lease=30),
        pytest.raises(PlatformError) as caught,
        Slots(deaf, "books", 1).slot(1),
    ):
        pytest.fail("a slot that nobody counted")
    redis.acl_deluser("deaf")
    assert caught.value.reason == "TRANSIENT"


def test_nothing_is_left_behind_for_ever(redis: Redis, slots: Slots) -> None:
    held = hold(slots, 2, lease=5)
    with pytest.raises(PlatformError), slots.slot(0, lease=5):
        pytest.fail("a third slot of two")
    assert all(0 < redis.pttl(key) <= 8000 for key in redis.scan_iter())
    held.close()


def test_without_redis_nobody_gets_a_slot() -> None:
    away = Redis(unix_socket_path="/nowhere/valkey.sock", retry=Retry(NoBackoff(), 0))
    with pytest.raises(PlatformError) as caught, Slots(away, "books", 2).slot(1):
        pytest.fail("a slot that nobody counted")
    assert caught.value.reason == "TRANSIENT"


def test_a_slot_can_be_left_after_redis_went_away(redis: Redis) -> None:
    slots = Slots(redis, "books", 2)
    with slots.slot(0):
        redis.connection_pool.disconnect()
        redis.connection_pool.connection_kwargs["path"] = "/nowhere/valkey.sock"


def test_threads_are_never_more_than_the_limit(valkey_url: str, redis: Redis) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(crowd, valkey_url, 3, 30, CALLS) for _ in range(8)]
    for each in done:
        each.result()
    assert redis.get("served") == str(8 * CALLS).encode()


def test_processes_are_never_more_than_the_limit(valkey_url: str, redis: Redis) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=crowd, args=(valkey_url, 1, 30, CALLS)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert redis.get("served") == str(2 * CALLS).encode()


class Crowd(RuleBasedStateMachine):
    """Anybody may come, ask, go away or leave a slot, in any order."""

    redis: Redis
    limit: int = 2

    def __init__(self) -> None:
        super().__init__()
        self.redis.flushall()
        self.slots = Slots(self.redis, "books", self.limit)
        self.held: list[ExitStack] = []

    @rule()
    def ask(self) -> None:
        with ExitStack() as stack:
            try:
                stack.enter_context(self.slots.slot(0))
            except PlatformError:
                assert len(self.held) == self.limit, "a free slot was not given"
            else:
                assert len(self.held) < self.limit, "one slot too many was given"
                self.held.append(stack.pop_all())

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        self.held.pop(data.draw(st.integers(0, len(self.held) - 1))).close()

    @invariant()
    def holders_are_counted(self) -> None:
        assert self.redis.zcard(HELD) == len(self.held)

    def teardown(self) -> None:
        for stack in self.held:
            stack.close()


def test_in_any_order_slots_are_given_while_there_are_some(redis: Redis) -> None:
    class CrowdHere(Crowd):
        pass

    CrowdHere.redis = redis
    run_state_machine_as_test(
        CrowdHere, settings=settings(max_examples=25, stateful_step_count=20, deadline=None)
    )


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 6), askers=st.integers(1, 10))
def test_of_any_number_who_ask_at_once_the_limit_gets_a_slot(redis: Redis, limit: int, askers: int) -> None:
    redis.flushall()
    slots = Slots(redis, "books", limit)
    with ExitStack() as stack:
        got = 0
        for _ in range(askers):
            try:
                stack.enter_context(slots.slot(0))
                got += 1
            except PlatformError:
                continue
        assert got == min(limit, askers)
