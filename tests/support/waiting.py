"""Waiting for what another thread or process does, with a deadline."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_STEP = 0.02  # seconds between two looks


def until(condition: Callable[[], T], seconds: float = 10, *, step: float = _STEP) -> T:
    """Return the first true value of `condition`.

    Args:
        condition: Asked again and again.
        seconds: How long it has to become true.
        step: Seconds between two looks.

    Raises:
        TimeoutError: If it does not.
    """
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{condition} did not become true within {seconds} seconds")
        pause.wait(step)
    return value
