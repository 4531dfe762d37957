from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ledger.events import MoneyState
from tests.workers.platforms.magento import line, memo, noted, order
from tests.workers.platforms.world import usd
from workers.platforms.magento_reading import (
    charged,
    id_of,
    moment,
    money_state,
    note_of,
    number,
    order_from,
    refundable,
    storefront_refund,
    whole,
)


def test_an_order_is_read_in_the_currency_that_refunds_are_made_in() -> None:
    found = order_from(
        order(
            base_total_refunded=Decimal("21.6"),
            order_currency_code="EUR",
            base_to_order_rate=Decimal("0.8"),
        ),
        [memo()],
    )
    assert (found.id, found.name, found.cancelled) == ("5", "000000005", False)
    assert (found.currency, found.shop_currency, found.shop_rate) == ("USD", "EUR", Decimal("1.25"))
    assert found.paid == usd("91.80")
    assert [(each.id, each.sku, each.quantity, each.refundable) for each in found.lines] == [
        ("11", "TSHIRT-M", 5, 5)
    ]
    assert [(each.id, each.amount) for each in found.refunds] == [("7", usd("21.60"))]


@pytest.mark.parametrize("rate", [None, 0, Decimal("0.0000")])
def test_an_order_without_a_rate_is_in_one_currency(rate: object) -> None:
    assert order_from(order(base_to_order_rate=rate), []).shop_rate == 1


def test_an_order_that_was_canceled_says_so() -> None:
    assert order_from(order(state="canceled"), []).cancelled


def test_an_order_that_nobody_paid_has_nothing_to_refund() -> None:
    assert order_from(order(base_total_paid=None), []).paid == usd("0.00")


@pytest.mark.parametrize(
    ("state", "money"),
    [
        (1, MoneyState.PENDING),
        (2, MoneyState.MOVED),
        ("2", MoneyState.MOVED),
        (3, MoneyState.FAILED),
        (None, MoneyState.PENDING),
        (9, MoneyState.PENDING),
    ],
)
def test_the_state_of_a_credit_memo_tells_of_its_money(state: object, money: MoneyState) -> None:
    assert money_state(memo(state=state)) is money


def test_a_credit_memo_that_was_canceled_needs_a_person() -> None:
    refund = storefront_refund(memo(state=3))
    assert (refund.money, refund.problem) == (MoneyState.FAILED, "PAYMENT_FAILED")
    assert storefront_refund(memo()).problem == ""


def test_all_comments_make_the_note() -> None:
    written = memo(comments=[{"comment": "one"}, {"comment": None}, *noted("rs-a-1 two")])
    assert note_of(written) == "one\n\nrs-a-1 two"
    assert storefront_refund(written).note == note_of(written)
    assert note_of(memo(comments=None)) == ""


def test_times_are_in_utc() -> None:
    assert moment("2026-10-01 12:00:00") == datetime(2026, 10, 1, 12, tzinfo=UTC)
    assert storefront_refund(memo()).made_at == datetime(2026, 10, 1, 12, tzinfo=UTC)


def test_a_float_is_read_to_what_the_database_holds() -> None:
    assert number({"a": Decimal("36.390000000000001")}, "a") == Decimal("36.39")
    assert number({"a": "12.50"}, "a") == Decimal("12.5")
    assert number({"a": None}, "a") == number({}, "a") == 0


@pytest.mark.parametrize("value", [True, [], {}, Decimal("1e999"), "much", Decimal("NaN"), 10**14])
def test_what_is_no_amount_is_not_taken_for_one(value: object) -> None:
    with pytest.raises((TypeError, ValueError, ArithmeticError)):
        number({"a": value}, "a")


@pytest.mark.parametrize(("value", "expected"), [(3, 3), ("3", 3)])
def test_an_id_may_be_a_text(value: object, expected: int) -> None:
    assert whole(value) == expected


@pytest.mark.parametrize("value", [True, None, "", "3a", "-3", Decimal("3.5")])
def test_what_is_no_id_is_not_taken_for_one(value: object) -> None:
    with pytest.raises(ValueError, match="no whole number"):
        whole(value)


def test_an_id_that_is_not_told_is_empty() -> None:
    assert id_of({"invoice_id": None}, "invoice_id") == id_of({}, "invoice_id") == ""


def ids(*lines: dict[str, Any]) -> list[int]:
    return [each["item_id"] for each in charged(order(*lines))]


def test_the_line_of_a_configurable_product_carries_the_money_of_its_variant() -> None:
    parent = line(1, product_type="configurable")
    child = line(2, parent_item_id=1, base_row_invoiced=0, base_tax_invoiced=0)
    assert ids(parent, child, line(3)) == [1, 3]


def test_a_bundle_carries_its_money_itself_where_it_has_a_price() -> None:
    parent = line(1, product_type="bundle")
    child = line(2, parent_item_id=1, base_row_invoiced=0, base_tax_invoiced=0)
    assert ids(parent, child) == [1]


def test_the_contents_of_a_bundle_carry_the_money_where_they_make_its_price() -> None:
    parent = line(1, product_type="bundle", base_row_invoiced=0, base_tax_invoiced=0)
    assert ids(parent, line(2, parent_item_id=1), line(3, parent_item_id=1, base_row_invoiced=0)) == [2, 3]


@pytest.mark.parametrize(("invoiced", "refunded", "left"), [(5, 2, 3), (2, 5, 0), (None, None, 0)])
def test_what_was_invoiced_and_not_refunded_can_be(invoiced: object, refunded: object, left: int) -> None:
    assert refundable(line(qty_invoiced=invoiced, qty_refunded=refunded)) == left
