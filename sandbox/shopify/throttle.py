"""The leaky bucket of points that limits a shop's GraphQL calls.

Numbers and wording: https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits
"""

from datetime import datetime
from typing import Final

from sandbox.jsonish import Json

DEFAULT_MAXIMUM: Final = 2000.0
DEFAULT_RESTORE_RATE: Final = 100.0


class Bucket:
    """Points a shop's app may spend; not locked, its shop is.

    Args:
        now: When the bucket starts, full.
        maximum: Most points it holds.
        restore_rate: Points that come back each second.
    """

    def __init__(
        self, now: datetime, maximum: float = DEFAULT_MAXIMUM, restore_rate: float = DEFAULT_RESTORE_RATE
    ) -> None:
        self.maximum = maximum
        self.restore_rate = restore_rate
        self._available = maximum
        self._at = now

    def available(self, now: datetime) -> float:
        """Return the points there are at a time."""
        passed = max(0.0, (now - self._at).total_seconds())
        self._available = min(self.maximum, self._available + passed * self.restore_rate)
        self._at = max(now, self._at)
        return self._available

    def reserve(self, cost: float, now: datetime) -> bool:
        """Take a query's points if there are that many."""
        if cost > self.available(now):
            return False
        self._available -= cost
        return True

    def give_back(self, points: float) -> None:
        """Return what a query reserved and did not need."""
        self._available = min(self.maximum, self._available + points)

    def status(self, now: datetime) -> Json:
        """Return the bucket as ``extensions.cost.throttleStatus`` shows it."""
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": int(self.available(now)),
            "restoreRate": self.restore_rate,
        }
