"""The worker process: RQ's in-process worker on one queue, with JSON jobs only.

In-process, because a fork a job costs more than a refund's own work; a job that brings its process down is
taken over by lease, so nothing is lost by it. One queue, because only then RQ takes jobs without a moment in
which a crash loses them (https://redis.io/docs/latest/commands/blmove/).
"""

from typing import Final

import rq.serializers
from redis import Redis
from rq import SimpleWorker

from ledger.queue import open_queue

_TTL: Final = 60  # seconds; an idle worker's maintenance comes round this often


def make_worker(queue_name: str, connection: Redis) -> SimpleWorker:
    """Return a worker of one queue.

    Args:
        queue_name: One of `ledger.queue.QUEUES`.
        connection: Without a time-out of its own, since it waits for jobs.
    """
    return SimpleWorker(
        [open_queue(queue_name, connection)],
        connection=connection,
        serializer=rq.serializers.JSONSerializer,
        worker_ttl=_TTL,
    )
