"""Bytes to JSON values without losing a digit, and without letting a body take the process down.

Integers stay exact (Shopify's ids are above 2**53), other numbers become `Decimal`. Of a key that stands
twice in an object the last one counts, as in every JSON reader the platforms' own libraries use.
"""

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

Json = None | bool | int | Decimal | str | list["Json"] | dict[str, "Json"]

_DEPTH: Final = 64  # levels; the official examples have at most eight
_DIGITS: Final = 40  # characters of a number; money and 64-bit ids need at most 25
# In UTF-8 neither can stand as it is: JSON allows no control character, UTF-8 no half of a surrogate pair.
_ODD_ESCAPE: Final = re.compile(rb"\\u(0000|[dD][89a-fA-F])")
_EXPONENT: Final = 3  # characters of a number's exponent, its sign included


class ParseError(ValueError):
    """Raised when bytes cannot be read as JSON that the ledger can hold.

    Attributes:
        reason: `NOT_JSON`, or `NOT_OF_SCHEMA` for JSON that no platform's documentation allows.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def parse(body: bytes) -> Json:
    """Return the JSON value of a body in UTF-8.

    Raises:
        ParseError: If it is not JSON, or is nested too deeply, or has a number too long, or has a character
            that PostgreSQL's text cannot hold.
    """
    try:
        value: Json = _DECODER.decode(body.decode())
    except ParseError:
        raise
    except RecursionError:
        raise ParseError("NOT_OF_SCHEMA", f"the body is nested deeper than {_DEPTH} levels") from None
    except ValueError as error:  # a wrong encoding is one, too
        raise ParseError("NOT_JSON", f"the body is not JSON: {error}"[:200]) from None
    _check(value, has_escapes=_ODD_ESCAPE.search(body) is not None)
    return value


def _whole(text: str) -> int:
    _check_length(text)
    return int(text)


def _decimal(text: str) -> Decimal:
    mantissa, _, exponent = text.lower().partition("e")
    _check_length(mantissa)
    if len(exponent) > _EXPONENT:
        raise ParseError("NOT_OF_SCHEMA", "a number in the body is too large")
    return Decimal(text)


def _refuse_constant(name: str) -> Json:
    raise ParseError("NOT_JSON", f"the body is not JSON: {name} is no JSON number")


_DECODER: Final = json.JSONDecoder(parse_int=_whole, parse_float=_decimal, parse_constant=_refuse_constant)


def _check_length(digits: str) -> None:
    if len(digits) > _DIGITS:
        raise ParseError("NOT_OF_SCHEMA", f"a number in the body has more than {_DIGITS} digits")


def _check(value: Json, *, has_escapes: bool) -> None:
    """Look at what may be too deep, one level after the other, so that no depth can exhaust the stack.

    Without an escape that makes one, no text holds a character that cannot be kept: none is looked at then.
    """
    level = [value]
    for _ in range(_DEPTH):
        if has_escapes:
            _check_texts(level)
        level = [
            child
            for node in level
            if (kind := type(node)) is dict or kind is list
            for child in (node.values() if kind is dict else node)  # type: ignore[union-attr] # it is one of both
        ]
        if not level:
            return
    raise ParseError("NOT_OF_SCHEMA", f"the body is nested deeper than {_DEPTH} levels")


def _check_texts(level: Iterable[Json]) -> None:
    for node in level:
        if isinstance(node, str):
            _check_text(node)
        elif isinstance(node, dict):
            for name in node:
                _check_text(name)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise ParseError("NOT_OF_SCHEMA", "a text in the body holds a NUL character")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise ParseError("NOT_OF_SCHEMA", "a text in the body holds half of a surrogate pair")
