"""The wake-up call: RQ jobs that carry an id and nothing else.

A job may be lost, late or doubled; the ledger knows what is due. Jobs are JSON: RQ's default, pickle, would
let whoever can write to Redis run code in our processes (https://python-rq.org/docs/), so it is switched off.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import rq.serializers
from redis import ConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.job import Job
from rq.utils import utcformat

from ledger.clock import utcnow
from ledger.platforms import Platform
from ledger.respite import Respite

rq.serializers.PickleSerializer = rq.serializers.JSONSerializer  # type: ignore[assignment] # off for good
rq.serializers.DefaultSerializer = rq.serializers.JSONSerializer  # type: ignore[misc, assignment] # off for good

QUEUES: Final = (*(platform.value for platform in Platform), "netsuite")
"""A queue for each platform, so that the slowness of one holds up nobody else's refunds.

A refund is carried in its storefront's, whichever way it goes: a storefront that hangs must not hold up what
NetSuite tells of all the others.
"""

# KEYS: RQ's set of queues, the queue. ARGV: RPUSH or LPUSH, how many of the next are the fields that the jobs
# have in common, those fields, and for each job its id, its key, its data and its description.
_ENQUEUE: Final = """
redis.call('SADD', KEYS[1], KEYS[2])
local last = 2 + tonumber(ARGV[2])
for at = last + 1, #ARGV, 4 do
  redis.call('HSET', ARGV[at + 1], 'data', ARGV[at + 2], 'description', ARGV[at + 3], unpack(ARGV, 3, last))
  redis.call(ARGV[1], KEYS[2], ARGV[at])
end
"""

_CONNECT_TIMEOUT: Final = 0.5  # seconds; a delivery is answered within the platform's five
_SILENCE: Final = 2.0  # seconds without trying again after Redis was found down
_JOB_TIMEOUT: Final = 300  # seconds; far above what the platform clients' own timeouts add up to


def connect(url: str, *, timeout: float | None = None) -> Redis:
    """Return a client of the queue's Redis; `timeout` in seconds for each call, None for blocking ones."""
    pool = ConnectionPool.from_url(
        url,
        socket_timeout=timeout,
        retry=Retry(NoBackoff(), 1),
        **({} if url.startswith("unix:") else {"socket_connect_timeout": _CONNECT_TIMEOUT}),
    )
    return Redis(connection_pool=pool)


def open_queue(name: str, connection: Redis) -> Queue:
    """Return a queue that speaks JSON."""
    return Queue(
        name,
        connection=connection,
        serializer=rq.serializers.JSONSerializer,
        default_timeout=_JOB_TIMEOUT,
    )


class Waker:
    """Wakes workers; does nothing, quickly, while Redis is down: the scheduler repeats every call."""

    def __init__(self, connection: Redis, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Wake over a connection whose calls have a timeout."""
        self._queues = {name: open_queue(name, connection) for name in QUEUES}
        self._jobs: dict[tuple[str, str], _Jobs] = {}
        self._respite = Respite(_SILENCE, clock=clock)

    def deliveries(self, source: str, ids: Iterable[int]) -> bool:
        """Wake a worker for deliveries of one source; return whether Redis took the call."""
        return self._wake(source, "workers.jobs.process_delivery", "Understand delivery {} from {}", ids)

    def refunds(self, platform: str, ids: Iterable[int]) -> bool:
        """Wake a worker for refunds of one platform's accounts; return whether Redis took the call."""
        return self._wake(platform, "workers.jobs.carry_refund", "Carry refund {} of {}", ids)

    def due_refunds(self, due: Iterable[tuple[int, str]]) -> bool:
        """Wake workers for refunds given as (id, platform); return whether Redis took every call."""
        by_platform: dict[str, list[int]] = {}
        for number, platform in due:
            by_platform.setdefault(platform, []).append(number)
        return all(self.refunds(platform, numbers) for platform, numbers in by_platform.items())

    def polls(self, source: str, ids: Iterable[int]) -> bool:
        """Wake a worker for polls of one source; return whether Redis took the call."""
        return self._wake(source, "workers.jobs.poll_account", "Poll account {} from {}", ids)

    def runs(self, source: str, ids: Iterable[int]) -> bool:
        """Wake a worker for runs over one source's refunds; return whether Redis took the call."""
        return self._wake(source, "workers.jobs.work_run", "Work on run {} from {}", ids)

    def requests(self, source: str, ids: Iterable[int]) -> bool:
        """Wake a worker for requests, before anything else: a person waits; return whether Redis took it."""
        return self._wake(
            source, "workers.jobs.answer_request", "Answer request {} from {}", ids, at_front=True
        )

    def _wake(
        self, source: str, function: str, what: str, ids: Iterable[int], *, at_front: bool = False
    ) -> bool:
        numbers = list(ids)
        if self._respite.lasts:
            return False
        if not numbers:
            return True
        jobs = self._jobs.get((source, function))
        if jobs is None:
            jobs = self._jobs[source, function] = _Jobs(self._queues[source], function, what)
        try:
            jobs.enqueue(numbers, at_front=at_front)
        except RedisError:
            self._respite.begin()
            return False
        return True


class _Jobs:
    """Jobs of one function in one queue, written to Redis as RQ reads them.

    `Queue.enqueue_many` does the same and costs several times as much: it makes an object of each job, writes
    each one's status apart, and fields that are empty. What all of them have in common is what RQ itself
    writes of one; a script has them written by one call, which is one answer to read, too.
    """

    def __init__(self, queue: Queue, function: str, what: str) -> None:
        self._queue = queue
        self._function = function
        self._what = what
        one = queue.create_job(function, args=(0,), result_ttl=0)
        own = {"data", "description", "created_at", "enqueued_at"}
        self._common = {
            name: value for name, value in one.to_dict().items() if value != "" and name not in own
        }
        self._write = queue.connection.register_script(_ENQUEUE)

    def enqueue(self, numbers: Sequence[int], *, at_front: bool) -> None:
        """Write a job for each number, all at once.

        Raises:
            redis.RedisError: If Redis did not take them.
        """
        now = utcformat(utcnow())
        common = {**self._common, "created_at": now, "enqueued_at": now}
        shared = [part for field in common.items() for part in field]
        own = [part for number in numbers for part in self._own(number)]
        push = "LPUSH" if at_front else "RPUSH"
        self._write([Queue.redis_queues_keys, self._queue.key], [push, len(shared), *shared, *own])

    def _own(self, number: int) -> tuple[Any, ...]:
        """Return a job's id, and what is its own: its key, its data and its description."""
        name = secrets.token_hex(16)
        # Not compressed, which RQ reads as well: that costs more than all else, and makes it longer.
        data = self._queue.serializer.dumps((self._function, None, (number,), {}))
        return name, Job.key_for(name), data, self._what.format(number, self._queue.name)
