"""What GraphQL reads an order's fields from: dictionaries keyed by field name."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from sandbox.jsonish import Json
from sandbox.shopify.graphql.connection import connected
from sandbox.shopify.ids import gid
from sandbox.shopify.model import Duty, LineItem, Order, ShippingLine, Transaction, financial_status
from sandbox.shopify.money import Bag, Currencies, graphql_amount
from sandbox.shopify.shop import Location, Shop, Subscription

HUNDRED: Final = 100


def moment(at: datetime | None) -> str | None:
    """Write a time as the ``DateTime`` scalar: UTC, to the second."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def money(amount: Decimal, currency: str) -> Json:
    """View an amount as ``MoneyV2``."""
    return {"amount": graphql_amount(amount), "currencyCode": currency}


def money_bag(bag: Bag, currencies: Currencies) -> Json:
    """View an amount as ``MoneyBag``."""
    return {
        "shopMoney": money(bag.shop, currencies.shop),
        "presentmentMoney": money(bag.presentment, currencies.presentment),
    }


def first_of(items: list[Json]) -> Callable[..., list[Json]]:
    """Return the resolver of a plain list with an optional ``first``."""

    def resolve(_info: object, first: int | None = None, **_filters: object) -> list[Json]:
        return items if first is None else items[:first]

    return resolve


def tax_line_views(taxed: LineItem | ShippingLine, currencies: Currencies) -> list[Json]:
    """View the tax on a line, nothing where there is none."""
    if not taxed.tax:
        return []
    return [
        {
            "title": "Tax",
            "rate": float(taxed.tax_rate),
            "ratePercentage": float(taxed.tax_rate * HUNDRED),
            "priceSet": money_bag(taxed.tax, currencies),
            "channelLiable": False,
            "source": "Shopify",
        }
    ]


def duty_view(duty: Duty, currencies: Currencies) -> Json:
    """View an import duty."""
    return {"id": gid("Duty", duty.id), "price": money_bag(duty.price, currencies), "taxLines": []}


def line_view(line: LineItem, currencies: Currencies) -> Json:
    """View a line of an order."""
    unit = currencies.bag(line.total.presentment / line.quantity)
    listed = line.total + line.discount
    return {
        "id": gid("LineItem", line.id),
        "name": line.title,
        "sku": line.sku,
        "title": line.title,
        "quantity": line.quantity,
        "currentQuantity": line.refundable,
        "refundableQuantity": line.refundable,
        "isGiftCard": line.gift_card,
        "taxable": bool(line.tax_rate),
        "requiresShipping": not line.gift_card,
        "restockable": not line.gift_card,
        "originalUnitPriceSet": money_bag(line.price, currencies),
        "discountedUnitPriceSet": money_bag(unit, currencies),
        "discountedUnitPriceAfterAllDiscountsSet": money_bag(unit, currencies),
        "originalTotalSet": money_bag(listed, currencies),
        "discountedTotalSet": money_bag(line.total, currencies),
        "totalDiscountSet": money_bag(line.discount, currencies),
        "taxLines": first_of(tax_line_views(line, currencies)),
        "duties": [duty_view(line.duty, currencies)] if line.duty else [],
    }


def shipping_line_view(line: ShippingLine, currencies: Currencies) -> Json:
    """View the shipping on an order."""
    return {
        "id": gid("ShippingLine", line.id),
        "title": line.title,
        "source": "shopify",
        "isRemoved": False,
        "custom": False,
        "originalPriceSet": money_bag(line.price, currencies),
        "discountedPriceSet": money_bag(line.price, currencies),
        "currentDiscountedPriceSet": money_bag(line.price - line.refunded, currencies),
        "taxLines": tax_line_views(line, currencies),
    }


def transaction_view(order: Order, transaction: Transaction) -> Json:
    """View a transaction; its order and its parent are resolved when asked for."""
    parent = next((each for each in order.payments if each.id == transaction.parent_id), None)
    failed = transaction.status in {"failure", "error"}
    return {
        "id": gid("OrderTransaction", transaction.id),
        "kind": transaction.kind.upper(),
        "status": transaction.status.upper(),
        "gateway": transaction.gateway,
        "formattedGateway": transaction.gateway.replace("_", " ").capitalize(),
        "amountSet": money_bag(transaction.amount, order.currencies),
        "accountNumber": "•••• •••• •••• 1234",
        "createdAt": moment(transaction.created_at),
        "processedAt": moment(transaction.created_at) if transaction.status != "pending" else None,
        "errorCode": "PROCESSING_ERROR" if failed else None,
        "manualPaymentGateway": transaction.gateway == "manual",
        "manuallyCapturable": False,
        "multiCapturable": False,
        "test": False,
        "parentTransaction": lambda _info: None if parent is None else transaction_view(order, parent),
        "paymentId": f"{order.name}.{transaction.id}",
        "totalUnsettledSet": money_bag(Bag(), order.currencies),
    }


def subscription_view(subscription: Subscription, version: str) -> Json:
    """View a webhook subscription."""
    return {
        "id": gid("WebhookSubscription", subscription.id),
        "legacyResourceId": str(subscription.id),
        "apiVersion": {"handle": version, "displayName": version, "supported": True},
        "topic": subscription.topic.upper().replace("/", "_"),
        "uri": subscription.uri,
        "format": "JSON",
        "includeFields": [],
        "metafieldNamespaces": [],
        "createdAt": moment(subscription.created_at),
        "updatedAt": moment(subscription.created_at),
    }


def location_view(shop: Shop, location: Location) -> Json:
    """View a location."""
    return {
        "id": gid("Location", location.id),
        "legacyResourceId": str(location.id),
        "name": location.name,
        "isActive": True,
        "shipsInventory": True,
        "fulfillsOnlineOrders": True,
        "createdAt": moment(shop.created_at),
        "updatedAt": moment(shop.created_at),
    }


def shop_view(shop: Shop) -> Json:
    """View a shop."""
    presentment = {order.currencies.presentment for order in shop.orders.values()}
    return {
        "id": gid("Shop", shop.id),
        "name": shop.domain.partition(".")[0],
        "email": f"owner@{shop.domain}",
        "myshopifyDomain": shop.domain,
        "currencyCode": shop.currency,
        "enabledPresentmentCurrencies": sorted(presentment | {shop.currency}),
        "ianaTimezone": "America/New_York",
        "createdAt": moment(shop.created_at),
    }


def order_facts(order: Order) -> Json:
    """View what an order is, money and refunds aside."""
    currencies = order.currencies
    return {
        "id": gid("Order", order.id),
        "legacyResourceId": str(order.id),
        "name": order.name,
        "number": order.number,
        "email": order.email,
        "createdAt": moment(order.created_at),
        "updatedAt": moment(order.updated_at),
        "processedAt": moment(order.created_at),
        "cancelledAt": moment(order.cancelled_at),
        "cancelReason": order.cancel_reason.upper() if order.cancel_reason else None,
        "closed": False,
        "confirmed": True,
        "test": False,
        "currencyCode": currencies.shop,
        "presentmentCurrencyCode": currencies.presentment,
        "displayFinancialStatus": financial_status(order).upper(),
        "paymentGatewayNames": sorted({each.gateway for each in order.payments}),
        "taxesIncluded": False,
        "dutiesIncluded": False,
        "fullyPaid": order.received.presentment >= order.total.presentment,
        "unpaid": not order.received,
        "refundable": order.net_payment.presentment > 0,
        "restockable": any(line.refundable for line in order.lines),
        "tags": [],
        "sourceName": "web",
        "lineItems": connected(order.lines, lambda line: line_view(line, currencies)),
        "shippingLine": shipping_line_view(order.shipping, currencies) if order.shipping else None,
        "shippingLines": connected(
            [order.shipping] if order.shipping else [], lambda line: shipping_line_view(line, currencies)
        ),
        "customer": _customer(order),
    }


def _customer(order: Order) -> Json | None:
    if order.customer_id is None:
        return None
    return {
        "id": gid("Customer", order.customer_id),
        "legacyResourceId": str(order.customer_id),
        "displayName": "Steve Shipper",
    }
