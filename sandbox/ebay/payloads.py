"""Orders as the Fulfillment API shows them.

https://developer.ebay.com/api-docs/sell/fulfillment/types/sel:Order
"""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from sandbox.clock import iso_millis
from sandbox.ebay.model import CANCELLATION, REFUNDED, ZERO, Line, Order, Refund, Request, money
from sandbox.ebay.seller import Seller
from sandbox.jsonish import Json

ADDRESS: Final = {
    "addressLine1": "123 Main Street",
    "city": "San Jose",
    "countryCode": "US",
    "postalCode": "95125",
    "stateOrProvince": "CA",
}
_CANCEL_STATES: Final = {"": "REQUESTED", "refunded": "COMPLETED"}
_DELIVERY: Final = timedelta(days=7)
_HANDLING: Final = timedelta(days=3)


def order_json(seller: Seller, order: Order, *, breakdown: bool = False, requests: bool = True) -> Json:
    """Write an order.

    Args:
        seller: Whose it is.
        order: The order.
        breakdown: Whether the field group ``TAX_BREAKDOWN`` was asked for: only then do totals include the
            tax that eBay collects and remits, and taxes have types.
        requests: Whether cancellation requests are shown; ``getOrders`` never does.
    """
    remitted = order.remitted if breakdown else ZERO
    shown = {
        "orderId": order.id,
        "creationDate": iso_millis(order.created),
        "lastModifiedDate": iso_millis(order.modified),
        "orderFulfillmentStatus": "FULFILLED" if order.fulfilled else "NOT_STARTED",
        "orderPaymentStatus": order.payment_status,
        "sellerId": seller.username,
        "buyer": {"username": order.buyer, "taxAddress": _without(ADDRESS, "addressLine1")},
        "cancelStatus": _cancel_status(order, requests=requests),
        "pricingSummary": _pricing(order, remitted),
        "paymentSummary": _payment_summary(order, remitted),
        "fulfillmentStartInstructions": [_instructions(order)],
        "fulfillmentHrefs": [],
        "lineItems": [_line_json(seller, order, line, breakdown=breakdown) for line in order.lines],
        "ebayCollectAndRemitTax": True if order.remitted else None,
        "salesRecordReference": "0",
        "totalFeeBasisAmount": money(order.total, order.currency),
        "totalMarketplaceFee": money(ZERO, order.currency),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _without(value: Json, name: str) -> Json:
    return {key: each for key, each in value.items() if key != name}


def _pricing(order: Order, remitted: Decimal) -> Json:
    """Write ``pricingSummary``; tax is there only if there is any."""
    tax = sum((line.tax for line in order.lines), ZERO) + remitted
    return {
        "priceSubtotal": money(sum((line.cost for line in order.lines), ZERO), order.currency),
        "deliveryCost": money(sum((line.delivery for line in order.lines), ZERO), order.currency),
        **({"tax": money(tax, order.currency)} if tax else {}),
        "total": money(order.total + remitted, order.currency),
    }


def _payment_summary(order: Order, remitted: Decimal) -> Json:
    paid = {"paymentDate": iso_millis(order.created)} if order.paid else {}
    return {
        "totalDueSeller": money(order.total - order.refunded + remitted, order.currency),
        "refunds": [_refund_json(order, each) for each in order.refunds],
        "payments": [
            {
                "paymentMethod": "EBAY",
                "amount": money(order.total + remitted, order.currency),
                **paid,
                "paymentStatus": "PAID" if order.paid else "PENDING",
            }
        ],
    }


def _refund_json(order: Order, refund: Refund) -> Json:
    """Write a refund of ``paymentSummary``.

    The id is there only for one made by ``issueRefund`` for the whole order; date and reference only once it
    was issued.
    """
    named = {"refundId": refund.number} if refund.by_api and not refund.lines else {}
    return {
        "amount": money(refund.amount, order.currency),
        **named,
        "refundStatus": refund.status,
        **_issued(refund),
        **({"refundReferenceId": refund.reference} if refund.status == REFUNDED else {}),
    }


def _issued(refund: Refund) -> Json:
    if refund.status != REFUNDED or refund.issued_at is None:
        return {}
    return {"refundDate": iso_millis(refund.issued_at)}


def _cancel_status(order: Order, *, requests: bool) -> Json:
    asked = [each for each in order.requests if each.kind == CANCELLATION]
    when = {"cancelledDate": iso_millis(order.cancelled_at)} if order.cancelled_at else {}
    return {
        "cancelState": order.cancel_state,
        **when,
        "cancelRequests": [_cancel_request(each) for each in asked] if requests else [],
    }


def _cancel_request(request: Request) -> Json:
    closed = request.closed_at if request.outcome == "refunded" else None
    return {
        "cancelRequestId": request.id,
        "cancelInitiator": request.initiator.capitalize(),
        "cancelReason": request.reason,
        "cancelRequestedDate": iso_millis(request.created),
        "cancelRequestState": _CANCEL_STATES.get(request.outcome, "REJECTED"),
        **({"cancelCompletedDate": iso_millis(closed)} if closed else {}),
    }


def _instructions(order: Order) -> Json:
    return {
        "fulfillmentInstructionsType": "SHIP_TO",
        "minEstimatedDeliveryDate": iso_millis(order.created + _HANDLING),
        "maxEstimatedDeliveryDate": iso_millis(order.created + _DELIVERY),
        "ebaySupportedFulfillment": False,
        "shippingStep": {
            "shipTo": {"fullName": "Pat Doe", "contactAddress": ADDRESS},
            "shippingCarrierCode": "USPS",
            "shippingServiceCode": "USPSPriority",
        },
    }


def _line_json(seller: Seller, order: Order, line: Line, *, breakdown: bool) -> Json:
    remitted = line.remitted if breakdown else ZERO
    shown = {
        "lineItemId": line.id,
        "legacyItemId": line.item_id,
        "sku": line.sku,
        "title": line.title,
        "quantity": line.quantity,
        "soldFormat": "FIXED_PRICE",
        "listingMarketplaceId": seller.marketplace,
        "purchaseMarketplaceId": seller.marketplace,
        "lineItemFulfillmentStatus": "FULFILLED" if order.fulfilled else "NOT_STARTED",
        "lineItemCost": money(line.cost, order.currency),
        "deliveryCost": {"shippingCost": money(line.delivery, order.currency)},
        "taxes": _taxes(line, order.currency, breakdown=breakdown),
        "ebayCollectAndRemitTaxes": _remitted(line, order.currency),
        "total": money(line.total + remitted, order.currency),
        "appliedPromotions": [],
        "refunds": _line_refunds(order, line),
        "properties": {"buyerProtection": True},
        "lineItemFulfillmentInstructions": {
            "shipByDate": iso_millis(order.created + _HANDLING),
            "guaranteedDelivery": False,
        },
        "itemLocation": {"location": "San Jose, California", "countryCode": "US", "postalCode": "95125"},
    }
    return {name: value for name, value in shown.items() if value is not None}


def _taxes(line: Line, currency: str, *, breakdown: bool) -> list[Json]:
    amounts = [line.tax] if line.tax else []
    if not breakdown:
        return [{"amount": money(each, currency)} for each in amounts]
    both = amounts + ([line.remitted] if line.remitted else [])
    return [{"amount": money(each, currency), "taxType": "STATE_SALES_TAX"} for each in both]


def _remitted(line: Line, currency: str) -> list[Json] | None:
    if not line.remitted:
        return None
    tax = {"taxType": "STATE_SALES_TAX", "amount": money(line.remitted, currency), "collectionMethod": "NET"}
    return [tax]


def _line_refunds(order: Order, line: Line) -> list[Json]:
    """Write the refunds of one line; their ids are here and not in ``paymentSummary``."""
    return [
        {
            "amount": money(refund.lines[line.id], order.currency),
            **({"refundId": refund.number} if refund.by_api else {}),
            **_issued(refund),
        }
        for refund in order.refunds
        if line.id in refund.lines
    ]
