"""The sums of credit memos: Magento's arithmetic, whole orders taken apart in any way."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.jsonish import Fields
from sandbox.magento.errors import MagentoError
from sandbox.magento.model import CreditMemo, Order
from sandbox.magento.money import NOTHING, ZERO, Amount
from sandbox.magento.orders import place_order
from sandbox.magento.refunds import Asked, book, draft
from sandbox.magento.store import OAuth, Store
from sandbox.magento.totals import Arguments

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LINES = [
    {"sku": "PEN", "qty": 3, "price": "10.00", "tax_percent": "8.25", "discount": "1.00"},
    {"sku": "INK", "qty": 2, "price": "4.99", "tax_percent": "19"},
]


def place(**more: Any) -> tuple[Store, Order]:  # noqa: ANN401  # JSON may be anything
    store = Store("shop", OAuth("", "", "", ""))
    body = {"lines": LINES, "shipping": "5.00", "shipping_tax_percent": "10"} | more
    return store, place_order(store, Fields(body), NOW)


def refund(store: Store, order: Order, qtys: dict[int, int], **arguments: Decimal) -> CreditMemo:
    amounts: dict[str, Any] = arguments
    asked = Asked({item: Decimal(qty) for item, qty in qtys.items()}, Arguments(**amounts))
    return book(store, order, draft(store, order, None, asked, NOW), asked, NOW)


def test_one_unit_takes_its_part_of_row_tax_and_discount() -> None:
    store, order = place()
    memo = refund(store, order, {1: 1, 2: 0}, shipping=ZERO)
    # a third of 30.00, of the tax on 29.00 (2.39), and of 1.00; the cuts are carried from one to the next
    assert (memo.subtotal.base, memo.tax.base, memo.discount.base) == (
        Decimal("10.00"),
        Decimal("0.80"),
        Decimal("0.34"),
    )
    assert memo.shipping == memo.shipping_tax == NOTHING
    assert memo.total.base == Decimal("10.46")
    assert order.state == "processing"


def test_everything_is_what_was_paid() -> None:
    store, order = place()
    memo = refund(store, order, {})
    assert memo.total == order.paid == order.total
    assert memo.shipping_incl_tax.base == Decimal("5.50")
    assert order.state == order.status == "closed"


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=5),
    st.sampled_from([Decimal(1), Decimal("0.8137"), Decimal("151.3")]),
    st.booleans(),
)
def test_parts_of_an_order_add_up_to_what_was_paid_for_it(
    parts: list[tuple[int, int]],
    rate: Decimal,
    whole_tax: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    store, order = place(currency="EUR", rate=rate)
    store.whole_tax = whole_tax
    for units in [*parts, (3, 2)]:
        taken = {
            item.id: min(wanted, int(item.refundable))
            for item, wanted in zip(order.items, units, strict=True)
        }
        if any(taken.values()):
            refund(store, order, taken, shipping=ZERO)
        assert order.refunded().base <= order.paid.base
    left = order.shipping + order.shipping_tax
    assert order.paid - order.refunded() == left
    for item in order.items:
        assert item.qty_refunded == item.qty
        assert item.row_refunded == item.row
        assert item.discount_refunded == item.discount


@given(st.lists(st.integers(1, 499), max_size=4))
def test_shipping_goes_back_in_parts_with_its_tax(cents: list[int]) -> None:
    store, order = place(shipping_tax_percent="20")
    given_back = ZERO
    for each in cents:
        asked = Decimal(each) / 100
        if given_back + asked < Decimal(5):
            memo = refund(store, order, {1: 0, 2: 0}, shipping=asked)
            given_back += asked
            assert memo.shipping.base == asked
            assert memo.shipping_tax.base == (asked / 5).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    refund(store, order, {})
    assert order.refunded("shipping") == order.shipping
    assert order.refunded("shipping_tax") == order.shipping_tax


def test_a_line_listed_alone_takes_the_whole_order_s_tax() -> None:
    """https://github.com/magento/magento2/issues/14713, with its amounts."""
    lines = [
        {"sku": "A", "qty": 1, "price": "100.00", "tax_percent": "10"},
        {"sku": "B", "qty": 1, "price": "110.00", "tax_percent": "10"},
    ]
    store, order = place(lines=lines, shipping=0)
    assert draft(store, order, None, Asked({2: Decimal(1)}), NOW).tax.base == 21
    assert draft(store, order, None, Asked({1: ZERO, 2: Decimal(1)}), NOW).tax.base == 11
    assert draft(store, order, order.invoices[0], Asked({2: Decimal(1)}), NOW).tax.base == 21
    store.whole_tax = False
    assert draft(store, order, None, Asked({2: Decimal(1)}), NOW).tax.base == 11


def test_a_unit_of_several_listed_alone_takes_its_own_tax() -> None:
    store, order = place(shipping=0)
    assert draft(store, order, None, Asked({1: Decimal(1)}), NOW).tax.base == Decimal("0.80")


def test_adjustments_are_added_and_taken_off_after_tax_in_the_base_currency() -> None:
    store, order = place(currency="EUR", rate="0.5")
    memo = refund(
        store,
        order,
        {1: 1, 2: 0},
        shipping=ZERO,
        adjustment_positive=Decimal("2.00"),
        adjustment_negative=Decimal("0.50"),
    )
    assert memo.adjustment_positive == Amount(Decimal("1.00"), Decimal("2.00"))
    assert memo.adjustment_negative == Amount(Decimal("0.25"), Decimal("0.50"))
    assert memo.total.base == Decimal("11.96")


def test_more_shipping_than_is_left_is_refused_with_what_is_left() -> None:
    store, order = place()
    refund(store, order, {1: 1, 2: 0}, shipping=Decimal("3.00"))
    with pytest.raises(MagentoError) as caught:
        refund(store, order, {1: 1, 2: 0}, shipping=Decimal("2.01"))
    assert caught.value.body() == {
        "message": "Maximum shipping amount allowed to refund is: %1",
        "parameters": ["$2.00"],
    }


def test_a_variant_follows_its_configurable_product() -> None:
    lines = [{"sku": "HOODIE", "configurable_child_sku": "HOODIE-M", "qty": 2, "price": "40.00"}]
    store, order = place(lines=lines, shipping=0)
    parent, child = order.items
    memo = refund(store, order, {parent.id: 1})
    assert [each.item for each in memo.items] == [parent, child]
    assert [each.qty for each in memo.items] == [1, 1]
    assert [each.row.base for each in memo.items] == [40, 0]
    assert child.qty_refunded == 1
    with pytest.raises(MagentoError, match="total must be positive"):
        refund(store, order, {child.id: 1})


def test_what_was_not_invoiced_does_not_go_back() -> None:
    store, order = place(invoiced=False)
    with pytest.raises(MagentoError) as caught:
        refund(store, order, {})
    assert str(caught.value).split("\n")[1:] == [
        "The order does not allow a creditmemo to be created.",
        "We can't create creditmemo for the order.",
        "The most money available to refund is 0.",
    ]
