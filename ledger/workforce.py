"""The queues and the workers at them, as Redis knows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import rq.serializers
from redis import Redis, RedisError
from rq import Worker
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.worker import BaseWorker

from ledger.queue import QUEUES, open_queue

_JSON: Final = rq.serializers.JSONSerializer


@dataclass(frozen=True, slots=True)
class QueueView:
    """One queue.

    Attributes:
        waiting: Wake-up calls nobody took yet.
        failed: Jobs that ended in an exception; the ledger's sweeper repeats what they were about.
        workers: How many processes work it off.
    """

    name: str
    waiting: int
    failed: int
    workers: int


@dataclass(frozen=True, slots=True)
class WorkerView:
    """One worker process.

    Attributes:
        state: `idle`, `busy`, `suspended` or `started`, in RQ's words.
        job: What it is doing, in plain words; empty for nothing.
        seen_at: When it last said that it lives, in UTC.
    """

    name: str
    host: str
    queues: tuple[str, ...]
    state: str
    job: str
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Workforce:
    """All queues and workers."""

    queues: Sequence[QueueView]
    workers: Sequence[WorkerView]


def look(redis: Redis) -> Workforce | None:
    """Return the queues and workers; None while Redis cannot be asked."""
    try:
        workers = [_worker(redis, each) for each in Worker.all(connection=redis, serializer=_JSON)]
        queues = []
        for name in QUEUES:
            queue = open_queue(name, redis)
            at_it = sum(name in worker.queues for worker in workers)
            queues.append(QueueView(name, queue.count, queue.failed_job_registry.count, at_it))
    except RedisError:
        return None
    return Workforce(queues, sorted(workers, key=lambda worker: (worker.queues, worker.name)))


def _worker(redis: Redis, worker: BaseWorker) -> WorkerView:
    seen = worker.last_heartbeat  # aware or not, as the version of RQ has it
    return WorkerView(
        worker.name,
        worker.hostname or "",
        tuple(worker.queue_names()),
        worker.get_state(),
        _job(redis, worker),
        None if seen is None else seen.replace(tzinfo=UTC),
    )


def _job(redis: Redis, worker: BaseWorker) -> str:
    job_id = worker.get_current_job_id()
    if job_id is None:
        return ""
    try:
        return Job.fetch(job_id, connection=redis, serializer=_JSON).description or job_id
    except NoSuchJobError:
        return ""
