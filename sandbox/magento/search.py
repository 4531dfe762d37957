"""Searches by searchCriteria, and the choice of fields in answers.

https://developer.adobe.com/commerce/webapi/rest/use-rest/performing-searches and
https://developer.adobe.com/commerce/webapi/rest/use-rest/retrieve-filtered-responses
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from sandbox.jsonish import Json, as_decimal
from sandbox.magento.errors import MagentoError, bad_request, internal_error, missing

Value = str | int | Decimal | None
Row = dict[str, Value]

ROOT: Final = re.compile(r"search_?criteria", re.IGNORECASE)
FILTER: Final = re.compile(r"\[filter_?groups\]\[(\d+)\]\[filters\]\[(\d+)\]\[(\w+)\]", re.IGNORECASE)
SORT: Final = re.compile(r"\[sort_?orders\]\[(\d+)\]\[(\w+)\]", re.IGNORECASE)
PAGE: Final = re.compile(r"\[(page_?size|current_?page)\]", re.IGNORECASE)


@dataclass
class Filter:
    """One condition on one field."""

    field: str = ""
    value: str = ""
    condition_type: str = "eq"


@dataclass
class Criteria:
    """What is searched for: all groups must hold, a group holds if one of its filters does."""

    groups: list[list[Filter]] = field(default_factory=list)
    sorts: list[tuple[str, str]] = field(default_factory=list)
    page_size: int | None = None
    current_page: int | None = None

    def as_json(self) -> Json:
        """Show the criteria as every search answer does."""
        shown: Json = {
            "filter_groups": [{"filters": [vars(each) for each in group]} for group in self.groups]
        }
        if self.sorts:
            shown["sort_orders"] = [{"field": name, "direction": way} for name, way in self.sorts]
        if self.page_size is not None:
            shown["page_size"] = self.page_size
        if self.current_page is not None:
            shown["current_page"] = self.current_page
        return shown


def read_criteria(query: Sequence[tuple[str, str]], most_per_page: int | None) -> Criteria:
    """Read the criteria of a search from its query parameters; names in snake or camel case.

    Raises:
        MagentoError: There are none, or a value does not fit.
    """
    given = [(name, value) for name, value in query if ROOT.match(name)]
    if not given:
        raise missing("searchCriteria")
    groups: dict[int, dict[int, Filter]] = {}
    sorts: dict[int, dict[str, str]] = {}
    criteria = Criteria()
    for name, value in given:
        if found := FILTER.search(name):
            each = groups.setdefault(int(found[1]), {}).setdefault(int(found[2]), Filter())
            _set(each, found[3], value)
        elif found := SORT.search(name):
            sorts.setdefault(int(found[1]), {})[found[2]] = value
        elif found := PAGE.search(name):
            key = "page_size" if "size" in found[1].lower() else "current_page"
            setattr(criteria, key, _whole(value))
    criteria.groups = [[filters[index] for index in sorted(filters)] for _, filters in sorted(groups.items())]
    criteria.sorts = [
        (each.get("field", ""), each.get("direction", "ASC").upper()) for _, each in sorted(sorts.items())
    ]
    if most_per_page is not None and (criteria.page_size or 0) > most_per_page:
        raise bad_request("Maximum SearchCriteria pageSize is %max", {"max": most_per_page})
    return criteria


def _set(each: Filter, name: str, value: str) -> None:
    if name == "field":
        each.field = value
    elif name == "value":
        each.value = value
    elif name in {"condition_type", "conditionType"}:
        each.condition_type = value


def _whole(value: str) -> int:
    if not value.isdigit():
        raise wrong_type(value, "int")
    return int(value)


def wrong_type(value: object, kind: str) -> MagentoError:
    """Refuse a value of the wrong type."""
    return bad_request(
        'The "%value" value\'s type is invalid. The "%type" type was expected. Verify and try again.',
        {"value": str(value), "type": kind},
    )


def find(rows: Sequence[Row], criteria: Criteria) -> tuple[list[int], int]:
    """Search rows.

    Args:
        rows: The columns that can be searched, of every entity.
        criteria: What is searched for.

    Returns:
        The indices of the page asked for, in order, and how many are found in all. A page beyond the last
        one is the last one.

    Raises:
        MagentoError: A column is not there.
    """
    columns = set(rows[0]) if rows else set()
    used = {each.field for group in criteria.groups for each in group} | {name for name, _ in criteria.sorts}
    if rows and not used <= columns:
        raise internal_error()  # an unknown column is a mistake in SQL, which Magento hides
    found = [
        index
        for index, row in enumerate(rows)
        if all(any(holds(row[each.field], each) for each in group) for group in criteria.groups)
    ]
    for name, way in reversed(criteria.sorts):
        ranks = [_order(row[name]) for row in rows]
        found.sort(key=ranks.__getitem__, reverse=way == "DESC")
    total = len(found)
    if not criteria.page_size:
        return found, total
    last = max(1, -(-total // criteria.page_size))
    page = min(max(criteria.current_page or 1, 1), last)
    start = (page - 1) * criteria.page_size
    return found[start : start + criteria.page_size], total


def _order(value: Value) -> tuple[int, Decimal, str]:
    number = as_decimal(value)
    if value is None:
        return (0, Decimal(0), "")
    return (1, number, "") if number is not None else (2, Decimal(0), str(value).lower())


def _compared(value: Value, text: str) -> int | None:
    """Compare as MySQL does: numbers as numbers, texts without regard to case; ``None`` with null."""
    if value is None:
        return None
    if not isinstance(value, str):
        other = as_decimal(text) or Decimal(0)
        return (value > other) - (value < other)
    mine, theirs = value.lower(), text.lower()
    return (mine > theirs) - (mine < theirs)


def _like(value: Value, pattern: str) -> bool:
    parts = [".*" if each == "%" else "." if each == "_" else re.escape(each) for each in pattern]
    return (
        value is not None and re.fullmatch("".join(parts), str(value), re.IGNORECASE | re.DOTALL) is not None
    )


def _listed(value: Value, text: str) -> bool:
    return any(_compared(value, each.strip()) == 0 for each in text.split(","))


CONDITIONS: Final[dict[str, Callable[[Value, str], bool]]] = {
    "eq": lambda value, text: _compared(value, text) == 0,
    "neq": lambda value, text: _compared(value, text) in {-1, 1},
    "gt": lambda value, text: _compared(value, text) == 1,
    "gteq": lambda value, text: _compared(value, text) in {0, 1},
    "moreq": lambda value, text: _compared(value, text) in {0, 1},
    "from": lambda value, text: _compared(value, text) in {0, 1},
    "lt": lambda value, text: _compared(value, text) == -1,
    "lteq": lambda value, text: _compared(value, text) in {-1, 0},
    "to": lambda value, text: _compared(value, text) in {-1, 0},
    "like": _like,
    "nlike": lambda value, text: value is not None and not _like(value, text),
    "in": _listed,
    "nin": lambda value, text: value is not None and not _listed(value, text),
    "finset": lambda value, text: value is not None and text in str(value).split(","),
    "null": lambda value, _text: value is None,
    "notnull": lambda value, _text: value is not None,
}


def holds(value: Value, condition: Filter) -> bool:
    """Tell whether a value meets a condition; an unknown condition is taken for ``eq``."""
    return CONDITIONS.get(condition.condition_type, CONDITIONS["eq"])(value, condition.value)


def chosen(value: object, wanted: str) -> object:
    """Leave only the fields asked for, as ``items[increment_id,items[sku]],total_count``.

    Args:
        value: An answer.
        wanted: The ``fields`` parameter.
    """
    tree: Json = {}
    stack = [tree]
    for name, sign in re.findall(r"([\w-]*)([\[\],]|$)", wanted):
        if name:
            stack[-1][name] = {}
        if sign == "[" and name:
            stack.append(stack[-1][name])
        elif sign == "]" and len(stack) > 1:
            stack.pop()
    return _pruned(value, tree)


def _pruned(value: object, tree: Json) -> object:
    if not tree:
        return value
    if isinstance(value, list):
        return [_pruned(each, tree) for each in value]
    if isinstance(value, dict):
        return {name: _pruned(value[name], below) for name, below in tree.items() if name in value}
    return value
