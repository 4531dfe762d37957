"""Bar charts: where the bars of an inline SVG stand. Pure geometry; the template draws it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 480
"""The drawing's width, in its own units."""

HEIGHT: Final = 130
"""The drawing's height."""

_LEFT: Final = 36  # room for the scale
_TOP: Final = 8
_BOTTOM: Final = 20  # room for the hours
_GAP: Final = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its place, and what it stands for."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars above a line.

    Attributes:
        base: Where the bars stand.
        left: Where the line begins.
        top: The value that a bar of full height has.
        ticks: Labels below the line, with their places.
    """

    bars: Sequence[Bar]
    base: float
    left: float
    top: int
    ticks: Sequence[tuple[float, str]]

    @property
    def total(self) -> int:
        """Return what all bars add up to."""
        return sum(bar.value for bar in self.bars)


def bars(values: Sequence[int], labels: Sequence[str], *, tick_every: int) -> Chart:
    """Return the chart of some values; a bar that is not zero can be seen.

    Args:
        values: What each bar stands for; not negative.
        labels: What each bar is called.
        tick_every: Every how many bars one is named below the line.
    """
    top = ceiling(max(values, default=0))
    step = (WIDTH - _LEFT) / max(len(values), 1)
    room = HEIGHT - _TOP - _BOTTOM
    drawn = []
    for place, (value, label) in enumerate(zip(values, labels, strict=True)):
        height = max(value / top * room, 1.0 if value else 0.0)
        x = _LEFT + place * step + _GAP / 2
        drawn.append(
            Bar(
                round(x, 1),
                round(_TOP + room - height, 1),
                round(step - _GAP, 1),
                round(height, 1),
                label,
                value,
            )
        )
    ticks = [
        (round(_LEFT + (place + 0.5) * step, 1), labels[place]) for place in range(0, len(labels), tick_every)
    ]
    return Chart(drawn, _TOP + room, _LEFT, top, ticks)


def ceiling(value: int) -> int:
    """Return the next round number, 1, 2 or 5 and zeros, that is not below a value."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if value <= digit * power:
                return digit * power
        power *= 10
