"""Bodies of ``refunds/create`` and ``order_transactions/create``."""

from sandbox.jsonish import Json
from sandbox.shopify.ids import gid
from sandbox.shopify.model import Adjustment, Order, Refund, RefundLine, Transaction
from sandbox.shopify.money import Bag, Currencies, rest_amount
from sandbox.shopify.payloads.parts import line_item, moment, money_set, shipping_line

NO_CURRENCY = "XXX"  # ISO 4217 for "no currency", as in the official example


def refund_body(order: Order, refund: Refund) -> Json:
    """Write a refund as ``refunds/create`` and ``orders/*`` send it."""
    currencies = order.currencies
    return {
        "id": refund.id,
        "order_id": order.id,
        "created_at": moment(refund.created_at),
        "note": refund.note,
        "user_id": None,
        "processed_at": moment(refund.created_at),
        "duties": [
            {"duty_id": each.duty.id, "amount_set": money_set(each.amount, currencies)}
            for each in refund.duties
        ],
        "total_duties_set": money_set(sum((each.amount for each in refund.duties), Bag()), currencies),
        "return": None,
        "refund_shipping_lines": _shipping(order, refund),
        "restock": any(each.restock_type != "no_restock" for each in refund.lines),
        "admin_graphql_api_id": gid("Refund", refund.id),
        "order_adjustments": [_adjustment(order, refund, each) for each in refund.adjustments],
        "refund_line_items": [_line(each, currencies) for each in refund.lines],
        "transactions": [transaction_body(order, each) for each in refund.transactions],
    }


def _shipping(order: Order, refund: Refund) -> list[Json]:
    """Write the shipping given back, as bodies do since 2024-10."""
    if refund.shipping is None or order.shipping is None:
        return []
    given = refund.shipping
    return [
        {
            "id": given.id,
            "shipping_line_id": order.shipping.id,
            "shipping_line": shipping_line(order.shipping, order.currencies),
            "subtotal_amount_set": money_set(given.subtotal, order.currencies),
            "tax_amount_set": money_set(given.tax, order.currencies),
            "admin_graphql_api_id": gid("RefundShippingLine", given.id),
        }
    ]


def _adjustment(order: Order, refund: Refund, adjustment: Adjustment) -> Json:
    currencies = order.currencies
    return {
        "id": adjustment.id,
        "order_id": order.id,
        "refund_id": refund.id,
        "amount": rest_amount(adjustment.amount.shop, currencies.shop),
        "tax_amount": rest_amount(adjustment.tax.shop, currencies.shop),
        "kind": adjustment.kind,
        "reason": adjustment.reason,
        "amount_set": money_set(adjustment.amount, currencies),
        "tax_amount_set": money_set(adjustment.tax, currencies),
    }


def _line(part: RefundLine, currencies: Currencies) -> Json:
    """Write refunded units; subtotal and total_tax are documented as JSON numbers, hence the floats."""
    return {
        "id": part.id,
        "quantity": part.quantity,
        "line_item_id": part.line.id,
        "location_id": part.location_id,
        "restock_type": part.restock_type,
        "subtotal": float(part.subtotal.shop),
        "total_tax": float(part.tax.shop),
        "subtotal_set": money_set(part.subtotal, currencies),
        "total_tax_set": money_set(part.tax, currencies),
        "line_item": line_item(part.line, currencies),
    }


def transaction_body(order: Order, transaction: Transaction) -> Json:
    """Write a transaction as a refund lists it; amounts are in the presentment currency."""
    currency = order.currencies.presentment
    return {
        "id": transaction.id,
        "order_id": order.id,
        "kind": transaction.kind,
        "gateway": transaction.gateway,
        "status": transaction.status,
        "message": None,
        "created_at": moment(transaction.created_at),
        "test": False,
        "authorization": None,
        "location_id": None,
        "user_id": None,
        "parent_id": transaction.parent_id,
        "processed_at": moment(transaction.created_at) if transaction.status != "pending" else None,
        "device_id": None,
        "error_code": "processing_error" if transaction.status in {"failure", "error"} else None,
        "source_name": "web",
        "receipt": {},
        "amount": rest_amount(transaction.amount.presentment, currency),
        "currency": None if transaction.nameless else currency,
        "payment_id": f"{order.name}.{transaction.id}",
        "total_unsettled_set": _unsettled(order, nameless=transaction.nameless),
        "manual_payment_gateway": transaction.gateway == "manual",
        "amount_rounding": None,
        "admin_graphql_api_id": gid("OrderTransaction", transaction.id),
    }


def _unsettled(order: Order, *, nameless: bool) -> Json:
    """Write that nothing is unsettled; note the key ``currency``, which is not ``currency_code`` here."""
    currencies = order.currencies
    return {
        "presentment_money": {
            "amount": "0.0",
            "currency": NO_CURRENCY if nameless else currencies.presentment,
        },
        "shop_money": {"amount": "0.0", "currency": NO_CURRENCY if nameless else currencies.shop},
    }


def payment_details(transaction: Transaction) -> Json:
    """Write how a transaction was paid, as ``order_transactions/create`` adds it."""
    return {
        "credit_card_bin": None,
        "avs_result_code": None,
        "cvv_result_code": None,
        "credit_card_number": "•••• •••• •••• 1234",
        "credit_card_company": "Visa",
        "buyer_action_info": None,
        "credit_card_name": None,
        "credit_card_wallet": None,
        "credit_card_expiration_month": None,
        "credit_card_expiration_year": None,
        "payment_method_name": transaction.gateway,
    }


def order_transaction_body(order: Order, transaction: Transaction) -> Json:
    """Write a transaction as ``order_transactions/create`` sends it."""
    return {**transaction_body(order, transaction), "payment_details": payment_details(transaction)}
