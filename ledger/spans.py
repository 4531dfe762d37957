"""How long things took, counted in buckets, so that percentiles of a day cost no more than those of an hour.

A bucket's upper bound is a fifth above the one before it. A percentile is told as the upper bound of the
bucket that it is in, so it is never too low, and too high by a fifth at most.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import ColumnElement, case, literal

STEP: Final = 1.2
"""How many times the bound before it each bound is."""

PROMISE: Final = f"rounded up by {STEP - 1:.0%} at most"
"""What people are told of how exact a percentile is."""

LEAST: Final = 0.05
"""The first bound, in seconds; what took less is told as this."""

_MONTH: Final = 30 * 24 * 3600.0

Spans = Mapping[int, int]
"""How many took how long, by the buckets' numbers."""


def _bounds() -> Sequence[float]:
    found = [LEAST]
    while found[-1] < _MONTH:
        found.append(LEAST * STEP ** len(found))
    return tuple(found)


BOUNDS: Final = _bounds()
"""The upper bounds of the buckets, in seconds; the last also has what took longer."""


def bucket(seconds: float) -> int:
    """Return the number of the bucket that a time is counted in."""
    return min(bisect_left(BOUNDS, seconds), len(BOUNDS) - 1)


def bucket_of(seconds: ColumnElement[float]) -> ColumnElement[int]:
    """Return the same as SQL, which looks at as many bounds as halving needs."""

    def halved(first: int, last: int) -> ColumnElement[int]:
        if first == last:
            return literal(first)
        middle = (first + last) // 2
        return case((seconds <= BOUNDS[middle], halved(first, middle)), else_=halved(middle + 1, last))

    return halved(0, len(BOUNDS) - 1)


def total(spans: Spans) -> int:
    """Return how many were counted."""
    return sum(spans.values())


def within(spans: Spans, percent: int) -> float | None:
    """Return the seconds that `percent` of 100 took at most (nearest rank); None where there are none."""
    rank = max(-(-percent * total(spans) // 100), 1)
    for number in sorted(spans):
        rank -= spans[number]
        if rank <= 0:
            return BOUNDS[number]
    return None
