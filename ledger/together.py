"""Work that several threads have at the same time, done by one of them for all.

A commit waits for the disk, and costs the same for one row as for ten. Whoever comes while nobody is at it
does its own work at once; those who come meanwhile wait, and the first of them then does it for all. Under
little load nothing is waited for, and there is no thread to be kept alive.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

MOST: Final = 64
"""How many are done at once at most."""


class LeaderFailedError(Exception):
    """Raised where somebody else was doing the work and failed in a way that nobody foresaw.

    Attributes:
        reason: Always `leader_failed`.
    """

    reason = "leader_failed"


class _Turn(Generic[ItemT, ResultT]):
    """One thread's item, and what became of it."""

    def __init__(self, item: ItemT) -> None:
        self.item = item
        self.results: list[ResultT | Exception] = []
        self._signal = threading.Lock()
        self._signal.acquire()

    def wait(self) -> None:
        """Wait until this one is done, or is to lead."""
        self._signal.acquire()

    def wake(self) -> None:
        """End the wait."""
        self._signal.release()


class Together(Generic[ItemT, ResultT]):
    """Does what several threads ask for together.

    Args:
        work: Does one to `MOST` of them, and returns a result for each, in their order; a result that is an
            exception is raised in the thread that asked.
        after: Is given the results before anybody else, while the next ones are worked on already.
    """

    def __init__(
        self,
        work: Callable[[Sequence[ItemT]], Sequence[ResultT | Exception]],
        after: Callable[[Sequence[ResultT | Exception]], None],
    ) -> None:
        self._work = work
        self._after = after
        self._lock = threading.Lock()
        self._waiting: list[_Turn[ItemT, ResultT]] = []
        self._is_led = False

    @property
    def waiting(self) -> int:
        """How many items nobody has begun with yet."""
        return len(self._waiting)

    def do(self, item: ItemT) -> ResultT:
        """Return what became of an item.

        Raises:
            LeaderFailedError: If the thread that did the work raised an exception; that one has it.
        """
        turn: _Turn[ItemT, ResultT] = _Turn(item)
        with self._lock:
            self._waiting.append(turn)
            follows, self._is_led = self._is_led, True
        if follows:
            turn.wait()
        if not turn.results:
            self._lead()
        (result,) = turn.results
        if isinstance(result, Exception):
            raise result
        return result

    def _lead(self) -> None:
        with self._lock:
            turns, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        results: Sequence[ResultT | Exception] = [LeaderFailedError()] * len(turns)
        try:
            try:
                results = self._work([turn.item for turn in turns])
            finally:
                self._hand_over()
            self._after(results)
        finally:
            for turn, result in zip(turns, results, strict=True):
                turn.results.append(result)
                turn.wake()

    def _hand_over(self) -> None:
        """Let the first who waits lead the next ones."""
        with self._lock:
            self._is_led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].wake()
