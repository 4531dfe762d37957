import tracemalloc
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import money
from ledger.money import Money, MoneyError, parse_amount, total
from tests.support.strategies import CURRENCIES, amounts

currencies = st.sampled_from(CURRENCIES)
pairs = currencies.flatmap(lambda currency: st.tuples(amounts(currency), amounts(currency)))
triples = currencies.flatmap(lambda currency: st.tuples(*[amounts(currency)] * 3))


@pytest.mark.parametrize(
    ("currency", "decimals"), [("JPY", 0), ("KRW", 0), ("USD", 2), ("EUR", 2), ("KWD", 3), ("CLF", 4)]
)
def test_a_currency_has_the_decimals_of_iso_4217(currency: str, decimals: int) -> None:
    assert money.exponent(currency) == decimals
    assert Money.zero(currency).exponent == decimals


@pytest.mark.parametrize("currency", ["", "US", "usd", "USDX", "U$D", "ÜSD", "USD\n"])
def test_what_is_no_currency_code_is_refused(currency: str) -> None:
    with pytest.raises(MoneyError) as refused:
        Money.parse("1", currency)
    assert refused.value.reason == "bad_currency"


@given(triples)
def test_addition_is_associative_and_commutative(three: tuple[Money, Money, Money]) -> None:
    a, b, c = three
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert total([a, b, c], a.currency) == total([c, a, b], a.currency) == a + b + c


@given(pairs)
def test_subtraction_undoes_addition(two: tuple[Money, Money]) -> None:
    a, b = two
    assert a + b - b == a
    assert a - b == a + -b
    assert a - a == Money.zero(a.currency)


@given(pairs)
def test_comparison_is_that_of_the_minor_units(two: tuple[Money, Money]) -> None:
    a, b = two
    assert (a < b) == (a.minor < b.minor) == (b > a)
    assert (a <= b) == (a.minor <= b.minor) == (b >= a)
    assert (a == b) == (a.minor == b.minor)
    assert bool(a) == (a.minor != 0)
    assert abs(a).minor == abs(a.minor)


@given(currencies.flatmap(amounts))
def test_text_and_json_come_back_as_the_same_money(value: Money) -> None:
    amount, currency = str(value).split()
    assert Money.parse(amount, currency) == value
    assert Money.from_json(value.to_json()) == value
    assert value.to_json() == {"amount": amount, "currency": currency}


@given(currencies.flatmap(amounts))
def test_minor_units_come_back_as_the_same_money(value: Money) -> None:
    assert Money.from_minor(value.minor, value.currency, value.exponent) == value


@given(st.integers(-(10**14), 10**14), st.integers(0, 4))
def test_minor_units_count_by_the_exponent_they_were_stored_under(minor: int, decimals: int) -> None:
    stored = Money.from_minor(minor, "CLF", decimals)
    assert stored.amount == Decimal(minor).scaleb(-decimals)
    assert stored.minor == minor * 10 ** (4 - decimals)


@given(st.decimals(-(10**13), 10**13, places=8), currencies)
def test_no_digit_is_lost_in_silence(amount: Decimal, currency: str) -> None:
    text = format(amount, "f")
    if amount % Decimal(1).scaleb(-money.exponent(currency)):
        with pytest.raises(MoneyError, match="more decimals"):
            Money.parse(text, currency)
    else:
        assert Money.parse(text, currency).amount == amount


@given(st.decimals(-(10**13), 10**13, places=8), currencies)
def test_rounding_moves_by_half_a_minor_unit_at_most(amount: Decimal, currency: str) -> None:
    rounded = Money.rounded(amount, currency)
    assert abs(rounded.amount - amount) <= Decimal(1).scaleb(-rounded.exponent) / 2


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [("0.125", "USD", "0.13"), ("-0.125", "USD", "-0.13"), ("0.5", "JPY", "1"), ("0.124", "USD", "0.12")],
)
def test_halves_are_rounded_away_from_zero(amount: str, currency: str, rounded: str) -> None:
    assert str(Money.rounded(Decimal(amount), currency)) == f"{rounded} {currency}"


@pytest.mark.parametrize(
    ("written", "currency", "same"),
    [
        ("100", "JPY", "100.00"),
        ("12.3", "USD", "12.30"),
        ("-0.00", "USD", "0"),
        (" 5.00\n", "USD", "5"),
        (Decimal("1E+2"), "USD", "100.00"),
        (Decimal("0.1"), "USD", "0.10"),
        (7, "USD", "7.00"),
        ("99999999999999.9999", "CLF", Decimal("99999999999999.9999")),
    ],
)
def test_one_amount_may_be_written_in_several_ways(
    written: str | Decimal | int, currency: str, same: str | Decimal
) -> None:
    assert Money.parse(written, currency) == Money.parse(same, currency)
    assert str(Money.parse(written, currency)) == str(Money.parse(same, currency))


HOSTILE = [
    "",
    "1e3",
    "1e999999999",
    "1,000.00",
    "0x10",
    "+1",
    ".5",
    "5.",
    "--1",
    "1_000",
    "NaN",
    "-Infinity",
    "١٢",
    "100000000000000",  # fifteen digits
    "1.000000001",
    "9" * 1_000_000,
    Decimal("NaN"),
    Decimal("sNaN"),
    Decimal("Infinity"),
    Decimal("1E+999999999"),
    Decimal("-1E-999999999"),
    10**5_000,  # Python refuses to spell out integers of this size
    -(2**70),
    True,
]


@pytest.mark.parametrize("written", HOSTILE, ids=lambda written: str(type(written).__name__))
def test_what_is_no_amount_of_money_is_refused(written: str | Decimal | int) -> None:
    with pytest.raises(MoneyError) as refused:
        Money.parse(written, "USD")
    assert refused.value.reason == "bad_amount"
    assert len(str(refused.value)) < 100


@pytest.mark.parametrize(
    "written",
    [Decimal("1E+999999999"), Decimal("-1E-999999999"), 10**100_000],
    ids=["large", "small", "integer"],
)
def test_a_number_is_not_expanded_to_find_out_that_it_is_too_large(written: Decimal | int) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(MoneyError):
            parse_amount(written)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 100_000  # bytes


@given(st.text() | st.decimals() | st.integers())
def test_any_input_is_an_exact_amount_or_refused(written: str | Decimal | int) -> None:
    try:
        amount = parse_amount(written)
    except MoneyError:
        return
    assert amount == Decimal(written)


@pytest.mark.parametrize("currency", CURRENCIES)
def test_every_amount_that_is_taken_fits_a_64_bit_column(currency: str) -> None:
    largest = Money.parse("99999999999999", currency)
    assert largest.minor < 2**63


@pytest.mark.parametrize(
    "mix",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a <= b,
        lambda a, b: a > b,
        lambda a, b: a >= b,
        lambda a, b: total([a, b], "USD"),
    ],
)
def test_two_currencies_never_mix(mix: Callable[[Money, Money], object]) -> None:
    with pytest.raises(MoneyError) as refused:
        mix(Money.parse("1", "USD"), Money.parse("1", "EUR"))
    assert refused.value.reason == "currency_mixed"


def test_amounts_of_two_currencies_are_not_equal() -> None:
    assert Money.parse("1", "USD") != Money.parse("1", "EUR")


def test_the_sum_of_nothing_is_zero_in_the_currency_asked_for() -> None:
    assert total([], "KWD") == Money.zero("KWD")
    assert str(total([], "KWD")) == "0.000 KWD"


def test_more_decimals_than_the_currency_has_are_refused_by_name() -> None:
    with pytest.raises(MoneyError, match=r"12\.345 has more decimals than USD can express") as refused:
        Money.parse("12.345", "USD")
    assert refused.value.reason == "too_precise"
