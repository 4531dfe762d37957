from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.shopify.money import Bag, Currencies, exponent, graphql_amount, rest_amount, rounded

amounts = st.decimals(min_value=0, max_value=10**6, places=3)
bags = st.builds(Bag, amounts, amounts)
rates = st.decimals(min_value=Decimal("0.0001"), max_value=1000, places=4)
currency_codes = st.sampled_from(["USD", "EUR", "JPY", "KWD", "KRW", "BHD"])
currencies = st.builds(Currencies, currency_codes, currency_codes, rates)


@given(bags, bags, bags)
def test_bags_add_like_numbers(a: Bag, b: Bag, c: Bag) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + Bag() == a
    assert a - a == Bag()
    assert a - b == a + -b


@given(currencies, amounts, st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_a_line_refunded_in_steps_gives_back_exactly_what_it_cost(
    pair: Currencies, amount: Decimal, steps: list[int]
) -> None:
    total, whole, before, back = pair.bag(amount), sum(steps), 0, Bag()
    for units in steps:
        back += pair.part(total, before, units, whole)
        before += units
    assert back == total


@given(currencies, amounts)
def test_conversion_leaves_no_fraction_of_the_smallest_unit(pair: Currencies, amount: Decimal) -> None:
    bag = pair.bag(amount)
    assert bag.shop == rounded(bag.shop, pair.shop)
    assert bag.presentment == rounded(bag.presentment, pair.presentment)


@given(currencies, amounts)
def test_the_tax_on_the_whole_is_the_whole_tax(pair: Currencies, amount: Decimal) -> None:
    whole, tax = pair.bag(Decimal(100)), pair.bag(amount)
    assert pair.prorated(tax, whole, whole).presentment == tax.presentment
    assert pair.prorated(tax, whole, Bag()) == Bag()


@given(bags, bags)
def test_the_smaller_for_the_customer_is_taken(a: Bag, b: Bag) -> None:
    assert a.at_most(b).presentment == min(a.presentment, b.presentment)


@pytest.mark.parametrize(
    ("currency", "decimals", "rest", "graphql"),
    [
        ("USD", 2, "1234.50", "1234.5"),
        ("JPY", 0, "1235", "1234.5"),
        ("KWD", 3, "1234.500", "1234.5"),
    ],
)
def test_amounts_are_written_as_each_api_writes_them(
    currency: str, decimals: int, rest: str, graphql: str
) -> None:
    assert exponent(currency) == decimals
    assert rest_amount(Decimal("1234.5"), currency) == rest
    assert graphql_amount(Decimal("1234.50")) == graphql


@pytest.mark.parametrize(
    ("amount", "text"), [("0", "0.0"), ("10.00", "10.0"), ("1E+2", "100.0"), ("-5", "-5.0")]
)
def test_graphql_amounts_have_a_decimal_at_least(amount: str, text: str) -> None:
    assert graphql_amount(Decimal(amount)) == text
