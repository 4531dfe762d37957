"""The topics we ask Shopify for, each with what its payload tells in our own words.

Topics: https://shopify.dev/docs/api/webhooks. Compliance topics:
https://shopify.dev/docs/apps/build/privacy-law-compliance.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.events import AccountLost, Event, OrderSeen, PaymentSeen, PersonalDataRequest
from ledger.models import OrderState
from webhooks.parsing import Json
from webhooks.sources import shopify_shapes as shapes
from webhooks.sources.protocol import Endpoint, NotOfSchemaError
from webhooks.sources.shopify_refunds import money_state, refund_seen
from webhooks.sources.shopify_schemas import load


@dataclass(frozen=True, slots=True)
class Understood:
    """What a payload tells.

    Attributes:
        resource_id: The id of what it is about.
        order_ref: The order's id, empty where there is none.
    """

    resource_id: str
    events: tuple[Event, ...]
    order_ref: str = ""


Reader = Callable[[Json, Endpoint, datetime], Understood]
"""Reads a payload, given whose it is and when what it tells happened."""


def _refund(payload: Json, endpoint: Endpoint, _at: datetime) -> Understood:
    refund = load(shapes.Refund, payload)
    mode = endpoint.policy.currency_mode
    seen = refund_seen(refund, order_id=refund.order_id, slug=endpoint.slug, mode=mode, first_hand=True)
    return Understood(refund.id, (seen,), refund.order_id)


def _order(payload: Json, endpoint: Endpoint, _at: datetime) -> Understood:
    """Read an order with its refunds, so that a lost `refunds/create` heals."""
    order = load(shapes.Order, payload)
    state = OrderState.CANCELLED if order.cancelled_at else OrderState.OPEN
    currencies = (order.currency, order.presentment_currency or order.currency)
    refunds = (
        refund_seen(
            refund,
            order_id=order.id,
            slug=endpoint.slug,
            mode=endpoint.policy.currency_mode,
            currencies=currencies,
            first_hand=False,
        )
        for refund in order.refunds
    )
    return Understood(
        order.id, (OrderSeen(order.id, order.name, state, order.updated_at), *refunds), order.id
    )


def _deleted_order(payload: Json, _endpoint: Endpoint, at: datetime) -> Understood:
    order = load(shapes.Resource, payload)
    return Understood(order.id, (OrderSeen(order.id, "", OrderState.DELETED, at),), order.id)


def _transaction(payload: Json, _endpoint: Endpoint, _at: datetime) -> Understood:
    transaction = load(shapes.Transaction, payload)
    if transaction.kind != "refund":
        return Understood(transaction.id, (), transaction.order_id)
    if not transaction.order_id:
        raise NotOfSchemaError("the refund's transaction names no order")
    seen = PaymentSeen(transaction.order_id, transaction.id, money_state(transaction.status))
    return Understood(transaction.id, (seen,), transaction.order_id)


def _uninstalled(payload: Json, endpoint: Endpoint, _at: datetime) -> Understood:
    shop = load(shapes.Shop, payload)
    _check_shop(shop.myshopify_domain, endpoint)
    return Understood(shop.id, (AccountLost("APP_UNINSTALLED"),))


def _data_request(payload: Json, endpoint: Endpoint, _at: datetime) -> Understood:
    asked = _compliance(payload, endpoint)
    request_id = asked.data_request.id if asked.data_request else asked.shop_id
    return Understood(request_id, (PersonalDataRequest("report", tuple(asked.orders_requested)),))


def _redact_customer(payload: Json, endpoint: Endpoint, _at: datetime) -> Understood:
    asked = _compliance(payload, endpoint)
    customer_id = asked.customer.id if asked.customer else asked.shop_id
    return Understood(customer_id, (PersonalDataRequest("erase_orders", tuple(asked.orders_to_redact)),))


def _redact_shop(payload: Json, endpoint: Endpoint, _at: datetime) -> Understood:
    asked = _compliance(payload, endpoint)
    return Understood(asked.shop_id, (PersonalDataRequest("erase_account", ()),))


def _compliance(payload: Json, endpoint: Endpoint) -> shapes.Compliance:
    asked = load(shapes.Compliance, payload)
    _check_shop(asked.shop_domain, endpoint)
    return asked


def _check_shop(domain: str, endpoint: Endpoint) -> None:
    """Refuse a body that names another shop: unlike the header that names it, the body is signed."""
    if domain and domain.lower() != endpoint.platform_id.lower():
        raise NotOfSchemaError("the body names another shop")


READERS: Final[dict[str, Reader]] = {
    "refunds/create": _refund,
    "orders/create": _order,
    "orders/updated": _order,
    "orders/cancelled": _order,
    "orders/delete": _deleted_order,
    "order_transactions/create": _transaction,
    "app/uninstalled": _uninstalled,
    "customers/data_request": _data_request,
    "customers/redact": _redact_customer,
    "shop/redact": _redact_shop,
}
"""Every topic that is understood."""


def order_of(topic: str, payload: Json) -> str:
    """Return the order an unreadable payload seems to be about, empty if it names none."""
    if not isinstance(payload, dict):
        return ""
    named = payload.get("id" if topic.startswith("orders/") else "order_id")
    return str(named) if isinstance(named, int) and not isinstance(named, bool) else ""
