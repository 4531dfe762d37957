"""Bodies of the ``orders/*`` webhooks."""

from sandbox.jsonish import Json
from sandbox.shopify.ids import gid
from sandbox.shopify.model import Order, financial_status
from sandbox.shopify.money import Bag, rest_amount
from sandbox.shopify.payloads.parts import (
    address,
    customer,
    moment,
    money_set,
    order_line_item,
    shipping_line,
)
from sandbox.shopify.payloads.refund import refund_body


def order_body(order: Order, domain: str) -> Json:
    """Write an order as ``orders/create``, ``orders/updated`` and ``orders/cancelled`` send it."""
    return {
        "id": order.id,
        "admin_graphql_api_id": gid("Order", order.id),
        **_nothing_known(),
        **_state(order, domain),
        **_current_money(order),
        **_money(order),
        **_people(order),
        "discount_applications": [],
        "fulfillments": [],
        "line_items": [order_line_item(line, order.currencies) for line in order.lines],
        "payment_terms": None,
        "refunds": [refund_body(order, refund) for refund in order.refunds],
        "shipping_lines": [shipping_line(order.shipping, order.currencies)] if order.shipping else [],
        "returns": [],
        "line_item_groups": [],
    }


def _nothing_known() -> Json:
    """Return the keys that a simulated order never fills."""
    empty = [
        "app_id",
        "browser_ip",
        "cart_token",
        "checkout_token",
        "client_details",
        "closed_at",
        "confirmation_number",
        "current_total_additional_fees_set",
        "device_id",
        "fulfillment_status",
        "landing_site",
        "landing_site_ref",
        "location_id",
        "merchant_of_record_app_id",
        "note",
        "original_total_additional_fees_set",
        "phone",
        "po_number",
        "reference",
        "referring_site",
        "source_identifier",
        "source_url",
        "user_id",
    ]
    return dict.fromkeys(empty)


def _state(order: Order, domain: str) -> Json:
    return {
        "buyer_accepts_marketing": False,
        "cancel_reason": order.cancel_reason,
        "cancelled_at": moment(order.cancelled_at),
        "confirmed": True,
        "created_at": moment(order.created_at),
        "currency": order.currencies.shop,
        "customer_locale": "en",
        "discount_codes": [],
        "duties_included": False,
        "estimated_taxes": False,
        "financial_status": financial_status(order),
        "merchant_business_entity_id": "MTU0ODM4MDAwOQ",
        "name": order.name,
        "note_attributes": [],
        "number": order.number - 1000,
        "order_number": order.number,
        "order_status_url": f"https://{domain}/orders/{order.id}/authenticate?key=0",
        "payment_gateway_names": sorted({each.gateway for each in order.payments}),
        "presentment_currency": order.currencies.presentment,
        "processed_at": moment(order.created_at),
        "source_name": "web",
        "tags": "",
        "tax_exempt": False,
        "tax_lines": [],
        "taxes_included": False,
        "test": False,
        "token": f"{order.id:x}",
        "total_weight": 100 * sum(line.quantity for line in order.lines),
        "updated_at": moment(order.updated_at),
    }


def _left(order: Order) -> tuple[Bag, Bag, Bag]:
    """Return lines, tax and shipping after refunds."""
    refunds = order.refunds
    lines = order.line_total - sum((part.subtotal for each in refunds for part in each.lines), Bag())
    given = [each.shipping for each in refunds if each.shipping]
    tax = order.tax - sum((part.tax for each in refunds for part in each.lines), Bag())
    tax -= sum((each.tax for each in given), Bag())
    return lines, tax, order.shipping_price - sum((each.subtotal for each in given), Bag())


def _current_money(order: Order) -> Json:
    """Write what is left after refunds."""
    currencies = order.currencies
    lines, tax, shipping = _left(order)
    duty = order.duties - sum((part.amount for each in order.refunds for part in each.duties), Bag())
    total = lines + tax + shipping + duty
    discount = sum((line.discount for line in order.lines), Bag())
    return {
        "current_shipping_price_set": money_set(shipping, currencies),
        "current_subtotal_price": rest_amount(lines.shop, currencies.shop),
        "current_subtotal_price_set": money_set(lines, currencies),
        "current_total_discounts": rest_amount(discount.shop, currencies.shop),
        "current_total_discounts_set": money_set(discount, currencies),
        "current_total_duties_set": money_set(duty, currencies) if order.duties else None,
        "current_total_price": rest_amount(total.shop, currencies.shop),
        "current_total_price_set": money_set(total, currencies),
        "current_total_tax": rest_amount(tax.shop, currencies.shop),
        "current_total_tax_set": money_set(tax, currencies),
    }


def _money(order: Order) -> Json:
    """Write what was ordered."""
    currencies = order.currencies
    listed = sum((line.total + line.discount for line in order.lines), Bag())
    discount = sum((line.discount for line in order.lines), Bag())
    outstanding = order.total - order.received
    return {
        "original_total_duties_set": money_set(order.duties, currencies) if order.duties else None,
        "subtotal_price": rest_amount(order.line_total.shop, currencies.shop),
        "subtotal_price_set": money_set(order.line_total, currencies),
        "total_cash_rounding_payment_adjustment_set": money_set(Bag(), currencies),
        "total_cash_rounding_refund_adjustment_set": money_set(Bag(), currencies),
        "total_discounts": rest_amount(discount.shop, currencies.shop),
        "total_discounts_set": money_set(discount, currencies),
        "total_line_items_price": rest_amount(listed.shop, currencies.shop),
        "total_line_items_price_set": money_set(listed, currencies),
        "total_outstanding": rest_amount(max(outstanding.shop, Bag().shop), currencies.shop),
        "total_price": rest_amount(order.total.shop, currencies.shop),
        "total_price_set": money_set(order.total, currencies),
        "total_shipping_price_set": money_set(order.shipping_price, currencies),
        "total_tax": rest_amount(order.tax.shop, currencies.shop),
        "total_tax_set": money_set(order.tax, currencies),
        "total_tip_received": rest_amount(Bag().shop, currencies.shop),
    }


def _people(order: Order) -> Json:
    return {
        "contact_email": order.email,
        "email": order.email or "",
        "billing_address": address(),
        "customer": customer(order),
        "shipping_address": address(),
    }


def deleted_body(order_id: int) -> Json:
    """Write the body of ``orders/delete``, which is the id and nothing else."""
    return {"id": order_id}
