"""Several threads doing something at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_LONGEST = 60  # seconds; a deadlock fails the test instead of hanging it


def race(*runners: Callable[[], T]) -> list[T]:
    """Run each in a thread of its own, started together; return their results in the order given.

    Raises:
        Exception: What the first of them raised, if one did.
    """
    start = threading.Barrier(len(runners), timeout=_LONGEST)

    def run(runner: Callable[[], T]) -> T:
        start.wait()
        return runner()

    with ThreadPoolExecutor(len(runners)) as pool:
        return [future.result(_LONGEST) for future in [pool.submit(run, each) for each in runners]]
