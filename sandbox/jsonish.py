"""JSON in and out of the sandbox: exact numbers in, compact bytes out, and a strict reader of objects."""

import json
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


class ControlError(ValueError):
    """A control request that makes no sense; its message is the sentence the caller gets.

    Attributes:
        reason: Machine-readable reason, always ``control_request``.
    """

    reason = "control_request"


def dumps(value: object) -> bytes:
    """Write compact UTF-8 JSON; the bytes that are signed are the bytes that are sent."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_json_number).encode()


def _json_number(value: object) -> int | float:
    """Turn a ``Decimal`` into the JSON number the platforms send in its place."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} is not JSON.")
    return int(value) if value == value.to_integral_value() else float(value)


def loads(data: bytes | str) -> object:
    """Read JSON with exact numbers: integers stay integers, fractions become ``Decimal``.

    Raises:
        ValueError: The data is not JSON.
    """
    value: object = json.loads(data, parse_float=Decimal)
    return value


def as_decimal(value: object) -> Decimal | None:
    """Read a finite number given as a JSON number or a decimal string; ``None`` if it is neither."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


class Fields:
    """A control request's JSON object, read strictly: every key must be asked for, every type must fit."""

    def __init__(self, data: object, where: str = "The body") -> None:
        if not isinstance(data, dict):
            raise ControlError(f"{where} must be a JSON object.")
        self._data: Json = data
        self._where = where
        self._asked: set[str] = set()

    def has(self, name: str) -> bool:
        """Tell whether the key is there and not null."""
        self._asked.add(name)
        return self._data.get(name) is not None

    def raw(self, name: str) -> object:
        """Return the value as it is, ``None`` if absent."""
        self._asked.add(name)
        value: object = self._data.get(name)
        return value

    def maybe_text(self, name: str) -> str | None:
        """Return a string, or a whole number as its digits; ``None`` if absent."""
        value = self.raw(name)
        if value is None:
            return None
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            return str(value)
        raise ControlError(f"{self._where}: {name} must be a string.")

    def text(self, name: str, default: str | None = None) -> str:
        """Return a string that must be there unless a default is given."""
        value = self.maybe_text(name)
        if value is None:
            value = default
        if value is None:
            raise ControlError(f"{self._where}: {name} is missing.")
        return value

    def maybe_decimal(self, name: str) -> Decimal | None:
        """Return an exact number, ``None`` if absent."""
        value = self.raw(name)
        if value is None:
            return None
        number = as_decimal(value)
        if number is None:
            raise ControlError(f"{self._where}: {name} must be a number.")
        return number

    def decimal(self, name: str, default: Decimal | None = None) -> Decimal:
        """Return an exact number that must be there unless a default is given."""
        value = self.maybe_decimal(name)
        if value is None:
            value = default
        if value is None:
            raise ControlError(f"{self._where}: {name} is missing.")
        return value

    def fraction(self, name: str) -> Decimal:
        """Return a rate given as a fraction, 0.08 for 8 %; 0 if absent."""
        value = self.decimal(name, Decimal(0))
        if not 0 <= value < 1:
            raise ControlError(f"{self._where}: {name} is a fraction, such as 0.08 for 8 %.")
        return value

    def maybe_integer(self, name: str) -> int | None:
        """Return a whole number, ``None`` if absent."""
        number = self.maybe_decimal(name)
        if number is None:
            return None
        if number != number.to_integral_value():
            raise ControlError(f"{self._where}: {name} must be a whole number.")
        return int(number)

    def integer(self, name: str, default: int | None = None) -> int:
        """Return a whole number that must be there unless a default is given."""
        value = self.maybe_integer(name)
        if value is None:
            value = default
        if value is None:
            raise ControlError(f"{self._where}: {name} is missing.")
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean, false if absent."""
        value = self.raw(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise ControlError(f"{self._where}: {name} must be true or false.")
        return value

    def maybe_object(self, name: str) -> "Fields | None":
        """Return a nested object, ``None`` if absent."""
        value = self.raw(name)
        return None if value is None else Fields(value, f"{self._where}: {name}")

    def maybe_objects(self, name: str) -> "list[Fields] | None":
        """Return a list of nested objects, ``None`` if absent."""
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, list):
            raise ControlError(f"{self._where}: {name} must be a list.")
        return [Fields(item, f"{self._where}: {name}[{index}]") for index, item in enumerate(value)]

    def objects(self, name: str) -> "list[Fields]":
        """Return a list of nested objects, empty if absent."""
        return self.maybe_objects(name) or []

    def maybe_strings(self, name: str) -> list[str] | None:
        """Return a list of strings, ``None`` if absent."""
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ControlError(f"{self._where}: {name} must be a list of strings.")
        return list(value)

    def choice(self, name: str, choices: Sequence[str], default: str | None = None) -> str:
        """Return a string that is one of the choices."""
        value = self.text(name, default)
        if value not in choices:
            raise ControlError(f"{self._where}: {name} must be one of {', '.join(choices)}.")
        return value

    def finish(self) -> None:
        """Refuse keys that nobody asked for: a misspelt key must not be ignored.

        Raises:
            ControlError: The object has a key that is not known here.
        """
        unknown = sorted(set(self._data) - self._asked)
        if unknown:
            raise ControlError(f"{self._where} has unknown keys: {', '.join(unknown)}.")
