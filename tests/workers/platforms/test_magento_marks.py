from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money
from tests.workers.platforms.magento import KEY, memo, noted, order, plan, transaction
from tests.workers.platforms.world import usd
from workers.platforms.magento_marks import Promise, comment_for, mark_of, problem_of, promise_in
from workers.platforms.magento_reading import order_from
from workers.rules.from_netsuite import find_ours

ONLINE = Promise(usd("21.60"), online=True)
OFFLINE = Promise(usd("21.60"), online=False)


def test_the_comment_says_whose_it_is_and_what_was_asked_for() -> None:
    written = comment_for(plan("21.60"), KEY, online=True)
    assert written == f"NetSuite creditmemo {KEY} (21.60 USD online)"
    assert promise_in(written, KEY) == ONLINE
    assert promise_in(comment_for(plan("21.60"), KEY, online=False), KEY) == OFFLINE


def test_a_refund_is_found_again_by_its_comment() -> None:
    made = memo(comments=noted(comment_for(plan("21.60"), KEY, online=True)))
    found = find_ours(order_from(order(), [memo(6), made]), KEY)
    assert found is not None
    assert found.id == "7"


def test_a_note_without_our_key_gets_it() -> None:
    assert comment_for(plan("1.00", note=""), KEY, online=True) == f"{KEY} (1.00 USD online)"
    assert comment_for(plan("1.00", note=f"{KEY}0"), KEY, online=True).startswith(f"{KEY}0 {KEY} (")


@given(
    st.integers(1, 10**10),
    st.sampled_from(["USD", "JPY", "KWD"]),
    st.booleans(),
)
def test_what_was_promised_is_read_as_it_was_written(minor: int, currency: str, online: bool) -> None:  # noqa: FBT001 - of hypothesis
    amount = Money.from_minor(minor, currency, {"USD": 2, "JPY": 0, "KWD": 3}[currency])
    written = comment_for(plan(str(amount.amount), currency=currency), KEY, online=online)
    assert promise_in(f"before\n{written}\nafter", KEY) == Promise(amount, online)


@pytest.mark.parametrize(
    "note",
    [
        "",
        f"NetSuite creditmemo {KEY}",
        f"{KEY}1 (21.60 USD online)",
        f"{KEY} (21.60 USD somehow)",
        f"{KEY}\n(21.60 USD online)",
    ],
)
def test_a_note_that_promises_nothing_of_this_refund_is_no_promise(note: str) -> None:
    assert promise_in(note, KEY) is None


@pytest.mark.parametrize(
    ("note", "mark"),
    [
        (f"NetSuite creditmemo {KEY} (1.00 USD online)", KEY),
        ("rs-other-1 rs-mystore-2", "rs-mystore-2"),
        ("rs-mystoreX-2", ""),
        ("thank you", ""),
    ],
)
def test_our_mark_is_the_key_that_begins_as_ours_do(note: str, mark: str) -> None:
    assert mark_of(memo(comments=noted(note)), "rs-mystore-") == mark


def problem(made: dict[str, Any], promise: Promise, *transactions: dict[str, Any]) -> str:
    return problem_of(made, promise, [memo(6, transaction_id="refund-6"), made], transactions).reason


def test_a_credit_memo_of_the_amount_asked_for_is_right() -> None:
    assert problem(memo(), OFFLINE) == ""


def test_a_credit_memo_of_another_amount_needs_a_person() -> None:
    found = problem_of(memo(base_grand_total=Decimal("21.59")), OFFLINE, [], [])
    assert found.reason == "AMOUNT_DIFFERS"
    assert found.detail == "credit memo 000000007 is of 21.59 USD, asked was 21.60 USD"


@pytest.mark.parametrize(
    ("own", "transactions", "expected"),
    [
        # the gateway's refund is named
        ("refund-7", [transaction("capture-3", "capture"), transaction("refund-7")], ""),
        # the gateway gave a number that Magento keeps nowhere else
        ("elsewhere-7", [transaction("capture-3", "capture")], ""),
        # the payment's last transaction is still the customer's
        ("capture-3", [transaction("capture-3", "capture")], "REFUND_OFFLINE_ONLY"),
        (None, [transaction("capture-3", "capture")], "REFUND_OFFLINE_ONLY"),
        (None, [], "REFUND_OFFLINE_ONLY"),
        # the gateway gave back, which only its transaction tells
        (None, [transaction("refund-7")], ""),
        ("capture-3", [transaction("capture-3", "capture"), transaction("refund-7")], ""),
        # that was for another credit memo, or before
        (None, [transaction("refund-6")], "REFUND_OFFLINE_ONLY"),
        (None, [transaction("refund-5", at="2026-10-01 11:00:00")], "REFUND_OFFLINE_ONLY"),
    ],
)
def test_an_online_refund_is_one_that_the_gateway_made(
    own: str | None, transactions: list[dict[str, Any]], expected: str
) -> None:
    made = memo(transaction_id=own)
    assert problem(made, ONLINE, *transactions) == expected
    assert problem(made, OFFLINE) == ""


def test_both_problems_are_told() -> None:
    found = problem_of(memo(base_grand_total=20), ONLINE, [memo()], [])
    assert found.reason == "REFUND_OFFLINE_ONLY"
    assert "is of 20.00 USD" in found.detail
