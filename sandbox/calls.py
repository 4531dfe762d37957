"""The log of platform API calls, the number in flight, and the count of what was written."""

import threading
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass

from sandbox.jsonish import Json


@dataclass(frozen=True)
class CallRecord:
    """One call of a platform's API, as the log keeps it.

    Attributes:
        at: When it arrived, ISO 8601 UTC.
        platform: Platform called.
        tenant: Shop domain or NetSuite account.
        operation: Name as faults use it, such as ``record:transform``.
        method: HTTP method.
        path: Path below the sandbox's root.
        status: HTTP status answered, ``None`` if the connection was closed without an answer.
        in_flight: Calls of the same tenant under way on its arrival, itself included.
        request_id: Id also sent back in the platform's own header.
        request: ``{"query", "headers", "body"}`` as received, where the platform has its calls recorded.
        response: ``{"headers", "body"}`` as answered, likewise; ``None`` too without an answer.
    """

    at: str
    platform: str
    tenant: str
    operation: str
    method: str
    path: str
    status: int | None
    in_flight: int
    request_id: str
    request: Json | None = None
    response: Json | None = None


class CallLog:
    """What was called, how much at once; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: list[CallRecord] = []
        self._in_flight: Counter[tuple[str, str]] = Counter()
        self._most: Counter[tuple[str, str]] = Counter()

    def enter(self, platform: str, tenant: str) -> int:
        """Count a call in and return how many are under way."""
        with self._lock:
            self._in_flight[platform, tenant] += 1
            number = self._in_flight[platform, tenant]
            self._most[platform, tenant] = max(self._most[platform, tenant], number)
            return number

    def leave(self, platform: str, tenant: str) -> None:
        """Count a call out."""
        with self._lock:
            self._in_flight[platform, tenant] -= 1

    def in_flight(self, platform: str, tenant: str) -> int:
        """Return how many counted calls of a tenant are under way."""
        with self._lock:
            return self._in_flight[platform, tenant]

    def most_in_flight(self, platform: str, tenant: str) -> int:
        """Return the most calls of a tenant that were ever under way at once, refused ones included."""
        with self._lock:
            return self._most[platform, tenant]

    def add(self, record: CallRecord) -> None:
        """Log a finished call."""
        with self._lock:
            self._records.append(record)

    def rows(self, platform: str | None, tenant: str | None) -> list[Json]:
        """Return the log, oldest first, for one platform or tenant if given."""
        with self._lock:
            return [
                asdict(record)
                for record in self._records
                if platform in {None, record.platform} and tenant in {None, record.tenant}
            ]

    def clear(self) -> None:
        """Forget the log and the high-water marks; what is under way stays counted."""
        with self._lock:
            self._records.clear()
            self._most = Counter(self._in_flight)


class WriteCounts:
    """How many effects came through the platforms' APIs; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: defaultdict[str, defaultdict[str, Counter[str]]] = defaultdict(
            lambda: defaultdict(Counter)
        )

    def add(self, platform: str, tenant: str, what: str) -> None:
        """Count one effect."""
        with self._lock:
            self._counts[platform][tenant][what] += 1

    def as_json(self) -> Json:
        """Return the counts by platform, tenant and what was written."""
        with self._lock:
            return {
                platform: {tenant: dict(counts) for tenant, counts in tenants.items()}
                for platform, tenants in self._counts.items()
            }

    def clear(self) -> None:
        """Start to count anew."""
        with self._lock:
            self._counts.clear()
