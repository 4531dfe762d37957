"""RQ's own worker on jobs that do nothing: what the queue alone costs."""

import json
import sys
import time

from redis import Redis
from rq import Queue, SimpleWorker


def nothing(number: int) -> None:
    """Do nothing."""
    del number


def main(redis_url: str, jobs: int) -> None:
    """Enqueue jobs, work them off, and write how many a second that was."""
    with Redis.from_url(redis_url) as redis:
        queue = Queue("noop", connection=redis)
        queue.enqueue_many([Queue.prepare_data(nothing, (number,), result_ttl=0) for number in range(jobs)])
        worker = SimpleWorker([queue], connection=redis)
        started = time.perf_counter()
        worker.work(burst=True, logging_level="ERROR")
        json.dump({"per_second": jobs / (time.perf_counter() - started)}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
