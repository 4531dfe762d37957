"""The points Shopify's GraphQL calls cost, remembered so that a call that cannot be afforded is not made.

https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from workers.platforms.errors import PlatformError

_LONGEST_PAUSE: Final = 2.0  # seconds that a call waits for points; longer waits are the ledger's
_GUESS: Final = 1.0  # seconds to wait where Shopify says that it is throttling but not how much


class Budget:
    """What a shop's app has left to spend, as the last answer said; safe to share between threads.

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
        self._costs: dict[str, float] = {}
        self._available = 0.0
        self._maximum = 0.0
        self._rate = 0.0
        self._at = 0.0

    def spend(self, operation: str) -> None:
        """Wait until an operation can be afforded, if that is soon.

        Raises:
            PlatformError: `RATE_LIMITED`, with the time it takes, if it is not.
        """
        wait = self.wait(operation)
        if wait > _LONGEST_PAUSE:
            raise PlatformError("RATE_LIMITED", f"no points left for {operation}", retry_after=wait)
        if wait > 0:
            self._pause(wait)

    def wait(self, operation: str) -> float:
        """Return the seconds until an operation can be afforded; 0 where nothing is known against it."""
        with self._lock:
            cost = self._costs.get(operation, 0.0)
            if not self._rate or cost > self._maximum:
                return 0.0
            available = min(self._maximum, self._available + (self._clock() - self._at) * self._rate)
            return max(0.0, (cost - available) / self._rate)

    def learn(self, operation: str, body: Any) -> float | None:  # noqa: ANN401 - an answer may be any JSON
        """Take over what an answer says of the operation's cost and of what is left.

        Returns:
            The points that are left to spend; None where it does not say.
        """
        cost = _member(_member(body, "extensions"), "cost")
        status = _member(cost, "throttleStatus")
        with self._lock:
            if _is_number(cost.get("requestedQueryCost")):
                self._costs[operation] = float(cost["requestedQueryCost"])
            if all(
                _is_number(status.get(n)) for n in ("currentlyAvailable", "maximumAvailable", "restoreRate")
            ):
                self._available = float(status["currentlyAvailable"])
                self._maximum = float(status["maximumAvailable"])
                self._rate = float(status["restoreRate"])
                self._at = self._clock()
                return self._available
        return None

    def throttled(self, operation: str) -> float:
        """Return the seconds to wait after Shopify said that it throttled an operation."""
        return self.wait(operation) or _GUESS


def _member(value: Any, name: str) -> Mapping[str, Any]:  # noqa: ANN401 - an answer may be any JSON
    member = value.get(name) if isinstance(value, Mapping) else None
    return member if isinstance(member, Mapping) else {}


def _is_number(value: object) -> bool:
    return value is not None and not isinstance(value, bool | str | Mapping | list)
