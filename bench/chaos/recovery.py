"""How long the service took to get over each fault. Pure.

It carries again once a refund is settled that was made after the fault struck; it is over it once all that
was under way when it struck is settled, which the slowest of all decides.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Span:
    """A refund's time under way, in epoch seconds: from when it was made until it was settled."""

    made_at: float
    settled_at: float


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault.

    Attributes:
        at: When it struck, in epoch seconds.
    """

    kind: str
    at: float


def times(faults: Sequence[Struck], spans: Sequence[Span]) -> list[float]:
    """Return, for each fault, the seconds until all that was under way when it struck was settled."""
    ordered = sorted(spans, key=lambda span: span.made_at)
    begins = [span.made_at for span in ordered]
    latest = list(accumulate((span.settled_at for span in ordered), max))
    found = []
    for fault in faults:
        before = bisect_right(begins, fault.at)
        found.append(max(0.0, latest[before - 1] - fault.at) if before else 0.0)
    return found


def again(faults: Sequence[Struck], spans: Sequence[Span]) -> list[float]:
    """Return, for each fault, the seconds until a refund was settled that was made after it struck.

    A fault after the last refund has nothing to show, and counts as none.
    """
    ordered = sorted(spans, key=lambda span: span.made_at)
    begins = [span.made_at for span in ordered]
    soonest = list(accumulate((span.settled_at for span in reversed(ordered)), min))[::-1]
    found = []
    for fault in faults:
        after = bisect_left(begins, fault.at)
        found.append(max(0.0, soonest[after] - fault.at) if after < len(soonest) else 0.0)
    return found


def by_kind(faults: Sequence[Struck], seconds: Sequence[float]) -> Mapping[str, list[float]]:
    """Return the times of each kind of fault."""
    found: dict[str, list[float]] = {}
    for fault, took in zip(faults, seconds, strict=True):
        found.setdefault(fault.kind, []).append(took)
    return found
