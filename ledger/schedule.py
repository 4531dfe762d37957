"""When to try again: the retry schedule and the looks of a waiting refund. Pure.

Full jitter, so that what failed together does not come back together:
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ledger.reasons import Recovery

TRIES: Final = 12
"""Tries before a passing failure becomes an error: about a day on the long schedule."""

_LONGEST: Final = 8 * 3600.0  # seconds
_SHORT_TRIES: Final = 5
_THROTTLE_BEHIND: Final = 2


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast things are looked at again, in seconds.

    Attributes:
        retry: Ceiling of the first delay of the long schedule.
        throttle: Ceiling of the first delay of the short schedule.
        wait: First look at something waited for; later looks come at growing distances.
        wait_longest: Longest distance between two looks.
    """

    retry: float = 30.0
    throttle: float = 2.0
    wait: float = 60.0
    wait_longest: float = 900.0


def next_try(
    recovery: Recovery,
    tries: int,
    *,
    now: datetime,
    pace: Pace,
    chance: float,
    retry_after: float | None = None,
) -> datetime | None:
    """Return when to try again, or None when the tries are used up.

    Args:
        recovery: `BACKOFF` or `THROTTLE`.
        tries: Failed tries so far, this one included.
        now: The time, in UTC.
        pace: The installation's pace.
        chance: A random number from 0 to 1.
        retry_after: Seconds the platform asked us to wait; the jitter comes on top of them.
    """
    if tries >= TRIES:
        return None
    return now + timedelta(seconds=(retry_after or 0.0) + ceiling(recovery, tries, pace) * chance)


def ceiling(recovery: Recovery, tries: int, pace: Pace) -> float:
    """Return the longest delay after so many tries, in seconds, Retry-After aside.

    A platform that asked us to slow down is asked again soon a few times; after that its trouble is long.
    """
    if recovery is Recovery.THROTTLE and tries <= _SHORT_TRIES:
        return pace.throttle * 2.0 ** (tries - 1)
    # A long trouble is met on the long schedule, begun where the tries still reach over a day.
    behind = _THROTTLE_BEHIND if recovery is Recovery.THROTTLE else 0
    return min(_LONGEST, pace.retry * 3.0 ** (tries - behind - 1))


def next_look(since: datetime, *, now: datetime, pace: Pace, deadline: datetime) -> datetime:
    """Return when to look again at something waited for since a time: never after the deadline.

    The distance grows with the time waited, from `pace.wait` to `pace.wait_longest`.
    """
    waited = (now - since).total_seconds()
    distance = min(pace.wait_longest, max(pace.wait, waited / 4))
    return min(now + timedelta(seconds=distance), max(deadline, now + timedelta(seconds=1)))


def set_look(since: datetime, looks: Sequence[timedelta], *, now: datetime, deadline: datetime) -> datetime:
    """Return when to look again at something whose looks are set: never after the deadline.

    Args:
        since: When the wait began.
        looks: How long after that each look is, rising; after the last, they follow as far apart as it was.
        now: The time, in UTC.
        deadline: When the wait ends.
    """
    at = next((since + look for look in looks if since + look > now), None)
    if at is None:
        at = since + looks[-1] * ((now - since) // looks[-1] + 1)
    return min(at, max(deadline, now + timedelta(seconds=1)))
