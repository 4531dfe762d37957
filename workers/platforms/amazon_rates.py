"""How often Amazon may be called: a bucket of calls for each operation, kept by the process.

Amazon counts by app and seller, answers `429` without saying for how long, and names the rate it applied in
`x-amzn-RateLimit-Limit`, mostly: https://developer-docs.amazon.com/sp-api/docs/usage-plans-and-rate-limits
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from workers.platforms.errors import PlatformError

RATE_HEADER: Final = "x-amzn-RateLimit-Limit"

_LONGEST_PAUSE: Final = 1.0  # seconds that a call waits for its turn; longer waits are the ledger's


@dataclass(frozen=True, slots=True)
class Plan:
    """How often an operation may be called.

    Attributes:
        rate: Calls that come back each second.
        burst: Most calls that can be saved up.
    """

    rate: float
    burst: float


PLANS: Final = {
    "listTransactions": Plan(0.5, 10),
    "listFinancialEventsByOrderId": Plan(0.5, 30),
    "getOrder": Plan(0.5, 30),
    "createFeedDocument": Plan(0.5, 15),
    "createFeed": Plan(0.0083, 15),
    "getFeed": Plan(2, 15),
    "getFeeds": Plan(0.0222, 10),
    "getFeedDocument": Plan(0.0222, 10),
}
"""The usual plans, as the API models have them (github.com/amzn/selling-partner-api-models)."""


@dataclass(slots=True)
class _Bucket:
    plan: Plan
    left: float
    at: float

    def wait(self, now: float) -> float:
        """Return the seconds until there is a call to make."""
        self.left = min(self.plan.burst, self.left + (now - self.at) * self.plan.rate)
        self.at = now
        return max(0.0, (1.0 - self.left) / self.plan.rate)


class Budget:
    """What one app has left to call for one seller; safe to share between threads.

    Args:
        clock: Monotonic time in seconds.
        pause: Waits some seconds.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._pause = pause
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}

    def spend(self, operation: str) -> None:
        """Take a call of an operation; wait for it if that is not long.

        Raises:
            PlatformError: `RATE_LIMITED`, with the time it takes, if it is.
        """
        with self._lock:
            bucket = self._bucket(operation)
            wait = bucket.wait(self._clock())
            if wait <= _LONGEST_PAUSE:
                bucket.left -= 1.0
        if wait > _LONGEST_PAUSE:
            raise _limited(operation, wait)
        if wait > 0:
            self._pause(wait)

    def need(self, operation: str) -> None:
        """Make sure that an operation could be called now, without taking a call of it.

        Raises:
            PlatformError: `RATE_LIMITED`, with the time it takes, if it could not.
        """
        with self._lock:
            wait = self._bucket(operation).wait(self._clock())
        if wait > _LONGEST_PAUSE:
            raise _limited(operation, wait)

    def learn(self, operation: str, headers: Mapping[str, str]) -> None:
        """Take over the rate that an answer names, where it does."""
        try:
            rate = float(headers.get(RATE_HEADER, ""))
        except ValueError:
            return
        if 0 < rate < float("inf"):
            with self._lock:
                bucket = self._bucket(operation)
                bucket.wait(self._clock())
                bucket.plan = Plan(rate, bucket.plan.burst)

    def throttled(self, operation: str) -> float:
        """Return the seconds to wait after Amazon refused a call of an operation: others made calls, too."""
        with self._lock:
            bucket = self._bucket(operation)
            bucket.wait(self._clock())
            bucket.left = min(bucket.left, 0.0)
            return bucket.wait(self._clock())

    def left(self, operation: str) -> float:
        """Return how many calls of an operation could be made at once."""
        with self._lock:
            bucket = self._bucket(operation)
            bucket.wait(self._clock())
            return max(bucket.left, 0.0)

    def _bucket(self, operation: str) -> _Bucket:
        plan = PLANS[operation]
        return self._buckets.setdefault(operation, _Bucket(plan, plan.burst, self._clock()))


def _limited(operation: str, wait: float) -> PlatformError:
    return PlatformError("RATE_LIMITED", f"Amazon's usage plan of {operation} is used up", retry_after=wait)
