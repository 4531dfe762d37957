"""QR codes as paths of an inline SVG."""

from dataclasses import dataclass
from typing import Final

import segno

_BORDER: Final = 4  # modules, as ISO/IEC 18004 asks for


@dataclass(frozen=True, slots=True)
class Drawing:
    """A QR code.

    Attributes:
        size: Width and height, in modules.
        path: The dark modules, as the `d` of an SVG path.
    """

    size: int
    path: str


def drawing(text: str) -> Drawing:
    """Return the QR code of a text."""
    code = segno.make_qr(text, error="m")
    rows = [bytes(row) for row in code.matrix_iter(border=_BORDER)]
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark
    )
    return Drawing(len(rows), path)
