"""What the shapes have in common: text, numbers, money, times and pages."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, missing, validate

from webhooks.api import cursors

LARGEST_ID: Final = 2**63 - 1
"""The largest id of the ledger."""

_LIMIT: Final = 200
_USUAL_LIMIT: Final = 50
_NOTE_LENGTH: Final = 2000  # characters
_LINE: Final = r"^[^\x00-\x1f\x7f]*$"
# As above with new lines and tabs, and with something to read in it.
_NOTE: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
_SAID: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*[^\x00-\x20\x7f-\xa0][^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


class _Looks(validate.Validator):
    """Holds text to a pattern as a whole; Python's own `$` would let a line end slip through."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern.removeprefix("^").removesuffix("$"))

    def __call__(self, value: str) -> str:
        if not self._pattern.fullmatch(value) or any("\ud800" <= each <= "\udfff" for each in value):
            raise ValidationError("This has characters that it must not have, or none that say anything.")
        return value


class Whole(fields.Integer):
    """A whole number and nothing that stands for one; `3.0` is one, as JSON Schema has it."""

    def _validated(self, value: object) -> int:
        is_whole = isinstance(value, Decimal) and value == value.to_integral_value()
        if not (is_whole or type(value) is int):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Moment(fields.AwareDateTime):
    """A moment as RFC 3339 says, with its distance from UTC; UTC inside."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, object] | None, **options: object
    ) -> datetime:
        moment: datetime = super()._deserialize(value, attr, data, **options)
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            raise ValidationError("This is before or after all times.") from None


def words(
    pattern: str,
    longest: int,
    *,
    shortest: int = 1,
    is_required: bool = False,
    default: str | None = None,
    about: str = "",
) -> fields.String:
    """Return a field for text that both databases can hold.

    Args:
        pattern: In the syntax that Python and ECMAScript share; it is in the description, too.
        longest: In characters.
        shortest: In characters.
        is_required: Whether there must be one.
        default: What stands for none; None leaves it out.
        about: What the description says of it.
    """
    return fields.String(
        required=is_required,
        load_default=missing if default is None else default,
        validate=[validate.Length(min=shortest, max=longest), _Looks(pattern)],
        metadata={"pattern": pattern, **_told(about)},
    )


def line(
    longest: int, *, is_required: bool = False, default: str | None = None, about: str = ""
) -> fields.String:
    """Return a field for text of one line, empty only where that is the default."""
    shortest = 1 if default is None else 0
    return words(_LINE, longest, shortest=shortest, is_required=is_required, default=default, about=about)


def note(*, is_required: bool = False) -> fields.String:
    """Return a field for why something is done, for the audit trail."""
    about = "Why, for the audit trail."
    if is_required:
        return words(_SAID, _NOTE_LENGTH, is_required=True, about=about)
    return words(_NOTE, _NOTE_LENGTH, shortest=0, default="", about=about)


def slug(*, is_required: bool = False, about: str = "") -> fields.String:
    """Return a field for an account's name."""
    return words("^[a-z0-9-]{1,40}$", 40, is_required=is_required, about=about)


def one_of(
    enumeration: type[StrEnum] | tuple[str, ...], *, is_required: bool = True, about: str = ""
) -> fields.String:
    """Return a field for one of several words; what need not be there is left out."""
    words = [str(each) for each in enumeration]
    return fields.String(required=is_required, validate=validate.OneOf(words), metadata=_told(about))


def _told(about: str) -> dict[str, str]:
    return {"description": about} if about else {}


def text(about: str = "") -> fields.String:
    """Return a field of an answer that is text, empty where there is nothing to say."""
    return fields.String(required=True, metadata=_told(about))


def count() -> fields.Integer:
    """Return a field of an answer that is a number."""
    return fields.Integer(required=True)


def moment(*, is_certain: bool = True) -> fields.String:
    """Return a field of an answer that is a moment in UTC, or null where it may not have come."""
    return fields.String(required=True, allow_none=not is_certain, metadata={"format": "date-time"})


class MoneySchema(Schema):
    """An amount in major units, as text so that nobody rounds it."""

    amount = fields.String(required=True, metadata={"pattern": r"^-?\d+(\.\d+)?$", "example": "12.34"})
    currency = fields.String(required=True, metadata={"pattern": "^[A-Z]{3}$", "example": "USD"})


def money(*, is_certain: bool = True) -> fields.Nested:
    """Return a field of an answer that is money, or null."""
    return fields.Nested(MoneySchema, required=True, allow_none=not is_certain)


class PageQuery(Schema):
    """Which page of a list."""

    cursor = words(cursors.PATTERN, 13, about="`next_cursor` of the page before.")
    limit = fields.Integer(load_default=_USUAL_LIMIT, validate=validate.Range(min=1, max=_LIMIT))


class AuditSchema(Schema):
    """One thing that happened, who did it, when and why."""

    at = moment()
    actor = text("`system`, `cli:`, `portal:` or `api:` and a name.")
    action = text()
    from_state = text()
    to_state = text()
    reason = text()
    note = text()


def page_of(
    schema: type[Schema], name: str, about: str = "Of the next page; null if there is none."
) -> type[Schema]:
    """Return the shape of a page of a list; `about` says of which page the cursor is."""
    return Schema.from_dict(
        {
            "items": fields.List(fields.Nested(schema), required=True),
            "next_cursor": fields.String(
                required=True,
                allow_none=True,
                metadata={"description": about},
            ),
        },
        name=name,
    )


def page(views: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    """Return a page of a list, of rows with an `id`.

    Args:
        views: The page's rows, and one more if there are more.
        limit: How many rows a page has.
    """
    shown = views[:limit]
    return {"items": shown, "next_cursor": cursors.write(shown[-1]["id"]) if len(views) > limit else None}
