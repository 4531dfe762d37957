"""Invoices, credit memos, transactions and store settings as REST shows them; orders have their own file.

Field names are those of https://developer.adobe.com/commerce/webapi/rest/; what is null is left away, as
Magento does, save for fields that it declares as required.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from sandbox.jsonish import Json
from sandbox.magento.model import Comment, CreditMemo, Invoice, MemoItem, Order, OrderItem, Transaction
from sandbox.magento.money import ZERO, Amount
from sandbox.magento.store import Store

STORE_ID: Final = 1
ONE: Final = Decimal(1)


def when(moment: datetime) -> str:
    """Write a moment as Magento does: UTC, without saying so."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def both(**amounts: Amount) -> Json:
    """Write amounts under their names, and once more in the base currency."""
    shown: Json = {}
    for name, amount in amounts.items():
        shown[name] = amount.order
        shown[f"base_{name}"] = amount.base
    return shown


def without_nulls(value: Json) -> Json:
    """Leave away what is null."""
    return {name: each for name, each in value.items() if each is not None}


def currencies(store: Store, order: Order) -> Json:
    """Show the currencies and rates that every document of an order carries."""
    return {
        "base_currency_code": store.base_currency,
        "global_currency_code": store.base_currency,
        "order_currency_code": order.currency,
        "store_currency_code": store.base_currency,
        "base_to_global_rate": 1,
        "base_to_order_rate": order.rate,
        "store_to_base_rate": 0,
        "store_to_order_rate": 0,
    }


def addresses(order: Order) -> Json:
    """Show which addresses a document of an order has."""
    return {"billing_address_id": order.address_id, "shipping_address_id": order.address_id}


def compensation() -> Json:
    """Show the discount tax compensation, which is nothing where prices are before tax."""
    return both(discount_tax_compensation_amount=Amount())


def shipping_fields(shipping: Amount, tax: Amount, incl_tax: Amount) -> Json:
    """Show a document's shipping."""
    return {
        **both(shipping_amount=shipping, shipping_tax_amount=tax, shipping_incl_tax=incl_tax),
        "shipping_discount_tax_compensation_amount": 0,
        "base_shipping_discount_tax_compensation_amnt": 0,
    }


def unit_prices(item: OrderItem) -> Json:
    """Show the price of a unit, before and with tax."""
    incl_tax = item.row_incl_tax.share(ONE, item.qty).rounded()
    return both(price=item.price, price_incl_tax=incl_tax)


def comment_json(comment: Comment) -> Json:
    """Show a remark on a credit memo."""
    return {
        "comment": comment.text,
        "created_at": when(comment.created_at),
        "entity_id": comment.id,
        "is_customer_notified": int(comment.notified),
        "is_visible_on_front": int(comment.visible),
        "parent_id": comment.parent_id,
    }


def memo_item_json(memo: CreditMemo, each: MemoItem) -> Json:
    """Show a line of a credit memo; the line of a configurable product's variant carries no amounts."""
    shown: Json = {
        "base_cost": 0,
        "entity_id": each.id,
        "name": each.item.sku.title(),
        "order_item_id": each.item.id,
        "parent_id": memo.id,
        "product_id": each.item.product_id,
        "qty": each.qty,
        "sku": each.item.sku,
    }
    if each.item.dummy:
        return shown | both(price=Amount()) | {"base_price": 0}
    return {
        **shown,
        **unit_prices(each.item),
        **compensation(),
        **both(
            row_total=each.row,
            row_total_incl_tax=each.row_incl_tax,
            tax_amount=each.tax,
            discount_amount=each.discount,
        ),
    }


def memo_json(store: Store, order: Order, memo: CreditMemo, *, comments: bool = True) -> Json:
    """Show a credit memo."""
    adjustment = memo.adjustment_positive - memo.adjustment_negative
    shown: Json = {
        **currencies(store, order),
        **addresses(order),
        **compensation(),
        **shipping_fields(memo.shipping, memo.shipping_tax, memo.shipping_incl_tax),
        **both(
            adjustment=adjustment,
            adjustment_negative=memo.adjustment_negative,
            adjustment_positive=memo.adjustment_positive,
            discount_amount=-memo.discount,
            grand_total=memo.total,
            subtotal=memo.subtotal,
            subtotal_incl_tax=memo.subtotal_incl_tax,
            tax_amount=memo.tax,
        ),
        "created_at": when(memo.created_at),
        "entity_id": memo.id,
        "increment_id": memo.increment_id,
        "invoice_id": memo.invoice.id if memo.invoice else None,
        "order_id": order.id,
        "state": int(memo.state),
        "store_id": STORE_ID,
        "transaction_id": memo.transaction_id,
        "updated_at": when(memo.updated_at),
        "items": [memo_item_json(memo, each) for each in memo.items],
        "comments": [comment_json(each) for each in memo.comments] if comments else [],
    }
    return without_nulls(shown)


def invoice_json(store: Store, order: Order, invoice: Invoice) -> Json:
    """Show an invoice."""
    shown: Json = {
        **currencies(store, order),
        **addresses(order),
        **compensation(),
        **shipping_fields(invoice.shipping, invoice.shipping_tax, invoice.shipping + invoice.shipping_tax),
        **both(
            discount_amount=-invoice.discount,
            grand_total=invoice.total,
            subtotal=invoice.subtotal,
            subtotal_incl_tax=sum((each.row + each.tax for each in invoice.items), Amount()),
            tax_amount=invoice.tax,
        ),
        "base_total_refunded": invoice.refunded or None,
        "is_used_for_refund": 1 if invoice.used_for_refund else None,
        "created_at": when(invoice.created_at),
        "updated_at": when(invoice.updated_at),
        "entity_id": invoice.id,
        "increment_id": invoice.increment_id,
        "order_id": order.id,
        "state": 2,
        "store_id": STORE_ID,
        "total_qty": sum((each.qty for each in invoice.items if not each.item.dummy), ZERO),
        "transaction_id": invoice.transaction_id,
        "items": [
            {
                "entity_id": each.id,
                "parent_id": invoice.id,
                "order_item_id": each.item.id,
                "product_id": each.item.product_id,
                "name": each.item.sku.title(),
                "sku": each.item.sku,
                "qty": each.qty,
                **unit_prices(each.item),
                **compensation(),
                **both(
                    row_total=each.row,
                    row_total_incl_tax=each.row + each.tax,
                    tax_amount=each.tax,
                    discount_amount=each.discount,
                ),
            }
            for each in invoice.items
        ],
        "comments": [],
    }
    return without_nulls(shown)


def transaction_json(order: Order, transaction: Transaction) -> Json:
    """Show a payment transaction."""
    parent = transaction.parent
    children = [each for each in order.transactions if each.parent is transaction]
    return {
        "transaction_id": transaction.id,
        **({"parent_id": parent.id} if parent else {}),
        "order_id": order.id,
        "payment_id": order.payment_id,
        "txn_id": transaction.txn_id,
        "parent_txn_id": parent.txn_id if parent else None,
        "txn_type": transaction.txn_type,
        "is_closed": int(transaction.closed),
        "additional_information": [],
        "created_at": when(transaction.created_at),
        "child_transactions": [transaction_json(order, each) for each in children],
    }


def store_configs(store: Store) -> list[Json]:
    """Show the settings of every store view."""
    base = "https://magento.example/"
    links = {
        f"{secure}base_{kind}url": base + place
        for secure in ("", "secure_")
        for kind, place in (("", ""), ("link_", ""), ("static_", "static/"), ("media_", "media/"))
    }
    return [
        {
            "id": number,
            "code": code,
            "website_id": 1,
            "locale": "en_US",
            "base_currency_code": store.base_currency,
            "default_display_currency_code": store.base_currency,
            "timezone": "UTC",
            "weight_unit": "lbs",
            **links,
        }
        for number, code in enumerate(store.codes, start=1)
    ]
