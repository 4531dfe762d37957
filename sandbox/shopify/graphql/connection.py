"""Relay connections over plain lists, with Shopify's rules for ``first`` and ``last``."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from graphql import GraphQLError

from sandbox.jsonish import Json

LARGEST_PAGE: Final = 250
Item = TypeVar("Item")


@dataclass(frozen=True)
class Page:
    """The arguments every connection takes."""

    first: int | None = None
    last: int | None = None
    after: str | None = None
    before: str | None = None
    reverse: bool = False


def cursor(position: int) -> str:
    """Write a position in a list as an opaque cursor."""
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode()


def position(text: str) -> int:
    """Read a cursor.

    Raises:
        GraphQLError: It is not one of ours.
    """
    try:
        head, _, tail = base64.urlsafe_b64decode(text.encode()).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise GraphQLError("Invalid cursor for current pagination sort.") from error
    if head != "at" or not tail.isdigit():
        raise GraphQLError("Invalid cursor for current pagination sort.")
    return int(tail)


def _check(page: Page) -> None:
    """Refuse a page without a size, or with one out of bounds."""
    if page.first is None and page.last is None:
        raise GraphQLError("you must provide one of first or last", extensions={"code": "BAD_REQUEST"})
    if page.first is not None and page.last is not None:
        raise GraphQLError(
            "providing both first and last is not supported", extensions={"code": "BAD_REQUEST"}
        )
    size = page.first if page.first is not None else page.last
    if size is not None and not 0 < size <= LARGEST_PAGE:
        raise GraphQLError(
            f"first and last must be between 1 and {LARGEST_PAGE}", extensions={"code": "BAD_REQUEST"}
        )


def connection(items: Sequence[Item], view: Callable[[Item], Json], page: Page) -> Json:
    """Return the page of a list as a connection: ``nodes``, ``edges`` and ``pageInfo``.

    Args:
        items: The whole list in its natural order.
        view: Turns an item into what GraphQL reads its fields from.
        page: The connection's arguments.

    Raises:
        GraphQLError: The arguments make no page.
    """
    _check(page)
    numbered = list(enumerate(reversed(items) if page.reverse else items))
    if page.after is not None:
        start = position(page.after)
        numbered = [pair for pair in numbered if pair[0] > start]
    if page.before is not None:
        end = position(page.before)
        numbered = [pair for pair in numbered if pair[0] < end]
    if page.first is not None:
        numbered = numbered[: page.first]
    elif page.last is not None:
        numbered = numbered[-page.last :]
    edges = [{"cursor": cursor(index), "node": view(item)} for index, item in numbered]
    return {
        "edges": edges,
        "nodes": [edge["node"] for edge in edges],
        "pageInfo": {
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
            "hasNextPage": bool(numbered) and numbered[-1][0] < len(items) - 1,
            "hasPreviousPage": bool(numbered) and numbered[0][0] > 0,
        },
    }


def connected(items: Sequence[Item], view: Callable[[Item], Json]) -> Callable[..., Json]:
    """Return a field's resolver that answers the list as a connection."""

    def resolve(_info: object, **arguments: object) -> Json:
        known = {name: value for name, value in arguments.items() if name in Page.__dataclass_fields__}
        return connection(items, view, Page(**known))  # type: ignore[arg-type]  # GraphQL checked them

    return resolve
