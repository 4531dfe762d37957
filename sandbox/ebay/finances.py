"""``getTransactions`` of the Finances API.

https://developer.ebay.com/api-docs/sell/finances/resources/transaction/methods/getTransactions
"""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlencode

from flask import Response

from sandbox.clock import iso_millis
from sandbox.ebay.errors import EbayError, answer
from sandbox.ebay.model import REFUNDED, ZERO, Order, Refund, money
from sandbox.ebay.seller import Seller
from sandbox.ebay.visit import Visit, filters, moment, one_of, span
from sandbox.jsonish import Json

DEFAULT_LIMIT: Final = 20
LARGEST_LIMIT: Final = 1000
LARGEST_OFFSET: Final = 1_000_000
WINDOW: Final = timedelta(days=90)
TYPES: Final = (
    "SALE",
    "REFUND",
    "CREDIT",
    "DISPUTE",
    "NON_SALE_CHARGE",
    "SHIPPING_LABEL",
    "TRANSFER",
)
STATUSES: Final = (
    "PAYOUT",
    "FUNDS_PROCESSING",
    "FUNDS_AVAILABLE_FOR_PAYOUT",
    "FUNDS_ON_HOLD",
    "COMPLETED",
    "FAILED",
)
FILTERS: Final = {
    "buyerUsername": lambda each: each["buyer"]["username"],
    "orderId": lambda each: each["orderId"],
    "payoutId": lambda each: each.get("payoutId"),
    "salesRecordReference": lambda each: each["salesRecordReference"],
    "transactionId": lambda each: each["transactionId"],
    "transactionStatus": lambda each: each["transactionStatus"],
    "transactionType": lambda each: each["transactionType"],
}
ALLOWED: Final = {"transactionType": (TYPES, 135006), "transactionStatus": (STATUSES, 135007)}
UNPAGED: Final = {"orderId", "transactionId", "payoutId"}
"""Filters with which the limit is ignored."""


def get_transactions(visit: Visit) -> Response:
    """Answer ``GET /sell/finances/v1/transaction``; 204 if there is none."""
    if visit.first("sort") is not None:
        raise EbayError(135005)
    paging = EbayError(135003)
    limit = visit.count("limit", DEFAULT_LIMIT, (1, LARGEST_LIMIT), paging)
    offset = visit.count("offset", 0, (0, LARGEST_OFFSET), paging)
    given = dict(pair for text in visit.all("filter") for pair in filters(text))
    found = _found(visit.seller, given, visit.now)
    if given.keys() & UNPAGED:
        limit = max(len(found), 1)
    shown = found[offset : offset + limit]
    if not shown:
        return Response(status=HTTPStatus.NO_CONTENT)

    def href(start: int) -> str:
        pairs = [(name, value) for name, value in visit.query if name not in {"limit", "offset"}]
        return f"{visit.url}?{urlencode([*pairs, ('limit', limit), ('offset', start)], quote_via=quote)}"

    page: Json = {
        "href": href(offset),
        "limit": limit,
        "offset": offset,
        "total": len(found),
        "transactions": shown,
    }
    if offset + limit < len(found):
        page["next"] = href(offset + limit)
    if offset:
        page["prev"] = href(max(0, offset - limit))
    return answer(page)


def _found(seller: Seller, given: dict[str, str], now: datetime) -> list[Json]:
    """Return the transactions the filters ask for, newest first."""
    dates = given.pop("transactionDate", None)
    start, end = _dates(dates, now)
    wanted = {name: _wanted(name, value) for name, value in given.items()}
    if "transactionId" in wanted and "transactionType" not in wanted:
        raise EbayError(135009)
    rows = [row for order in seller.orders.values() for row in _rows(seller, order, now)]
    rows.sort(key=lambda row: row[0], reverse=True)
    found = [body for at, body in rows if start <= at <= end]
    return [body for body in found if all(FILTERS[name](body) in values for name, values in wanted.items())]


def _wanted(name: str, value: str) -> list[str]:
    values = one_of(value)
    if name not in FILTERS or values is None:
        raise EbayError(ALLOWED[name][1] if name in ALLOWED else 2004)
    if name in ALLOWED and not set(values) <= set(ALLOWED[name][0]):
        raise EbayError(ALLOWED[name][1])
    return values


def _dates(value: str | None, now: datetime) -> tuple[datetime, datetime]:
    """Read the range of dates: 90 days back without one, 90 days onward without an end."""
    if value is None:
        return now - WINDOW, now
    ends = span(value)
    start = moment(ends[0]) if ends else None
    if ends is None or start is None:
        raise EbayError(135008)
    end = moment(ends[1]) if ends[1] else min(now, start + WINDOW)
    if end is None or end < start:
        raise EbayError(135008)
    return start, end


def _rows(seller: Seller, order: Order, now: datetime) -> list[tuple[datetime, Json]]:
    """Return an order's transactions with their times."""
    rows = []
    if order.paid:
        rows.append((order.created, _sale(order)))
    for refund in order.refunds:
        if refund.status == REFUNDED and refund.issued_at is not None:
            shows = refund.issued_at + timedelta(seconds=seller.finances_seconds)
            if shows <= now:
                rows.append((refund.issued_at, _refund(order, refund)))
    return [(at.replace(microsecond=at.microsecond // 1000 * 1000), body) for at, body in rows]


def _sale(order: Order) -> Json:
    return {
        **_transaction(order),
        "transactionId": order.id,
        "transactionType": "SALE",
        "transactionStatus": "FUNDS_AVAILABLE_FOR_PAYOUT",
        "transactionDate": iso_millis(order.created),
        "amount": money(order.total, order.currency),
        "bookingEntry": "CREDIT",
        "orderLineItems": [
            {
                "lineItemId": line.id,
                "feeBasisAmount": money(line.total, order.currency),
                "marketplaceFees": [],
            }
            for line in order.lines
        ],
        "totalFeeBasisAmount": money(order.total, order.currency),
        "totalFeeAmount": money(ZERO, order.currency),
    }


def _refund(order: Order, refund: Refund) -> Json:
    return {
        **_transaction(order),
        "transactionId": refund.transaction_id,
        "transactionType": "REFUND",
        "transactionStatus": refund.transaction_status,
        "transactionDate": iso_millis(refund.issued_at or order.modified),
        "amount": money(refund.amount, order.currency),
        "bookingEntry": "DEBIT",
        "orderLineItems": [
            {
                "lineItemId": line_id,
                "feeBasisAmount": money(amount, order.currency),
                "marketplaceFees": [],
            }
            for line_id, amount in refund.lines.items()
        ],
    }


def _transaction(order: Order) -> Json:
    return {
        "orderId": order.id,
        "buyer": {"username": order.buyer},
        "paymentsEntity": "eBay Commerce Inc.",
        "salesRecordReference": "0",
    }
