"""The calls a day that eBay allows an application, spread over the day so that no burst uses them up.

https://developer.ebay.com/develop/get-started/api-call-limits. eBay does not say with an answer what is left.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from workers.platforms.errors import PlatformError

DAILY: Final = {
    "fulfillment": 100_000,
    "issue_refund": 100_000,
    "finances": 15_000,
    "return": 5_000,
    "cancellation": 5_000,
    "inquiry": 5_000,
    "casemanagement": 5_000,
}
"""Calls a day, by resource."""

_DAY: Final = 86_400.0  # seconds
_AT_ONCE: Final = 1 / 24  # of a day's calls may be made in one go
_LONGEST_PAUSE: Final = 1.0  # seconds that a call waits; longer waits are the ledger's
_GUESS: Final = 300.0  # seconds to leave a resource alone after a refusal that names no time


class Quota:
    """What an application has left to call; safe to share between threads.

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
        self._full_at: dict[str, float] = {}
        self._closed_until: dict[str, float] = {}

    def spend(self, resource: str) -> None:
        """Count a call in, after a short wait if need be.

        Raises:
            PlatformError: `RATE_LIMITED`, with the time it takes, if the wait would be long.
        """
        wait = self._take(resource)
        if wait > _LONGEST_PAUSE:
            raise PlatformError("RATE_LIMITED", f"no calls left for {resource}", retry_after=wait)
        if wait > 0:
            self._pause(wait)

    def _take(self, resource: str) -> float:
        """Return the seconds to wait; the call is counted only if they are few.

        A bucket that is filled at an even rate is kept as the moment at which it will be full again.
        """
        each = _DAY / DAILY[resource]
        with self._lock:
            now = self._clock()
            full_at = max(self._full_at.get(resource, now), now)
            wait = max(
                full_at + each - now - _DAY * _AT_ONCE, self._closed_until.get(resource, now) - now, 0.0
            )
            if wait <= _LONGEST_PAUSE:
                self._full_at[resource] = full_at + each
            return wait

    def left(self, resource: str) -> float:
        """Return how many calls of a resource could be made at once."""
        with self._lock:
            now = self._clock()
            if self._closed_until.get(resource, now) > now:
                return 0.0
            used = max(self._full_at.get(resource, now) - now, 0.0)
            return max(DAILY[resource] * (_AT_ONCE - used / _DAY), 0.0)

    def refused(self, resource: str, seconds: float | None) -> float:
        """Leave a resource alone that eBay refused, for as long as it said; return the seconds."""
        wait = _GUESS if seconds is None else seconds
        with self._lock:
            self._closed_until[resource] = self._clock() + wait
        return wait
