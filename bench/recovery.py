"""How long a refund takes whose worker is killed in the middle of it, until another has posted it.

The call to NetSuite is held while the worker is killed. What follows is the ledger's: the lease has to end,
the scheduler wakes another worker, and that one looks before it writes.
"""

import tempfile
import time
from pathlib import Path
from typing import Final

import click

from bench import figures
from bench.service import Service, service, until
from ledger import refunds

_HELD: Final = 300.0  # seconds a call is held, longer than anything here takes
_PATIENCE: Final = 240.0  # seconds


def kill_one(running: Service) -> float:
    """Kill the worker that has a refund in its hands; return the seconds until the refund was posted."""
    (order_id,) = running.orders(1)
    before = running.posted()
    running.start_workers(1)
    running.sandbox.post(
        "faults", platform="netsuite", operation="record:transform", kind="stall", seconds=_HELD
    )
    running.sandbox.refund(order_id)
    until(running.writing, "the worker to write")
    for worker in running.workers:
        worker.kill()
        worker.wait()
    running.workers.clear()
    killed = time.monotonic()
    running.start_workers(1)
    ended = until(lambda: running.posted() > before, "another worker", patience=_PATIENCE)
    running.stop_workers()
    return ended - killed


@click.command()
@click.option("--rounds", default=3, show_default=True, help="How many workers are killed.")
@click.option(
    "--database", default="postgresql", show_default=True, type=click.Choice(["sqlite", "postgresql"])
)
def recovery(*, rounds: int, database: str) -> None:
    """Measure the time from a worker's SIGKILL to its refund being posted by another."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, service(Path(name), database) as running:
        seconds = [kill_one(running) for _ in range(rounds)]
        row = {
            "killed": rounds,
            "median_s": round(figures.median(seconds), 1),
            "max_s": round(max(seconds), 1),
            "lease_s": refunds.LEASE.total_seconds(),
        }
        figures.show("recovery", [row], database=database)
