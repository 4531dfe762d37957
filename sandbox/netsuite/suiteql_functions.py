"""Oracle's functions as SuiteQL has them, for the sandbox's database."""

import re
import sqlite3
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from sandbox.clock import Clock
from sandbox.netsuite.store import DATE_MARK, stamp

Value = str | int | float | None

FORMATS: Final = (
    ("YYYY", "%Y"),
    ("HH24", "%H"),
    ("MONTH", "%B"),
    ("MON", "%b"),
    ("MM", "%m"),
    ("MI", "%M"),
    ("DD", "%d"),
    ("SS", "%S"),
)
FORMAT_PART: Final = re.compile(
    r'"[^"]*"|' + "|".join(name for name, _ in FORMATS) + r"|[-/:., ]|T|Z", re.IGNORECASE
)


def python_format(oracle: str) -> str:
    """Turn an Oracle date format model into Python's; text in double quotes stays as it is.

    Raises:
        ValueError: The model has a part that is not known.
    """
    known = dict(FORMATS)
    written, at = "", 0
    while at < len(oracle):
        match = FORMAT_PART.match(oracle, at)
        if match is None:
            raise ValueError(f"unknown date format {oracle}")
        part = match.group()
        written += known.get(part.upper(), part.strip('"').replace("%", "%%"))
        at = match.end()
    return written


def moment(value: Value) -> datetime | None:
    """Read a date of the tables, ``None`` for anything else."""
    if isinstance(value, str) and value.startswith(DATE_MARK):
        return datetime.strptime(value[1:], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007  # UTC on both sides
    return None


def to_date(text: Value, oracle: str = "MM/DD/YYYY") -> str | None:
    """Read a date by its format model."""
    if text is None:
        return None
    return DATE_MARK + datetime.strptime(str(text), python_format(oracle)).strftime("%Y-%m-%d %H:%M:%S")  # noqa: DTZ007  # UTC


def to_char(value: Value, oracle: str = "MM/DD/YYYY") -> str | None:
    """Write a date by a format model; a number as its digits."""
    at = moment(value)
    if at is not None:
        return at.strftime(python_format(oracle))
    return None if value is None else str(value)


def to_number(value: Value) -> float | None:
    """Read a number."""
    try:
        return None if value is None else float(Decimal(str(value)))
    except InvalidOperation as error:
        raise ValueError("invalid number") from error


def trunc(value: Value, _unit: str = "DD") -> Value:
    """Cut a date to its day, or a number to its whole part."""
    at = moment(value)
    if at is not None:
        return stamp(at.date())
    return None if value is None else int(float(value))


def decode(*arguments: Value) -> Value:
    """Compare the first value with pairs of value and result; the last single one is the default."""
    value, rest = arguments[0], arguments[1:]
    for index in range(0, len(rest) - 1, 2):
        if rest[index] == value:
            return rest[index + 1]
    return rest[-1] if len(rest) % 2 else None


def nvl2(value: Value, present: Value, absent: Value) -> Value:
    """Return one of two values, as the first is there or not."""
    return absent if value is None else present


def concat(left: Value, right: Value) -> str:
    """Join two texts; nothing counts as empty."""
    return f"{'' if left is None else left}{'' if right is None else right}"


def modulo(left: Value, right: Value) -> float | None:
    """Return what a division leaves."""
    return None if left is None or right is None else float(Decimal(str(left)) % Decimal(str(right)))


class DateOrder:
    """The NSDATE collation: orders dates, and notices when a date is compared with mere text.

    Oracle would refuse that comparison; a collation cannot, so it is noted and refused afterwards.
    """

    def __init__(self) -> None:
        self.misused = False

    def compare(self, left: str, right: str) -> int:
        """Order two values of a date column."""
        if not (left.startswith(DATE_MARK) and right.startswith(DATE_MARK)):
            self.misused = True
        return (left > right) - (left < right)


def install(database: sqlite3.Connection, clock: Clock) -> DateOrder:
    """Give a connection the functions and the date collation.

    Args:
        database: The connection.
        clock: For ``SYSDATE``.

    Returns:
        The collation, which tells whether it was misused.
    """
    order = DateOrder()
    database.create_collation("NSDATE", order.compare)
    functions: dict[str, tuple[int, Callable[..., Value]]] = {
        "ns_to_date": (-1, to_date),
        "ns_to_char": (-1, to_char),
        "ns_to_number": (1, to_number),
        "ns_trunc": (-1, trunc),
        "ns_decode": (-1, decode),
        "ns_nvl2": (3, nvl2),
        "ns_concat": (2, concat),
        "ns_mod": (2, modulo),
        "ns_now": (0, lambda: stamp(clock.now())),
    }
    for name, (arity, function) in functions.items():
        database.create_function(name, arity, function, deterministic=name != "ns_now")
    return order
