"""The worker process: RQ's in-process worker on one queue, with JSON jobs of our own functions only.

In-process, because a fork a job costs more than a refund's own work; a job that brings its process down is
taken over by lease, so nothing is lost by it. One queue, because only then RQ takes jobs without a moment in
which a crash loses them (https://redis.io/docs/latest/commands/blmove/).

RQ calls whatever function a job names, JSON or not, and its callbacks, so that whoever can write to Redis
could run anything here. `WakeUpJob` lets a job name the functions of `workers.jobs` and nothing else.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import rq.serializers
from redis import Redis
from rq import SimpleWorker
from rq.job import Job

from ledger.queue import open_queue
from workers import jobs

_TTL: Final = 60  # seconds; an idle worker's maintenance comes round this often
_FUNCTIONS: Final[Mapping[str, Callable[[int], None]]] = {
    f"{function.__module__}.{function.__name__}": function
    for function in (
        jobs.process_delivery,
        jobs.carry_refund,
        jobs.poll_account,
        jobs.work_run,
        jobs.answer_request,
    )
}
# What else of a job makes RQ call something: a function, or an address.
_CALLED: Final = frozenset(
    {"success_callback_name", "failure_callback_name", "stopped_callback_name", "webhooks"}
)


class ForbiddenJobError(Exception):
    """Raised when a job in Redis asks for something that is no job of ours.

    Attributes:
        reason: Always `forbidden_job`.
    """

    reason = "forbidden_job"


class WakeUpJob(Job):
    """A job that can name one of our functions, and has neither callbacks nor webhooks."""

    @property
    def func(self) -> Callable[[int], None]:
        """Return the function to call.

        Raises:
            ForbiddenJobError: If it is none of ours, or a method of what the job brought along.
        """
        name = self.func_name or ""
        if self.instance is not None or name not in _FUNCTIONS:
            raise ForbiddenJobError(f"{name[:100]!r} is none of the functions that a job may call")
        return _FUNCTIONS[name]

    def restore(self, raw_data: Mapping[bytes | str, Any]) -> None:
        """Take over what Redis has of the job, without what nobody of ours puts there."""
        named = ((name.decode() if isinstance(name, bytes) else name, raw_data[name]) for name in raw_data)
        super().restore({name: value for name, value in named if name not in _CALLED})


def make_worker(queue_name: str, connection: Redis) -> SimpleWorker:
    """Return a worker of one queue.

    Args:
        queue_name: One of `ledger.queue.QUEUES`.
        connection: Without a time-out of its own, since it waits for jobs.
    """
    queue = open_queue(queue_name, connection)
    queue.job_class = WakeUpJob  # for RQ's own housekeeping, which runs callbacks too
    return SimpleWorker(
        [queue],
        connection=connection,
        job_class=WakeUpJob,
        serializer=rq.serializers.JSONSerializer,
        worker_ttl=_TTL,
    )
