"""What Magento says of orders and credit memos, for tests that need none; and a store of the sandbox."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from ledger.money import Money
from tests.support.sandboxed_magento import OAUTH, Store, open_magento
from tests.support.specs_magento import check_calls
from tests.workers.platforms.world import Control, usd
from workers.platforms.http import Http
from workers.platforms.magento import MagentoClient
from workers.platforms.magento_storefront import MagentoStorefront
from workers.rules.views import StorefrontPlan, StorefrontPlanLine

Json = dict[str, Any]

KEY: Final = "rs-mystore-70"
PLACE: Final = "shop.example.com"
WHEN: Final = "2026-10-01 12:00:00"

_NUMBERS: Final = itertools.count(1)


def line(number: int = 11, **more: Any) -> Json:  # noqa: ANN401 - JSON may be anything
    """Return a line of five T-shirts at 20.00 with 8 % of tax, all invoiced."""
    return {
        "item_id": number,
        "product_type": "simple",
        "sku": "TSHIRT-M",
        "name": "T-shirt, M",
        "qty_ordered": 5,
        "qty_invoiced": 5,
        "qty_refunded": 0,
        "base_row_invoiced": Decimal("100.0000"),
        "base_amount_refunded": 0,
        "base_tax_invoiced": 8,
        "base_discount_invoiced": 0,
        **more,
    }


def order(*lines: Json, **more: Any) -> Json:  # noqa: ANN401 - JSON may be anything
    """Return an order as searches answer it, with 5.00 of shipping and its tax, paid."""
    bought = list(lines) or [line()]
    rows = sum(Decimal(str(each["base_row_invoiced"])) for each in bought)
    tax = sum(Decimal(str(each["base_tax_invoiced"])) for each in bought) + Decimal("0.4")
    discount = sum(Decimal(str(each["base_discount_invoiced"])) for each in bought)
    whole = rows + tax - discount + 5
    return {
        "entity_id": 5,
        "increment_id": "000000005",
        "state": "processing",
        "base_currency_code": "USD",
        "order_currency_code": "USD",
        "base_to_order_rate": 1,
        "base_total_paid": whole,
        "base_total_invoiced": whole,
        "base_subtotal_invoiced": rows,
        "base_discount_invoiced": -discount,
        "base_tax_invoiced": tax,
        "base_shipping_amount": 5,
        "base_shipping_invoiced": 5,
        "base_shipping_incl_tax": Decimal("5.4"),
        "base_shipping_tax_amount": Decimal("0.4"),
        "items": bought,
        **more,
    }


def memo(number: int = 7, **more: Any) -> Json:  # noqa: ANN401 - JSON may be anything
    """Return a credit memo of a T-shirt as searches answer it, in euros of a shop that counts in dollars."""
    item = {
        "order_item_id": 11,
        "sku": "TSHIRT-M",
        "name": "T-shirt, M",
        "qty": 1,
        "row_total": 18,
        "base_row_total": 20,
        "tax_amount": Decimal("1.44"),
        "base_tax_amount": Decimal("1.6"),
    }
    return {
        "entity_id": number,
        "order_id": 5,
        "increment_id": f"{number:09}",
        "state": 2,
        "created_at": WHEN,
        "updated_at": WHEN,
        "base_currency_code": "USD",
        "order_currency_code": "EUR",
        "grand_total": Decimal("19.44"),
        "base_grand_total": Decimal("21.60"),
        "tax_amount": Decimal("1.44"),
        "base_tax_amount": Decimal("1.6"),
        "items": [item],
        "comments": [],
        **more,
    }


def noted(text: str) -> list[Json]:
    """Return comments of one text."""
    return [{"comment": text}]


def invoice(number: int = 3, qty: int = 5, **more: Any) -> Json:  # noqa: ANN401 - JSON may be anything
    """Return an invoice of T-shirts, captured by the gateway."""
    return {
        "entity_id": number,
        "increment_id": f"{number:09}",
        "state": 2,
        "transaction_id": f"capture-{number}",
        "base_grand_total": Decimal("113.4"),
        "base_shipping_tax_amount": Decimal("0.4"),
        "items": [{"order_item_id": 11, "qty": qty}],
        **more,
    }


def transaction(txn_id: str, txn_type: str = "refund", at: str = WHEN) -> Json:
    """Return what was asked of the gateway."""
    return {"txn_id": txn_id, "txn_type": txn_type, "created_at": at}


def plan_line(
    line_id: str = "11", quantity: int = 1, *, restock: bool = False, position: int = 0
) -> StorefrontPlanLine:
    """Return a line to refund; what it is worth is Magento's to work out."""
    return StorefrontPlanLine(line_id, quantity, restock, position, usd("20.00"), usd("1.60"))


def plan(
    amount: str,
    *lines: StorefrontPlanLine,
    order_id: str = "5",
    shipping: str | None = None,
    method: str = "original",
    currency: str = "USD",
    notify: bool = False,
    note: str = f"NetSuite creditmemo {KEY}",
) -> StorefrontPlan:
    """Return a refund to make."""
    return StorefrontPlan(
        order_id=order_id,
        amount=Money.parse(amount, currency),
        lines=lines,
        shipping=None if shipping is None else Money.parse(shipping, currency),
        shipping_tax=None,
        method=method,
        location_id="",
        notify=notify,
        note=note,
    )


@contextmanager
def opened(control: Control, **settings: Any) -> Iterator[Store]:  # noqa: ANN401 - JSON may be anything
    """Open a store; what it was called with is checked against the specification, if there is one."""
    store = Store(control, f"store-{next(_NUMBERS)}", 0, "mystore")
    open_magento(control, store.tenant, **settings)
    yield store
    specs = os.environ.get("SPECS_DIR")
    if specs:
        check_calls(Path(specs), store.calls())


def client(store: Store, http: Http, credentials: Json | None = None) -> MagentoClient:
    """Return a client of a store."""
    return MagentoClient(PLACE, store.url, credentials or OAUTH, http)


def storefront(store: Store, http: Http, credentials: Json | None = None) -> MagentoStorefront:
    """Return a store as a storefront."""
    return MagentoStorefront(PLACE, store.url, credentials or dict(OAUTH), http)


def lines_of(order: Json) -> dict[str, str]:
    """Return the ids of an order's lines that carry money, by SKU."""
    return {each["sku"]: str(each["item_id"]) for each in order["items"] if "parent_item_id" not in each}
