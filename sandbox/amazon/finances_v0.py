"""Answers ``listFinancialEvents`` and ``…ByOrderId`` of the Finances API v0, deprecated since 2025-07-21.

https://developer-docs.amazon.com/sp-api/docs/finances-api-v0-reference
"""

import base64
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sandbox.amazon.answers import RefusedError, invalid, moment, moment_of
from sandbox.amazon.finances import LONGEST, MARGIN
from sandbox.amazon.model import Item, Part, Transaction, TransactionStatus
from sandbox.amazon.seller import Seller
from sandbox.jsonish import Json

MOST: Final = 100
_ORDER_ID = re.compile(r"\d{3}-\d{7}-\d{7}")

CHARGES: Final = {
    Part.PRINCIPAL: "Principal",
    Part.TAX: "Tax",
    Part.SHIPPING: "ShippingCharge",
    Part.SHIPPING_TAX: "ShippingTax",
    Part.GIFT_WRAP: "GiftWrap",
    Part.GIFT_WRAP_TAX: "GiftWrapTax",
    Part.GOODWILL: "Goodwill",
    Part.RESTOCKING_FEE: "RestockingFee",
}
FEES: Final = {Part.COMMISSION: "Commission", Part.REFUND_COMMISSION: "RefundCommission"}
WITHHELD: Final = {
    Part.FACILITATOR_TAX: "MarketplaceFacilitatorTax-Principal",
    Part.FACILITATOR_SHIPPING_TAX: "MarketplaceFacilitatorTax-Shipping",
}
PROMOTION_TYPE: Final = "PromotionMetaDataDefinitionValue"


def list_events(seller: Seller, order_id: str, args: Mapping[str, str], now: datetime) -> Json:
    """Answer ``GET /finances/v0/orders/{orderId}/financialEvents``.

    Args:
        seller: Whose events.
        order_id: The order asked for.
        args: The query's parameters.
        now: The present time.

    Raises:
        RefusedError: The parameters are not as documented, or the operation has been removed.
    """
    _is_there(seller)
    if not _ORDER_ID.fullmatch(order_id):
        raise invalid("Bad order ID provided.")
    return _answer(
        seller, order_id, args, [each for each in _shown(seller, now) if each.order.id == order_id]
    )


def list_events_between(seller: Seller, args: Mapping[str, str], now: datetime) -> Json:
    """Answer ``GET /finances/v0/financialEvents``.

    Args:
        seller: Whose events.
        args: The query's parameters.
        now: The present time.

    Raises:
        RefusedError: The parameters are not as documented, or the operation has been removed.
    """
    _is_there(seller)
    if not args.get("PostedAfter"):
        raise invalid("PostedAfter must be specified.")
    latest = now - MARGIN
    after = moment_of("PostedAfter", args["PostedAfter"])
    before = moment_of("PostedBefore", args["PostedBefore"]) if args.get("PostedBefore") else latest
    if max(after, before) > latest:
        raise invalid("The dates must be more than two minutes before the time of the request.")
    if before <= after:
        raise invalid("PostedBefore must be later than PostedAfter.")
    span = f"{after.isoformat()}/{args.get('PostedBefore', '')}"
    shown = _shown(seller, now) if before - after <= LONGEST else []
    return _answer(seller, span, args, [each for each in shown if after <= posted(each) < before])


def _is_there(seller: Seller) -> None:
    if seller.v0_gone:
        raise RefusedError(404)


def _shown(seller: Seller, now: datetime) -> list[Transaction]:
    """Return the events that are told of by now, in the order in which they were posted."""
    late = timedelta(seconds=seller.timing.late_v0)
    found = (
        each
        for each in seller.transactions
        if each.status is not TransactionStatus.DEFERRED
        and each.releases is None
        and posted(each) + late <= now
    )
    return sorted(found, key=posted)


def _answer(seller: Seller, wanted: str, args: Mapping[str, str], found: list[Transaction]) -> Json:
    """Return a page of events; its token is good for what was wanted only."""
    size = _page_size(args.get("MaxResultsPerPage", str(MOST)))
    offset = _offset(args.get("NextToken", ""), wanted)
    page = found[offset : offset + size]
    events: Json = {
        "ShipmentEventList": [_event(seller, each) for each in page if each.kind == "Shipment"],
        "RefundEventList": [_event(seller, each) for each in page if each.kind == "Refund"],
    }
    payload: Json = {"FinancialEvents": events}
    if offset + len(page) < len(found):
        token = f"{wanted}:{offset + len(page)}"
        payload["NextToken"] = base64.urlsafe_b64encode(token.encode()).decode()
    return {"payload": payload}


def posted(transaction: Transaction) -> datetime:
    """Return when an event is posted here: a deferred one when it is released."""
    released = transaction.released_by
    return transaction.posted_at if released is None else released.posted_at


def _page_size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise invalid(f"MaxResultsPerPage must be between 1 and {MOST}.")
    return int(text)


def _offset(token: str, wanted: str) -> int:
    if not token:
        return 0
    try:
        of, _, offset = base64.urlsafe_b64decode(token.encode()).decode().rpartition(":")
    except ValueError as error:
        raise invalid("NextToken is invalid.") from error
    if of != wanted or not offset.isdecimal():
        raise invalid("NextToken is invalid.")
    return int(offset)


def _event(seller: Seller, transaction: Transaction) -> Json:
    order = transaction.order
    refunded = transaction.kind == "Refund"
    name = "ShipmentItemAdjustmentList" if refunded else "ShipmentItemList"
    return {
        "AmazonOrderId": order.id,
        "SellerOrderId": order.seller_order_id or order.id,
        "MarketplaceName": seller.marketplace_name,
        "PostedDate": moment(posted(transaction)),
        name: [_item(item, order.currency, refunded=refunded) for item in transaction.items],
    }


def _item(item: Item, code: str, *, refunded: bool) -> Json:
    suffix = "AdjustmentList" if refunded else "List"
    shown: Json = {
        "SellerSKU": item.line.sku,
        "OrderItemId": item.line.id,
        "QuantityShipped": item.quantity,
        f"ItemCharge{suffix}": _components(item, CHARGES, "Charge", code),
        f"ItemFee{suffix}": _components(item, FEES, "Fee", code),
    }
    if refunded:
        shown["OrderAdjustmentItemId"] = item.adjustment_id
    withheld = _components(item, WITHHELD, "Charge", code)
    if withheld:
        model = {"TaxCollectionModel": "MarketplaceFacilitator", "TaxesWithheld": withheld}
        shown["ItemTaxWithheldList"] = [model]
    promotion = item.amounts.get(Part.PROMOTION)
    if promotion:
        shown[f"Promotion{suffix}"] = [
            {
                "PromotionType": PROMOTION_TYPE,
                "PromotionId": item.line.promotion_id,
                "PromotionAmount": _currency(promotion, code),
            }
        ]
    return shown


def _components(item: Item, names: Mapping[Part, str], prefix: str, code: str) -> list[Json]:
    return [
        {f"{prefix}Type": name, f"{prefix}Amount": _currency(item.amounts[part], code)}
        for part, name in names.items()
        if item.amounts.get(part)
    ]


def _currency(amount: Decimal, code: str) -> Json:
    return {"CurrencyCode": code, "CurrencyAmount": amount}
