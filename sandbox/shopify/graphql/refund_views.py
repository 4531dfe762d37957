"""What GraphQL reads refunds, an order's money and suggested refunds from."""

from typing import Final

from sandbox.jsonish import Json
from sandbox.shopify.graphql.connection import connected
from sandbox.shopify.graphql.part_views import duty_refund_view, line_refund_view
from sandbox.shopify.graphql.suggest import suggested_refund
from sandbox.shopify.graphql.views import (
    first_of,
    location_view,
    moment,
    money_bag,
    order_facts,
    shipping_line_view,
    transaction_view,
)
from sandbox.shopify.ids import gid
from sandbox.shopify.model import Adjustment, Order, Refund, RefundLine, Transaction
from sandbox.shopify.money import Bag, Currencies
from sandbox.shopify.refunds import OFF, PENDING
from sandbox.shopify.shop import Shop

REASONS: Final = {
    "Customer": "CUSTOMER",
    "Damage": "DAMAGE",
    "Restock": "RESTOCK",
    PENDING: "PENDING_REFUND_DISCREPANCY",
}


def order_view(shop: Shop, order: Order) -> Json:
    """View an order with its money, refunds and transactions."""
    return {
        **order_facts(order),
        **_money(order),
        "refunds": first_of([refund_view(shop, order, each) for each in order.refunds]),
        "transactions": first_of([_transaction(shop, order, each) for each in order.transactions]),
        "suggestedRefund": lambda _info, **wanted: suggested_refund(shop, order, wanted),
    }


def _money(order: Order) -> Json:
    currencies = order.currencies
    given = [part for refund in order.refunds for part in refund.lines]
    shipping = sum((each.shipping.subtotal for each in order.refunds if each.shipping), Bag())
    shipping_tax = sum((each.shipping.tax for each in order.refunds if each.shipping), Bag())
    duties = sum((part.amount for refund in order.refunds for part in refund.duties), Bag())
    returned = sum((part.subtotal + part.tax for part in given), shipping + shipping_tax + duties)
    discount = sum((line.discount for line in order.lines), Bag())
    adjustments = [each.amount for refund in order.refunds for each in refund.adjustments if each.kind == OFF]
    amounts = {
        "totalPriceSet": order.total,
        "currentTotalPriceSet": order.total - returned,
        "subtotalPriceSet": order.line_total,
        "totalTaxSet": order.tax,
        "totalShippingPriceSet": order.shipping_price,
        "totalDiscountsSet": discount,
        "totalReceivedSet": order.received,
        "totalRefundedSet": order.refunded,
        "totalRefundedShippingSet": shipping,
        "netPaymentSet": order.received - order.refunded,
        "totalOutstandingSet": order.total - order.received,
        "refundDiscrepancySet": sum(adjustments, Bag()),
    }
    return {name: money_bag(amount, currencies) for name, amount in amounts.items()}


def _transaction(shop: Shop, order: Order, transaction: Transaction) -> Json:
    return {**transaction_view(order, transaction), "order": lambda _info: order_view(shop, order)}


def refund_view(shop: Shop, order: Order, refund: Refund) -> Json:
    """View a refund."""
    currencies = order.currencies
    shipping = [refund.shipping] if refund.shipping and order.shipping else []
    return {
        "id": gid("Refund", refund.id),
        "legacyResourceId": str(refund.id),
        "createdAt": moment(refund.created_at),
        "processedAt": moment(refund.created_at),
        "updatedAt": moment(refund.updated_at),
        "note": refund.note,
        "order": lambda _info: order_view(shop, order),
        "totalRefundedSet": money_bag(refund.total, currencies),
        "refundLineItems": connected(refund.lines, lambda part: _line(shop, part, currencies)),
        "refundShippingLines": connected(
            shipping,
            lambda part: {
                "id": gid("RefundShippingLine", part.id),
                "shippingLine": shipping_line_view(order.shipping, currencies) if order.shipping else None,
                "subtotalAmountSet": money_bag(part.subtotal, currencies),
                "taxAmountSet": money_bag(part.tax, currencies),
            },
        ),
        "orderAdjustments": connected(
            [each for each in refund.adjustments if each.kind == OFF],
            lambda each: _adjustment(each, currencies),
        ),
        "duties": [duty_refund_view(each, currencies) for each in refund.duties],
        "transactions": connected(refund.transactions, lambda each: _transaction(shop, order, each)),
    }


def _adjustment(adjustment: Adjustment, currencies: Currencies) -> Json:
    return {
        "id": gid("OrderAdjustment", adjustment.id),
        "amountSet": money_bag(adjustment.amount, currencies),
        "taxAmountSet": money_bag(adjustment.tax, currencies),
        "reason": REASONS.get(adjustment.reason, "REFUND_DISCREPANCY"),
    }


def _line(shop: Shop, part: RefundLine, currencies: Currencies) -> Json:
    place = next((each for each in shop.locations if each.id == part.location_id), None)
    return {**line_refund_view(part, currencies), "location": location_view(shop, place) if place else None}
