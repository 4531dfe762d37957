"""What is counted about deliveries, and how Prometheus reads it.

With several web processes, `PROMETHEUS_MULTIPROC_DIR` must name an existing directory they share before any
of them starts: https://prometheus.github.io/client_python/multiprocess/.
"""

import os
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

DELIVERIES: Final = Counter(
    "refund_sync_deliveries",
    "Webhook requests by what became of them.",
    ("source", "outcome", "reason"),
)


def exposition() -> bytes:
    """Return all metrics in Prometheus' text format, of every web process where they share a directory."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # prometheus-client annotates it in part
    return generate_latest(registry)
