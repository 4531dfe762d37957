"""``issueRefund``, and refunds that a seller gives in Seller Hub.

https://developer.ebay.com/api-docs/sell/fulfillment/resources/order/methods/issueRefund
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from flask import Response

from sandbox.ebay.errors import EbayError, answer
from sandbox.ebay.model import FAILED, PENDING, ZERO, Line, Order, Refund
from sandbox.ebay.seller import Seller
from sandbox.ebay.visit import PLATFORM, Visit
from sandbox.jsonish import Json, as_decimal, loads

REASONS: Final = (
    "BUYER_CANCEL",
    "SELLER_CANCEL",
    "ITEM_NOT_RECEIVED",
    "BUYER_RETURN",
    "ITEM_NOT_AS_DESCRIBED",
    "OTHER_ADJUSTMENT",
    "SHIPPING_DISCOUNT",
)
LONGEST_COMMENT: Final = 100  # the field's documentation; the error's text says 1000
LATEST: Final = timedelta(days=90)


def issue_refund(visit: Visit) -> Response:
    """Answer ``POST /sell/fulfillment/v1/order/{order_id}/issue_refund``; twice refunds twice."""
    body = read_body(visit)
    order = visit.seller.orders.get(visit.names["order_id"])
    reason, comment = _words(body)
    amount, lines = _amounts(body, order)
    if order is None:
        raise EbayError(34919 if visit.names.get("stranger") else 34913)
    check(order, amount, lines, visit.now)
    refund = add_refund(
        visit.seller,
        order,
        Refund(
            number=visit.seller.ids.number(),
            by_api=True,
            amount=amount,
            lines=lines,
            reason=reason,
            comment=comment,
            status=PENDING,
            requested_at=visit.now,
            due=None,
            outcome=visit.seller.refund_outcome,
            transaction_id=visit.seller.ids.order(),
        ),
    )
    visit.world.writes.add(PLATFORM, visit.seller.id, "issueRefund")
    return answer({"refundId": refund.number, "refundStatus": PENDING})


def add_refund(seller: Seller, order: Order, refund: Refund) -> Refund:
    """Add a refund that is pending; it ends by itself unless the seller's settings leave it to people."""
    if refund.outcome != PENDING:
        refund.due = refund.requested_at + timedelta(seconds=seller.refund_seconds)
    order.refunds.append(refund)
    order.touch(refund.requested_at)
    return refund


def read_body(visit: Visit) -> Json:
    """Read a JSON object.

    Raises:
        EbayError: It is none, or not said to be JSON.
    """
    if visit.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise EbayError(2004, status=415)
    if not visit.body.strip():
        raise EbayError(34902)
    try:
        body = loads(visit.body)
    except ValueError as error:
        raise EbayError(2004) from error
    if not isinstance(body, dict):
        raise EbayError(2004)
    if not body:
        raise EbayError(34902)
    return body


def _words(body: Json) -> tuple[str, str]:
    reason, comment = body.get("reasonForRefund"), body.get("comment") or ""
    if reason not in REASONS:
        raise EbayError(34903)
    if not isinstance(comment, str) or len(comment) > LONGEST_COMMENT:
        raise EbayError(34921)
    return str(reason), comment


def _amounts(body: Json, order: Order | None) -> tuple[Decimal, dict[str, Decimal]]:
    """Read what is to be refunded: all of it, and by line where lines are named."""
    whole, items = body.get("orderLevelRefundAmount"), body.get("refundItems")
    if bool(whole) == bool(items):
        raise EbayError(34905)
    if whole:
        return _amount(whole, order), {}
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise EbayError(2004)
    lines: dict[str, Decimal] = {}
    for item in items:
        amount = _amount(item.get("refundAmount"), order)
        line = _line(item, order)
        lines[line.id if line else ""] = lines.get(line.id if line else "", ZERO) + amount
    return sum(lines.values(), ZERO), lines


def _amount(value: object, order: Order | None) -> Decimal:
    given = value if isinstance(value, dict) else {}
    if not given.get("value"):
        raise EbayError(34906)
    amount = as_decimal(given["value"])
    if amount is None or amount <= 0 or amount != round(amount, 2):
        raise EbayError(34907)
    if not given.get("currency"):
        raise EbayError(34908)
    if order is not None and given["currency"] != order.currency:
        raise EbayError(34909)
    return amount


def _line(item: Json, order: Order | None) -> Line | None:
    legacy, line_id = item.get("legacyReference"), item.get("lineItemId")
    if bool(legacy) == bool(line_id):
        raise EbayError(34910)
    if isinstance(legacy, dict):
        if not legacy.get("legacyItemId"):
            raise EbayError(34911)
        if not legacy.get("legacyTransactionId"):
            raise EbayError(34912)
    if order is None:
        return None
    for line in order.lines:
        named = isinstance(legacy, dict) and legacy == {
            "legacyItemId": line.item_id,
            "legacyTransactionId": line.id,
        }
        if named or line_id == line.id:
            return line
    raise EbayError(34914)


def check(order: Order, amount: Decimal, lines: dict[str, Decimal], now: datetime) -> None:
    """Refuse a refund the order's state does not allow.

    Raises:
        EbayError: In the documented words.
    """
    if not order.managed:
        raise EbayError(34918)
    if not order.paid:
        raise EbayError(34929)
    if any(each.status == PENDING for each in order.refunds):
        raise EbayError(34922)
    if any(each.open for each in order.requests):
        raise EbayError(34916)
    if now - order.created > LATEST:
        raise EbayError(34920)
    if order.remaining <= 0:
        raise EbayError(34917)
    for line in order.lines:
        if lines.get(line.id, ZERO) > order.line_remaining(line):
            raise EbayError(34924)
    if amount > order.remaining:
        raise EbayError(34915)


def set_status(seller: Seller, order: Order, refund: Refund, status: str, now: datetime) -> None:
    """Let a refund come to an end, or start anew."""
    refund.finish(status, seller.ids.number(), now)
    if status in {PENDING, FAILED}:
        refund.issued_at = refund.reference = None
    order.touch(now)
