"""A circuit breaker: whoever does not answer is left alone for a while, so that it holds up nobody else.

https://learn.microsoft.com/en-us/azure/architecture/patterns/circuit-breaker
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from workers.platforms.errors import PlatformError

T = TypeVar("T")

REST: Final = 10
"""How many times as long as it took to fail somebody is left alone: a tenth of the time is lost, at most."""


@dataclass
class Breaker:
    """Remembers, for one process, who did not answer just now.

    Attributes:
        clock: Tells the time, in seconds; only differences count.
    """

    clock: Callable[[], float] = time.monotonic
    _open: dict[int, tuple[float, PlatformError]] = field(default_factory=dict)

    def call(self, whom: int, ask: Callable[[], T]) -> T:
        """Return what somebody answers; fail at once where it failed a short while ago.

        Raises:
            PlatformError: Of the call itself; or the last one again, with the seconds to wait.
        """
        until, last = self._open.get(whom, (0.0, None))
        began = self.clock()
        if last is not None and began < until:
            detail = f"not asked, since it failed a moment ago: {last.detail}"
            raise PlatformError(last.reason, detail, retry_after=until - began)
        try:
            answer = ask()
        except PlatformError as error:
            if error.reason == "TRANSIENT":
                now = self.clock()
                self._open[whom] = (now + REST * (now - began), error)
            raise
        self._open.pop(whom, None)
        return answer
