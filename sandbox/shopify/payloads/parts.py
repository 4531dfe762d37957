"""The pieces that several webhook bodies share: money, times, addresses, people, lines."""

from datetime import datetime, timedelta, timezone
from typing import Final

from sandbox.jsonish import Json
from sandbox.shopify.ids import gid
from sandbox.shopify.model import LineItem, Order, ShippingLine
from sandbox.shopify.money import Bag, Currencies, rest_amount

SHOP_ZONE: Final = timezone(timedelta(hours=-5))  # Eastern standard time, as in the official examples


def moment(at: datetime | None) -> str | None:
    """Write a time in the shop's time zone, to the second."""
    return None if at is None else at.astimezone(SHOP_ZONE).isoformat(timespec="seconds")


def money_set(bag: Bag, currencies: Currencies) -> Json:
    """Write an amount in both currencies."""
    return {
        "shop_money": {
            "amount": rest_amount(bag.shop, currencies.shop),
            "currency_code": currencies.shop,
        },
        "presentment_money": {
            "amount": rest_amount(bag.presentment, currencies.presentment),
            "currency_code": currencies.presentment,
        },
    }


def tax_lines(taxed: LineItem | ShippingLine, currencies: Currencies) -> list[Json]:
    """Write the tax on a line, nothing where there is none."""
    if not taxed.tax:
        return []
    return [
        {
            "price": rest_amount(taxed.tax.shop, currencies.shop),
            "rate": float(taxed.tax_rate),
            "title": "Tax",
            "price_set": money_set(taxed.tax, currencies),
            "channel_liable": False,
        }
    ]


def discounts(line: LineItem, currencies: Currencies) -> list[Json]:
    """Write the discount on a line, nothing where there is none."""
    if not line.discount:
        return []
    return [
        {
            "amount": rest_amount(line.discount.shop, currencies.shop),
            "discount_application_index": 0,
            "amount_set": money_set(line.discount, currencies),
        }
    ]


def duties(line: LineItem, currencies: Currencies) -> list[Json]:
    """Write the import duty on a line, nothing where there is none."""
    if line.duty is None:
        return []
    price = line.duty.price
    return [
        {
            "id": line.duty.id,
            "harmonized_system_code": None,
            "country_code_of_origin": None,
            "shop_money": money_set(price, currencies)["shop_money"],
            "presentment_money": money_set(price, currencies)["presentment_money"],
            "tax_lines": [],
            "admin_graphql_api_id": gid("Duty", line.duty.id),
        }
    ]


def line_item(line: LineItem, currencies: Currencies) -> Json:
    """Write an order's line as refunds show it; orders add a few keys."""
    return {
        "id": line.id,
        "variant_id": None,
        "title": line.title,
        "quantity": line.quantity,
        "sku": line.sku,
        "variant_title": None,
        "vendor": None,
        "fulfillment_service": "manual",
        "product_id": None,
        "requires_shipping": not line.gift_card,
        "taxable": bool(line.tax_rate),
        "gift_card": line.gift_card,
        "name": line.title,
        "variant_inventory_management": None,
        "properties": [],
        "product_exists": True,
        "fulfillable_quantity": line.refundable,
        "grams": 100,
        "price": rest_amount(line.price.shop, currencies.shop),
        "total_discount": rest_amount(line.discount.shop, currencies.shop),
        "fulfillment_status": None,
        "price_set": money_set(line.price, currencies),
        "total_discount_set": money_set(line.discount, currencies),
        "discount_allocations": discounts(line, currencies),
        "duties": duties(line, currencies),
        "admin_graphql_api_id": gid("LineItem", line.id),
        "tax_lines": tax_lines(line, currencies),
    }


def order_line_item(line: LineItem, currencies: Currencies) -> Json:
    """Write an order's line as orders show it."""
    return {
        **line_item(line, currencies),
        "attributed_staffs": [],
        "current_quantity": line.refundable,
        "sales_line_item_group_id": None,
    }


def shipping_line(line: ShippingLine, currencies: Currencies) -> Json:
    """Write the shipping on an order."""
    price = rest_amount(line.price.shop, currencies.shop)
    return {
        "id": line.id,
        "carrier_identifier": None,
        "code": None,
        "current_discounted_price_set": money_set(line.price - line.refunded, currencies),
        "discounted_price": price,
        "discounted_price_set": money_set(line.price, currencies),
        "is_removed": False,
        "phone": None,
        "price": price,
        "price_set": money_set(line.price, currencies),
        "requested_fulfillment_service_id": None,
        "source": "shopify",
        "title": line.title,
        "tax_lines": tax_lines(line, currencies),
        "discount_allocations": [],
    }


def address() -> Json:
    """Write the one address every simulated customer lives at."""
    return {
        "first_name": "Steve",
        "address1": "123 Shipping Street",
        "phone": "555-555-SHIP",
        "city": "Shippington",
        "zip": "40003",
        "province": "Kentucky",
        "country": "United States",
        "last_name": "Shipper",
        "address2": None,
        "company": "Shipping Company",
        "latitude": None,
        "longitude": None,
        "name": "Steve Shipper",
        "country_code": "US",
        "province_code": "KY",
    }


def customer(order: Order) -> Json | None:
    """Write an order's customer, nothing for a guest."""
    if order.customer_id is None:
        return None
    return {
        "id": order.customer_id,
        "created_at": moment(order.created_at),
        "updated_at": moment(order.updated_at),
        "first_name": "Steve",
        "last_name": "Shipper",
        "state": "disabled",
        "note": None,
        "verified_email": True,
        "multipass_identifier": None,
        "tax_exempt": False,
        "email": order.email,
        "phone": None,
        "currency": order.currencies.presentment,
        "tax_exemptions": [],
        "admin_graphql_api_id": gid("Customer", order.customer_id),
        "default_address": _default_address(order.customer_id),
    }


def _default_address(customer_id: int) -> Json:
    """Write a customer's own address: the order's, without coordinates, with the customer's ids."""
    known = address()
    del known["latitude"], known["longitude"]
    return {
        **known,
        "id": customer_id,
        "customer_id": customer_id,
        "country_name": "United States",
        "default": True,
    }
