from dataclasses import replace
from decimal import Decimal

import pytest

from ledger.events import MoneyState, Part, PartKind
from tests.webhooks.platforms import (
    Payload,
    adjustment,
    bag,
    line,
    payment,
    refund,
    shipping_line,
)
from tests.webhooks.sources.reading import PRESENTMENT, amounts, read, usd
from webhooks.sources.protocol import Endpoint

# Items


def test_a_refunded_line_is_an_item(shop: Endpoint) -> None:
    seen = read(
        shop,
        refund(
            refund_line_items=[
                line("80.00", "16.00", quantity=2, restock_type="return", location_id=655441491)
            ],
            transactions=[payment("96.00")],
        ),
    )
    assert seen.parts == (
        Part(
            PartKind.ITEM,
            usd("80.00"),
            usd("16.00"),
            sku="SKU2006-001",
            title="Aviator sunglasses",
            quantity=Decimal(2),
            restock=True,
            source_line_id="487817672276298554",
        ),
    )
    assert seen.source_location_id == "655441491"


@pytest.mark.parametrize(
    ("restock_type", "restock"),
    [("return", True), ("cancel", True), ("legacy_restock", True), ("no_restock", False)],
)
def test_goods_come_back_as_the_restock_type_says(shop: Endpoint, restock_type: str, restock: bool) -> None:  # noqa: FBT001 - a parameter of the test
    (part,) = read(shop, refund(refund_line_items=[line("89.99", restock_type=restock_type)])).parts
    assert part.restock is restock


def test_goods_that_come_back_to_two_places_name_none(shop: Endpoint) -> None:
    lines = [
        line("40.00", restock_type="return", location_id=1),
        line("49.99", restock_type="cancel", location_id=2),
    ]
    assert read(shop, refund(refund_line_items=lines)).source_location_id == ""


def test_a_location_without_restock_names_none(shop: Endpoint) -> None:
    lines = [line("89.99", restock_type="no_restock", location_id=1)]
    assert read(shop, refund(refund_line_items=lines)).source_location_id == ""


def test_a_gift_card_is_no_item(shop: Endpoint) -> None:
    (part,) = read(shop, refund(refund_line_items=[line("89.99", gift_card=True)])).parts
    assert part.kind is PartKind.GIFT_CARD


@pytest.mark.parametrize("quantity", [0, 1])
def test_tax_given_back_without_goods_is_tax(shop: Endpoint, quantity: int) -> None:
    seen = read(
        shop,
        refund(refund_line_items=[line("0.00", "0.40", quantity=quantity)], transactions=[payment("0.40")]),
    )
    assert amounts(seen.parts) == [(PartKind.TAX, "0.00", "0.40")]


def test_a_restock_that_gives_nothing_back_keeps_its_item(shop: Endpoint) -> None:
    seen = read(
        shop, refund(refund_line_items=[line("0.00", restock_type="return", location_id=1)], transactions=[])
    )
    assert amounts(seen.parts) == [(PartKind.ITEM, "0.00", "0.00")]
    assert seen.money is MoneyState.NONE
    assert seen.amount == usd("0.00")


def test_a_line_without_sku_and_title_has_empty_ones(shop: Endpoint) -> None:
    (part,) = read(shop, refund(refund_line_items=[line("89.99", sku=None, title=None)])).parts
    assert (part.sku, part.title) == ("", "")


@pytest.mark.parametrize("item", [None, {}])
def test_a_line_without_its_order_line_is_known_by_the_lines_id(shop: Endpoint, item: object) -> None:
    lines = [line("89.99", line_item_id=7) | {"line_item": item}]
    (part,) = read(shop, refund(refund_line_items=lines)).parts
    assert (part.source_line_id, part.sku) == ("7", "")


def test_a_lines_exact_id_is_preferred_to_its_rounded_one(shop: Endpoint) -> None:
    (part,) = read(shop, refund(refund_line_items=[line("89.99", line_item_id=487817672276298560)])).parts
    assert part.source_line_id == "487817672276298554"


# Shipping


def test_shipping_is_read_from_its_lines(shop: Endpoint) -> None:
    seen = read(
        shop,
        refund(
            refund_line_items=[],
            refund_shipping_lines=[shipping_line("5.00")],
            transactions=[payment("5.00")],
        ),
    )
    assert amounts(seen.parts) == [(PartKind.SHIPPING, "5.00", "0.00")]
    assert seen.parts[0].title == "Express"


def test_shipping_that_is_sent_as_line_and_as_adjustment_counts_once(shop: Endpoint) -> None:
    """The REST reference's own answer to a refund of shipping has both."""
    seen = read(
        shop,
        refund(
            refund_line_items=[],
            refund_shipping_lines=[shipping_line("5.00", price="5.00", tax="1.00")],
            order_adjustments=[
                adjustment("-5.00", "-1.00", kind="shipping_refund", reason="Shipping refund")
            ],
            transactions=[payment("6.00")],
        ),
    )
    assert amounts(seen.parts) == [(PartKind.SHIPPING, "5.00", "1.00")]
    assert seen.balanced() == seen.parts


@pytest.mark.parametrize("kind", ["shipping_refund", None, ""])
def test_older_versions_state_shipping_as_an_adjustment(shop: Endpoint, kind: str | None) -> None:
    seen = read(
        shop,
        refund(
            refund_line_items=[],
            order_adjustments=[adjustment("-5.00", "-0.40", kind=kind, reason="Shipping refund")],
            transactions=[payment("5.40")],
        ),
    )
    assert amounts(seen.parts) == [(PartKind.SHIPPING, "5.00", "0.40")]


def test_shippings_stated_tax_is_preferred(shop: Endpoint) -> None:
    seen = read(
        shop,
        refund(
            refund_line_items=[],
            refund_shipping_lines=[
                shipping_line("5.00", price="10.00", tax="9.00", tax_amount_set=bag("0.50"))
            ],
            transactions=[payment("5.50")],
        ),
    )
    assert amounts(seen.parts) == [(PartKind.SHIPPING, "5.00", "0.50")]


@pytest.mark.parametrize(("subtotal", "tax"), [("10.00", "1.90"), ("5.00", "0.95"), ("3.33", "0.63")])
def test_shippings_tax_is_the_orders_in_proportion_where_none_is_stated(
    shop: Endpoint, subtotal: str, tax: str
) -> None:
    seen = read(
        shop,
        refund(
            refund_line_items=[],
            refund_shipping_lines=[shipping_line(subtotal, price="10.00", tax="1.90")],
            transactions=[payment(str(Decimal(subtotal) + Decimal(tax)))],
        ),
    )
    assert amounts(seen.parts) == [(PartKind.SHIPPING, subtotal, tax)]


@pytest.mark.parametrize("shipping", [None, {}, {"discounted_price_set": bag("0.00"), "title": None}])
def test_shipping_whose_price_is_not_known_has_no_tax(shop: Endpoint, shipping: Payload | None) -> None:
    seen = read(
        shop,
        refund(
            refund_line_items=[],
            refund_shipping_lines=[shipping_line("5.00", shipping_line=shipping)],
            transactions=[payment("5.00")],
        ),
    )
    assert amounts(seen.parts) == [(PartKind.SHIPPING, "5.00", "0.00")]
    assert seen.parts[0].title == "Shipping"


def test_several_shipping_lines_share_the_adjustments_tax_once(shop: Endpoint) -> None:
    seen = read(
        shop,
        refund(
            refund_line_items=[],
            refund_shipping_lines=[shipping_line("5.00"), shipping_line("3.00")],
            order_adjustments=[
                adjustment("-8.00", "-0.80", kind="shipping_refund", reason="Shipping refund")
            ],
            transactions=[payment("8.80")],
        ),
    )
    assert amounts(seen.parts) == [(PartKind.SHIPPING, "5.00", "0.80"), (PartKind.SHIPPING, "3.00", "0.00")]


def test_free_shipping_is_no_part(shop: Endpoint) -> None:
    seen = read(shop, refund(refund_shipping_lines=[shipping_line("0.00")]))
    assert [part.kind for part in seen.parts] == [PartKind.ITEM]


# Duties and fees


def test_duties_and_fees_are_parts_of_their_own(shop: Endpoint) -> None:
    seen = read(
        shop,
        refund(
            refund_line_items=[],
            total_duties_set=bag("12.00"),
            duties=[{"duty_id": 1, "amount_set": bag("12.00")}],
            total_additional_fees_set=bag("3.00"),
            additional_fees=[{"id": 1, "price_set": bag("3.00")}],
            transactions=[payment("15.00")],
        ),
    )
    assert amounts(seen.parts) == [(PartKind.DUTY, "12.00", "0.00"), (PartKind.FEE, "3.00", "0.00")]


def test_duties_and_fees_without_a_total_are_added_up(shop: Endpoint) -> None:
    seen = read(
        shop,
        refund(
            total_duties_set=None,
            duties=[{"amount_set": bag("12.00")}, {"amount_set": bag("1.00")}, {"duty_id": 5}],
            additional_fees=[{"price_set": bag("3.00")}],
            transactions=[payment("105.99")],
        ),
    )
    assert amounts(seen.parts)[1:] == [(PartKind.DUTY, "13.00", "0.00"), (PartKind.FEE, "3.00", "0.00")]


# Adjustments


def test_what_is_kept_back_is_a_negative_adjustment(shop: Endpoint) -> None:
    seen = read(
        shop,
        refund(
            order_adjustments=[adjustment("9.00", "0.99", reason="Refund discrepancy")],
            transactions=[payment("80.00")],
        ),
    )
    assert amounts(seen.parts)[1:] == [(PartKind.ADJUSTMENT, "-9.00", "-0.99")]
    assert seen.parts[1].title == "Refund discrepancy"
    assert seen.balanced() == seen.parts


def test_what_is_given_on_top_is_a_positive_adjustment(shop: Endpoint) -> None:
    seen = read(
        shop,
        refund(
            refund_line_items=[],
            order_adjustments=[adjustment("-20.00", reason="Customer")],
            transactions=[payment("20.00")],
        ),
    )
    assert amounts(seen.parts) == [(PartKind.ADJUSTMENT, "20.00", "0.00")]


def test_adjustments_that_cancel_each_other_are_none(shop: Endpoint) -> None:
    seen = read(
        shop,
        refund(
            order_adjustments=[
                adjustment("89.99", reason="Refund discrepancy"),
                adjustment("-89.99", reason="Pending refund discrepancy"),
            ],
            transactions=[payment("89.99", "pending")],
        ),
    )
    assert amounts(seen.parts) == [(PartKind.ITEM, "89.99", "0.00")]
    assert seen.money is MoneyState.PENDING


def test_an_adjustment_that_only_books_pending_money_is_no_part(shop: Endpoint) -> None:
    """With it the refund would be nothing, yet 89.99 are on their way."""
    seen = read(
        shop,
        refund(
            order_adjustments=[adjustment("89.99", reason="Refund discrepancy")],
            transactions=[payment("89.99", "pending")],
        ),
    )
    assert seen.balanced() == seen.parts
    assert amounts(seen.parts) == [(PartKind.ITEM, "89.99", "0.00")]


def test_a_difference_that_nothing_explains_stays_a_difference(shop: Endpoint) -> None:
    seen = read(shop, refund(transactions=[payment("75.00")]))
    assert amounts(seen.parts) == [(PartKind.ITEM, "89.99", "0.00")]
    assert amounts(seen.balanced())[1:] == [(PartKind.DIFFERENCE, "-14.99", "0.00")]


def test_an_adjustment_without_money_counts_as_stated(shop: Endpoint) -> None:
    seen = read(
        shop,
        refund(
            order_adjustments=[adjustment("9.99", reason="Restock")], transactions=[payment("1.00", "error")]
        ),
    )
    assert (seen.amount, seen.money) == (usd("80.00"), MoneyState.FAILED)


# Prices with tax in them


def test_prices_that_hold_their_tax_are_known_by_the_money(shop: Endpoint) -> None:
    seen = read(
        shop,
        refund(
            refund_line_items=[line("120.00", "20.00"), line("0.00", restock_type="return", location_id=1)],
            refund_shipping_lines=[shipping_line("12.00", price="12.00", tax="2.00")],
            transactions=[payment("132.00")],
        ),
    )
    assert amounts(seen.parts) == [
        (PartKind.ITEM, "100.00", "20.00"),
        (PartKind.ITEM, "0.00", "0.00"),
        (PartKind.SHIPPING, "10.00", "2.00"),
    ]
    assert seen.balanced() == seen.parts


def test_prices_that_hold_their_tax_are_known_from_the_buyers_currency(shop: Endpoint) -> None:
    taxed = line("120.00", "20.00") | {
        "subtotal_set": bag("120.00", "100.00", buyers="EUR"),
        "total_tax_set": bag("20.00", "16.67", buyers="EUR"),
    }
    payload = refund(
        refund_line_items=[taxed],
        total_duties_set=bag("0.00", buyers="EUR"),
        transactions=[payment("100.00", currency="EUR")],
    )
    in_shop, in_buyers = read(shop, payload), read(replace(shop, policy=PRESENTMENT), payload)
    assert amounts(in_shop.parts) == [(PartKind.ITEM, "100.00", "20.00")]
    assert amounts(in_buyers.parts) == [(PartKind.ITEM, "83.33", "16.67")]
