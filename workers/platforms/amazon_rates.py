"""How often Amazon may be called: a bucket of calls for each operation, shared by the whole installation.

While Redis is away, each process goes on with a bucket of its own, from what it knew last of the shared one.

Amazon counts by app and seller, answers `429` without saying for how long, and names the rate it applied in
`x-amzn-RateLimit-Limit`, mostly: https://developer-docs.amazon.com/sp-api/docs/usage-plans-and-rate-limits
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from workers.platforms.buckets import Buckets, Draw
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
    "listFinancialEvents": Plan(0.5, 30),
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
        shared: The buckets of the installation; None for those of the process alone.
        name: What tells the app and the seller apart there.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
        *,
        shared: Buckets | None = None,
        name: str = "",
    ) -> None:
        self._clock = clock
        self._pause = pause
        self._shared = shared
        self._name = name
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}

    def spend(self, operation: str) -> None:
        """Take a call of an operation; wait for it if that is not long.

        Raises:
            PlatformError: `RATE_LIMITED`, with the time it takes, if it is.
        """
        wait = self._draw(operation, Draw.TAKE)
        if wait > _LONGEST_PAUSE:
            raise _limited(operation, wait)
        if wait > 0:
            self._pause(wait)

    def need(self, operation: str) -> None:
        """Make sure that an operation could be called now, without taking a call of it.

        Raises:
            PlatformError: `RATE_LIMITED`, with the time it takes, if it could not.
        """
        wait = self._draw(operation, Draw.LOOK)
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
        return self._draw(operation, Draw.EMPTY)

    def left(self, operation: str) -> float:
        """Return how many calls of an operation could be made at once."""
        with self._lock:
            bucket = self._bucket(operation)
            bucket.wait(self._clock())
            return max(bucket.left, 0.0)

    def _draw(self, operation: str, what: Draw) -> float:
        """Do something with the bucket of an operation; return the seconds until there is a call to make."""
        with self._lock:  # also while Redis is asked, so that what it says is taken over in its order
            bucket = self._bucket(operation)
            wait = bucket.wait(self._clock())
            level = self._shared and self._shared.draw(
                f"{self._name}:{operation}",
                what,
                rate=bucket.plan.rate,
                burst=bucket.plan.burst,
                believed=bucket.left,
                longest=_LONGEST_PAUSE,
            )
            if level:
                bucket.left, bucket.at = level.left, self._clock()
                return level.wait
            if what is Draw.EMPTY:
                bucket.left = min(bucket.left, 0.0)
                return bucket.wait(self._clock())
            if what is Draw.TAKE and wait <= _LONGEST_PAUSE:
                bucket.left -= 1.0
            return wait

    def _bucket(self, operation: str) -> _Bucket:
        plan = PLANS[operation]
        return self._buckets.setdefault(operation, _Bucket(plan, plan.burst, self._clock()))


def _limited(operation: str, wait: float) -> PlatformError:
    return PlatformError("RATE_LIMITED", f"Amazon's usage plan of {operation} is used up", retry_after=wait)
