"""Marshmallow fields for what platforms send, stricter than the stock ones: nothing is coerced silently.

The stock fields take `true` for 1, round numbers and accept times without a zone.
"""

import re
from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar, Final, TypeVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load

from ledger.money import MoneyError, exponent, parse_amount

_LARGEST_ID: Final = 2**63 - 1
_LARGEST_COUNT: Final = 10**9
_DIGITS: Final = re.compile(r"[0-9]{1,19}")
_SHORT: Final = 24  # characters of an amount that is worth remembering
_INTEGER_DIGITS: Final = 12  # of an amount; the ledger's whole minor units then fit 64 bits

_T = TypeVar("_T")


class Shape(Schema):
    """A JSON object that becomes a `makes`; keys it does not know are ignored, since platforms add some.

    A null is the same as no key at all, so that the dataclass' default holds.
    """

    class Meta:
        """Platforms add keys at any time."""

        unknown = EXCLUDE

    makes: ClassVar[type]

    @post_load
    def make(self, data: Mapping[str, Any], **_: object) -> object:
        """Return the dataclass of a validated object."""
        return self.makes(**{name: value for name, value in data.items() if value is not None})


class Strict(fields.Field[_T]):
    """A field that one function reads."""

    def _deserialize(self, value: object, *_: object, **__: object) -> _T:
        return self.read(value)

    @abstractmethod
    def read(self, value: object) -> _T:
        """Return the value of a JSON value.

        Raises:
            marshmallow.ValidationError: If it has none.
        """


class Id(Strict[str]):
    """A platform's numeric id, as a JSON integer or its digits, to text."""

    def read(self, value: object) -> str:
        """Return the digits without leading zeros."""
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _LARGEST_ID:
            raise ValidationError("Not a 64-bit id.")
        return str(value)


class Count(Strict[int]):
    """A whole number of things."""

    def read(self, value: object) -> int:
        """Return the number."""
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST_COUNT:
            raise ValidationError("Not a number of things.")
        return value


class Flag(Strict[bool]):
    """A JSON true or false."""

    def read(self, value: object) -> bool:
        """Return the truth."""
        if not isinstance(value, bool):
            raise ValidationError("Not true or false.")
        return value


class Decimals(Strict[Decimal]):
    """An amount in major units, as text or as a JSON number, kept exact."""

    def read(self, value: object) -> Decimal:
        """Return the amount."""
        if type(value) is str and len(value) <= _SHORT:
            return _known_amount(value)
        if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
            raise ValidationError("Not an amount of money.")
        return _amount(value)


def _amount(value: str | int | Decimal) -> Decimal:
    try:
        amount = parse_amount(value)
    except MoneyError as error:
        raise ValidationError("Not an amount of money.") from error
    if amount.adjusted() >= _INTEGER_DIGITS:
        raise ValidationError("More than any refund.")
    return amount


_known_amount: Final[Callable[[str], Decimal]] = lru_cache(maxsize=2048)(_amount)  # a payload repeats its own


class Currency(Strict[str]):
    """An ISO 4217 code."""

    def read(self, value: object) -> str:
        """Return the code."""
        try:
            exponent(str(value))
        except MoneyError as error:
            raise ValidationError("Not a currency.") from error
        return str(value)


class Moment(Strict[datetime]):
    """A time in ISO 8601 with its zone, to UTC."""

    def read(self, value: object) -> datetime:
        """Return the time in UTC."""
        moment = moment_of(str(value))
        if moment is None:
            raise ValidationError("Not a time with its zone.")
        return moment


def moment_of(text: str) -> datetime | None:
    """Return the moment an ISO 8601 text names, in UTC; None if it names none, or has no zone."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):  # the first and last hours of the calendar have no UTC
        return None
