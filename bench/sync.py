"""How fast refunds are posted: against RQ alone with instant platforms, and with platforms that take time.

With instant platforms, a worker's refunds a second are compared with the no-op jobs a second of RQ's own
SimpleWorker, in turns in the same run. With slow ones, the limit is the NetSuite account's concurrency, and
what counts is how much of it is used, without one call above it.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from redis import Redis
from sqlalchemy import func, select

from bench import figures
from bench.service import WEBHOOKS, Service, resident, service, until
from ledger.counters import CALLS, Counters
from ledger.models import Attempt, Refund

_SLOTS: Final = 5
_TOO_MANY: Final = 429
_EDGE: Final = 0.15  # share of the refunds at both ends that is not looked at: slots fill, and empty


@dataclass(frozen=True)
class Posted:
    """How a batch of refunds was posted.

    Attributes:
        busy: Share of the slots in use, meanwhile.
    """

    per_second: float
    busy: float


def noop(redis_url: str, jobs: int) -> float:
    """Return how many jobs that do nothing RQ's SimpleWorker does a second."""
    command = [sys.executable, "-m", "bench.apps.noop", redis_url, str(jobs)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603 - our own command
    return float(json.loads(done.stdout)["per_second"])


def queue_up(running: Service, order_ids: list[str]) -> None:
    """Refund orders, and wait until every refund's webhooks are recorded."""
    before = running.recorded()
    for order_id in order_ids:
        running.sandbox.refund(order_id)
    until(lambda: running.recorded() >= before + WEBHOOKS * len(order_ids), "the webhooks")


def work_off(running: Service, number: int, workers: int) -> Posted:
    """Let workers post so many refunds; return how that went, its beginning and end left out."""
    before = running.posted()
    running.start_workers(workers)
    edge = max(1, round(number * _EDGE))
    with Redis.from_url(running.redis_url) as redis:
        started = until(lambda: running.posted() >= before + edge, "the first refunds")
        first, busy_before = running.posted(), in_calls(redis)
        ended = until(lambda: running.posted() >= before + number - edge, "most refunds")
        last, busy_after = running.posted(), in_calls(redis)
        until(lambda: running.posted() >= before + number, "the last refunds")
    seconds = ended - started
    return Posted((last - first) / seconds, (busy_after - busy_before) / (seconds * _SLOTS))


def in_calls(redis: Redis) -> float:
    """Return how many seconds all workers have spent in calls to NetSuite so far."""
    series = Counters(redis).read().get(CALLS.name, {})
    return sum(value for labels, value in series.items() if (labels[0], labels[-1]) == ("netsuite", "sum"))


def instant(running: Service, refunds: int, rounds: int, workers: int) -> list[figures.Row]:
    """Measure with platforms that answer at once, in turns with jobs that do nothing."""
    orders = running.orders(refunds * rounds)
    empty: list[float] = []
    full: list[float] = []
    for number in range(rounds):
        empty.append(noop(running.redis_url, refunds * 4))
        queue_up(running, orders[number * refunds : (number + 1) * refunds])
        full.append(work_off(running, refunds, workers).per_second / workers)
        running.stop_workers()
    base = figures.median(empty)
    rates = {
        "refunds posted": figures.median(full),
        "webhooks worked off for them": figures.median(full) * WEBHOOKS,
    }
    rows: list[figures.Row] = [
        {"what": "SimpleWorker, no-op jobs", "per_second": round(base, 1), "of_noop": 1.0}
    ]
    for what, rate in rates.items():
        rows.append(
            {
                "what": f"{what}, per worker",
                "per_second": round(rate, 1),
                "of_noop": round(rate / base, 2),
            }
        )
    return rows


def slow(running: Service, refunds: int, workers: int, latency: float) -> figures.Row:
    """Measure with platforms that take their time."""
    orders = running.orders(refunds)
    queue_up(running, orders)
    calls_before = {name: len(running.sandbox.calls(name)) for name in ("netsuite", "shopify")}
    running.sandbox.post("settings", latency_ms=latency)
    posted = work_off(running, refunds, workers)
    memory = sum(resident(each.pid) for each in running.workers)
    running.stop_workers()
    running.sandbox.post("settings", latency_ms=0)
    calls = {name: running.sandbox.calls(name)[count:] for name, count in calls_before.items()}
    return {
        "workers": workers,
        "latency_ms": latency,
        "per_second": round(posted.per_second, 2),
        "slots_busy": round(posted.busy, 3),
        "most_in_flight": running.sandbox.most_in_flight(),
        "too_many": sum(call["status"] == _TOO_MANY for call in calls["netsuite"]),
        "netsuite_calls": round(len(calls["netsuite"]) / refunds, 2),
        "shopify_calls": round(len(calls["shopify"]) / refunds, 2),
        "mb_per_worker": round(memory / workers, 1),
        "mb_per_call": round(memory / _SLOTS, 1),
    }


def tries(running: Service) -> float:
    """Return how often a refund was tried, on average."""
    with running.ledger.database.read() as session:
        attempts = session.scalar(select(func.count(Attempt.id))) or 0
        refunds = session.scalar(select(func.count(Refund.id))) or 0
    return attempts / max(refunds, 1)


@click.command()
@click.option("--refunds", default=100, show_default=True, help="Refunds of a round.")
@click.option("--rounds", default=3, show_default=True, help="Rounds with instant platforms.")
@click.option("--workers", default=1, show_default=True, help="Workers with instant platforms.")
@click.option("--slow-workers", default=8, show_default=True, help="Workers with slow platforms.")
@click.option("--latency", default=300.0, show_default=True, help="Milliseconds a slow platform takes.")
@click.option(
    "--database", default="postgresql", show_default=True, type=click.Choice(["sqlite", "postgresql"])
)
def sync(
    *, refunds: int, rounds: int, workers: int, slow_workers: int, latency: float, database: str
) -> None:
    """Measure refunds posted a second, and how much of NetSuite's concurrency is used."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        service(Path(name), database, scheduler=False) as running,
    ):
        started = time.monotonic()
        rows = instant(running, refunds, rounds, workers)
        slow_row = slow(running, refunds, slow_workers, latency)
        figures.show(
            "sync",
            rows,
            [slow_row],
            tries=round(tries(running), 2),
            database=database,
            refunds=refunds,
            rounds=rounds,
            seconds=round(time.monotonic() - started, 1),
        )
