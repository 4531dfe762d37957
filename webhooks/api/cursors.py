"""Where a list goes on: opaque to clients, the last id of the page before to us.

A list goes on after an id, not after a number of rows, so that what comes in meanwhile shifts no page.
"""

import string
from typing import Final

_DIGITS: Final = string.digits + string.ascii_lowercase
_BASE: Final = len(_DIGITS)
_LONGEST: Final = 12  # digits, which is below the largest id of 64 bits

PATTERN: Final = f"^c[{_DIGITS[0]}-9a-z]{{1,{_LONGEST}}}$"
"""What a cursor looks like; whatever does is one."""


def write(number: int) -> str:
    """Return the cursor of the page after a row.

    Args:
        number: The row's id, which is not negative.
    """
    digits = ""
    while number:
        number, rest = divmod(number, _BASE)
        digits = _DIGITS[rest] + digits
    return f"c{digits or _DIGITS[0]}"


def read(cursor: str) -> int:
    """Return the row's id of a cursor of `PATTERN`."""
    return int(cursor[1:], _BASE)
