"""The search syntax of ``orders(query:)``, as far as the sandbox speaks it.

https://shopify.dev/docs/api/usage/search-syntax
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

from graphql import GraphQLError

from sandbox.shopify.model import Order, financial_status

TERM: Final = re.compile(
    r"""(?P<field>[a-z_]+):(?P<op>>=|<=|>|<)?(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<bare>[^\s()]+))"""
)
AND: Final = re.compile(r"^\s+(?:AND\s+)?")
OR: Final = re.compile(r"\s*OR\s+")
Sortable = TypeVar("Sortable", int, datetime)
Test = Callable[[Order], bool]


def _moment(text: str) -> datetime:
    """Read a date or a time; without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise GraphQLError(f"Invalid time in the search query: {text}") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _compare(left: Sortable, sign: str, right: Sortable) -> bool:
    """Compare two values by a sign of the search syntax."""
    return (
        (left > right and ">" in sign)
        or (left < right and "<" in sign)
        or (left == right and ("=" in sign or not sign))
    )


def _test(field: str, sign: str, text: str) -> Test:
    if field in {"updated_at", "created_at", "processed_at"}:
        at = _moment(text)
        by_update = field == "updated_at"
        return lambda order: _compare(order.updated_at if by_update else order.created_at, sign, at)
    if field == "id" and text.isdigit():
        return lambda order: _compare(order.id, sign, int(text))
    if field == "name":
        return lambda order: order.name.removeprefix("#") == text.removeprefix("#")
    if field == "email":
        return lambda order: (order.email or "").lower() == text.lower()
    if field == "financial_status":
        return lambda order: financial_status(order) == text.lower()
    raise GraphQLError(f"The sandbox does not search orders by {field}:{text}")


def parse_search(query: str | None) -> Test:
    """Return the test that a search query stands for.

    Terms are joined by AND, written or not, and by OR, which binds less; parentheses group them.

    Raises:
        GraphQLError: The query uses what the sandbox does not speak.
    """
    if not query or not query.strip():
        return lambda _order: True
    test, rest = _either(query.strip())
    if rest:
        raise _not_understood(rest)
    return test


def _either(text: str) -> tuple[Test, str]:
    """Read terms joined by OR; return their test and what follows them."""
    tests: list[Test] = []
    while True:
        test, text = _all(text)
        tests.append(test)
        joined = OR.match(text)
        if joined is None:
            return (lambda order: any(test(order) for test in tests)), text
        text = text[joined.end() :]


def _all(text: str) -> tuple[Test, str]:
    """Read terms joined by AND; return their test and what follows them."""
    tests: list[Test] = []
    while True:
        test, text = _term(text)
        tests.append(test)
        text = AND.sub("", text)
        if not text or text.startswith(")") or OR.match(text):
            return (lambda order: all(test(order) for test in tests)), text


def _term(text: str) -> tuple[Test, str]:
    if text.startswith("("):
        test, rest = _either(text[1:].lstrip())
        if not rest.startswith(")"):
            raise _not_understood(rest)
        return test, rest[1:]
    match = TERM.match(text)
    if match is None:
        raise _not_understood(text)
    value = next(group for group in match.group("single", "double", "bare") if group is not None)
    return _test(match["field"], match["op"] or "", value), text[match.end() :]


def _not_understood(rest: str) -> GraphQLError:
    return GraphQLError(f"The sandbox does not understand the search query at: {rest}")
