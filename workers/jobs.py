"""The only functions RQ may call. Each takes an id; everything else is in the ledger."""

import os
from functools import cache

from ledger import log
from ledger.settings import Settings
from workers import answering, carry, polling, process, running
from workers.runtime import Runtime


@cache
def runtime() -> Runtime:
    """Return this process's tools, made on the first job."""
    settings = Settings.from_env(os.environ)
    log.configure(settings.log_format)
    return Runtime(settings)


def process_delivery(delivery_id: int) -> None:
    """Understand a delivery and carry the refunds it tells of."""
    process.process(runtime(), delivery_id)


def poll_account(poll_id: int) -> None:
    """Ask an account for what no webhook told of."""
    polling.poll(runtime(), poll_id)


def work_run(run_id: int) -> None:
    """Do the next bit of a run over a period."""
    running.work(runtime(), run_id)


def answer_request(request_id: int) -> None:
    """Answer what a person asked for."""
    answering.answer(runtime(), request_id)


def carry_refund(refund_id: int) -> None:
    """Carry a refund as far as it goes now."""
    carry.carry(runtime(), refund_id)
