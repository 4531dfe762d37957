"""How long a refund takes from its webhook's arrival to its record in NetSuite, under a steady load.

Everything runs: web process, workers, scheduler. Both times are the ledger's, so that what the sandbox takes
to notify is not counted, and what it takes to answer is.
"""

import tempfile
import time
from pathlib import Path
from typing import Final

import click
from sqlalchemy import select

from bench import figures
from bench.service import Service, service, until
from ledger.models import Refund
from ledger.states import State

_PATIENCE: Final = 300.0  # seconds for a backlog to be worked off


def measure(running: Service, rate: float, seconds: float) -> figures.Row:
    """Make refunds at a rate for a while; return how long they took."""
    order_ids = running.orders(max(1, round(rate * seconds)))
    before = running.posted()
    started = time.monotonic()
    for number, order_id in enumerate(order_ids):
        time.sleep(max(0.0, started + number / rate - time.monotonic()))
        running.sandbox.refund(order_id)
    sent = time.monotonic() - started
    until(lambda: running.posted() >= before + len(order_ids), "every refund", patience=_PATIENCE)
    ended = time.monotonic() - started
    return {
        "asked_per_second": rate,
        "sent_per_second": round(len(order_ids) / max(sent, 1 / rate), 1),
        "posted_per_second": round(len(order_ids) / ended, 1),
        **figures.millis(taken(running, order_ids)),
        "refunds": len(order_ids),
    }


def taken(running: Service, order_ids: list[str]) -> list[float]:
    """Return the milliseconds between webhook and record of each posted refund of some orders."""
    query = select(Refund.received_at, Refund.posted_at).where(
        Refund.state == State.POSTED, Refund.storefront_order_id.in_(order_ids)
    )
    with running.ledger.database.read() as session:
        return [
            (posted_at - received_at).total_seconds() * 1000
            for received_at, posted_at in session.execute(query)
            if posted_at is not None
        ]


@click.command()
@click.option("--rate", "rates", multiple=True, type=float, default=(5.0, 20.0, 50.0), show_default=True)
@click.option("--seconds", default=20.0, show_default=True, help="Length of each rate's turn.")
@click.option("--workers", default=4, show_default=True, help="Worker processes.")
@click.option(
    "--database", default="postgresql", show_default=True, type=click.Choice(["sqlite", "postgresql"])
)
def latency(*, rates: tuple[float, ...], seconds: float, workers: int, database: str) -> None:
    """Measure the time from a webhook to its record."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, service(Path(name), database) as running:
        running.start_workers(workers)
        measure(running, 5, min(seconds, 1))  # what is made on first use is made
        rows = [measure(running, rate, seconds) for rate in rates]
        figures.show("latency", rows, workers=workers, seconds=seconds, database=database)
