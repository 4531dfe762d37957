from decimal import Decimal
from typing import Any

import pytest

from ledger.events import PartKind
from tests.workers.platforms.amazon import ORDER, POSTED, number
from workers.platforms.amazon_events import rows_from_events
from workers.platforms.amazon_rows import Row


def amount(text: str) -> dict[str, Any]:
    return {"CurrencyCode": "USD", "CurrencyAmount": number(text)}


def charge(kind: str, text: str) -> dict[str, Any]:
    return {"ChargeType": kind, "ChargeAmount": amount(text)}


def fee(kind: str, text: str) -> dict[str, Any]:
    return {"FeeType": kind, "FeeAmount": amount(text)}


def adjusted(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
    return {
        "SellerSKU": "TSHIRT-M",
        "OrderItemId": "1001",
        "OrderAdjustmentItemId": "2001",
        "QuantityShipped": 1,
        "ItemChargeAdjustmentList": [charge("Principal", "-20.00"), charge("Tax", "-1.60")],
        "ItemFeeAdjustmentList": [fee("Commission", "3.00"), fee("RefundCommission", "-0.60")],
        "ItemTaxWithheldList": [
            {
                "TaxCollectionModel": "MarketplaceFacilitator",
                "TaxesWithheld": [charge("MarketplaceFacilitatorTax-Principal", "1.60")],
            }
        ],
        "PromotionAdjustmentList": [
            {"PromotionType": "PromotionMetaDataDefinitionValue", "PromotionAmount": amount("0.40")}
        ],
        **more,
    }


def event(*items: dict[str, Any], posted: str = POSTED, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "AmazonOrderId": ORDER,
        "PostedDate": posted,
        "ShipmentItemAdjustmentList": list(items),
        **more,
    }


def row(told: dict[str, Any], name: str = "RefundEventList") -> Row:
    (found,) = rows_from_events([{name: [told]}], ORDER)
    return found


def charges(found: Row) -> list[tuple[PartKind, bool, Decimal]]:
    return [(each.kind, each.is_tax, each.amount) for item in found.items for each in item.charges]


def test_a_refund_event_is_a_row() -> None:
    found = row(event(adjusted()))
    assert (found.id, found.refund_id) == ("v0-refund-2001", "v0-refund-2001")
    assert (found.kind, found.order_id, found.is_pending, found.currency) == ("refund", ORDER, False, "USD")
    assert found.total == Decimal("-17.20")
    (only,) = found.items
    assert (only.sku, only.title, only.line_id, only.quantity) == ("TSHIRT-M", "TSHIRT-M", "1001", 1)
    assert charges(found) == [
        (PartKind.ITEM, False, Decimal(-20)),
        (PartKind.ITEM, True, Decimal("-1.60")),
        (PartKind.FEE, False, Decimal(3)),
        (PartKind.FEE, False, Decimal("-0.60")),
        (PartKind.PROMOTION, False, Decimal("0.40")),
        (PartKind.FACILITATOR_TAX, False, Decimal("1.60")),
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ShipmentEventList", "shipment"),
        ("RefundEventList", "refund"),
        ("GuaranteeClaimEventList", "guaranteeclaim"),
        ("ChargebackEventList", "chargeback"),
    ],
)
def test_each_list_is_of_one_kind(name: str, kind: str) -> None:
    assert row(event(adjusted()), name).kind == kind


def test_a_shipments_charges_are_read_from_lists_of_other_names() -> None:
    shipped = {
        "SellerSKU": "TSHIRT-M",
        "QuantityShipped": 5,
        "ItemChargeList": [charge("Principal", "100.00"), charge("ShippingCharge", "0.00")],
        "ItemFeeList": [fee("Commission", "-15.00")],
    }
    told = {"PostedDate": POSTED, "ShipmentItemList": [shipped]}
    assert charges(row(told, "ShipmentEventList")) == [
        (PartKind.ITEM, False, Decimal(100)),
        (PartKind.FEE, False, Decimal(-15)),
    ]


def test_a_refund_is_known_by_the_smallest_of_its_items_ids() -> None:
    one, two = adjusted(OrderAdjustmentItemId="2002"), adjusted(OrderAdjustmentItemId="2001")
    assert row(event(one, two)).id == row(event(two, one)).id == "v0-refund-2001"
    assert row(event(adjusted(OrderAdjustmentItemId=None))).id == f"v0-refund-{POSTED}"


def test_an_event_on_two_pages_is_one_row_and_rows_come_oldest_first() -> None:
    late = event(adjusted(OrderAdjustmentItemId="1"), posted="2026-03-02T00:00:00Z")
    early = event(adjusted(OrderAdjustmentItemId="2"))
    found = rows_from_events([{"RefundEventList": [late]}, {"RefundEventList": [early, late]}], ORDER)
    assert [each.id for each in found] == ["v0-refund-2", "v0-refund-1"]


def test_what_belongs_to_no_item_counts_too() -> None:
    found = row(
        event(
            OrderChargeAdjustmentList=[charge("Goodwill", "-5.00")],
            ShipmentFeeAdjustmentList=[fee("FBAPerOrderFulfillmentFee", "1.00")],
        )
    )
    assert charges(found) == [
        (PartKind.GOODWILL, False, Decimal(-5)),
        (PartKind.FEE, False, Decimal(1)),
    ]
    assert found.total == Decimal(-4)


def test_points_given_back_are_an_adjustment() -> None:
    found = row(event(adjusted(CostOfPointsReturned=amount("2.00"))))
    assert charges(found)[-1] == (PartKind.ADJUSTMENT, False, Decimal(2))


def test_null_stands_for_what_is_not_there() -> None:
    found = row({**event(), "ShipmentItemAdjustmentList": None})
    assert (found.items, found.total, found.currency) == ((), Decimal(0), "XXX")
    assert rows_from_events([{}], ORDER) == ()
