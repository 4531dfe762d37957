"""The chart of how long things took, hour by hour: two marks an hour on a scale that grows tenfold.

Pure geometry; the template draws it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from webhooks.portal.charts import HEIGHT, WIDTH

_LEFT: Final = 46  # room for the scale
_TOP: Final = 12
_BOTTOM: Final = 20  # room for the hours
_GAP: Final = 4
_FLOOR: Final = 0.04  # seconds; where the scale begins, below what is told apart
_LEVELS: Final = (
    (0.1, "100 ms"),
    (1.0, "1 s"),
    (10.0, "10 s"),
    (60.0, "1 min"),
    (600.0, "10 min"),
    (3600.0, "1 h"),
    (36_000.0, "10 h"),
    (864_000.0, "10 d"),
    (8_640_000.0, "100 d"),
)

Pair = tuple[float | None, float | None]
"""The seconds that half and 99 of 100 took at most; None where there were none."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is drawn for one hour: a bar up to what half took, in a frame up to what 99 of 100 took."""

    x: float
    width: float
    half_y: float
    most_y: float
    label: str
    half: float
    most: float


@dataclass(frozen=True, slots=True)
class SpanChart:
    """Marks above a line.

    Attributes:
        hours: Every hour's label and its pair, for the table.
        base: Where the marks stand.
        levels: The lines of the scale, with their labels.
        ticks: Labels below the line, with their places.
    """

    marks: Sequence[Mark]
    hours: Sequence[tuple[str, Pair]]
    base: float
    left: float
    width: float
    height: float
    levels: Sequence[tuple[float, str]]
    ticks: Sequence[tuple[float, str]]


def draw(pairs: Sequence[Pair], labels: Sequence[str], *, tick_every: int) -> SpanChart:
    """Return the chart of some hours.

    Args:
        pairs: What half and 99 of 100 took at most, in seconds.
        labels: What each hour is called.
        tick_every: Every how many hours one is named below the line.
    """
    slowest = max((most for _, most in pairs if most is not None), default=0.0)
    shown = [level for place, level in enumerate(_LEVELS) if not place or _LEVELS[place - 1][0] < slowest]
    if len(shown) == 1:
        shown = list(_LEVELS[:2])
    room, top = HEIGHT - _TOP - _BOTTOM, shown[-1][0]

    def height(seconds: float) -> float:
        share = math.log(max(seconds, _FLOOR) / _FLOOR) / math.log(top / _FLOOR)
        return round(_TOP + room * (1 - min(share, 1.0)), 1)

    step = (WIDTH - _LEFT) / max(len(pairs), 1)
    marks = [
        Mark(
            round(_LEFT + place * step + _GAP / 2, 1),
            round(step - _GAP, 1),
            height(half),
            height(most),
            labels[place],
            half,
            most,
        )
        for place, (half, most) in enumerate(pairs)
        if half is not None and most is not None
    ]
    ticks = [
        (round(_LEFT + (place + 0.5) * step, 1), labels[place]) for place in range(0, len(labels), tick_every)
    ]
    levels = [(height(seconds), text) for seconds, text in shown]
    hours = list(zip(labels, pairs, strict=True))
    return SpanChart(marks, hours, _TOP + room, _LEFT, WIDTH, HEIGHT, levels, ticks)
