"""Places orders, ships and cancels them, and shows them as the Orders API of 2026-01-01 does.

https://developer-docs.amazon.com/sp-api/reference/orders-v2026-01-01
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from sandbox.amazon.answers import moment
from sandbox.amazon.model import (
    CENT,
    LINE_PARTS,
    ZERO,
    FulfillmentStatus,
    Line,
    Order,
    Part,
)
from sandbox.amazon.seller import Seller
from sandbox.jsonish import ControlError, Fields, Json

DATASETS: Final = (
    "BUYER",
    "RECIPIENT",
    "PROCEEDS",
    "EXPENSE",
    "PROMOTION",
    "CANCELLATION",
    "FULFILLMENT",
    "PACKAGES",
    "TAX",
    "PAYMENT",
    "FULFILLMENT_ORDERS",
)
STATUSES: Final = ("PENDING", "UNSHIPPED", "SHIPPED")


def place_order(seller: Seller, fields: Fields, now: datetime) -> Order:
    """Let a buyer order.

    Args:
        seller: Whose order it is.
        fields: The order as the control API describes it.
        now: The present time.

    Raises:
        ControlError: The description makes no sense.
    """
    order = Order(
        id=fields.text("id", seller.ids.order()),
        seller_order_id=fields.text("seller_order_id", ""),
        currency=seller.currency,
        network=fields.choice("network", ("MFN", "AFN"), "MFN"),
        status=FulfillmentStatus(fields.choice("status", STATUSES, "SHIPPED")),
        created_at=now,
        updated_at=now,
        shipment_id=seller.ids.number(15),
        postal_code=fields.text("postal_code", "48110"),
        lines=[line_from(seller, each) for each in fields.objects("lines")],
    )
    fields.finish()
    if not order.lines:
        raise ControlError("The body: an order needs lines.")
    if len({line.sku for line in order.lines}) < len(order.lines):
        raise ControlError("The body: two lines of an order have the same sku.")
    if order.id in seller.orders:
        raise ControlError(f"The order {order.id} exists already.")
    seller.orders[order.id] = order
    return order


def line_from(seller: Seller, fields: Fields) -> Line:
    """Read an order's line.

    Raises:
        ControlError: The description makes no sense.
    """
    quantity = fields.integer("quantity")
    price = fields.decimal("price")
    if quantity < 1 or price < 0:
        raise ControlError("A line: quantity must be 1 or more, price must not be negative.")
    amounts = {Part.PRINCIPAL: price * quantity}
    for part in LINE_PARTS[1:]:
        amount = fields.maybe_decimal(part.value)
        if amount:
            amounts[part] = amount
    if any(amount < 0 for amount in amounts.values()):
        raise ControlError("A line: amounts must not be negative.")
    sku = fields.text("sku")
    line = Line(
        id=fields.text("order_item_id", seller.ids.number(14)),
        sku=sku,
        asin=fields.text("asin", f"B{seller.ids.number(9)}"),
        title=fields.text("title", sku),
        quantity=quantity,
        price=price,
        amounts=amounts,
        promotion_id=fields.text("promotion_id", "Promotion" if Part.PROMOTION in amounts else ""),
    )
    fields.finish()
    return line


def money(amount: Decimal, currency: str) -> Json:
    """Write an amount as the Orders API does: as a string."""
    places = Decimal(1) if currency == "JPY" else CENT
    return {"amount": str(amount.quantize(places)), "currencyCode": currency}


def order_json(seller: Seller, order: Order, included: frozenset[str]) -> Json:
    """Show an order.

    Args:
        seller: Whose it is.
        order: The order.
        included: The data sets asked for, of ``DATASETS``.
    """
    shown: Json = {
        "orderId": order.id,
        "createdTime": moment(order.created_at),
        "lastUpdatedTime": moment(order.updated_at),
        "programs": [],
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": seller.marketplace,
            "marketplaceName": seller.marketplace_name,
        },
        "orderItems": [_item_json(order, line, included) for line in order.lines],
    }
    if order.seller_order_id:
        shown["orderAliases"] = [{"aliasId": order.seller_order_id, "aliasType": "SELLER_ORDER_ID"}]
    if "PROCEEDS" in included:
        shown["proceeds"] = {"grandTotal": money(order.total, order.currency)}
    if "FULFILLMENT" in included:
        shown["fulfillment"] = {
            "fulfillmentStatus": order.status.value,
            "fulfilledBy": "MERCHANT" if order.network == "MFN" else "AMAZON",
            "fulfillmentServiceLevel": "STANDARD",
        }
    if "RECIPIENT" in included:
        shown["recipient"] = {"deliveryAddress": {"postalCode": order.postal_code, "countryCode": "US"}}
    return shown


def _item_json(order: Order, line: Line, included: frozenset[str]) -> Json:
    shown: Json = {
        "orderItemId": line.id,
        "quantityOrdered": line.quantity,
        "product": {
            "asin": line.asin,
            "title": line.title,
            "sellerSku": line.sku,
            "condition": {"conditionType": "NEW", "conditionSubtype": "NEW"},
            "price": {"unitPrice": money(line.price, order.currency)},
        },
    }
    if "PROCEEDS" in included:
        shown["proceeds"] = _proceeds(order, line)
    if "PROMOTION" in included and line.promotion_id:
        shown["promotion"] = {"breakdowns": [{"promotionId": line.promotion_id}]}
    if "FULFILLMENT" in included:
        shipped = line.quantity if order.status is FulfillmentStatus.SHIPPED else 0
        open_units = 0 if order.status is FulfillmentStatus.CANCELLED else line.quantity - shipped
        shown["fulfillment"] = {"quantityFulfilled": shipped, "quantityUnfulfilled": open_units}
    if "CANCELLATION" in included and order.status is FulfillmentStatus.CANCELLED:
        execution = {"cancelledBy": "MERCHANT", "cancelReason": order.cancel_reason}
        shown["cancellation"] = {"cancellationExecution": execution}
    if "TAX" in included and line.amounts.get(Part.FACILITATOR_TAX):
        collection = {"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon Services, Inc."}
        shown["tax"] = {"taxCollections": [collection]}
    return shown


def _proceeds(order: Order, line: Line) -> Json:
    """Show what the buyer paid for a line, by kind."""
    taxes = {
        "ITEM": line.amounts.get(Part.TAX, ZERO),
        "SHIPPING": line.amounts.get(Part.SHIPPING_TAX, ZERO),
        "GIFT_WRAP": line.amounts.get(Part.GIFT_WRAP_TAX, ZERO),
    }
    kinds = {
        "ITEM": line.amounts[Part.PRINCIPAL],
        "SHIPPING": line.amounts.get(Part.SHIPPING, ZERO),
        "GIFT_WRAP": line.amounts.get(Part.GIFT_WRAP, ZERO),
        "TAX": sum(taxes.values(), ZERO),
        "DISCOUNT": -line.amounts.get(Part.PROMOTION, ZERO),
    }
    breakdowns: list[Json] = []
    for kind, amount in kinds.items():
        if kind != "ITEM" and not amount:
            continue
        each: Json = {"type": kind, "subtotal": money(amount, order.currency)}
        if kind == "TAX":
            each["detailedBreakdowns"] = [
                {"subtype": subtype, "value": money(tax, order.currency)}
                for subtype, tax in taxes.items()
                if tax
            ]
        breakdowns.append(each)
    total = sum(kinds.values(), ZERO)
    return {"proceedsTotal": money(total, order.currency), "breakdowns": breakdowns}
