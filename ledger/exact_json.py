"""JSON without floats: integers of any size stay exact, every other number is a Decimal."""

import json
from decimal import Decimal
from typing import Any, NoReturn


class NotJsonError(ValueError):
    """Raised when text is not JSON as RFC 8259 has it.

    Attributes:
        reason: Always `not_json`.
    """

    reason = "not_json"


def loads(text: str | bytes) -> Any:  # noqa: ANN401 - JSON may be anything
    """Return what a JSON text says; numbers with a point or an exponent become Decimals.

    Raises:
        NotJsonError: If it is not JSON; `NaN` and `Infinity` are not.
    """
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotJsonError(str(error)[:200]) from None


def dumps(value: Any) -> str:  # noqa: ANN401 - JSON may be anything
    """Return the JSON text of a value; Decimals are written digit by digit, as numbers.

    Raises:
        TypeError: If the value, or something in it, has no place in JSON; a float has none.
    """
    if isinstance(value, dict):
        members = (f"{json.dumps(_name(name))}:{dumps(member)}" for name, member in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(dumps(member) for member in value) + "]"
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    if value is None or isinstance(value, bool | int | str):
        return json.dumps(value)
    raise TypeError(f"{type(value).__name__} {value!r} has no place in JSON")


def indented(value: Any, indent: str = "") -> str:  # noqa: ANN401 - JSON may be anything
    """Return the same text with each member on a line of its own, for people.

    Raises:
        TypeError: If the value, or something in it, has no place in JSON.
    """
    inner = f"{indent}  "
    if isinstance(value, dict) and value:
        members = (
            f"{inner}{json.dumps(_name(name))}: {indented(each, inner)}" for name, each in value.items()
        )
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(inner + indented(each, inner) for each in value) + f"\n{indent}]"
    return dumps(value)


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"{name!r} is no name of a JSON member")
    return name


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")
