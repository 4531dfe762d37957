"""What all processes count together, kept in Redis: attempts, calls, and how long a refund takes.

Counts begin anew when Redis is emptied, which Prometheus takes for a restart
(https://prometheus.io/docs/concepts/metric_types/#counter). Nothing waits for them: while Redis is away,
what is counted is lost.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from redis import Redis, RedisError

_HASH: Final = "refund-sync:counters"
_MOST_PENDING: Final = 10_000


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that is counted.

    Attributes:
        name: Without `_total`.
        labels: Their names.
        buckets: Upper bounds in seconds, for a histogram; none for a counter or gauge.
        is_gauge: Whether the last value counts, not the sum.
    """

    name: str
    help: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...] = ()
    is_gauge: bool = False


ATTEMPTS: Final = Metric(
    "refund_sync_attempts", "Tries at carrying a refund across, by how they ended.", ("outcome", "reason")
)
SETTLED: Final = Metric(
    "refund_sync_refunds_settled",
    "Refunds that were settled: posted, ignored, cancelled or resolved, by state and reason.",
    ("state", "reason"),
)
TAKEOVERS: Final = Metric(
    "refund_sync_lease_takeovers", "Refunds taken over from a worker that was killed.", ()
)
POSTED: Final = Metric(
    "refund_sync_webhook_to_posted_seconds",
    "From the accepted webhook to the record on the other side, of refunds that a webhook told of first; "
    "waited says whether they waited meanwhile for an order, its billing, the money or a person.",
    ("source", "waited"),
    (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400),
)
CALLS: Final = Metric(
    "refund_sync_platform_call_seconds",
    "Calls to a platform, by their HTTP status.",
    ("platform", "status"),
    (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
QUOTA: Final = Metric(
    "refund_sync_platform_quota_left",
    "What is left of a rate limit after the last call, in the platform's units: calls, points or slots.",
    ("platform", "account", "resource"),
    is_gauge=True,
)

ALERTS: Final = Metric(
    "refund_sync_alerts",
    "Messages of alerts, by the kind of channel and whether they could be sent.",
    ("kind", "outcome"),
)

METRICS: Final = (ATTEMPTS, SETTLED, TAKEOVERS, POSTED, CALLS, QUOTA, ALERTS)

Series = dict[tuple[str, ...], float]
"""Values by their labels' values."""


class Counters:
    """Counts in memory, and adds it up in Redis when told."""

    def __init__(self, redis: Redis) -> None:
        """Count over a connection whose calls have a timeout."""
        self._redis = redis
        self._pending: dict[str, float] = defaultdict(float)
        self._gauges: dict[str, float] = {}

    def add(self, metric: Metric, *labels: str, value: float = 1) -> None:
        """Count something."""
        if len(self._pending) < _MOST_PENDING:
            self._pending[_field(metric.name, labels)] += value

    def set(self, metric: Metric, *labels: str, value: float) -> None:
        """Keep a value in place of the one before."""
        if len(self._gauges) < _MOST_PENDING:
            self._gauges[_field(metric.name, labels)] = value

    def observe(self, metric: Metric, *labels: str, seconds: float) -> None:
        """Count how long something took."""
        bucket = next((str(bound) for bound in metric.buckets if seconds <= bound), "+Inf")
        self.add(metric, *labels, bucket)
        self.add(metric, *labels, "sum", value=seconds)

    def settled(self, refunds: Sequence[tuple[str, str]]) -> None:
        """Count refunds that were settled, by state and reason, and add them up at once."""
        for state, reason in refunds:
            self.add(SETTLED, state, reason)
        self.flush()

    def flush(self) -> bool:
        """Add what was counted up in Redis; return whether it took it."""
        pending, self._pending = self._pending, defaultdict(float)
        gauges, self._gauges = self._gauges, {}
        if not pending and not gauges:
            return True
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                for name, value in pending.items():
                    pipe.hincrbyfloat(_HASH, name, value)
                for name, value in gauges.items():
                    pipe.hset(_HASH, name, str(value))
                pipe.execute()
        except RedisError:
            return False
        return True

    def read(self) -> Mapping[str, Series]:
        """Return everything counted so far by all processes, by the metrics' names.

        Raises:
            redis.RedisError: If Redis does not answer.
        """
        found = cast("Mapping[bytes, bytes]", self._redis.hgetall(_HASH))
        series: dict[str, Series] = defaultdict(dict)
        for field, value in found.items():
            name, *labels = json.loads(field)
            series[name][tuple(labels)] = float(value)
        return series


def _field(name: str, labels: Sequence[str]) -> str:
    return json.dumps([name, *labels])
