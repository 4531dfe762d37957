import pytest
from redis import Redis
from rq import SimpleWorker
from rq.job import Job

from ledger import workforce
from ledger.queue import QUEUES, Waker, connect, open_queue
from ledger.workforce import WorkerView
from workers.worker import make_worker


@pytest.fixture
def redis(valkey_url: str) -> Redis:
    return connect(valkey_url, timeout=5)


def test_queues_are_told_with_what_waits_and_what_failed(redis: Redis) -> None:
    Waker(redis).deliveries("ebay", [1, 2, 3])
    found = workforce.look(redis)
    assert found is not None
    assert [queue.name for queue in found.queues] == list(QUEUES)
    assert {queue.name: queue.waiting for queue in found.queues if queue.waiting} == {"ebay": 3}
    assert {queue.failed for queue in found.queues} == {0}
    assert found.workers == []


def at_work(redis: Redis) -> tuple[SimpleWorker, Job]:
    """Return a worker that began a job, as RQ leaves it in Redis."""
    Waker(redis).refunds("shopify", [17])
    worker = make_worker("shopify", redis)
    worker.register_birth()  # type: ignore[no-untyped-call] # RQ annotates it not
    (job,) = open_queue("shopify", redis).jobs
    worker.set_state("busy")
    worker.prepare_execution(job)
    return worker, job


def seen(redis: Redis) -> WorkerView:
    """Return the only worker."""
    found = workforce.look(redis)
    assert found is not None
    (worker,) = found.workers
    return worker


def test_a_busy_worker_is_told_with_what_it_does(redis: Redis) -> None:
    worker, job = at_work(redis)
    found = seen(redis)
    assert (found.name, found.queues, found.state) == (worker.name, ("shopify",), "busy")
    assert found.job == job.description
    assert "17" in found.job
    assert found.seen_at is not None
    assert found.seen_at.tzinfo is not None
    queues = workforce.look(redis)
    assert queues is not None
    assert {queue.name: queue.workers for queue in queues.queues if queue.workers} == {"shopify": 1}


def test_an_idle_worker_does_nothing_and_may_not_have_been_seen(redis: Redis) -> None:
    worker = make_worker("amazon", redis)
    worker.register_birth()  # type: ignore[no-untyped-call] # RQ annotates it not
    redis.hdel(worker.key, "last_heartbeat")
    assert (seen(redis).job, seen(redis).seen_at) == ("", None)


def test_a_worker_whose_job_is_gone_does_nothing(redis: Redis) -> None:
    _, job = at_work(redis)
    redis.delete(Job.key_for(job.id))
    assert seen(redis).job == ""


def test_a_job_without_a_description_is_told_by_its_id(redis: Redis) -> None:
    _, job = at_work(redis)
    redis.hset(Job.key_for(job.id), "description", "")
    assert seen(redis).job == job.id


def test_without_redis_there_is_nothing_to_tell() -> None:
    assert workforce.look(connect("redis://127.0.0.1:1")) is None
