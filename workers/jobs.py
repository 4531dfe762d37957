"""The only functions RQ may call. Each takes an id; everything else is in the ledger."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from ledger import log, reading
from ledger.settings import Settings
from workers import answering, carry, polling, process, running
from workers.runtime import Runtime

_readers: list[reading.Reader] = [reading.nobody]


def read_by(reader: reading.Reader) -> None:
    """Say who reads what was written down unread, before the first job."""
    _readers[:] = [reader]


@cache
def runtime() -> Runtime:
    """Return this process's tools, made on the first job."""
    settings = Settings.from_env(os.environ)
    log.configure(settings.log_format)
    return Runtime(settings, read=_readers[0])


@contextmanager
def _counting() -> Iterator[Runtime]:
    """Yield the tools; what they counted is told when the job is over, however it ended."""
    tools = runtime()
    try:
        yield tools
    finally:
        tools.counters.flush()


def process_delivery(delivery_id: int) -> None:
    """Understand a delivery and carry the refunds it tells of."""
    with _counting() as tools:
        process.process(tools, delivery_id)


def poll_account(poll_id: int) -> None:
    """Ask an account for what no webhook told of."""
    with _counting() as tools:
        polling.poll(tools, poll_id)


def work_run(run_id: int) -> None:
    """Do the next bit of a run over a period."""
    with _counting() as tools:
        running.work(tools, run_id)


def answer_request(request_id: int) -> None:
    """Answer what a person asked for."""
    with _counting() as tools:
        answering.answer(tools, request_id)


def carry_refund(refund_id: int) -> None:
    """Carry a refund as far as it goes now."""
    with _counting() as tools:
        carry.carry(tools, refund_id)
