"""Shopify's ids: numbers above 2**53, which JSON readers that use doubles get wrong, and their gids."""

from itertools import count
from typing import Final

FIRST: Final = 820_982_911_946_154_509
STEP: Final = 15_838  # even, so that every id is odd and no double can hold it
PREFIX: Final = "gid://shopify/"


class Ids:
    """Hands out REST ids, unique among all shops; not locked, its shops are."""

    def __init__(self) -> None:
        self._numbers = count(FIRST, STEP)

    def next(self) -> int:
        """Return a number not given before."""
        return next(self._numbers)


def gid(kind: str, number: int) -> str:
    """Write the GraphQL id of a resource."""
    return f"{PREFIX}{kind}/{number}"


def number_of(text: str, kind: str) -> int | None:
    """Return the REST id in a gid of that kind, ``None`` if it is something else."""
    head = f"{PREFIX}{kind}/"
    tail = text.removeprefix(head).partition("?")[0]
    return int(tail) if text.startswith(head) and tail.isascii() and tail.isdigit() else None
