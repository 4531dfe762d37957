"""What people do in an account's user interface: take orders, bill them, give money back."""

from collections.abc import Sequence
from decimal import Decimal

from sandbox.jsonish import ControlError, Fields, Json
from sandbox.netsuite.account import Account
from sandbox.netsuite.flow import shipping_left
from sandbox.netsuite.kinds import (
    BY_REST,
    CASH_REFUND,
    CASH_SALE,
    CREDIT_MEMO,
    INVOICE,
    RETURN,
    SALES_ORDER,
    RecordType,
)
from sandbox.netsuite.model import ONE, ZERO, Item, Line, Transaction, line_tax
from sandbox.netsuite.records import Records
from sandbox.netsuite.setup import currency_for, customer_for, item_for
from sandbox.netsuite.transforms import transform

ADJUSTMENT = "Refund adjustment"


class Clerk:
    """A person working in an account.

    Args:
        records: The account's records, changed not through the API.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    @property
    def _account(self) -> Account:
        return self._records.account

    def source(self, fields: Fields) -> Transaction:
        """Return the record that ``from`` names."""
        origin = fields.maybe_object("from")
        if origin is None:
            raise ControlError("The body: from is missing.")
        name, internal_id = origin.text("type"), origin.text("id")
        origin.maybe_text("tranId")
        origin.finish()
        return self._records.find(record_type(name), internal_id)

    def take_order(self, fields: Fields) -> tuple[Transaction, Transaction | None]:
        """Enter a sales order, and bill it if asked."""
        currency = currency_for(self._account, fields.text("currency"))
        customer = fields.maybe_object("customer")
        email = customer.maybe_text("email") if customer else None
        order = self._records.blank(SALES_ORDER, customer_for(self._account, email), currency)
        order.other_ref_num = fields.maybe_text("otherRefNum")
        order.external_id = fields.maybe_text("externalId")
        order.memo = fields.maybe_text("memo")
        order.exchange_rate = fields.decimal("exchangeRate", ONE)
        for number, each in enumerate(fields.objects("lines"), start=1):
            order.lines.append(self._order_line(order, each, number))
        order.shipping_cost = currency.rounded(fields.decimal("shippingCost", ZERO))
        order.shipping_tax_rate = fields.fraction("shippingTaxRate")
        self._set_custom(order, fields.maybe_object("custom"))
        billed = fields.maybe_text("billed")
        if billed:
            bill_type(billed)
        paid = fields.flag("paid")
        fields.finish()
        self._records.save_new(order, {})
        return order, self.bill(order, billed, paid=paid) if billed else None

    def _order_line(self, order: Transaction, fields: Fields, number: int) -> Line:
        quantity, rate = fields.decimal("quantity"), fields.decimal("rate")
        amount = order.currency.rounded(quantity * rate)
        taxed = fields.fraction("taxRate")
        line = Line(
            line=number,
            unique_key=next(self._account.line_keys),
            item=item_for(self._account, fields.text("sku")),
            quantity=quantity,
            rate=rate,
            amount=amount,
            tax_rate=taxed,
            tax=line_tax(amount, taxed, order.currency),
            location=fields.maybe_text("location"),
        )
        fields.finish()
        return line

    def _set_custom(self, order: Transaction, fields: Fields | None) -> None:
        if fields is None:
            return
        for name in sorted(self._account.custom_fields):
            value = fields.maybe_text(name)
            if value is not None:
                order.custom[name] = value
        fields.finish()

    def bill(self, order: Transaction, kind: str, *, paid: bool = False) -> Transaction:
        """Bill a sales order by invoice or cash sale."""
        bill = transform(self._records, order, bill_type(kind), {}, replace=False)
        bill.paid = paid
        self._records.refresh(bill)
        return bill

    def refund(self, source: Transaction, fields: Fields) -> Transaction:
        """Give money back by cash refund or credit memo, as the source asks for."""
        target = self._refund_type(source, fields.maybe_text("as"))
        body = self._header(fields)
        lines = fields.maybe_objects("lines")
        shipping = fields.maybe_decimal("shippingCost")
        amount = fields.maybe_decimal("amount")
        fields.finish()
        partial = lines is not None or amount is not None
        if partial:
            items = [self._line_body(source, each) for each in lines or []]
            body["shippingCost"] = ZERO if shipping is None else shipping
            if amount is not None:
                items += self._difference(source, items, body["shippingCost"], amount)
            body["item"] = items
        elif shipping is not None:
            body["shippingCost"] = min(shipping, shipping_left(self._account, source))
        return transform(self._records, source, target, body, replace=partial)

    def _header(self, fields: Fields) -> Json:
        names = ("externalId", "memo", "otherRefNum")
        return {name: fields.text(name) for name in names if fields.has(name)}

    def _refund_type(self, source: Transaction, wanted: str | None) -> RecordType:
        if wanted is not None:
            return record_type(wanted)
        origin = source
        if source.type is RETURN:
            origin = self._account.transactions.get(source.created_from or "", source)
        return CASH_REFUND if origin.type is CASH_SALE else CREDIT_MEMO

    def _line_body(self, source: Transaction, fields: Fields) -> Json:
        """Describe a line by its SKU as the record service would have it."""
        sku = fields.text("sku")
        line = next((each for each in source.lines if each.item.itemid == sku), None)
        if line is None:
            raise ControlError(f"The body: the {source.type.label.lower()} has no line with the SKU {sku}.")
        body: Json = {"orderLine": line.line, "quantity": fields.decimal("quantity")}
        amount = fields.maybe_decimal("amount")
        if amount is not None:
            body["amount"] = amount
        fields.finish()
        return body

    def _difference(
        self, source: Transaction, items: Sequence[Json], shipping: Decimal, amount: Decimal
    ) -> list[Json]:
        """Return the line that makes a refund come to an amount, tax included."""
        planned = shipping + line_tax(shipping, source.shipping_tax_rate, source.currency)
        for body in items:
            line = source.line(body["orderLine"])
            if line is not None:
                price = body.get(
                    "amount", source.currency.rounded(line.amount * body["quantity"] / line.quantity)
                )
                planned += price + line_tax(price, line.tax_rate, source.currency)
        if planned == amount:
            return []
        item: Item = item_for(self._account, ADJUSTMENT, "OthCharge")
        return [{"item": {"id": item.id}, "quantity": ONE, "amount": amount - planned}]

    def authorize_return(self, source: Transaction, fields: Fields) -> Transaction:
        """Enter a return authorization."""
        lines = fields.maybe_objects("lines")
        body = self._header(fields)
        body["orderStatus"] = {"id": fields.text("status", "F")}
        fields.finish()
        if lines is not None:
            body["item"] = [self._line_body(source, each) for each in lines]
        return transform(self._records, source, RETURN, body, replace=lines is not None)

    def standalone_credit(self, fields: Fields) -> Transaction:
        """Enter a credit memo that comes from no other transaction."""
        amount = fields.decimal("amount")
        currency = currency_for(self._account, fields.text("currency", "USD"))
        body = self._header(fields)
        fields.finish()
        item = item_for(self._account, ADJUSTMENT, "OthCharge")
        memo = self._records.blank(CREDIT_MEMO, customer_for(self._account, None), currency)
        amount = currency.rounded(amount)
        memo.lines = [Line(1, next(self._account.line_keys), item, ONE, amount, amount)]
        return self._records.save_new(memo, body)


def bill_type(name: str) -> RecordType:
    """Return the type of record that bills an order.

    Raises:
        ControlError: Orders are not billed like that.
    """
    if name not in {INVOICE.rest, CASH_SALE.rest}:
        raise ControlError("The body: an order is billed as invoice or cashSale.")
    return BY_REST[name]


def record_type(name: str) -> RecordType:
    """Return a record type by its REST name.

    Raises:
        ControlError: There is none.
    """
    if name not in BY_REST:
        raise ControlError(f"There is no record type {name}; there are {', '.join(BY_REST)}.")
    return BY_REST[name]
