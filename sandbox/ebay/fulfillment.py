"""``getOrder`` and ``getOrders``.

https://developer.ebay.com/api-docs/sell/fulfillment/resources/order/methods/getOrders
"""

import re
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

from flask import Response

from sandbox.ebay.errors import EbayError, answer
from sandbox.ebay.model import Order
from sandbox.ebay.payloads import order_json
from sandbox.ebay.visit import Visit, filters, moment, one_of, span
from sandbox.jsonish import Json

DEFAULT_LIMIT: Final = 50
LARGEST_LIMIT: Final = 200
LARGEST_OFFSET: Final = 1_000_000
MOST_IDS: Final = 50
DEFAULT_AGE: Final = timedelta(days=90)
OLDEST: Final = timedelta(days=2 * 365)
_ORDER_ID: Final = re.compile(r"[0-9]{2}-[0-9]{5}-[0-9]{5}|[0-9]{12,}(-[0-9]+)?(![0-9]+)?")
_STATES: Final = ({"NOT_STARTED", "IN_PROGRESS"}, {"FULFILLED", "IN_PROGRESS"})


def get_order(visit: Visit) -> Response:
    """Answer ``GET /sell/fulfillment/v1/order/{orderId}``."""
    order_id = visit.names["order_id"]
    breakdown = _breakdown(visit)
    if not _ORDER_ID.fullmatch(order_id):
        raise EbayError(32100, orderId=order_id)
    order = visit.seller.orders.get(order_id)
    if order is None:
        raise EbayError(32100, status=404, orderId=order_id)
    return answer(order_json(visit.seller, order, breakdown=breakdown))


def get_orders(visit: Visit) -> Response:
    """Answer ``GET /sell/fulfillment/v1/order``."""
    ids = visit.first("orderIds")
    breakdown = _breakdown(visit)
    if ids is not None:
        return answer(_by_ids(visit, ids.split(","), breakdown=breakdown))
    limit_error = EbayError(31100, limitvalue=visit.first("limit") or "")
    limit = visit.count("limit", DEFAULT_LIMIT, (1, LARGEST_LIMIT), limit_error)
    offset_error = EbayError(31000, offsetvalue=visit.first("offset") or "")
    offset = visit.count("offset", 0, (0, LARGEST_OFFSET), offset_error)
    found = _found(visit)
    return answer(_page(visit, found, limit, offset, breakdown=breakdown))


def _breakdown(visit: Visit) -> bool:
    group = visit.first("fieldGroups")
    if group not in {None, "TAX_BREAKDOWN"}:
        raise EbayError(32800, fieldGroup=str(group))
    return group is not None


def _by_ids(visit: Visit, ids: list[str], *, breakdown: bool) -> Json:
    """Return the orders with these ids; those that are not there are left out."""
    if len(ids) > MOST_IDS:
        raise EbayError(30900)
    for each in ids:
        if not _ORDER_ID.fullmatch(each.strip()):
            raise EbayError(32100, orderId=each)
    found = [visit.seller.orders[each.strip()] for each in ids if each.strip() in visit.seller.orders]
    return _page(visit, found, len(ids), 0, breakdown=breakdown)


def _page(visit: Visit, found: list[Order], limit: int, offset: int, *, breakdown: bool) -> Json:
    def href(start: int) -> str:
        pairs = [(name, value) for name, value in visit.query if name not in {"limit", "offset"}]
        pairs += [("limit", str(limit)), ("offset", str(start))]
        return f"{visit.url}?{urlencode(pairs, quote_via=quote)}"

    shown = found[offset : offset + limit]
    return {
        "href": href(offset),
        "total": len(found),
        "limit": limit,
        "offset": offset,
        **({"next": href(offset + limit)} if offset + limit < len(found) else {}),
        **({"prev": href(max(0, offset - limit))} if offset else {}),
        "orders": [order_json(visit.seller, each, breakdown=breakdown, requests=False) for each in shown],
    }


def _found(visit: Visit) -> list[Order]:
    """Return the orders the filters ask for, newest first."""
    given = dict(filters(visit.first("filter") or ""))
    unknown = sorted(set(given) - {"creationdate", "lastmodifieddate", "orderfulfillmentstatus"})
    if unknown:
        raise EbayError(30700, fieldname=unknown[0])
    created, modified = given.get("creationdate"), given.get("lastmodifieddate")
    spans = [
        _span(visit.now, name, given[name]) for name in ("creationdate", "lastmodifieddate") if name in given
    ]
    states = _states(given.get("orderfulfillmentstatus"))
    orders = sorted(visit.seller.orders.values(), key=lambda each: each.created, reverse=True)
    if created is not None:  # with both, only this one is used
        orders = [each for each in orders if _within(each.created, spans[0])]
    elif modified is not None:
        orders = [each for each in orders if _within(each.modified, spans[0])]
    elif not given:
        orders = [each for each in orders if each.created >= visit.now - DEFAULT_AGE]
    return [each for each in orders if ("FULFILLED" if each.fulfilled else "NOT_STARTED") in states]


def _span(now: datetime, name: str, value: str) -> tuple[datetime, datetime]:
    """Read a range of time.

    Raises:
        EbayError: As documented for ranges that make no sense.
    """
    ends = span(value)
    if ends is None:
        raise EbayError(30800, fieldvalue=value, fieldname=name)
    if not ends[0]:
        raise EbayError(30820)
    start, end = moment(ends[0]), moment(ends[1]) if ends[1] else now
    if start is None or end is None:
        raise EbayError(30810)
    if start > now or end > now:
        raise EbayError(30850)
    if start > end:
        raise EbayError(30840)
    if now - start > OLDEST:
        raise EbayError(30830, allowedTime="2")
    return start, end


def _within(at: datetime, ends: tuple[datetime, datetime]) -> bool:
    """Tell whether a moment lies in a range, which knows milliseconds and includes both ends."""
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    return ends[0] <= at <= ends[1]


def _states(value: str | None) -> set[str]:
    if value is None:
        return {"NOT_STARTED", "IN_PROGRESS", "FULFILLED"}
    states = set(one_of(value) or [])
    if states not in _STATES:
        raise EbayError(30800, fieldvalue=value, fieldname="orderfulfillmentstatus")
    return states
