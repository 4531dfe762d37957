"""Paging by key: a page begins after the last row of the one before, so that all pages cost the same.

A cursor is the key of a row as text; whoever changes it sees another page, nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from flask import request, url_for

Row = TypeVar("Row")

PAGE: Final = 50
"""Rows on a page."""

_ID_DIGITS: Final = 18  # fit into 64 bits


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and the way on.

    Attributes:
        next_url: Where the rows after these are; empty on the last page.
        first_url: Where the first rows are; empty on the first page.
    """

    rows: Sequence[Row]
    next_url: str = ""
    first_url: str = ""


def paged(found: Sequence[Row], cursor: Callable[[Row], str], *, size: int = PAGE) -> Page[Row]:
    """Return the page of rows that were asked for with one row more than it shows.

    Args:
        found: Up to `size + 1` rows.
        cursor: The key of a row as text.
        size: Rows on a page.
    """
    rows = found[:size]
    is_first = not request.args.get("after")
    return Page(
        rows,
        url_with(after=cursor(rows[-1])) if len(found) > size else "",
        "" if is_first else url_with(after=None),
    )


def after_id() -> int:
    """Return the id that the page comes after, from the address; 0 for the first page."""
    return number(request.args.get("after", ""))


def number(text: str) -> int:
    """Return the number that a text is, such as an id; 0 if it is none, or none of ours."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS else 0


def url_with(**values: str | None) -> str:
    """Return this page's address with some of its values changed; None takes one out."""
    wanted = {**request.args.to_dict(flat=False), **(request.view_args or {}), **values}
    return url_for(request.endpoint or "", **{name: value for name, value in wanted.items() if value})
