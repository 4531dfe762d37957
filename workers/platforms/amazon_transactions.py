"""From the transactions of Amazon's Finances API 2024-06-19 to rows. Pure.

https://developer-docs.amazon.com/sp-api/docs/finances-api-v2024-06-19-use-case-guide
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from ledger.events import PartKind
from workers.platforms.amazon_api import Node, listed
from workers.platforms.amazon_charges import charges_of
from workers.platforms.amazon_rows import Charge, Item, Row, amount_of, kept, kind_of, moment

_DEFERRED = "DEFERRED"


@dataclass(frozen=True, slots=True)
class _Told:
    """A transaction as told, and the other transaction of the same money.

    Attributes:
        releases: The held back transaction that this one releases; empty for others.
        released_by: The transaction that released this one; empty for others.
    """

    row: Row
    releases: str
    released_by: str


def rows_from(transactions: Iterable[Node]) -> tuple[Row, ...]:
    """Return transactions as rows, the oldest first, each movement of money once.

    Money that is held back is told of twice: by the transaction that held it back, and later by another that
    releases it. They name each other, and are one row: that of the first.
    """
    told = {each.row.id: each for each in map(_told, transactions)}
    origins = {each.released_by: id_ for id_, each in told.items() if each.released_by}
    rows: dict[str, Row] = {}
    released: set[str] = set()
    for id_, each in sorted(told.items(), key=lambda item: item[1].row.posted_at):
        origin = each.releases or origins.get(id_, "")
        if origin:
            released.add(origin)
        if origin not in told:
            rows[origin or id_] = replace(each.row, id=origin or id_)
    return tuple(replace(row, is_pending=row.is_pending and id_ not in released) for id_, row in rows.items())


def order_of(transaction: Node) -> str:
    """Return the order that a transaction is about; empty if it is about none."""
    return _identifiers(transaction).get("ORDER_ID", "")


def _told(transaction: Node) -> _Told:
    identifiers = _identifiers(transaction)
    total = amount_of(transaction["totalAmount"]["currencyAmount"])
    kind, posted = kind_of(kept(transaction, "transactionType")), transaction["postedDate"]
    row = Row(
        id=kept(transaction, "transactionId") or f"{kind}-{posted}-{total.normalize():f}",
        kind=kind,
        order_id=identifiers.get("ORDER_ID", ""),
        refund_id=identifiers.get("REFUND_ID", ""),
        posted_at=moment(posted),
        is_pending=kept(transaction, "transactionStatus").upper() == _DEFERRED,
        currency=transaction["totalAmount"]["currencyCode"],
        total=total,
        items=_items(transaction, total),
    )
    return _Told(
        row,
        releases=identifiers.get("DEFERRED_TRANSACTION_ID", ""),
        released_by=identifiers.get("RELEASE_TRANSACTION_ID", ""),
    )


def _identifiers(transaction: Node) -> dict[str, str]:
    """Return the related identifiers by name, of several of one name the first."""
    found: dict[str, str] = {}
    for each in listed(transaction, "relatedIdentifiers"):
        found.setdefault(kept(each, "relatedIdentifierName"), kept(each, "relatedIdentifierValue"))
    return found


def _items(transaction: Node, total: Decimal) -> tuple[Item, ...]:
    """Return the items with what they add up to, and one more for what they leave of the total.

    Where the items are not broken down, the transaction is.
    """
    items = [_item(each) for each in listed(transaction, "items")]
    if not any(item.charges for item in items):
        charges = tuple(charges_of(listed(transaction, "breakdowns")))
        items = [Item("", kept(transaction, "description"), "", 0, charges)]
    rest = total - sum((charge.amount for item in items for charge in item.charges), Decimal(0))
    if rest:
        name = kept(transaction, "description") or "Not broken down"
        items.append(
            Item("", name, "", 0, (Charge(PartKind.ADJUSTMENT, is_tax=False, name=name, amount=rest),))
        )
    return tuple(items)


def _item(item: Node) -> Item:
    product = next(
        (each for each in listed(item, "contexts") if each.get("contextType") == "ProductContext"), {}
    )
    return Item(
        sku=kept(product, "sku"),
        title=kept(item, "description"),
        line_id="",
        quantity=abs(int(product.get("quantityShipped") or 0)),
        charges=tuple(charges_of(listed(item, "breakdowns"))),
    )
