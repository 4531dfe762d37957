from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.events import MoneyState
from ledger.money import Money, total
from ledger.policy import Policy
from tests.webhooks.platforms import (
    Payload,
    adjustment,
    bag,
    line,
    payment,
    refund,
    shipping_line,
)
from tests.webhooks.sources.reading import PRESENTMENT, read, usd
from webhooks.sources.protocol import Endpoint, UnreadableError

# Currencies and payments


def multi_currency() -> Payload:
    return refund(
        refund_line_items=[
            line("89.99")
            | {
                "subtotal_set": bag("89.99", "120", buyers="JPY"),
                "total_tax_set": bag("0.00", "0", buyers="JPY"),
            }
        ],
        total_duties_set=bag("0.00", "0", buyers="JPY"),
        transactions=[payment("120", currency="JPY")],
    )


def test_an_account_in_the_shops_currency_takes_the_shops_side(shop: Endpoint) -> None:
    seen = read(shop, multi_currency())
    assert (seen.currency, seen.amount) == ("USD", usd("89.99"))
    assert [payment.amount for payment in seen.payments] == [None]


@pytest.mark.parametrize("amount", ["120", "120.00", 120])
def test_an_account_in_the_buyers_currency_takes_the_buyers_side(shop: Endpoint, amount: object) -> None:
    payload = multi_currency() | {"transactions": [payment("", currency="JPY", amount=amount)]}
    seen = read(replace(shop, policy=PRESENTMENT), payload)
    assert (seen.currency, seen.amount) == ("JPY", Money.parse("120", "JPY"))
    assert [payment.amount for payment in seen.payments] == [Money.parse("120", "JPY")]


def test_a_transaction_without_a_currency_is_in_the_shops(shop: Endpoint) -> None:
    """The official example has transactions with a null currency."""
    payload = multi_currency() | {"transactions": [payment("89.99", currency=None)]}
    (in_shop,) = read(shop, payload).payments
    (in_buyers,) = read(replace(shop, policy=PRESENTMENT), payload).payments
    assert (in_shop.amount, in_buyers.amount) == (usd("89.99"), None)


def test_a_refund_of_no_value_takes_its_transactions_currency(shop: Endpoint) -> None:
    bare = refund(refund_line_items=[], total_duties_set=None)
    assert read(shop, bare).currency == "USD"


def test_a_refund_that_names_no_currency_is_not_of_the_schema(shop: Endpoint) -> None:
    bare = refund(refund_line_items=[], total_duties_set=None, transactions=[payment("1.00", currency=None)])
    with pytest.raises(UnreadableError, match="names no currency"):
        read(shop, bare)


@pytest.mark.parametrize(
    "stated",
    [
        {"total_duties_set": bag("1.00")},
        {"total_additional_fees_set": bag("1.00")},
        {"order_adjustments": [adjustment("-1.00", reason="")]},
        {"refund_shipping_lines": [shipping_line("1.00")]},
    ],
)
def test_any_stated_value_names_the_currency(shop: Endpoint, stated: Payload) -> None:
    bare = refund(refund_line_items=[], total_duties_set=None, transactions=[payment("1.00", currency=None)])
    assert read(shop, bare | stated).amount == usd("1.00")


def test_only_transactions_of_kind_refund_are_payments(shop: Endpoint) -> None:
    others = [payment("89.99", kind="void", id=1), payment("89.99", id=2)]
    assert [payment.id for payment in read(shop, refund(transactions=others)).payments] == ["2"]


def test_several_payments_are_kept_apart(shop: Endpoint) -> None:
    seen = read(shop, refund(transactions=[payment("75.00", id=1), payment("14.99", "pending", id=2)]))
    assert [(p.id, p.state) for p in seen.payments] == [("1", MoneyState.MOVED), ("2", MoneyState.PENDING)]
    assert (seen.money, seen.amount) == (MoneyState.PENDING, usd("89.99"))


@pytest.mark.parametrize(
    "changes",
    [
        {"refund_line_items": [line("1.00", currency="USD"), line("1.00", currency="EUR")]},
        {"refund_line_items": [line("1.005")]},
        {"refund_line_items": [line("1.50", currency="JPY")]},
        {"refund_line_items": [line("1.00", currency="usd")]},
        {"refund_line_items": [line("1.00") | {"total_tax_set": bag("1.00", currency="EUR")}]},
        {"refund_line_items": [line("1000000000000.00")]},
        {"transactions": [payment("1.005")]},
        {"transactions": [payment("1e3")]},
        {"transactions": [payment("", amount=True)]},
        {"transactions": [payment("", amount=None)]},
        {"transactions": [payment("1.00", currency="US")]},
    ],
)
def test_money_that_contradicts_itself_is_not_of_the_schema(shop: Endpoint, changes: Payload) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(shop, refund(**changes))
    assert caught.value.reason == "NOT_OF_SCHEMA"


# Times and marks


@pytest.mark.parametrize("processed_at", [None, "2026-01-02T03:04:05Z", "2026-03-14T10:09:20-05:00"])
def test_a_refund_occurred_when_it_was_made_whatever_an_import_says(
    shop: Endpoint, processed_at: str | None
) -> None:
    seen = read(shop, refund(created_at="2026-03-14T10:09:20-05:00", processed_at=processed_at))
    assert seen.occurred_at == datetime(2026, 3, 14, 15, 9, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("note", "mark"),
    [
        (None, ""),
        ("Things were damaged", ""),
        ("rs-shopify-shop-77", "rs-shopify-shop-77"),
        ("Refund by NetSuite (rs-shopify-shop-77). Thanks", "rs-shopify-shop-77"),
        ("rs-another-1 rs-shopify-shop-h12ab_3", "rs-shopify-shop-h12ab_3"),
        ("rs-another-1", ""),
        ("rs-shopify-shop", ""),
    ],
)
def test_our_own_mark_is_found_in_the_note(shop: Endpoint, note: str | None, mark: str) -> None:
    assert read(shop, refund(note=note)).mark == mark


# The rule of the whole: parts and money agree

cents = st.integers(0, 10**7).map(lambda n: f"{n // 100}.{n % 100:02}")


@given(
    lines=st.lists(st.tuples(cents, cents), max_size=4),
    shipping=st.lists(st.tuples(cents, cents), max_size=2),
    duties=cents,
    kept_back=st.integers(-(10**6), 10**6).map(lambda n: str(Decimal(n).scaleb(-2))),
)
def test_a_refund_that_adds_up_as_documented_has_no_difference(
    lines: list[tuple[str, str]], shipping: list[tuple[str, str]], duties: str, kept_back: str
) -> None:
    """Items, shipping and duties less the adjustments are the money: the documented rule."""
    moved = (
        sum(Decimal(amount) for pair in (*lines, *shipping) for amount in pair)
        + Decimal(duties)
        - Decimal(kept_back)
    )
    payload = refund(
        refund_line_items=[line(net, tax) for net, tax in lines],
        refund_shipping_lines=[shipping_line(net, tax_amount_set=bag(tax)) for net, tax in shipping],
        total_duties_set=bag(duties),
        order_adjustments=[adjustment(kept_back, reason="Refund discrepancy")],
        transactions=[payment(str(moved))],
    )
    seen = read(Endpoint("shopify", "shopify-shop", "", 1, 1, Policy()), payload)
    assert seen.balanced() == seen.parts
    assert total([part.gross for part in seen.parts], "USD") == Money(moved, "USD")
    assert all(part.tax == usd(tax) for part, (_, tax) in zip(seen.parts, lines, strict=False))


@given(st.lists(st.tuples(cents, cents), max_size=4), cents, st.sampled_from(["success", "pending", "error"]))
def test_whatever_moved_the_balanced_parts_add_up_to_it(
    lines: list[tuple[str, str]], moved: str, status: str
) -> None:
    payload = refund(
        refund_line_items=[line(net, tax) for net, tax in lines], transactions=[payment(moved, status)]
    )
    seen = read(Endpoint("shopify", "shopify-shop", "", 1, 1, Policy()), payload)
    assert total([part.gross for part in seen.balanced()], "USD") == seen.amount
    if status != "error":
        assert seen.amount == usd(moved)


def test_amounts_are_read_from_the_texts_and_never_from_the_floats(shop: Endpoint) -> None:
    odd: dict[str, Any] = {"subtotal": 0.1 + 0.2, "total_tax": 1e15}
    assert read(shop, refund(refund_line_items=[line("89.99") | odd])) == read(shop, refund())
