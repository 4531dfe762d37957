import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.events import (
    Event,
    MoneyState,
    Part,
    PartKind,
    Payment,
    RefundSeen,
    event_from_json,
    person_ref_of,
)
from ledger.money import Money, MoneyError, total
from tests.support import strategies
from tests.support.ledger import make_part, make_payment, make_seen


def usd(amount: str) -> Money:
    return Money.parse(amount, "USD")


def comes_back(event: Event) -> None:
    """Check that JSON holds all of an event."""
    assert event_from_json(json.loads(json.dumps(event.to_json()))) == event


@given(strategies.events)
def test_every_event_comes_back_from_json_as_it_was(event: Event) -> None:
    comes_back(event)


@given(strategies.refunds)
def test_balanced_parts_add_up_to_the_amount(seen: RefundSeen) -> None:
    balanced = seen.balanced()
    assert total([part.gross for part in balanced], seen.currency) == seen.amount
    assert balanced[: len(seen.parts)] == seen.parts
    assert len(balanced) <= len(seen.parts) + 1


@given(strategies.refunds)
def test_what_is_balanced_needs_no_second_difference(seen: RefundSeen) -> None:
    once = replace(seen, parts=seen.balanced())
    assert once.balanced() == once.parts


@given(strategies.refunds, st.sampled_from(MoneyState))
def test_news_of_a_payment_changes_that_payment_alone(seen: RefundSeen, state: MoneyState) -> None:
    for payment in seen.payments:
        after = seen.with_payment(payment.id, state)
        assert next(p.state for p in after.payments if p.id == payment.id) is state
        assert [p for p in after.payments if p.id != payment.id] == [
            p for p in seen.payments if p.id != payment.id
        ]
        assert replace(after, payments=seen.payments) == seen


def test_news_of_a_payment_of_another_refund_changes_nothing() -> None:
    seen = make_seen()
    assert seen.with_payment("0", MoneyState.FAILED) == seen


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ([], MoneyState.NONE),
        ([MoneyState.NONE], MoneyState.NONE),
        ([MoneyState.FAILED], MoneyState.FAILED),
        ([MoneyState.FAILED, MoneyState.MOVED], MoneyState.MOVED),
        ([MoneyState.MOVED, MoneyState.PENDING], MoneyState.PENDING),
        ([MoneyState.FAILED, MoneyState.PENDING], MoneyState.PENDING),
    ],
)
def test_money_is_pending_while_any_of_it_is(states: list[MoneyState], whole: MoneyState) -> None:
    payments = tuple(make_payment(payment_id=str(i), state=state) for i, state in enumerate(states))
    assert make_seen(payments=payments).money is whole


def test_the_amount_is_unknown_where_only_some_payments_moved_and_none_says_how_much() -> None:
    moved, failed = (
        Payment(str(n), state, None) for n, state in enumerate((MoneyState.MOVED, MoneyState.FAILED))
    )
    stated = replace(moved, amount=Money.parse("5.00", "USD"))
    assert make_seen(payments=(moved,)).amount_is_known
    assert make_seen(payments=(stated, failed)).amount_is_known
    assert not make_seen(payments=(moved, failed)).amount_is_known


def test_the_amount_is_what_moved_or_will_move() -> None:
    payments = (
        make_payment("15.00", payment_id="1"),
        make_payment("4.00", payment_id="2", state=MoneyState.PENDING),
        make_payment("99.00", payment_id="3", state=MoneyState.FAILED),
    )
    assert make_seen(payments=payments).amount == usd("19.00")


@pytest.mark.parametrize(
    "payments",
    [
        (),
        (make_payment("7.00", state=MoneyState.FAILED),),
        (make_payment("7.00", payment_id="1"), make_payment(None, payment_id="2")),
    ],
    ids=["no payment", "none that lives", "one without an amount"],
)
def test_without_stated_money_the_amount_is_the_sum_of_the_parts(payments: tuple[Payment, ...]) -> None:
    seen = replace(make_seen(parts=(make_part("20.00", "1.60"),)), payments=payments)
    assert seen.amount == usd("21.60")
    assert seen.balanced() == seen.parts


def test_the_difference_to_the_money_is_a_part_of_its_own() -> None:
    seen = make_seen(parts=(make_part("20.00", "1.60"),), payments=(make_payment("18.60"),))
    assert seen.balanced()[-1] == Part(
        PartKind.DIFFERENCE, usd("-3.00"), usd("0"), title="Difference to the money moved"
    )


def test_the_gross_of_a_part_is_with_its_tax() -> None:
    part = make_part("20.00", "1.60", quantity="2.5")
    assert part.gross == usd("21.60")
    assert part.quantity == Decimal("2.5")


def test_parts_in_another_currency_are_refused() -> None:
    seen = make_seen(parts=(make_part(currency="EUR"),))
    with pytest.raises(MoneyError) as refused:
        seen.balanced()
    assert refused.value.reason == "currency_mixed"


def test_a_persons_id_is_told_again_and_not_told_back() -> None:
    assert person_ref_of("EBAY-ada") == person_ref_of("EBAY-ada") != person_ref_of("EBAY-grace")
    assert person_ref_of("") == ""
    assert len(person_ref_of("EBAY-ada")) == 64


def test_every_kind_of_event_is_among_those_that_are_tried_and_comes_back() -> None:
    found: set[type[Event]] = set()

    @given(strategies.events)
    @settings(max_examples=400, database=None)
    def collect(event: Event) -> None:
        found.add(type(event))
        comes_back(event)

    collect()
    assert found == set(get_args(Event))


@pytest.mark.parametrize(("later", "kept"), [(0, True), (59, True), (-59, True), (60, False), (-3600, False)])
def test_when_a_refund_was_made_is_no_news_if_it_differs_by_moments(later: int, *, kept: bool) -> None:
    known = make_seen()
    news = replace(known, occurred_at=known.occurred_at + timedelta(seconds=later))
    assert news.after(known) == (known if kept else news)
