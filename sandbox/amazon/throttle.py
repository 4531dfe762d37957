"""Usage plans: a token bucket for each operation of a seller.

https://developer-docs.amazon.com/sp-api/docs/usage-plans-and-rate-limits
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final


@dataclass(frozen=True)
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
    "searchOrders": Plan(0.0056, 20),
    "createFeedDocument": Plan(0.5, 15),
    "createFeed": Plan(0.0083, 15),
    "getFeed": Plan(2, 15),
    "getFeeds": Plan(0.0222, 10),
    "cancelFeed": Plan(2, 15),
    "getFeedDocument": Plan(0.0222, 10),
}
"""Default usage plans, from the ``Usage Plan`` tables of the API models.

https://github.com/amzn/selling-partner-api-models/tree/main/models
"""


class Bucket:
    """The calls of one operation a seller's app may make; not locked, its seller is.

    Args:
        now: When the bucket starts, full.
        plan: How fast it fills, and how far.
    """

    def __init__(self, now: datetime, plan: Plan) -> None:
        self.plan = plan
        self._available = plan.burst
        self._at = now

    def take(self, now: datetime) -> bool:
        """Take one call if there is one."""
        passed = max(0.0, (now - self._at).total_seconds())
        self._available = min(self.plan.burst, self._available + passed * self.plan.rate)
        self._at = max(now, self._at)
        if self._available < 1:
            return False
        self._available -= 1
        return True
