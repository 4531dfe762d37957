"""What GraphQL reads the parts of a refund from, made or only suggested."""

from sandbox.jsonish import Json
from sandbox.shopify.graphql.views import duty_view, line_view, money_bag
from sandbox.shopify.ids import gid
from sandbox.shopify.model import RefundDuty, RefundLine
from sandbox.shopify.money import Currencies


def duty_refund_view(part: RefundDuty, currencies: Currencies) -> Json:
    """View the import duty a refund gives back."""
    return {
        "amountSet": money_bag(part.amount, currencies),
        "originalDuty": duty_view(part.duty, currencies),
    }


def line_refund_view(part: RefundLine, currencies: Currencies) -> Json:
    """View refunded units of a line."""
    return {
        "id": gid("RefundLineItem", part.id),
        "lineItem": line_view(part.line, currencies),
        "priceSet": money_bag(part.line.price, currencies),
        "quantity": part.quantity,
        "restockType": part.restock_type.upper(),
        "restocked": part.restock_type != "no_restock",
        "subtotalSet": money_bag(part.subtotal, currencies),
        "totalTaxSet": money_bag(part.tax, currencies),
    }
