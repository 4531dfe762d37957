"""From the financial events of Amazon's old Finances API, v0, to rows. Pure.

Shapes: https://developer-docs.amazon.com/sp-api/docs/finances-api-v0-reference. It tells no refund ids, shows
nothing that is held back, and is to be removed.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from ledger.events import PartKind
from workers.platforms.amazon_api import Node, listed
from workers.platforms.amazon_charges import charge_of
from workers.platforms.amazon_rows import SHIPMENT, Charge, Item, Row, amount_of, kept, moment

_LISTS: Final = {
    "ShipmentEventList": SHIPMENT,
    "RefundEventList": "refund",
    "GuaranteeClaimEventList": "guaranteeclaim",
    "ChargebackEventList": "chargeback",
}
_FEES: Final = ("ItemFeeList", "ItemFeeAdjustmentList")
_CHARGES: Final = ("ItemChargeList", "ItemChargeAdjustmentList")
_PROMOTIONS: Final = ("PromotionList", "PromotionAdjustmentList")
_POINTS: Final = ("CostOfPointsGranted", "CostOfPointsReturned")


def rows_from_events(pages: Iterable[Node], order_id: str) -> tuple[Row, ...]:
    """Return the events of an order as rows, the oldest first.

    A refund is known by the smallest of its items' adjustment ids, which is the same whenever it is read.

    Args:
        pages: The `FinancialEvents` of every page.
        order_id: The order that was asked for.
    """
    rows: dict[str, Row] = {}
    for page in pages:
        for name, kind in _LISTS.items():
            for event in listed(page, name):
                row = _row(event, kind, order_id)
                rows.setdefault(row.id, row)
    return tuple(sorted(rows.values(), key=lambda row: row.posted_at))


def refunds_of(page: Node) -> Iterator[Row]:
    """Yield the refunds of orders among the events of a page, of whichever orders.

    Args:
        page: The `FinancialEvents`.
    """
    for name, kind in _LISTS.items():
        if kind != SHIPMENT:
            about_orders = (event for event in listed(page, name) if kept(event, "AmazonOrderId"))
            yield from (_row(event, kind, event["AmazonOrderId"]) for event in about_orders)


def _row(event: Node, kind: str, order_id: str) -> Row:
    told = [*listed(event, "ShipmentItemList"), *listed(event, "ShipmentItemAdjustmentList")]
    items = [_item(each) for each in told]
    rest = tuple(_of_the_event(event))
    if rest:
        items.append(Item("", "", "", 0, rest))
    adjustments = sorted(id_ for each in told if (id_ := kept(each, "OrderAdjustmentItemId")))
    id_ = f"v0-{kind}-{next(iter(adjustments), event['PostedDate'])}"
    return Row(
        id=id_,
        kind=kind,
        order_id=order_id,
        refund_id=id_,
        posted_at=moment(event["PostedDate"]),
        is_pending=False,
        currency=_currency(event),
        total=sum((charge.amount for item in items for charge in item.charges), Decimal(0)),
        items=tuple(items),
    )


def _item(item: Node) -> Item:
    return Item(
        sku=kept(item, "SellerSKU"),
        title=kept(item, "SellerSKU"),
        line_id=kept(item, "OrderItemId"),
        quantity=abs(int(item.get("QuantityShipped") or 0)),
        charges=tuple(charge for charge in _charges(item) if charge.amount),
    )


def _charges(item: Node) -> Iterator[Charge]:
    for name in _CHARGES:
        yield from _charged(listed(item, name))
    for name in _FEES:
        yield from _fees(listed(item, name))
    for name in _PROMOTIONS:
        for each in listed(item, name):
            amount = amount_of(each["PromotionAmount"]["CurrencyAmount"])
            yield Charge(PartKind.PROMOTION, is_tax=False, name=kept(each, "PromotionType"), amount=amount)
    for each in listed(item, "ItemTaxWithheldList"):
        for withheld in listed(each, "TaxesWithheld"):
            amount = amount_of(withheld["ChargeAmount"]["CurrencyAmount"])
            yield Charge(
                PartKind.FACILITATOR_TAX, is_tax=False, name=kept(withheld, "ChargeType"), amount=amount
            )
    for name in _POINTS:
        if item.get(name):
            yield charge_of(name, amount_of(item[name]["CurrencyAmount"]))


def _of_the_event(event: Node) -> Iterator[Charge]:
    for name in ("OrderChargeList", "OrderChargeAdjustmentList"):
        yield from _charged(listed(event, name))
    for name in ("ShipmentFeeList", "ShipmentFeeAdjustmentList", "OrderFeeList", "OrderFeeAdjustmentList"):
        yield from _fees(listed(event, name))


def _charged(components: Iterable[Node]) -> Iterator[Charge]:
    for each in components:
        yield charge_of(kept(each, "ChargeType"), amount_of(each["ChargeAmount"]["CurrencyAmount"]))


def _fees(components: Iterable[Node]) -> Iterator[Charge]:
    for each in components:
        amount = amount_of(each["FeeAmount"]["CurrencyAmount"])
        yield Charge(PartKind.FEE, is_tax=False, name=kept(each, "FeeType"), amount=amount)


def _currency(event: object) -> str:
    """Return the currency of an event: that of the first amount in it; `XXX` if it has none (ISO 4217)."""
    if isinstance(event, list):
        return next((found for each in event if (found := _currency(each)) != "XXX"), "XXX")
    if isinstance(event, dict):
        return str(event["CurrencyCode"]) if "CurrencyCode" in event else _currency(list(event.values()))
    return "XXX"
