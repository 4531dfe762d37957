"""How fast a shop is called: gently, and not at all while it asks to be left alone.

Magento itself limits nothing but its payment endpoints, but it often runs on one machine that its customers
use at the same time; what stands before it, and Adobe's cloud, may answer 429:
https://developer.adobe.com/commerce/webapi/get-started/rate-limiting/ .
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from workers.platforms.errors import PlatformError

A_SECOND: Final = 10.0
"""Calls a second that one process makes to one shop, in the long run."""

AT_ONCE: Final = 40.0
"""Calls that may be made in one go."""

_LONGEST_PAUSE: Final = 1.0  # seconds that a call waits; longer waits are the ledger's
_GUESS: Final = 30.0  # seconds to leave a shop alone after a refusal that names no time


class Rate:
    """What may be called now; safe to share between threads.

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
        self._left = AT_ONCE
        self._at = clock()
        self._closed_until = self._at

    def spend(self) -> None:
        """Count a call in, after a short wait if need be.

        Raises:
            PlatformError: `RATE_LIMITED`, with the time it takes, if the wait would be long.
        """
        wait = self._take()
        if wait > _LONGEST_PAUSE:
            raise PlatformError("RATE_LIMITED", "the shop asked to be left alone", retry_after=wait)
        if wait > 0:
            self._pause(wait)

    def _take(self) -> float:
        """Return the seconds to wait; the call is counted only if they are few."""
        with self._lock:
            now = self._clock()
            self._left = min(AT_ONCE, self._left + (now - self._at) * A_SECOND)
            self._at = now
            wait = max((1 - self._left) / A_SECOND, self._closed_until - now, 0.0)
            if wait <= _LONGEST_PAUSE:
                self._left -= 1
            return wait

    def left(self) -> float:
        """Return how many calls could be made at once."""
        with self._lock:
            now = self._clock()
            if self._closed_until > now:
                return 0.0
            return max(min(AT_ONCE, self._left + (now - self._at) * A_SECOND), 0.0)

    def refused(self, seconds: float | None) -> float:
        """Leave the shop alone for as long as it said; return the seconds."""
        wait = _GUESS if seconds is None else seconds
        with self._lock:
            self._closed_until = self._clock() + wait
        return wait
