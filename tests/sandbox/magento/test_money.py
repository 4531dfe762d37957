"""Amounts in two currencies, and the rounding that carries what it cuts off."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from sandbox.magento.money import NOTHING, Amount, Rounder, converted, rounded

NUMBERS = st.decimals(min_value=-9999, max_value=9999, places=4)
AMOUNTS = st.builds(Amount, NUMBERS, NUMBERS)


@given(AMOUNTS, AMOUNTS)
def test_taking_off_what_was_added_changes_nothing(one: Amount, other: Amount) -> None:
    assert one + other - other == one
    assert one - one == NOTHING
    assert one + -one == NOTHING


@given(AMOUNTS, AMOUNTS)
def test_the_smaller_is_chosen_currency_by_currency(one: Amount, other: Amount) -> None:
    smaller = one.at_most(other)
    assert smaller.order == min(one.order, other.order)
    assert smaller.base == min(one.base, other.base)


def test_halves_are_rounded_up() -> None:
    assert rounded(Decimal("0.005")) == Decimal("0.01")
    assert rounded(Decimal("-0.005")) == Decimal("-0.01")
    assert Amount(Decimal("1.005"), Decimal("2.004")).rounded() == Amount(Decimal("1.01"), Decimal("2.00"))


def test_a_part_of_nothing_is_nothing() -> None:
    assert Amount(Decimal(9), Decimal(9)).share(Decimal(1), Decimal(0)) == NOTHING
    assert Amount(Decimal(9), Decimal(6)).share(Decimal(1), Decimal(3)) == Amount(Decimal(3), Decimal(2))


def test_the_order_s_currency_is_made_from_the_base_currency() -> None:
    assert converted(Decimal("9.99"), Decimal("0.8")) == Amount(Decimal("7.99"), Decimal("9.99"))


@given(st.lists(st.decimals(min_value=0, max_value=99, places=4), max_size=20), st.booleans())
def test_rounded_amounts_of_a_kind_are_never_off_by_more_than_half_a_cent(
    values: list[Decimal],
    negative: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    rounder = Rounder()
    total = sum((rounder.round(Amount(each, each), negative=negative).order for each in values), Decimal(0))
    assert abs(total - sum(values)) <= Decimal("0.005")


def test_what_one_amount_loses_the_next_of_its_kind_gains() -> None:
    third = Amount(Decimal(10) / 3, Decimal(10) / 3)
    rounder = Rounder()
    assert [rounder.round(third).base for _ in range(3)] == [
        Decimal(each) for each in ("3.33", "3.34", "3.33")
    ]
    assert rounder.round(third, "including").base == Decimal("3.33")
