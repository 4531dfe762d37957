"""What forms and addresses bring along, read into values; what is wrong is told beside its field."""

from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import TypeVar

from flask import request

Word = TypeVar("Word", bound=StrEnum)

_LONGEST = 1000  # characters of one value of an address or a form


def asked(name: str) -> str:
    """Return a value of the address, without blanks around it; empty if it is not there."""
    return plain(request.args.get(name, ""))


def sent(name: str) -> str:
    """Return a value of the form, without blanks around it; empty if it is not there."""
    return plain(request.form.get(name, ""))


def secret(name: str) -> str:
    """Return a password or credential of the form, just as it was typed."""
    return request.form.get(name, "")


def one_of(enumeration: type[Word], text: str) -> Word | None:
    """Return the member of that value; None if there is none."""
    try:
        return enumeration(text)
    except ValueError:
        return None


def day(text: str, *, is_end: bool = False) -> datetime | None:
    """Return the moment a day begins in UTC, or ends; None if it is no day, such as `2026-03-14`."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime.combine(found, time.max if is_end else time.min, UTC)


def plain(text: str) -> str:
    """Return a value without blanks around it, nor anything in it that cannot be seen."""
    return "".join(each for each in text[:_LONGEST] if each.isprintable()).strip()


def lines(name: str) -> str:
    """Return a text of the form that may have several lines; empty if it is not there."""
    return "\n".join(plain(line) for line in request.form.get(name, "")[:_LONGEST].splitlines()).strip()
