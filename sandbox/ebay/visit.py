"""What a handler of the API gets to see of a request, and readers for what is in it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sandbox.ebay.errors import EbayError
from sandbox.ebay.seller import Seller
from sandbox.world import World

PLATFORM: Final = "ebay"
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")


@dataclass(frozen=True)
class Visit:
    """A request that was let in.

    Attributes:
        world: Where it happens.
        seller: Whose it is.
        now: The present time.
        names: What stands in the path.
        query: Query parameters, in order.
        headers: By lower-case name.
        body: As sent.
        url: The request's address without its query.
    """

    world: World
    seller: Seller
    now: datetime
    names: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    url: str

    def first(self, name: str) -> str | None:
        """Return a query parameter's first value."""
        return next((value for key, value in self.query if key == name), None)

    def all(self, name: str) -> list[str]:
        """Return every value of a query parameter."""
        return [value for key, value in self.query if key == name]

    def count(self, name: str, default: int, limits: tuple[int, int], error: EbayError) -> int:
        """Return a whole number within limits.

        Raises:
            EbayError: It is something else; the error given.
        """
        value = self.first(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and len(value) <= len("1000000")):
            raise error
        number = int(value)
        if not limits[0] <= number <= limits[1]:
            raise error
        return number


def moment(text: str) -> datetime | None:
    """Read ``2015-08-04T19:09:02.768Z``; ``None`` if it is something else."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    except ValueError:
        return None


def span(text: str) -> tuple[str, str] | None:
    """Read ``[from..to]`` or ``[from..]``; ``None`` if it is something else."""
    found = re.fullmatch(r"\[(?P<start>[^\[\]]*?)\.\.(?P<end>[^\[\]]*)\]", text)
    return (found["start"].strip(), found["end"].strip()) if found else None


def one_of(text: str) -> list[str] | None:
    """Read ``{a|b}``; ``None`` if it is something else."""
    found = re.fullmatch(r"\{(?P<values>[^{}]+)\}", text)
    return [each.strip() for each in found["values"].split("|")] if found else None


def filters(text: str) -> list[tuple[str, str]]:
    """Read ``name:value,name:value``; a value may hold commas only within brackets or braces."""
    parts = re.split(r",(?![^\[{]*[\]}])", text)
    return [
        (name.strip(), value.strip())
        for name, _, value in (part.partition(":") for part in parts if part.strip())
    ]
