"""What is counted, and how Prometheus reads it.

With several web processes, `PROMETHEUS_MULTIPROC_DIR` must name an existing directory they share before any
of them starts: https://prometheus.github.io/client_python/multiprocess/. What the workers count comes from
Redis, and how many refunds are where from the ledger, so that both are right whichever process is asked.
"""

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis import Redis, RedisError
from sqlalchemy.exc import SQLAlchemyError

from ledger import counters, standing
from ledger.clock import utcnow
from ledger.counters import Counters, Series
from ledger.database import Database
from ledger.queue import QUEUES, open_queue

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

DELIVERIES: Final = Counter(
    "refund_sync_deliveries",
    "Webhook requests by what became of them.",
    ("source", "outcome", "reason"),
)


class Shared(Collector):
    """What is true of the whole installation; what cannot be asked is left out."""

    def __init__(self, database: Database, redis: Redis) -> None:
        """Ask a ledger and a Redis each time metrics are read."""
        self._database = database
        self._redis = redis

    def collect(self) -> Iterable[Metric]:
        """Yield what the ledger, the queues and the workers' counters say now."""
        try:
            yield from self._from_ledger(utcnow())
        except SQLAlchemyError:
            yield _up("ledger", is_up=False)
        try:
            yield from self._from_redis()
        except RedisError:
            yield _up("queue", is_up=False)

    def _from_ledger(self, now: datetime) -> Iterator[Metric]:
        with self._database.read() as session:
            where = standing.refunds_by_reason(session)
            oldest = standing.oldest(session)
            deliveries = standing.deliveries_by_state(session)
        refunds = GaugeMetricFamily(
            "refund_sync_refunds",
            "Refunds that are not settled, by where they are and why.",
            labels=("state", "reason"),
        )
        for (state, reason), number in where.items():
            refunds.add_metric((state, reason), number)
        yield refunds
        ages = GaugeMetricFamily(
            "refund_sync_oldest_seconds", "How long the oldest refund of a state is in it.", labels=("state",)
        )
        for state, since in oldest.items():
            ages.add_metric((state,), (now - since).total_seconds())
        yield ages
        kept = GaugeMetricFamily(
            "refund_sync_deliveries_unsettled", "Deliveries not worked off, by state.", labels=("state",)
        )
        for state, number in deliveries.items():
            kept.add_metric((state,), number)
        yield kept
        yield _up("ledger", is_up=True)

    def _from_redis(self) -> Iterator[Metric]:
        depth = GaugeMetricFamily(
            "refund_sync_queue_depth", "Wake-up calls waiting in a queue.", labels=("queue",)
        )
        for name in QUEUES:
            depth.add_metric((name,), open_queue(name, self._redis).count)
        yield depth
        series = Counters(self._redis).read()
        for metric in counters.METRICS:
            yield _family(metric, series.get(metric.name, {}))
        yield _up("queue", is_up=True)


def _up(what: str, *, is_up: bool) -> Metric:
    return GaugeMetricFamily(f"refund_sync_{what}_up", f"Whether the {what} answers.", value=float(is_up))


def _family(metric: counters.Metric, series: Series) -> Metric:
    if metric.buckets:
        return _histogram(metric, series)
    kind = GaugeMetricFamily if metric.is_gauge else CounterMetricFamily
    family = kind(metric.name, metric.help, labels=metric.labels)
    for labels, value in series.items():
        family.add_metric(labels, value)
    return family


def _histogram(metric: counters.Metric, series: Series) -> Metric:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    bounds = [*(str(bound) for bound in metric.buckets), "+Inf"]
    for labels in sorted({each[:-1] for each in series}):
        total, buckets = 0.0, []
        for bound in bounds:
            total += series.get((*labels, bound), 0.0)
            buckets.append((bound, total))
        family.add_metric(labels, buckets, series.get((*labels, "sum"), 0.0))
    return family


def exposition(shared: Shared) -> bytes:
    """Return all metrics in Prometheus' text format, of every web process where they share a directory."""
    together = CollectorRegistry()
    together.register(shared)
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY) + generate_latest(together)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # prometheus-client annotates it in part
    return generate_latest(registry) + generate_latest(together)
