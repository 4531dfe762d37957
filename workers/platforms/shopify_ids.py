"""Shopify's global ids, and the numbers inside them by which the ledger knows things.

https://shopify.dev/docs/api/usage/gids
"""

import re
from collections.abc import Mapping
from typing import Any, Final

_NUMBER: Final = re.compile(r"[0-9]{1,20}")
_GID: Final = re.compile(r"gid://shopify/[A-Za-z]{1,60}/([0-9]{1,20})(\?.*)?")

# The members of a RefundInput that name a thing, and its kind.
_KINDS: Final = {
    "orderId": "Order",
    "lineItemId": "LineItem",
    "locationId": "Location",
    "parentId": "OrderTransaction",
    "dutyId": "Duty",
}


def gid(kind: str, number: str) -> str:
    """Return the global id of a thing; one that is a global id already stays."""
    return number if number.startswith("gid://") else f"gid://shopify/{kind}/{number}"


def is_number(text: str) -> bool:
    """Return whether a text may be the number of a thing."""
    return _NUMBER.fullmatch(text) is not None


def number_of(global_id: str) -> str:
    """Return the number at a global id's end; the empty text if it is none."""
    match = _GID.fullmatch(global_id)
    return match[1] if match else ""


def with_gids(value: Any) -> Any:  # noqa: ANN401 - an input may be any JSON
    """Return a GraphQL input whose ids, where they are numbers, are global ids; empty ones are left away."""
    if isinstance(value, Mapping):
        return {
            name: gid(_KINDS[name], member)
            if name in _KINDS and isinstance(member, str) and is_number(member)
            else with_gids(member)
            for name, member in value.items()
            if name not in _KINDS or member
        }
    return [with_gids(member) for member in value] if isinstance(value, list | tuple) else value
