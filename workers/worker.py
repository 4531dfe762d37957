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
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
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


class StoppableWorker(SimpleWorker):
    """RQ's in-process worker, which can be told to stop from its first moment on.

    RQ's own listens to signals only once Redis knows it: one that comes before ends the process at once, and
    Redis goes on counting a worker that is gone.
    """

    _is_in_loop = False

    def bootstrap(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as RQ passes them
        """Listen to signals, then tell Redis of this worker."""
        self._install_signal_handlers()  # type: ignore[no-untyped-call] # RQ's
        super().bootstrap(*args, **options)

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Wait for a job.

        Raises:
            rq.exceptions.StopRequested: If the worker was told to stop.
        """
        self._is_in_loop = True
        if self._stop_requested:
            raise StopRequested
        return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)

    def _shutdown(self) -> None:
        if self._is_in_loop:
            super()._shutdown()  # type: ignore[no-untyped-call] # RQ's
        else:  # nobody would catch what RQ raises; the loop looks at this before it waits
            self._stop_requested = True


def make_worker(queue_name: str, connection: Redis) -> StoppableWorker:
    """Return a worker of one queue.

    Args:
        queue_name: One of `ledger.queue.QUEUES`.
        connection: Without a time-out of its own, since it waits for jobs.
    """
    queue = open_queue(queue_name, connection)
    queue.job_class = WakeUpJob  # for RQ's own housekeeping, which runs callbacks too
    return StoppableWorker(
        [queue],
        connection=connection,
        job_class=WakeUpJob,
        serializer=rq.serializers.JSONSerializer,
        worker_ttl=_TTL,
    )
