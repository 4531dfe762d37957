"""How many requests a token has in a minute: counted in Redis, over all processes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from redis import Redis, RedisError

from ledger.respite import Respite

WINDOW: Final = 60
"""Seconds that are counted together."""

_SILENCE: Final = 2.0  # seconds without asking again after Redis was found down
_KEY: Final = "refund-sync:api"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a token stands in the window under way.

    Attributes:
        limit: Requests in a window.
        used: Requests so far, the one that asks included.
        reset: Seconds until the next window begins, at least one.
    """

    limit: int
    used: int
    reset: int

    @property
    def is_over(self) -> bool:
        """Tell whether the request is one too many."""
        return self.used > self.limit

    @property
    def headers(self) -> dict[str, str]:
        """Return the answer's headers, named as in draft-ietf-httpapi-ratelimit-headers-06."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "RateLimit-Reset": str(self.reset),
        }


class Limiter:
    """Counts; while Redis is down everybody may ask, since refunds matter more than fairness."""

    def __init__(
        self,
        redis: Redis,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Count over a connection whose calls have a time-out.

        Args:
            redis: Where it is counted.
            clock: Tells the time in seconds since 1970, by which all processes have the same windows.
            monotonic: Tells for how long Redis is left alone.
        """
        self._redis = redis
        self._clock = clock
        self._respite = Respite(_SILENCE, clock=monotonic)

    def count(self, token_id: int, limit: int) -> Standing | None:
        """Count a request; return None if it cannot be counted just now."""
        if self._respite.lasts:
            return None
        now = self._clock()
        window, gone = divmod(now, WINDOW)
        key = f"{_KEY}:{token_id}:{int(window)}"
        try:
            with self._redis.pipeline() as pipeline:
                pipeline.incr(key)
                pipeline.expire(key, 2 * WINDOW)
                used = int(pipeline.execute()[0])
        except RedisError:
            self._respite.begin()
            return None
        return Standing(limit, used, max(1, round(WINDOW - gone)))
