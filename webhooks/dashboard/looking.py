"""Looking at the queue's Redis: so much at a time, and no more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Final

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.defaults import RQ_KEY_PREFIX
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.executions import WORKER_EXECUTIONS_KEY_TEMPLATE
from rq.job import Job, JobStatus, parse_job_id
from rq.registry import (
    BaseRegistry,
    CanceledJobRegistry,
    DeferredJobRegistry,
    FailedJobRegistry,
    FinishedJobRegistry,
    ScheduledJobRegistry,
    StartedJobRegistry,
)
from rq.serializers import JSONSerializer

from ledger.queue import QUEUES, open_queue
from webhooks.dashboard import stored
from webhooks.dashboard.stored import StoredJob, StoredWorker

MOST_QUEUES: Final = 50
MOST_WORKERS: Final = 200
MOST_JOBS: Final = 200
"""The most jobs on one page; what rq-dashboard's own field lets a person ask for."""

REGISTRIES: Final[Mapping[str, type[BaseRegistry]]] = {
    "failed": FailedJobRegistry,
    "started": StartedJobRegistry,
    "scheduled": ScheduledJobRegistry,
    "deferred": DeferredJobRegistry,
    "finished": FinishedJobRegistry,
    "canceled": CanceledJobRegistry,
}
"""What a queue keeps besides the jobs that wait in it."""

QUEUED: Final = "queued"


class JobGoneError(Exception):
    """Raised when Redis has no such job, as it has not of one that is done.

    Attributes:
        reason: Always `job_gone`.
    """

    reason = "job_gone"
    status = HTTPStatus.NOT_FOUND


class NotRequeueableError(Exception):
    """Raised when a job did not fail, or cannot be read.

    Attributes:
        reason: Always `not_requeueable`.
    """

    reason = "not_requeueable"
    status = HTTPStatus.CONFLICT


@dataclass(frozen=True)
class Slice:
    """Which jobs of a queue to look at.

    Attributes:
        registry: `queued`, or one of `REGISTRIES`.
        size: Jobs on a page, up to `MOST_JOBS`.
        page: From one.
        newest_first: Begin with those that came last.
    """

    queue: str
    registry: str
    size: int
    page: int
    newest_first: bool

    @property
    def start(self) -> int:
        """Return the rank of the page's first job, from zero."""
        return (self.page - 1) * self.size


class Looker:
    """Reads queues, jobs and workers; changes nothing but a failed job that shall run again."""

    def __init__(self, redis: Redis) -> None:
        """Look over a connection whose calls have a timeout."""
        self._redis = redis

    def ping(self) -> None:
        """Raise `redis.RedisError` if Redis does not answer."""
        self._redis.ping()

    def queues(self) -> list[Queue]:
        """Return our queues, and others that Redis knows, up to `MOST_QUEUES`."""
        keys = islice(self._redis.sscan_iter(Queue.redis_queues_keys, count=MOST_QUEUES), MOST_QUEUES)
        known = {stored.text(key).removeprefix(Queue.redis_queue_namespace_prefix) for key in keys}
        names = [*QUEUES, *sorted(known - {"", *QUEUES})]
        return [open_queue(name, self._redis) for name in names[:MOST_QUEUES]]

    def jobs(self, of: Slice) -> tuple[int, list[StoredJob]]:
        """Return how many jobs there are altogether, and those on the page."""
        if of.registry == QUEUED:
            total, ids = self._queued(of)
        else:
            key = REGISTRIES[of.registry](of.queue, connection=self._redis).key
            end = of.start + of.size - 1
            total = self._redis.zcard(key)
            ranked = self._redis.zrange(key, of.start, end, desc=of.newest_first)
            ids = [item for item in ranked if isinstance(item, bytes)]
        found = self._read([parse_job_id(stored.text(job_id)) for job_id in ids])
        return int(total), [job for job in found if job is not None]

    def _queued(self, of: Slice) -> tuple[int, list[bytes]]:
        key = open_queue(of.queue, self._redis).key
        total = int(self._redis.llen(key))
        if of.newest_first:
            end = total - of.start
            return total, self._range(key, max(0, end - of.size), end - 1)[::-1] if end > 0 else []
        return total, self._range(key, of.start, of.start + of.size - 1)

    def _range(self, key: str, start: int, end: int) -> list[bytes]:
        return [item for item in self._redis.lrange(key, start, end) if isinstance(item, bytes)]

    def job(self, job_id: str) -> StoredJob:
        """Return one job.

        Raises:
            JobGoneError: If there is none.
        """
        (job,) = self._read([job_id])
        if job is None:
            raise JobGoneError("This job is gone: jobs that are done are not kept.")
        return job

    def workers(self) -> list[tuple[StoredWorker, StoredJob | None]]:
        """Return the workers, up to `MOST_WORKERS`, each with the job it is on."""
        keys = list(
            islice(self._redis.sscan_iter(Worker.redis_workers_keys, count=MOST_WORKERS), MOST_WORKERS)
        )
        names = [stored.text(key).removeprefix(Worker.redis_worker_namespace_prefix) for key in keys]
        with self._redis.pipeline(transaction=False) as asking:
            for key, name in zip(keys, names, strict=True):
                asking.hmget(key, *stored.WORKER_FIELDS)
                asking.srandmember(WORKER_EXECUTIONS_KEY_TEMPLATE.format(name))
            answers = asking.execute(raise_on_error=False)
        workers = [
            stored.read_worker(name, _fields(stored.WORKER_FIELDS, values), _bytes(execution))
            for name, values, execution in zip(names, answers[::2], answers[1::2], strict=True)
            if any(
                _fields(stored.WORKER_FIELDS, values).values()
            )  # a dead one's hash is gone before its name is
        ]
        workers.sort(key=lambda worker: (worker.state, worker.queues, worker.name))
        busy = {worker.job_id for worker in workers if worker.job_id}
        jobs = {job.id: job for job in self._read(sorted(busy)) if job}
        return [(worker, jobs.get(worker.job_id)) for worker in workers]

    def requeue(self, job_id: str) -> None:
        """Let one failed job run again.

        Raises:
            JobGoneError: If there is none.
            NotRequeueableError: If it did not fail, or not as a job that could run.
        """
        seen = self.job(job_id)
        if not seen.readable:
            raise NotRequeueableError("This job cannot be read, so that no worker could run it.")
        if seen.status != JobStatus.FAILED:
            raise NotRequeueableError("Only a job that failed can be put back into its queue.")
        try:
            Job.fetch(job_id, self._redis, JSONSerializer).requeue()
        except NoSuchJobError:
            raise JobGoneError("This job is gone.") from None
        except InvalidJobOperation:
            raise NotRequeueableError("This job has been put back into its queue already.") from None
        except (ValueError, TypeError, KeyError, AttributeError):  # what RQ makes of fields it did not write
            raise NotRequeueableError("This job is damaged, so that no worker could run it.") from None

    def _read(self, ids: Sequence[str]) -> list[StoredJob | None]:
        """Return jobs by their ids, None for those that are gone; what is no job at all is unreadable."""
        with self._redis.pipeline(transaction=False) as asking:
            for job_id in ids:
                asking.hmget(f"{Job.redis_job_namespace_prefix}{job_id}", *stored.JOB_FIELDS)
                asking.xrevrange(f"{RQ_KEY_PREFIX}:results:{job_id}", count=1)
            answers = asking.execute(raise_on_error=False)
        return [
            None
            if isinstance(values, list) and not any(values)
            else stored.read_job(job_id, _fields(stored.JOB_FIELDS, values), _outcome(entries))
            for job_id, values, entries in zip(ids, answers[::2], answers[1::2], strict=True)
        ]


def _fields(names: Sequence[str], answer: list[bytes | None] | RedisError) -> Mapping[str, bytes | None]:
    """Return a hash's fields by name; none if the key is no hash."""
    return {} if isinstance(answer, RedisError) else dict(zip(names, answer, strict=True))


def _outcome(answer: list[tuple[bytes, Mapping[bytes, bytes]]] | RedisError) -> Mapping[bytes, bytes]:
    return {} if isinstance(answer, RedisError) or not answer else answer[0][1]


def _bytes(answer: bytes | RedisError | None) -> bytes | None:
    return None if isinstance(answer, RedisError) else answer
