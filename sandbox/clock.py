"""The sandbox's time: the machine's, which a test may move forward."""

import threading
from datetime import UTC, datetime, timedelta


class Clock:
    """Wall clock in UTC with an offset that only ever grows; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """Return the sandbox's present time, aware, in UTC."""
        with self._lock:
            return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        """Move the sandbox's time forward."""
        with self._lock:
            self._offset += timedelta(seconds=seconds)

    def reset(self) -> None:
        """Go back to the machine's time."""
        with self._lock:
            self._offset = timedelta(0)


def iso_millis(moment: datetime) -> str:
    """Write a moment as ISO 8601 in UTC with milliseconds and ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
