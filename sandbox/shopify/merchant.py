"""What the merchant does in the admin to orders there are: refund, settle, cancel, delete, uninstall."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from sandbox.jsonish import ControlError, Fields, Json
from sandbox.shopify.events import Event, announce, order_event, transaction_events
from sandbox.shopify.ids import gid
from sandbox.shopify.model import LineItem, Order, Refund, Transaction
from sandbox.shopify.money import Bag
from sandbox.shopify.payloads.order import deleted_body
from sandbox.shopify.payloads.parts import moment
from sandbox.shopify.payloads.refund import refund_body
from sandbox.shopify.refunds import (
    PENDING,
    Draft,
    DutyWish,
    LineWish,
    Wish,
    adjust,
    appraise,
    make_refund,
    spread,
)
from sandbox.shopify.shop import Shop
from sandbox.world import World

RESTOCK_TYPES: Final = ("no_restock", "cancel", "return", "legacy_restock")
STATUSES: Final = ("success", "pending", "failure", "error")


def refund_events(shop: Shop, order: Order, refund: Refund) -> list[Event]:
    """Write the webhooks that a refund causes, whoever made it."""
    return [
        ("refunds/create", refund_body(order, refund)),
        *transaction_events(order, refund.transactions),
        order_event(shop, "orders/updated", order),
    ]


def refund_by_hand(world: World, shop: Shop, order: Order, fields: Fields) -> Refund:
    """Refund an order as a person in the admin does, and send the webhooks unless told to be silent.

    Raises:
        ControlError: The description makes no sense, or gives back more than there is.
    """
    now = world.clock.now()
    silent = fields.flag("silent")
    draft = _draft(shop, order, fields, now)
    fields.finish()
    if draft.id is not None and any(each.id == draft.id for each in order.refunds):
        raise ControlError(f"Refund {draft.id} exists already.")
    refund = make_refund(order, shop.ids, now, draft)
    if not silent:
        announce(world, shop, refund_events(shop, order, refund))
    return refund


def _draft(shop: Shop, order: Order, fields: Fields, now: datetime) -> Draft:
    example = fields.flag("official_example")
    wish = _wish(shop, order, fields)
    amount = fields.maybe_decimal("amount")
    described = fields.maybe_objects("transactions")
    if described is not None:
        transactions = [_transaction(shop, order, each, now) for each in described]
    else:
        worth = appraise(order, wish, shop.ids).total
        transactions = _money(shop, order, worth if amount is None else order.currencies.bag(amount), now)
    if amount is not None and sum((each.amount for each in transactions), Bag()).presentment != amount:
        raise ControlError("The body: amount is not what the transactions add up to.")
    going = sum((each.amount for each in transactions if each.alive), Bag())
    if going.presentment > order.net_payment.presentment:
        raise ControlError("The body: the refund gives back more than was received.")
    return Draft(
        wish=wish,
        transactions=_as_in_the_example(shop, order, transactions) if example else transactions,
        note=fields.maybe_text("note"),
        legacy_shipping=fields.flag("legacy_shipping"),
        unadjusted=example,
        id=fields.maybe_integer("id"),
    )


def _wish(shop: Shop, order: Order, fields: Fields) -> Wish:
    lines = [_line_wish(shop, order, each) for each in fields.objects("lines")]
    shipping = fields.maybe_decimal("shipping")
    if shipping is not None:
        left = order.shipping.price - order.shipping.refunded if order.shipping else Bag()
        if shipping > left.presentment:
            raise ControlError("The body: shipping is more than is left to refund.")
    duties = [
        DutyWish(line, line.duty)
        for each in fields.objects("duties")
        if (line := _find_line(order, each)).duty is not None
    ]
    return Wish(lines, shipping, duties)


def _find_line(order: Order, fields: Fields) -> LineItem:
    sku = fields.text("sku")
    for line in order.lines:
        if line.sku == sku:
            return line
    raise ControlError(f"The body: the order has no line with the SKU {sku}.")


def _line_wish(shop: Shop, order: Order, fields: Fields) -> LineWish:
    line = _find_line(order, fields)
    restock_type = fields.choice("restock_type", RESTOCK_TYPES, "no_restock")
    wish = LineWish(
        line=line,
        quantity=fields.integer("quantity"),
        restock_type=restock_type,
        location_id=shop.locations[0].id if restock_type != "no_restock" and shop.locations else None,
        tax_only=fields.flag("tax_only"),
    )
    fields.finish()
    if not 1 <= wish.quantity <= line.refundable:
        raise ControlError(f"The body: {line.sku} has {line.refundable} left to refund.")
    return wish


def _transaction(shop: Shop, order: Order, fields: Fields, now: datetime) -> Transaction:
    gateway = fields.maybe_text("gateway")
    payments = [each for each in order.payments if gateway in {None, each.gateway}]
    transaction = Transaction(
        id=shop.ids.next(),
        kind="refund",
        gateway=gateway or (payments[0].gateway if payments else "manual"),
        status=fields.choice("status", STATUSES, "success"),
        amount=order.currencies.bag(fields.decimal("amount")),
        created_at=now,
        parent_id=payments[0].id if payments else None,
    )
    fields.finish()
    return transaction


def _money(shop: Shop, order: Order, amount: Bag, now: datetime) -> list[Transaction]:
    """Give money back to the payments it came from."""
    if amount.presentment > order.net_payment.presentment:
        raise ControlError("The body: the refund gives back more than was received.")
    return [
        Transaction(shop.ids.next(), "refund", payment.gateway, "success", part, now, payment.id)
        for payment, part in spread(order, amount)
    ]


def _as_in_the_example(shop: Shop, order: Order, transactions: list[Transaction]) -> list[Transaction]:
    """Split the money over two transactions without a currency, as the official example shows it."""
    if len(transactions) == 1:
        whole = transactions[0]
        first = order.currencies.part(whole.amount, 0, 1, 2)
        rest = replace(whole, id=shop.ids.next(), amount=whole.amount - first)
        transactions = [replace(whole, amount=first), rest]
    return [replace(each, nameless=True) for each in transactions]


def find_transaction(shop: Shop, transaction_id: int) -> tuple[Order, Transaction]:
    """Find a transaction and its order in a shop.

    Raises:
        ControlError: There is none.
    """
    for order in shop.orders.values():
        for transaction in order.transactions:
            if transaction.id == transaction_id:
                return order, transaction
    raise ControlError(f"There is no transaction {transaction_id}.")


def set_status(world: World, shop: Shop, transaction_id: int, status: str) -> Transaction:
    """Let a transaction come to an end, or go back to pending, and send the webhooks."""
    order, transaction = find_transaction(shop, transaction_id)
    now = world.clock.now()
    transaction.status = status
    order.updated_at = now
    for refund in order.refunds:
        if transaction in refund.transactions:
            refund.updated_at = now
            reasons = [each.reason for each in refund.adjustments if each.reason != PENDING]
            adjust(refund, shop.ids, *reasons[:1])
    announce(
        world,
        shop,
        [*transaction_events(order, [transaction]), order_event(shop, "orders/updated", order)],
    )
    return transaction


def cancel(world: World, shop: Shop, order: Order, reason: str) -> None:
    """Cancel an order and send the webhooks."""
    now = world.clock.now()
    order.cancelled_at = order.updated_at = now
    order.cancel_reason = reason
    announce(
        world, shop, [order_event(shop, topic, order) for topic in ("orders/cancelled", "orders/updated")]
    )


def delete(world: World, shop: Shop, order: Order) -> None:
    """Delete an order and send the webhook."""
    del shop.orders[order.id]
    announce(world, shop, [("orders/delete", deleted_body(order.id))])


def uninstall(world: World, shop: Shop) -> None:
    """Uninstall the app: one last webhook, then its access is gone."""
    announce(world, shop, [("app/uninstalled", shop_body(shop))])
    shop.uninstall()


def shop_body(shop: Shop) -> Json:
    """Write the shop as ``app/uninstalled`` sends it."""
    name = shop.domain.partition(".")[0]
    return {
        "id": shop.id,
        "name": name,
        "email": f"owner@{shop.domain}",
        "domain": shop.domain,
        "myshopify_domain": shop.domain,
        "created_at": moment(shop.created_at),
        "currency": shop.currency,
        "iana_timezone": "America/New_York",
        "plan_name": "basic",
        "admin_graphql_api_id": gid("Shop", shop.id),
    }


def compliance_body(shop: Shop, topic: str) -> Json:
    """Write the documented body of a compliance webhook, for a customer of whom nothing is held."""
    base: Json = {"shop_id": shop.id, "shop_domain": shop.domain}
    if topic == "shop/redact":
        return base
    customer = {"id": shop.ids.next(), "email": "john@example.com", "phone": "555-625-1199"}
    if topic == "customers/redact":
        return {**base, "customer": customer, "orders_to_redact": sorted(shop.orders)}
    return {
        **base,
        "orders_requested": sorted(shop.orders),
        "customer": customer,
        "data_request": {"id": shop.ids.next()},
    }
