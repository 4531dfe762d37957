"""Orders as REST shows them."""

from sandbox.jsonish import Json
from sandbox.magento.model import METHODS, Comment, Order, OrderItem
from sandbox.magento.money import ZERO, Amount
from sandbox.magento.render import STORE_ID, both, compensation, currencies, unit_prices, when, without_nulls
from sandbox.magento.store import Store


def order_json(store: Store, order: Order) -> Json:
    """Show an order."""
    items = [item_json(order, item) for item in order.items]
    shown: Json = {
        **currencies(store, order),
        **compensation(),
        **_totals(order),
        **_refunded(order),
        "billing_address_id": order.address_id,
        "created_at": when(order.created_at),
        "customer_email": order.email,
        "customer_firstname": "Jane",
        "customer_lastname": "Doe",
        "customer_is_guest": 1,
        "customer_note_notify": 1,
        "email_sent": 1,
        "entity_id": order.id,
        "increment_id": order.increment_id,
        "is_virtual": 0,
        "protect_code": f"{order.id:032x}",
        "quote_id": order.id,
        "shipping_description": "Flat Rate - Fixed",
        "state": order.state,
        "status": order.status,
        "store_id": STORE_ID,
        "store_name": "Main Website\nMain Website Store\nDefault Store View",
        "total_item_count": sum(not item.dummy for item in order.items),
        "total_qty_ordered": sum((item.qty for item in order.items if not item.dummy), ZERO),
        "updated_at": when(order.updated_at),
        "items": items,
        "billing_address": address_json(order, "billing"),
        "payment": payment_json(order),
        "status_histories": [history_json(each) for each in reversed(order.history)],
        "extension_attributes": {
            "shipping_assignments": [_assignment(order, items)],
            "payment_additional_info": [{"key": "method_title", "value": METHODS[order.method]}],
        },
    }
    return without_nulls(shown)


def _totals(order: Order) -> Json:
    row, discount = order.total_of("row"), order.total_of("discount")
    tax = order.total_of("tax") + order.shipping_tax
    shown = both(
        discount_amount=-discount,
        grand_total=order.total,
        shipping_amount=order.shipping,
        shipping_discount_amount=Amount(),
        shipping_incl_tax=order.shipping + order.shipping_tax,
        shipping_tax_amount=order.shipping_tax,
        subtotal=row,
        subtotal_incl_tax=row + order.total_of("tax"),
        tax_amount=tax,
        total_due=order.total - order.paid,
    )
    if order.invoices:
        paid = sum((each.shipping for each in order.invoices), Amount())
        shown |= both(
            discount_invoiced=-order.total_of("discount_invoiced"),
            shipping_invoiced=paid,
            subtotal_invoiced=order.total_of("row_invoiced"),
            tax_invoiced=sum((each.tax for each in order.invoices), Amount()),
            total_invoiced=order.paid,
            total_paid=order.paid,
        )
    if order.state == "canceled":
        shown |= both(total_canceled=order.total, subtotal_canceled=row)
    return shown


def _refunded(order: Order) -> Json:
    """Show what was given back; nothing of it before the first credit memo."""
    if not order.memos:
        return {}
    shown = both(
        adjustment_negative=order.refunded("adjustment_negative"),
        adjustment_positive=order.refunded("adjustment_positive"),
        discount_refunded=-order.refunded("discount"),
        shipping_refunded=order.refunded("shipping"),
        shipping_tax_refunded=order.refunded("shipping_tax"),
        subtotal_refunded=order.refunded("subtotal"),
        tax_refunded=order.refunded("tax"),
        total_refunded=order.refunded(),
    )
    if any(memo.online for memo in order.memos):
        shown |= both(total_online_refunded=order.refunded(online=True))
    if not all(memo.online for memo in order.memos):
        shown |= both(total_offline_refunded=order.refunded(online=False))
    return shown


def item_json(order: Order, item: OrderItem) -> Json:
    """Show a line of an order; that of a variant carries the configurable product's line inside."""
    shown: Json = {
        **compensation(),
        **unit_prices(item),
        **both(
            amount_refunded=item.row_refunded,
            discount_amount=item.discount,
            discount_invoiced=item.discount_invoiced,
            original_price=item.price,
            row_invoiced=item.row_invoiced,
            row_total=item.row,
            row_total_incl_tax=item.row_incl_tax,
            tax_amount=item.tax,
            tax_invoiced=item.tax_invoiced,
        ),
        "created_at": when(order.created_at),
        "updated_at": when(order.updated_at),
        "item_id": item.id,
        "is_qty_decimal": 0,
        "is_virtual": 0,
        "name": item.product_sku.title(),
        "no_discount": 0,
        "order_id": order.id,
        "product_id": item.product_id,
        "product_type": item.product_type,
        "qty_canceled": item.qty_canceled,
        "qty_invoiced": item.qty_invoiced,
        "qty_ordered": item.qty,
        "qty_refunded": item.qty_refunded,
        "qty_shipped": item.qty if order.shipped else item.qty_shipped,
        "quote_item_id": item.id,
        "sku": item.sku,
        "store_id": STORE_ID,
        "tax_percent": item.tax_percent,
    }
    if item.row_refunded.base:
        shown |= both(discount_refunded=item.discount_refunded, tax_refunded=item.tax_refunded)
    if item.parent is not None:
        shown |= {"parent_item_id": item.parent.id, "parent_item": item_json(order, item.parent)}
    return shown


def address_json(order: Order, kind: str) -> Json:
    """Show an address; everybody lives at the same place."""
    return {
        "address_type": kind,
        "city": "Springfield",
        "country_id": "US",
        "email": order.email,
        "entity_id": order.address_id,
        "firstname": "Jane",
        "lastname": "Doe",
        "parent_id": order.id,
        "postcode": "62701",
        "region": "Illinois",
        "region_code": "IL",
        "region_id": 23,
        "street": ["1 Main Street"],
        "telephone": "555-0100",
    }


def payment_json(order: Order) -> Json:
    """Show the payment; Magento answers null for required fields that the method leaves empty."""
    last = order.transactions[-1] if order.transactions else None
    shown = without_nulls(
        {
            **both(amount_ordered=order.total, shipping_amount=order.shipping),
            **(both(amount_paid=order.paid) if order.invoices else {}),
            **(both(amount_refunded=order.refunded()) if order.memos else {}),
            "entity_id": order.payment_id,
            "last_trans_id": last.txn_id if last else None,
            "method": order.method,
            "parent_id": order.id,
        }
    )
    return shown | {
        "account_status": None,
        "additional_information": [METHODS[order.method]],
        "cc_last4": None,
    }


def history_json(comment: Comment) -> Json:
    """Show an entry of an order's history."""
    shown: Json = {
        "comment": comment.text,
        "created_at": when(comment.created_at),
        "entity_id": comment.id,
        "entity_name": comment.entity,
        "is_customer_notified": int(comment.notified),
        "is_visible_on_front": int(comment.visible),
        "parent_id": comment.parent_id,
        "status": comment.status,
    }
    return without_nulls(shown)


def _assignment(order: Order, items: list[Json]) -> Json:
    total = both(
        shipping_amount=order.shipping,
        shipping_incl_tax=order.shipping + order.shipping_tax,
        shipping_tax_amount=order.shipping_tax,
    )
    shipping = {
        "address": address_json(order, "shipping"),
        "method": "flatrate_flatrate",
        "total": total,
    }
    return {"shipping": shipping, "items": items}
