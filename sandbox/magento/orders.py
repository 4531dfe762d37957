"""Places, invoices and cancels orders, as the control API describes them."""

import secrets
from datetime import datetime
from decimal import Decimal

from sandbox.jsonish import ControlError, Fields
from sandbox.magento.model import (
    METHODS,
    ONLINE_METHOD,
    Comment,
    Invoice,
    InvoiceItem,
    Order,
    OrderItem,
    Transaction,
)
from sandbox.magento.money import ZERO, Amount, converted
from sandbox.magento.store import Store

ONE = Decimal(1)
PERCENT = Decimal(100)


def place_order(store: Store, fields: Fields, now: datetime) -> Order:
    """Make an order and add it to the store.

    Args:
        store: The store.
        fields: The order as the control API describes it; amounts are in the base currency.
        now: The present time.

    Raises:
        ControlError: The description makes no sense.
    """
    currency = fields.text("currency", store.base_currency)
    rate = fields.maybe_decimal("rate")
    if (rate is None and currency != store.base_currency) or (rate is not None and rate <= ZERO):
        raise ControlError("The body: rate is needed where currency is not the base currency, above 0.")
    increment_id = fields.maybe_text("increment_id")
    order = Order(
        id=store.next("order"),
        increment_id=store.next_increment("order") if increment_id is None else increment_id,
        email=fields.text("email", "jane@example.com"),
        created_at=now,
        updated_at=now,
        currency=currency,
        rate=ONE if rate is None or currency == store.base_currency else rate,
        method=fields.choice("payment_method", tuple(METHODS), ONLINE_METHOD),
        payment_id=store.next("payment"),
        address_id=store.next("address"),
        items=[],
    )
    if any(each.increment_id == order.increment_id for each in store.orders.values()):
        raise ControlError(f"Order {order.increment_id} exists already.")
    for line in fields.objects("lines"):
        order.items.extend(_lines(store, order.rate, line))
    order.shipping = converted(fields.decimal("shipping", ZERO), order.rate)
    percent = fields.decimal("shipping_tax_percent", ZERO)
    order.shipping_tax = order.shipping.share(percent, PERCENT).rounded()
    order.shipped = fields.flag("shipped")
    invoiced = fields.flag("invoiced") if fields.has("invoiced") else True
    captured = fields.flag("captured") if fields.has("captured") else True
    fields.finish()
    store.orders[order.id] = order
    if invoiced:
        invoice_order(store, order, None, now, captured=captured)
    return order


def _lines(store: Store, rate: Decimal, fields: Fields) -> list[OrderItem]:
    """Read a line: one item, or for a configurable product the item and its variant's."""
    sku, qty, price = fields.text("sku"), fields.decimal("qty"), converted(fields.decimal("price"), rate)
    child_sku = fields.maybe_text("configurable_child_sku")
    percent = fields.decimal("tax_percent", ZERO)
    discount = converted(fields.decimal("discount", ZERO), rate)
    fields.finish()
    if qty <= ZERO or price.base < ZERO:
        raise ControlError("The body: a line needs a qty above 0 and a price of 0 or more.")
    row = price.share(qty, ONE).rounded()
    item = OrderItem(
        id=store.next("order item"),
        sku=child_sku or sku,
        product_sku=sku,
        product_id=store.next("product"),
        product_type="configurable" if child_sku else "simple",
        qty=qty,
        price=price,
        row=row,
        tax=(row - discount).share(percent, PERCENT).rounded(),
        discount=discount,
        tax_percent=percent,
    )
    if child_sku is None:
        return [item]
    child = OrderItem(
        id=store.next("order item"),
        sku=child_sku,
        product_sku=child_sku,
        product_id=store.next("product"),
        product_type="simple",
        qty=qty,
        price=Amount(),
        row=Amount(),
        tax=Amount(),
        discount=Amount(),
        tax_percent=ZERO,
        parent=item,
    )
    return [item, child]


def invoice_order(
    store: Store, order: Order, qtys: dict[int, Decimal] | None, now: datetime, *, captured: bool
) -> Invoice:
    """Invoice an order and take the money; the first invoice takes all the shipping.

    Args:
        store: The store.
        order: The order.
        qtys: Units by item id, all that are left if ``None``.
        now: The present time.
        captured: Whether an online payment is captured through the gateway.

    Raises:
        ControlError: There is nothing to invoice, or less than asked.
    """
    items: list[InvoiceItem] = []
    for item in order.items:
        left = item.qty - item.qty_invoiced - item.qty_canceled
        owner = item.parent or item
        qty = left if qtys is None else qtys.get(owner.id, ZERO)
        if qty > left:
            raise ControlError(f"The body: {item.sku} has {left} left to invoice.")
        if qty > ZERO:
            items.append(_invoice_item(store, item, qty))
    if not items:
        raise ControlError("There is nothing to invoice.")
    first = not order.invoices
    invoice = Invoice(
        id=store.next("invoice"),
        increment_id=store.next_increment("invoice"),
        created_at=now,
        updated_at=now,
        items=items,
        shipping=order.shipping if first else Amount(),
        shipping_tax=order.shipping_tax if first else Amount(),
        transaction_id=None,
    )
    if captured and order.method == ONLINE_METHOD:
        capture = Transaction(store.next("transaction"), secrets.token_hex(4), "capture", now)
        order.transactions.append(capture)
        invoice.transaction_id = capture.txn_id
    order.invoices.append(invoice)
    order.state = order.status = "complete" if order.shipped else "processing"
    order.updated_at = now
    return invoice


def _invoice_item(store: Store, item: OrderItem, qty: Decimal) -> InvoiceItem:
    last = qty == item.qty - item.qty_invoiced

    def part(whole: Amount, before: Amount) -> Amount:
        return whole - before if last else whole.share(qty, item.qty).rounded()

    invoiced = InvoiceItem(
        id=store.next("invoice item"),
        item=item,
        qty=qty,
        row=part(item.row, item.row_invoiced),
        tax=part(item.tax, item.tax_invoiced),
        discount=part(item.discount, item.discount_invoiced),
    )
    item.qty_invoiced += qty
    item.row_invoiced += invoiced.row
    item.tax_invoiced += invoiced.tax
    item.discount_invoiced += invoiced.discount
    return invoiced


def cancel_order(store: Store, order: Order, now: datetime) -> None:
    """Cancel an order of which nothing was invoiced; Magento refuses to cancel any other.

    Raises:
        ControlError: Something was invoiced, or it is canceled already.
    """
    if order.invoices or order.state == "canceled":
        raise ControlError("The order cannot be canceled: something was invoiced, or it is canceled already.")
    for item in order.items:
        item.qty_canceled = item.qty
    order.state = order.status = "canceled"
    order.updated_at = now
    remember(store, order, "Order canceled.", now)


def remember(store: Store, order: Order, text: str, now: datetime, entity: str = "order") -> None:
    """Write into the order's history."""
    number = store.next("history")
    order.history.append(Comment(number, order.id, text, now, status=order.status, entity=entity))
