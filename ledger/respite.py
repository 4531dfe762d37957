"""A while in which what did not answer is not asked again, so that nobody waits for it time after time."""

import time
from collections.abc import Callable


class Respite:
    """Given to what did not answer; may be shared by threads."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Make one that lasts some seconds; it has not begun.

        Args:
            seconds: How long it lasts.
            clock: Monotonic time in seconds.
        """
        self._seconds = seconds
        self._clock = clock
        self._until = float("-inf")

    @property
    def lasts(self) -> bool:
        """Whether it has begun and is not over."""
        return self._clock() < self._until

    def begin(self) -> None:
        """Begin it, or begin it anew."""
        self._until = self._clock() + self._seconds
