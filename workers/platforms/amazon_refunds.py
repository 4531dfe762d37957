"""From the rows of an order to its refunds. Pure.

A refund's amount is what the seller gives back. Tax that Amazon collects from the buyer and gives back itself
is there twice, with the item and as facilitator tax, so that it cancels out. Fees that Amazon gives back to
the seller are no part of it unless the account wants them posted.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from ledger.events import MoneyState, Part, PartKind, Payment, RefundSeen
from ledger.money import Money, total
from ledger.policy import Policy
from workers.platforms.amazon_rows import REFUNDS, SHIPMENT, Row

_NOT_THE_BUYERS: Final = frozenset({PartKind.FACILITATOR_TAX, PartKind.FEE})
_POST: Final = "post"
_TITLES: Final = {
    PartKind.SHIPPING: "Shipping",
    PartKind.GIFT_WRAP: "Gift wrap",
    PartKind.PROMOTION: "Promotions taken back",
    PartKind.GOODWILL: "Goodwill",
    PartKind.RESTOCKING_FEE: "Restocking fee",
    PartKind.FACILITATOR_TAX: "Tax given back by Amazon",
    PartKind.DUTY: "Export charges",
    PartKind.FEE: "Fees given back by Amazon",
}


@dataclass(slots=True)
class _Sum:
    """Charges of one kind, signed as the seller's account sees them."""

    net: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    names: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Product:
    """What a refund gives back for one product."""

    sku: str
    title: str
    line_id: str
    quantity: int = 0
    sum: _Sum = field(default_factory=_Sum)


@dataclass(frozen=True, slots=True)
class _Shipped:
    """How much of a product was shipped, and for what price in all."""

    quantity: int
    principal: Decimal


def refunds_from(rows: Iterable[Row], policy: Policy) -> tuple[RefundSeen, ...]:
    """Return the refunds of an order, oldest first.

    Args:
        rows: All rows of the order, shipments among them: they tell what a unit cost.
        policy: The account's rules.
    """
    kept = list(rows)
    shipped = _shipped(row for row in kept if row.kind == SHIPMENT)
    refunds: dict[str, list[Row]] = {}
    for row in kept:
        if row.kind in REFUNDS:
            refunds.setdefault(row.refund_id or row.id, []).append(row)
    found = [_refund(id_, of_it, shipped, policy) for id_, of_it in refunds.items()]
    return tuple(sorted(found, key=lambda seen: seen.occurred_at))


def given_back(seen: RefundSeen) -> Money:
    """Return what the buyer was given, with the tax that came from Amazon and without the seller's fees."""
    return total([part.gross for part in seen.parts if part.kind not in _NOT_THE_BUYERS], seen.currency)


def _refund(id_: str, rows: list[Row], shipped: dict[str, _Shipped], policy: Policy) -> RefundSeen:
    currency = rows[0].currency
    with_fees = policy.selling_fees == _POST
    return RefundSeen(
        origin="amazon",
        refund_id=id_,
        order_id=rows[0].order_id,
        order_name=rows[0].order_id,
        occurred_at=min(row.posted_at for row in rows),
        currency=currency,
        parts=tuple(_parts(rows, shipped, currency, with_fees=with_fees)),
        payments=tuple(_payment(row, with_fees=with_fees) for row in rows),
        first_hand=False,
    )


def _payment(row: Row, *, with_fees: bool) -> Payment:
    fees = (charge.amount for item in row.items for charge in item.charges if charge.kind is PartKind.FEE)
    given = -row.total if with_fees else sum(fees, Decimal(0)) - row.total
    state = MoneyState.PENDING if row.is_pending else MoneyState.MOVED
    return Payment(row.id, state, Money.rounded(given, row.currency))


def _parts(
    rows: list[Row], shipped: dict[str, _Shipped], currency: str, *, with_fees: bool
) -> Iterator[Part]:
    products, others = _summed(rows)
    for product in products.values():
        if product.sum.net or product.sum.tax:
            yield _item(product, shipped.get(product.sku), currency)
    for kind, summed in others.items():
        if (with_fees or kind is not PartKind.FEE) and (summed.net or summed.tax):
            yield Part(
                kind,
                Money.rounded(-summed.net, currency),
                Money.rounded(-summed.tax, currency),
                title=_TITLES.get(kind) or ", ".join(dict.fromkeys(summed.names)),
            )


def _summed(rows: list[Row]) -> tuple[dict[tuple[str, str], _Product], dict[PartKind, _Sum]]:
    """Return the products by SKU and order item, and all that is no product by its kind."""
    products: dict[tuple[str, str], _Product] = {}
    others: dict[PartKind, _Sum] = {}
    for item in (item for row in rows for item in row.items):
        product = products.setdefault((item.sku, item.line_id), _Product(item.sku, item.title, item.line_id))
        if any(charge.kind is PartKind.ITEM and not charge.is_tax for charge in item.charges):
            product.quantity += item.quantity  # of items without a price it is the shipment's
        for charge in item.charges:
            summed = product.sum
            if charge.kind is not PartKind.ITEM:
                summed = others.setdefault(charge.kind, _Sum())
            summed.names.append(charge.name)
            if charge.is_tax:
                summed.tax += charge.amount
            else:
                summed.net += charge.amount
    return products, others


def _item(product: _Product, shipped: _Shipped | None, currency: str) -> Part:
    """Return a product's part: of so many units if they make up the price, else of money only.

    The quantity that Amazon tells is that of the shipment where less than whole units were refunded.
    """
    net, tax = Money.rounded(-product.sum.net, currency), Money.rounded(-product.sum.tax, currency)
    if not net:
        kind = PartKind.TAX
    elif product.quantity and _is_whole(product.quantity, net, shipped):
        return Part(
            PartKind.ITEM,
            net,
            tax,
            sku=product.sku,
            title=product.title,
            quantity=Decimal(product.quantity),
            source_line_id=product.line_id,
        )
    else:
        kind = PartKind.ADJUSTMENT
    title = " ".join(each for each in dict.fromkeys((product.sku, product.title)) if each)
    return Part(kind, net, tax, title=f"Part of {title}" if title else "Part of the price")


def _is_whole(quantity: int, net: Money, shipped: _Shipped | None) -> bool:
    """Return whether an amount is the price of so many units; where the price is not known, it is."""
    if shipped is None or not shipped.quantity:
        return True
    price = Money.rounded(shipped.principal * quantity / shipped.quantity, net.currency)
    return abs((net - price).minor) <= 1  # Amazon may have rounded a share the other way


def _shipped(rows: Iterable[Row]) -> dict[str, _Shipped]:
    found: dict[str, _Shipped] = {}
    for item in (item for row in rows for item in row.items):
        known = found.get(item.sku, _Shipped(0, Decimal(0)))
        principal = sum(
            (each.amount for each in item.charges if each.kind is PartKind.ITEM and not each.is_tax),
            known.principal,
        )
        found[item.sku] = _Shipped(known.quantity + item.quantity, principal)
    return found
