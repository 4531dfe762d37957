"""Answers ``getOrder`` and ``searchOrders`` of the Orders API 2026-01-01: parameters, filters and pages.

https://developer-docs.amazon.com/sp-api/reference/orders-v2026-01-01
"""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from werkzeug.datastructures import MultiDict

from sandbox.amazon.answers import RefusedError, invalid, moment, moment_of
from sandbox.amazon.model import Order
from sandbox.amazon.orders import DATASETS, order_json
from sandbox.amazon.seller import Seller
from sandbox.jsonish import Json

MARGIN: Final = timedelta(minutes=2)
MOST: Final = 100
FULFILLED_BY: Final = {"MERCHANT": "MFN", "AMAZON": "AFN"}
FULFILLMENT_STATUSES: Final = (
    "PENDING_AVAILABILITY",
    "PENDING",
    "UNSHIPPED",
    "PARTIALLY_SHIPPED",
    "SHIPPED",
    "CANCELLED",
    "UNFULFILLABLE",
)
_ORDER_ID = re.compile(r"\d{3}-\d{7}-\d{7}")

Args = MultiDict[str, str]


def listed(args: Args, name: str, known: Sequence[str] = ()) -> list[str]:
    """Read a parameter that is a list: separated by commas, or given several times.

    Raises:
        RefusedError: A value is not one of the known.
    """
    values = [value for text in args.getlist(name) for value in text.split(",") if value]
    if known and not set(values) <= set(known):
        raise invalid("Invalid Input")
    return values


def get_order(seller: Seller, order_id: str, args: Args) -> Json:
    """Answer ``GET /orders/2026-01-01/orders/{orderId}``.

    Raises:
        RefusedError: There is no such order, or a parameter is not as documented.
    """
    if not _ORDER_ID.fullmatch(order_id):
        raise invalid("Invalid Input")
    included = frozenset(listed(args, "includedData", DATASETS))
    if order_id not in seller.orders:
        raise RefusedError(404)
    return {"order": order_json(seller, seller.orders[order_id], included)}


def search_orders(seller: Seller, args: Args, now: datetime) -> Json:
    """Answer ``GET /orders/2026-01-01/orders``.

    Args:
        seller: Whose orders.
        args: The query's parameters.
        now: The present time.

    Raises:
        RefusedError: A parameter is not as documented.
    """
    by_update = "lastUpdatedAfter" in args
    if by_update == ("createdAfter" in args):
        raise invalid("Exactly one of createdAfter and lastUpdatedAfter must be provided")
    first, last = ("lastUpdated", "created") if by_update else ("created", "lastUpdated")
    if f"{last}Before" in args:
        raise invalid(f"{last}Before must not be provided with {first}After")
    after = moment_of(f"{first}After", args[f"{first}After"])
    latest = now - MARGIN
    given = args.get(f"{first}Before")
    before = latest if given is None else moment_of(f"{first}Before", given)
    if given is not None and not after <= before <= latest:
        raise invalid(f"{first}Before must not be before {first}After, nor later than two minutes ago")
    filters = filters_from(args)
    found = [
        order
        for order in seller.orders.values()
        if after <= (order.updated_at if by_update else order.created_at) <= before
        and filters.let_through(seller, order)
    ]
    included = frozenset(listed(args, "includedData", DATASETS))
    shown, pagination = _page(found, args)
    answer: Json = {
        "orders": [order_json(seller, order, included) for order in shown],
        f"{first}Before": moment(before),
    }
    if pagination:
        answer["pagination"] = {"nextToken": pagination}
    return answer


@dataclass(frozen=True)
class Filters:
    """What is asked for besides times; what is empty lets everything through."""

    statuses: frozenset[str]
    networks: frozenset[str]
    marketplaces: frozenset[str]

    def let_through(self, seller: Seller, order: Order) -> bool:
        """Tell whether an order is asked for."""
        return (
            (not self.statuses or order.status.value in self.statuses)
            and (not self.networks or order.network in self.networks)
            and (not self.marketplaces or seller.marketplace in self.marketplaces)
        )


def filters_from(args: Args) -> Filters:
    """Read the filters.

    Raises:
        RefusedError: A value is not one of the documented.
    """
    return Filters(
        statuses=frozenset(listed(args, "fulfillmentStatuses", FULFILLMENT_STATUSES)),
        networks=frozenset(FULFILLED_BY[each] for each in listed(args, "fulfilledBy", tuple(FULFILLED_BY))),
        marketplaces=frozenset(listed(args, "marketplaceIds")),
    )


def _page(found: list[Order], args: Args) -> tuple[list[Order], str]:
    """Return one page, and the token of the next, empty on the last."""
    size = args.get("maxResultsPerPage", str(MOST))
    if not size.isdecimal() or not 1 <= int(size) <= MOST:
        raise invalid(f"maxResultsPerPage must be between 1 and {MOST}")
    offset = 0
    if "paginationToken" in args:
        try:
            offset = int(json.loads(base64.urlsafe_b64decode(args["paginationToken"].encode())))
        except ValueError as error:
            raise invalid("paginationToken is invalid") from error
    page = found[offset : offset + int(size)]
    end = offset + len(page)
    token = base64.urlsafe_b64encode(json.dumps(end).encode()).decode() if end < len(found) else ""
    return page, token
