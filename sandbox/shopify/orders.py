"""Places orders in a shop, from the control API's description of them."""

from datetime import datetime
from decimal import Decimal

from sandbox.jsonish import ControlError, Fields
from sandbox.shopify.model import Duty, LineItem, Order, ShippingLine, Transaction
from sandbox.shopify.money import ZERO, Bag, Currencies
from sandbox.shopify.shop import Shop

ONE = Decimal(1)


def place_order(shop: Shop, fields: Fields, now: datetime) -> Order:
    """Make an order with its payments and add it to the shop.

    Args:
        shop: The shop.
        fields: The order as the control API describes it; amounts are in the presentment currency.
        now: The present time.

    Raises:
        ControlError: The description makes no sense.
    """
    currencies = _currencies(shop, fields)
    number = shop.last_number + 1
    order_id = fields.maybe_integer("id")
    order = Order(
        id=shop.ids.next() if order_id is None else order_id,
        name=fields.text("name", f"#{number}"),
        number=number,
        currencies=currencies,
        customer_id=None,
        email=None,
        created_at=now,
        updated_at=now,
    )
    if order.id in shop.orders:
        raise ControlError(f"Order {order.id} exists already.")
    _set_customer(shop, order, fields.maybe_object("customer"))
    order.lines = [_line(shop, currencies, line) for line in fields.objects("lines")]
    order.shipping = _shipping(shop, currencies, fields.maybe_object("shipping"))
    order.payments = _payments(shop, order, fields, now)
    fields.finish()
    shop.last_number = number
    shop.orders[order.id] = order
    return order


def _currencies(shop: Shop, fields: Fields) -> Currencies:
    currency = fields.text("currency", shop.currency)
    presentment = fields.text("presentment_currency", currency)
    rate = fields.maybe_decimal("exchange_rate")
    if rate is None and presentment != currency:
        raise ControlError(
            "The body: exchange_rate is needed where presentment_currency differs from currency."
        )
    if rate is not None and rate <= ZERO:
        raise ControlError("The body: exchange_rate must be above 0.")
    return Currencies(currency, presentment, ONE if rate is None or presentment == currency else rate)


def _set_customer(shop: Shop, order: Order, fields: Fields | None) -> None:
    if fields is None:
        return
    customer_id = fields.maybe_integer("id")
    order.customer_id = shop.ids.next() if customer_id is None else customer_id
    order.email = fields.maybe_text("email")
    fields.finish()


def _line(shop: Shop, currencies: Currencies, fields: Fields) -> LineItem:
    sku = fields.text("sku")
    quantity = fields.integer("quantity")
    price = currencies.bag(fields.decimal("price"))
    discount = currencies.bag(fields.decimal("discount", ZERO))
    tax_rate = fields.fraction("tax_rate")
    duty = fields.maybe_decimal("duty")
    if quantity < 1 or price.presentment < ZERO:
        raise ControlError("The body: a line needs a quantity of 1 or more and a price of 0 or more.")
    total = Bag(price.shop * quantity, price.presentment * quantity) - discount
    line = LineItem(
        id=shop.ids.next(),
        sku=sku,
        title=fields.text("title", sku),
        quantity=quantity,
        price=price,
        discount=discount,
        tax_rate=tax_rate,
        total=total,
        tax=currencies.bag(total.presentment * tax_rate),
        gift_card=fields.flag("gift_card"),
        duty=None if duty is None else Duty(shop.ids.next(), currencies.bag(duty)),
    )
    fields.finish()
    return line


def _shipping(shop: Shop, currencies: Currencies, fields: Fields | None) -> ShippingLine | None:
    if fields is None:
        return None
    price = currencies.bag(fields.decimal("price"))
    tax_rate = fields.fraction("tax_rate")
    line = ShippingLine(
        id=shop.ids.next(),
        title=fields.text("title", "Standard"),
        price=price,
        tax_rate=tax_rate,
        tax=currencies.bag(price.presentment * tax_rate),
    )
    fields.finish()
    return line


def _payments(shop: Shop, order: Order, fields: Fields, now: datetime) -> list[Transaction]:
    """Read the payments; without any the whole order is paid through one gateway."""
    gateway = fields.text("gateway", "shopify_payments")
    described = fields.maybe_objects("payments")
    if described is None:
        return [_payment(shop, gateway, order.total, now)] if order.total else []
    payments = []
    for each in described:
        name, amount = each.text("gateway", gateway), each.decimal("amount")
        each.finish()
        payments.append(_payment(shop, name, order.currencies.bag(amount), now))
    return payments


def _payment(shop: Shop, gateway: str, amount: Bag, now: datetime) -> Transaction:
    return Transaction(
        id=shop.ids.next(), kind="sale", gateway=gateway, status="success", amount=amount, created_at=now
    )
