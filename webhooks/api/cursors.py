"""Where a list goes on: opaque to clients, the last id of the page before to us, and of a period its time.

A list goes on after an id, not after a number of rows, so that what comes in meanwhile shifts no page.
"""

import string
from datetime import UTC, datetime, timedelta
from typing import Final

from ledger.search import Place

_DIGITS: Final = string.digits + string.ascii_lowercase
_BASE: Final = len(_DIGITS)
_LONGEST: Final = 12  # digits, which is below the largest id of 64 bits

PATTERN: Final = f"^c[{_DIGITS[0]}-9a-z]{{1,{_LONGEST}}}$"
"""What a cursor looks like; whatever does is one."""

_LONGEST_TIME: Final = 11  # digits, which is before the year 9999
_EPOCH: Final = datetime.min.replace(tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

PLACE_PATTERN: Final = f"{PATTERN[:-1]}(-[{_DIGITS[0]}-9a-z]{{1,{_LONGEST_TIME}}})?$"
"""What the cursor of a search looks like, which goes on after a place of `ledger.search`."""

LONGEST_PLACE: Final = len("c-") + _LONGEST + _LONGEST_TIME
"""Characters of the longest."""


def write(number: int) -> str:
    """Return the cursor of the page after a row.

    Args:
        number: The row's id, which is not negative.
    """
    return f"c{_written(number)}"


def read(cursor: str) -> int:
    """Return the row's id of a cursor of `PATTERN`."""
    return int(cursor[1:], _BASE)


def write_place(place: Place) -> str:
    """Return the cursor of the page after a place."""
    if place.occurred_at is None:
        return write(place.id)
    return f"{write(place.id)}-{_written((place.occurred_at - _EPOCH) // _MICROSECOND)}"


def read_place(cursor: str, *, by_time: bool) -> Place | None:
    """Return the place of a cursor of `PLACE_PATTERN`; None, for the first page, if it is of another order.

    Args:
        cursor: As a client sent it.
        by_time: Whether the list is in the order of time, as that of a period is.
    """
    number, dash, time = cursor.partition("-")
    if bool(dash) is not by_time:
        return None
    return Place(read(number), _EPOCH + int(time, _BASE) * _MICROSECOND if by_time else None)


def _written(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, _BASE)
        digits = _DIGITS[rest] + digits
    return digits or _DIGITS[0]
