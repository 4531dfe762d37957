from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.events import MoneyState
from tests.workers.platforms.ebay import AT, KEY, order, pending, refunded
from tests.workers.platforms.world import usd
from workers.platforms.ebay_outcome import outcome_of
from workers.platforms.ebay_reading import order_from
from workers.platforms.errors import PlatformError
from workers.platforms.storefront import Asked

LOST = Asked(KEY, began_at=AT - timedelta(seconds=1), amount=usd("20.00"))


def found(asked: Asked, *refunds: dict[str, Any]) -> tuple[str, MoneyState, str] | None:
    outcome = outcome_of(order_from(order(refunds=list(refunds))), asked)
    return None if outcome is None else (outcome.id, outcome.money, outcome.problem)


def test_what_was_never_asked_for_is_not_there() -> None:
    assert found(Asked(KEY, amount=usd("20.00")), refunded("20.0", refundId="F1")) is None


@pytest.mark.parametrize(
    ("refund", "state"),
    [
        (refunded("20.0", refundId="F1"), (MoneyState.MOVED, "")),
        (pending("20.0", refundId="F1"), (MoneyState.PENDING, "")),
        (pending("20.0", "FAILED", refundId="F1"), (MoneyState.FAILED, "PAYMENT_FAILED")),
    ],
)
def test_a_refund_that_was_answered_is_followed_by_its_id(
    refund: dict[str, Any], state: tuple[Any, str]
) -> None:
    asked = replace(LOST, target_id="F1", amount=None)
    assert found(asked, refunded("20.0", refundId="F0"), refund) == ("F1", *state)


@pytest.mark.parametrize("amount", [usd("20.00"), None])
def test_a_refund_that_was_answered_and_is_not_shown_yet_is_pending(amount: Any) -> None:  # noqa: ANN401 - as given
    outcome = outcome_of(order_from(order()), replace(LOST, target_id="F1", amount=amount))
    assert outcome is not None
    assert (outcome.id, outcome.money) == ("F1", MoneyState.PENDING)
    assert "does not show refund F1 yet" in outcome.detail


@pytest.mark.parametrize("refund", [refunded("20.0", refundId="F1"), pending("20.0", refundId="F1")])
def test_where_the_answer_was_lost_amount_and_time_tell(refund: dict[str, Any]) -> None:
    outcome = found(LOST, refund)
    assert outcome is not None
    assert outcome[0] == "F1"


@pytest.mark.parametrize(
    "refund",
    [
        refunded("20.0"),  # of Seller Hub
        refunded("21.0", refundId="F1"),
        refunded("20.0", refundId="F1", refundDate="2026-10-01T11:50:00.000Z"),
        pending("20.0", "FAILED", refundId="F1"),
        pending("21.0"),
    ],
)
def test_another_refund_is_not_taken_for_ours(refund: dict[str, Any]) -> None:
    assert found(LOST, refund) is None


def test_another_refund_of_ours_is_not_it() -> None:
    assert found(replace(LOST, others=frozenset({"F1"})), refunded("20.0", refundId="F1")) is None


@pytest.mark.parametrize(
    ("asked", "refunds"),
    [
        (LOST, [refunded("20.0", refundId="F1"), refunded("20.0", refundId="F2")]),
        (LOST, [pending("20.0")]),
        (replace(LOST, amount=None), [refunded("7.0", refundId="F1")]),
    ],
)
def test_where_nobody_can_tell_a_person_decides(asked: Asked, refunds: list[dict[str, Any]]) -> None:
    with pytest.raises(PlatformError, match="may be it") as unclear:
        found(asked, *refunds)
    assert unclear.value.reason == "OUTCOME_UNCLEAR"


@given(
    amounts=st.lists(st.sampled_from(["20.0", "10.0"]), max_size=4),
    ours=st.sets(st.integers(min_value=0, max_value=3)),
    is_paid=st.booleans(),
)
def test_a_refund_is_never_made_anew_while_one_that_may_be_it_is_there(
    amounts: list[str], ours: set[int], *, is_paid: bool
) -> None:
    make = refunded if is_paid else pending
    refunds = [make(value, refundId=f"F{number}") for number, value in enumerate(amounts)]
    others = frozenset(f"F{number}" for number in ours)
    may_be = [f"F{n}" for n, value in enumerate(amounts) if value == "20.0" and f"F{n}" not in others]
    asked = replace(LOST, others=others)
    if len(may_be) > 1:
        with pytest.raises(PlatformError):
            found(asked, *refunds)
    else:
        outcome = found(asked, *refunds)
        assert [outcome[0]] == may_be if outcome else not may_be
