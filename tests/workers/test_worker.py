"""The worker process's loop on a real queue, and what somebody who can write to Redis may put into it."""

import json
import logging
import os
import pickle
import signal
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from rq import Worker
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from ledger import requests
from ledger.clock import utcnow
from ledger.counters import CALLS, QUOTA, Counters
from ledger.models import Account, RequestState, RunKind, RunState
from ledger.models.deliveries import DeliveryState
from ledger.queue import open_queue
from ledger.states import State
from tests.support.ledger import TRACE, make_seen
from tests.support.readers import Runs, begin_polls, polled
from tests.support.sandboxed import Books, Shop
from tests.support.world import World
from tests.workers.conftest import Work, worked
from workers.scheduler import Scheduler
from workers.worker import make_worker

pytestmark = pytest.mark.usefixtures("_settled")


class Bomb:
    """Makes a directory when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    """A connection to an empty Valkey."""
    with Redis.from_url(valkey_url) as client:
        yield client


def put(redis: Redis, function: str, *args: object) -> Job:
    """Put a job into the queue, as anybody can who can write to Redis."""
    return open_queue("shopify", redis).enqueue(function, args=args)


def failed(redis: Redis, job: Job) -> str:
    """Return why a job failed."""
    ended = Job.fetch(job.id, redis, JSONSerializer)
    assert ended.get_status() is JobStatus.FAILED
    result = ended.latest_result()
    assert result is not None
    return str(result.exc_string)


def test_a_worker_carries_what_it_is_woken_for_to_the_end(
    world: World, netsuite: Books, shop: Shop, work: Work
) -> None:
    netsuite.order()
    delivery_id = world.deliver(shop, make_seen())
    assert world.runtime.waker.deliveries("shopify", [delivery_id])
    work()
    assert world.delivery(delivery_id).state is DeliveryState.PROCESSED
    assert world.only_refund().state is State.POSTED
    assert netsuite.writes() == {"creditMemo": 1}


def test_a_worker_carries_what_the_scheduler_wakes_it_for(
    world: World, netsuite: Books, shop: Shop, work: Work
) -> None:
    world.tell(shop, make_seen())
    netsuite.order()
    world.change(world.only_refund().id, due_at=utcnow() - timedelta(seconds=1), not_before=None)
    assert Scheduler(world.runtime).sweep() == 1
    work()
    assert world.only_refund().state is State.POSTED


def test_a_worker_answers_what_a_person_asked_for(world: World, shop: Shop, work: Work) -> None:
    with world.database.write() as session:
        account = session.get_one(Account, shop.id)
        number = requests.check(session, account, now=utcnow(), actor="api:ci", trace_id=TRACE).id
    assert world.runtime.waker.requests("shopify", [number])
    work()
    with world.database.read() as session:
        assert requests.get(session, number).state is RequestState.DONE


def test_a_call_that_comes_twice_or_too_late_does_nothing(
    world: World, netsuite: Books, shop: Shop, work: Work
) -> None:
    netsuite.order()
    delivery_id = world.deliver(shop, make_seen())
    world.runtime.waker.deliveries("shopify", [delivery_id, delivery_id, 4711])
    world.runtime.waker.refunds("shopify", [1, 1, 4711])
    work()
    assert netsuite.writes() == {"creditMemo": 1}
    assert open_queue("shopify", world.runtime.redis).failed_job_registry.count == 0


def test_a_job_is_json_and_an_id_and_is_gone_when_it_is_done(world: World, shop: Shop, work: Work) -> None:
    redis = world.runtime.redis
    world.runtime.waker.deliveries("shopify", [world.deliver(shop, make_seen())])
    (job_id,) = open_queue("shopify", redis).job_ids
    data = redis.hget(f"rq:job:{job_id}", "data")
    assert isinstance(data, bytes)
    assert json.loads(data) == ["workers.jobs.process_delivery", None, [1], {}]
    work()
    assert not Job.exists(job_id, redis)


def test_a_pickled_job_is_not_loaded_and_holds_up_no_other(redis: Redis, tmp_path: Path) -> None:
    job = put(redis, "workers.jobs.carry_refund", 1)
    bombs = {name: tmp_path / name for name in ("data", "meta", "result")}
    for name, path in bombs.items():
        redis.hset(job.key, name, pickle.dumps(Bomb(path)))
    last = put(redis, "os.getcwd")
    worked(redis)
    assert "DeserializationError" in failed(redis, job)
    assert "ForbiddenJobError" in failed(redis, last)  # so that the worker had come to it
    assert [path for path in bombs.values() if path.exists()] == []


@pytest.mark.parametrize("function", ["os.mkdir", "workers.jobs.os.mkdir", "workers.jobs.runtime"])
def test_a_job_cannot_call_what_is_no_job_of_ours(redis: Redis, tmp_path: Path, function: str) -> None:
    job = put(redis, function, str(tmp_path / "made"))
    worked(redis)
    assert "ForbiddenJobError" in failed(redis, job)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("name", ["upper", "workers.jobs.carry_refund"])
def test_a_job_cannot_bring_an_object_along(redis: Redis, name: str) -> None:
    job = put(redis, "workers.jobs.carry_refund", 1)
    data = [name, "an object", [], {}]
    redis.hset(job.key, "data", zlib.compress(json.dumps(data).encode()))
    worked(redis)
    assert "ForbiddenJobError" in failed(redis, job)


@pytest.fixture
def called(redis: Redis) -> Job:
    """A job that asks for callbacks and a webhook."""
    job = put(redis, "workers.jobs.carry_refund", 1)
    callback = "workers.jobs.no_such_callback"  # importing it would fail, and be seen
    for when in ("success", "failure", "stopped"):
        redis.hset(job.key, f"{when}_callback_name", callback)
    webhook = {"url": "http://127.0.0.1:1/", "job_status": "failed", "method": "POST", "timeout": 1}
    redis.hset(job.key, "webhooks", json.dumps([webhook]))
    return job


def test_a_jobs_callbacks_and_webhooks_are_not_there_for_a_worker(redis: Redis, called: Job) -> None:
    worker = make_worker("shopify", redis)
    for kind in (worker.job_class, worker.queues[0].job_class):
        found = kind.fetch(called.id, redis, JSONSerializer)
        assert (found.success_callback, found.failure_callback, found.stopped_callback) == (None, None, None)
        assert found.webhooks == []


def test_a_worker_polls_and_works_on_runs_bit_by_bit_when_it_is_woken_for_them(
    world: World, netsuite: Books, work: Work
) -> None:
    now = utcnow()
    shop = world.add_shop(netsuite, now=now - timedelta(minutes=5))
    begin_polls(world, since=now - timedelta(minutes=5))
    people = Runs(world)
    run = people.begin(shop, RunKind.BACKFILL, since=now - timedelta(days=3))
    poll_id = polled(world, shop).id
    assert world.runtime.waker.polls("shopify", [poll_id])
    assert world.runtime.waker.runs("shopify", [run.id])
    work()
    assert polled(world, shop).ended_at is not None
    done = people.get(run)
    assert (done.state, done.done_until) == (RunState.DONE, done.reaches_to)
    assert shop.operations() == ["graphql:query"] * 5  # the poll, and four bits of at most a day
    counted = Counters(world.runtime.redis).read()
    calls = {labels: value for labels, value in counted[CALLS.name].items() if "sum" not in labels}
    assert (sum(calls.values()), {labels[:2] for labels in calls}) == (5, {("shopify", "200")})
    assert ("shopify", "shop", "points") in counted[QUOTA.name]


class _StopAtStart(logging.Handler):
    """Asks this process to stop as soon as RQ says that it has told Redis of the worker."""

    def emit(self, record: logging.LogRecord) -> None:
        """Raise the signal."""
        if "started with PID" in record.msg:
            signal.raise_signal(signal.SIGTERM)


@pytest.fixture
def _stopped_at_start() -> Iterator[None]:
    def fall(number: int, _frame: object) -> None:
        raise AssertionError(f"signal {number} found nobody who listens")

    before = signal.signal(signal.SIGTERM, fall)
    handler, log = _StopAtStart(), logging.getLogger("rq.worker")
    log.addHandler(handler)
    yield
    log.removeHandler(handler)
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("_stopped_at_start")
def test_a_worker_that_is_told_to_stop_while_it_starts_leaves_nothing_behind(redis: Redis) -> None:
    job = put(redis, "workers.jobs.carry_refund", 1)
    assert make_worker("shopify", redis).work(logging_level="INFO") is False
    assert Worker.count(connection=redis) == 0
    assert job.get_status(refresh=True) is JobStatus.QUEUED
