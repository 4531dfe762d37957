"""``Order.suggestedRefund``: what a refund would be worth, and where its money would go."""

from collections.abc import Mapping, Sequence

from graphql import GraphQLError

from sandbox.jsonish import Json
from sandbox.shopify.graphql.part_views import duty_refund_view, line_refund_view
from sandbox.shopify.graphql.views import money_bag, transaction_view
from sandbox.shopify.graphql.wishes import UserError, everything, read_duties, read_lines, read_shipping
from sandbox.shopify.ids import Ids
from sandbox.shopify.model import Order, Transaction
from sandbox.shopify.money import Bag
from sandbox.shopify.refunds import Wish, Worth, appraise, spread
from sandbox.shopify.shop import Shop


def list_of(value: object) -> Sequence[Json]:
    """Return a list argument, empty if it was left away or null."""
    return value if isinstance(value, list) else []


def suggested_refund(shop: Shop, order: Order, wanted: Mapping[str, object]) -> Json:
    """Return what GraphQL reads a suggested refund from; nothing is changed.

    Args:
        shop: The shop.
        order: The order.
        wanted: The field's arguments.

    Raises:
        GraphQLError: The arguments do not fit the order.
    """
    errors: list[UserError] = []
    if wanted.get("suggestFullRefund"):
        wish = everything(order)
    else:
        lines = read_lines(shop, order, list_of(wanted.get("refundLineItems")), errors)
        full = bool(wanted.get("refundShipping"))
        shipping = read_shipping(order, wanted.get("shippingAmount"), full=full, errors=errors)
        wish = Wish(lines, shipping, read_duties(order, list_of(wanted.get("refundDuties")), lines, errors))
    if errors:
        raise GraphQLError(errors[0].message, extensions={"code": "BAD_USER_INPUT"})
    worth = appraise(order, wish, Ids())
    return _view(order, worth, store_credit=wanted.get("refundMethodAllocation") == "STORE_CREDIT")


def _view(order: Order, worth: Worth, *, store_credit: bool) -> Json:
    currencies = order.currencies
    most = order.net_payment
    amount = worth.total.at_most(most)
    parts = [] if store_credit else spread(order, amount)
    credit = [
        {
            "__typename": "SuggestedStoreCreditRefund",
            "amount": money_bag(amount, currencies),
            "maximumRefundable": money_bag(most, currencies),
            "expiresAt": None,
        }
    ]
    return {
        "amountSet": money_bag(amount, currencies),
        "maximumRefundableSet": money_bag(most, currencies),
        "subtotalSet": money_bag(worth.subtotal, currencies),
        "discountedSubtotalSet": money_bag(worth.subtotal, currencies),
        "totalCartDiscountAmountSet": money_bag(Bag(), currencies),
        "totalTaxSet": money_bag(worth.tax, currencies),
        "totalDutiesSet": money_bag(worth.duty, currencies),
        "refundDuties": [duty_refund_view(each, currencies) for each in worth.duties],
        "refundLineItems": [{**line_refund_view(each, currencies), "id": None} for each in worth.lines],
        "shipping": _shipping(order, worth),
        "suggestedRefundMethods": credit if store_credit else [],
        "suggestedTransactions": [_transaction(order, payment, part) for payment, part in parts],
    }


def _shipping(order: Order, worth: Worth) -> Json:
    given = worth.shipping
    left = order.shipping.price - order.shipping.refunded if order.shipping else Bag()
    return {
        "amountSet": money_bag(given.subtotal if given else Bag(), order.currencies),
        "taxSet": money_bag(given.tax if given else Bag(), order.currencies),
        "maximumRefundableSet": money_bag(left, order.currencies),
    }


def _transaction(order: Order, payment: Transaction, amount: Bag) -> Json:
    known = transaction_view(order, payment)
    return {
        "accountNumber": known["accountNumber"],
        "amountSet": money_bag(amount, order.currencies),
        "formattedGateway": known["formattedGateway"],
        "gateway": payment.gateway,
        "kind": "SUGGESTED_REFUND",
        "maximumRefundableSet": money_bag(order.left_of(payment), order.currencies),
        "parentTransaction": known,
    }
