"""Which of Magento's entities are looked for, and which of their fields are asked for. Pure.

Searches: https://developer.adobe.com/commerce/webapi/rest/use-rest/performing-searches/ . Only what is used
is asked for, so that no customer's data is sent: .../use-rest/retrieve-filtered-responses/ .
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

PAGE: Final = 100
"""Entities a page; a shop may limit pages to 300."""

_ORDER_ITEM: Final = (
    "item_id",
    "parent_item_id",
    "product_type",
    "sku",
    "name",
    "qty_ordered",
    "qty_invoiced",
    "qty_refunded",
    "base_row_invoiced",
    "base_amount_refunded",
    "base_tax_invoiced",
    "base_tax_refunded",
    "base_discount_invoiced",
    "base_discount_refunded",
    "base_discount_tax_compensation_invoiced",
    "base_discount_tax_compensation_refunded",
)
_ORDER: Final = (
    "entity_id",
    "increment_id",
    "state",
    "created_at",
    "base_currency_code",
    "order_currency_code",
    "base_to_order_rate",
    "base_grand_total",
    "base_total_paid",
    "base_total_refunded",
    "base_total_invoiced",
    "base_subtotal_invoiced",
    "base_discount_invoiced",
    "base_tax_invoiced",
    "base_tax_refunded",
    "base_discount_tax_compensation_invoiced",
    "base_discount_tax_compensation_refunded",
    "base_shipping_amount",
    "base_shipping_invoiced",
    "base_shipping_refunded",
    "base_shipping_incl_tax",
    "base_shipping_tax_amount",
    "base_shipping_tax_refunded",
    "base_shipping_discount_amount",
    "base_shipping_discount_tax_compensation_amnt",
    f"items[{','.join(_ORDER_ITEM)}]",
)
_BOTH: Final = (  # once in the order's currency, once in the base currency
    "grand_total",
    "tax_amount",
    "discount_amount",
    "shipping_amount",
    "shipping_tax_amount",
    "adjustment_positive",
    "adjustment_negative",
    "discount_tax_compensation_amount",
)
_ITEM_BOTH: Final = ("row_total", "tax_amount", "discount_amount", "discount_tax_compensation_amount")
_MEMO_ITEM: Final = (
    "order_item_id",
    "sku",
    "name",
    "qty",
    *(name for each in _ITEM_BOTH for name in (each, f"base_{each}")),
)
_MEMO: Final = (
    "entity_id",
    "order_id",
    "invoice_id",
    "increment_id",
    "state",
    "created_at",
    "updated_at",
    "transaction_id",
    "base_currency_code",
    "order_currency_code",
    *(name for each in _BOTH for name in (each, f"base_{each}")),
    f"items[{','.join(_MEMO_ITEM)}]",
    "comments[comment]",
)

_INVOICE: Final = (
    "entity_id",
    "increment_id",
    "state",
    "transaction_id",
    "base_grand_total",
    "base_total_refunded",
    "base_tax_amount",
    "base_discount_tax_compensation_amount",
    "base_shipping_tax_amount",
    "items[order_item_id,qty]",
)
_TRANSACTION: Final = ("transaction_id", "txn_id", "txn_type", "created_at")


@dataclass(frozen=True, slots=True)
class Search:
    """A kind of entity that can be searched.

    Attributes:
        path: Below the version.
        fields: What is asked for of each.
        key: The field that numbers them.
    """

    path: str
    fields: str
    key: str = "entity_id"


ORDERS: Final = Search("/orders", ",".join(_ORDER))
MEMOS: Final = Search("/creditmemos", ",".join(_MEMO))
CHANGED_MEMOS: Final = Search("/creditmemos", "entity_id,order_id,updated_at")
INVOICES: Final = Search("/invoices", ",".join(_INVOICE))
TRANSACTIONS: Final = Search("/transactions", ",".join(_TRANSACTION), key="transaction_id")

Condition = tuple[str, str, str]
"""A field, how it is compared (`eq`, `gteq`, `lteq`), and with what."""


def criteria(
    search: Search, conditions: Sequence[Condition], *, page: int, sort: Sequence[str] = ()
) -> dict[str, str]:
    """Return the query parameters of a page of a search; all conditions must hold.

    Args:
        search: What is searched.
        conditions: What it must be like.
        page: From 1 on. A page behind the last one is answered with the last one.
        sort: Fields to sort by, smallest first; by their number where there are none.
    """
    given: dict[str, str] = {}
    for group, (field, way, value) in enumerate(conditions):
        name = f"searchCriteria[filter_groups][{group}][filters][0]"
        given |= {f"{name}[field]": field, f"{name}[value]": value, f"{name}[condition_type]": way}
    for number, field in enumerate(sort or (search.key,)):
        name = f"searchCriteria[sortOrders][{number}]"
        given |= {f"{name}[field]": field, f"{name}[direction]": "ASC"}
    return {
        **given,
        "searchCriteria[pageSize]": str(PAGE),
        "searchCriteria[currentPage]": str(page),
        "fields": f"items[{search.fields}],total_count",
    }


def written(moment: datetime) -> str:
    """Return a time in UTC as Magento's columns have it."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")
