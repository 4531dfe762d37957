"""What the store says of a credit memo or an order when it is saved: the ``data.value`` of I/O Events.

Fields are those of https://developer.adobe.com/commerce/extensibility/events/events-reference; the credit
memo's own id is not among them, it stands in ``items[].parent_id`` and ``comments[].parent_id``.
"""

from collections.abc import Set as AbstractSet
from typing import Final

from sandbox.jsonish import Json
from sandbox.magento.model import CreditMemo, Order
from sandbox.magento.render import invoice_json, memo_json
from sandbox.magento.render_order import address_json, history_json, order_json
from sandbox.magento.store import Store

NOT_IN_MEMO: Final = frozenset({"entity_id"})
NOT_IN_ORDER: Final = frozenset(
    {
        "entity_id",
        "billing_address",
        "base_total_due",
        "total_due",
        "extension_attributes",
    }
)
NOT_IN_INVOICE: Final = frozenset({"entity_id"})


def memo_event(store: Store, order: Order, memo: CreditMemo, *, new: bool) -> Json:
    """Write a credit memo as ``observer.sales_order_creditmemo_save_after`` shows it."""
    shown = _without(memo_json(store, order, memo), NOT_IN_MEMO)
    if memo.invoice is not None:
        shown["invoice"] = _without(invoice_json(store, order, memo.invoice), NOT_IN_INVOICE)
    return shown | {"_isNew": new, "_origData": []}


def order_event(store: Store, order: Order, *, new: bool) -> Json:
    """Write an order as ``observer.sales_order_save_after`` shows it."""
    shown = _without(order_json(store, order), NOT_IN_ORDER)
    return shown | {
        "real_order_id": order.increment_id,
        "addresses": [address_json(order, kind) for kind in ("shipping", "billing")],
        "status_histories": [history_json(each) for each in reversed(order.history)],
        "_isNew": new,
        "_origData": [],
    }


def _without(value: Json, names: AbstractSet[str]) -> Json:
    return {name: each for name, each in value.items() if name not in names}
