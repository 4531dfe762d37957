"""Orders of the sandbox's store, and plans to give them back."""

from datetime import timedelta
from typing import Any

from tests.support.sandboxed_magento import Store
from tests.workers.platforms.magento import lines_of, plan, plan_line
from workers.platforms.magento_storefront import MagentoStorefront
from workers.rules.facts import StorefrontOrder

Json = dict[str, Any]

SHIRTS = {
    "lines": [
        {"sku": "TSHIRT-M", "qty": 5, "price": "20.00", "tax_percent": "8"},
        {"sku": "MUG", "qty": 2, "price": "9.50", "configurable_child_sku": "MUG-BLUE"},
    ],
    "shipping": "5.00",
    "shipping_tax_percent": "8",
}
"""132.40: 100.00 and 8.00 of tax, 19.00, and 5.40 of shipping."""

LONG_AGO = timedelta(days=9999)


def number(order: Json) -> str:
    return str(order["entity_id"])


def shirt(order: Json, quantity: int = 1) -> Any:  # noqa: ANN401 - a line of a plan
    return plan_line(lines_of(order)["TSHIRT-M"], quantity)


def whole(order: Json, amount: str = "132.40", **more: Any) -> Any:  # noqa: ANN401 - a plan
    ids = lines_of(order)
    lines = plan_line(ids["TSHIRT-M"], 5), plan_line(ids["MUG-BLUE"], 2, position=1)
    return plan(amount, *lines, order_id=number(order), shipping="5.00", **more)


def read(shop: MagentoStorefront, order: Json) -> StorefrontOrder:
    found = shop.order(number(order))
    assert found is not None
    return found


def memo_of(store: Store, order: Json) -> Json:
    (memo,) = store.credit_memos(order)
    return memo
