from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.events import MoneyState
from ledger.money import Money
from tests.workers.platforms.ebay import AT, ORDER, found
from tests.workers.platforms.world import usd
from workers.platforms.ebay_merging import RefundFound, merged
from workers.platforms.errors import PlatformError

PENDING, MOVED, FAILED = MoneyState.PENDING, MoneyState.MOVED, MoneyState.FAILED


def lined(value: str = "20.00", refund_id: str = "", line: str = "100", **more: object) -> RefundFound:
    """Return a refund of a line, issued unless told."""
    return found(value, refund_id, lines={line: usd(value)}, **more)  # type: ignore[arg-type] # handed on


def undated(value: str = "20.00", refund_id: str = "", money: MoneyState = PENDING) -> RefundFound:
    return found(value, refund_id, money=money, at=None)


def undated_line(value: str = "20.00", refund_id: str = "F1", line: str = "100") -> RefundFound:
    return lined(value, refund_id, line, money=PENDING, at=None)


def of(*of_order: RefundFound, lines: tuple[RefundFound, ...] = ()) -> tuple[RefundFound, ...]:
    return merged(of_order, lines, order_id=ORDER)


def names(refunds: tuple[RefundFound, ...]) -> list[str]:
    return [each.id for each in refunds]


def test_refunds_of_the_order_stay_as_they_are() -> None:
    refunds = (found("5.00", "F1"), found("7.00", reference="R2"))
    assert of(*refunds) == refunds


def test_a_refund_of_a_line_that_was_issued_is_known_by_amount_and_date() -> None:
    (one,) = of(found(reference="R1"), lines=(lined(refund_id="F1"),))
    assert (one.id, one.reference, one.money, one.lines) == ("F1", "R1", MOVED, {"100": usd("20.00")})


def test_a_refund_of_a_line_without_a_name_keeps_the_orders() -> None:
    (one,) = of(found(reference="R1"), lines=(lined(),))
    assert (one.id, one.lines) == ("R1", {"100": usd("20.00")})


@pytest.mark.parametrize("refund_id", ["F1", ""])
def test_two_that_share_a_name_are_one_whatever_else_they_say(refund_id: str) -> None:
    group = lined("15.00", refund_id, at=None, money=PENDING)
    reference = "" if refund_id else "R1"
    group = RefundFound(refund_id, reference, group.amount, group.money, None, group.lines)
    (one,) = of(found("20.00", refund_id, "R1"), lines=(group,))
    assert (one.amount, one.money, one.at) == (usd("20.00"), MOVED, AT)


def test_lines_of_one_name_are_one_refund() -> None:
    (one,) = of(found("30.00", reference="R1"), lines=(lined("20.00", "F1"), lined("10.00", "F1", "200")))
    assert (one.id, one.lines) == ("F1", {"100": usd("20.00"), "200": usd("10.00")})


def test_lines_of_one_moment_are_one_refund() -> None:
    (one,) = of(found("30.00", reference="R1"), lines=(lined("20.00"), lined("10.00", line="200")))
    assert (one.id, len(one.lines)) == ("R1", 2)


def test_a_line_named_twice_adds_up() -> None:
    (one,) = of(lines=(lined("20.00", "F1"), lined("10.00", "F1")))
    assert (one.amount, one.lines) == (usd("30.00"), {"100": usd("30.00")})


def test_a_refund_of_which_one_line_was_not_issued_is_pending() -> None:
    (one,) = of(lines=(lined("20.00", "F1"), undated_line("10.00", "F1", "200")))
    assert (one.money, one.at) == (PENDING, None)


@pytest.mark.parametrize("money", [PENDING, FAILED])
def test_a_refund_of_a_line_without_a_date_has_the_orders_status(money: MoneyState) -> None:
    (one,) = of(undated(money=money), lines=(undated_line(),))
    assert (one.id, one.money) == ("F1", money)


def test_of_two_alike_nobody_knows_which_one_failed() -> None:
    refunds = of(undated(money=FAILED), undated(), lines=(undated_line(), undated_line(refund_id="F2")))
    assert names(refunds) == ["F1", "F2"]
    assert {each.money for each in refunds} == {PENDING}


def test_it_is_known_once_one_of_them_was_issued() -> None:
    lines = (undated_line(), lined(refund_id="F2"))
    refunds = of(undated(money=FAILED), found(reference="R2"), lines=lines)
    assert [(each.id, each.money) for each in refunds] == [("F1", FAILED), ("F2", MOVED)]


def test_a_refund_that_the_order_names_itself_is_not_taken_for_a_lines() -> None:
    refunds = of(undated(refund_id="F0", money=FAILED), undated(), lines=(undated_line(),))
    assert [(each.id, each.money) for each in refunds] == [("F0", FAILED), ("F1", PENDING)]


def test_dates_that_are_near_are_those_of_one_refund_the_nearest_first() -> None:
    whole = (found(reference="R1"), found(reference="R2", at=AT + timedelta(minutes=10)))
    lines = (
        lined(refund_id="F2", at=AT + timedelta(minutes=9)),
        lined(refund_id="F1", at=AT + timedelta(minutes=1)),
    )
    assert [(each.id, each.reference) for each in of(*whole, lines=lines)] == [("F1", "R1"), ("F2", "R2")]


def test_dates_that_are_far_apart_are_those_of_two() -> None:
    refunds = of(found(reference="R1"), lines=(lined(refund_id="F1", at=AT + timedelta(hours=2)),))
    assert names(refunds) == ["R1", "F1"]


def test_one_moment_makes_one_refund_of_the_orders_amount() -> None:
    (one,) = of(found("25.00", reference="R1"), lines=(lined("20.00", "F1"),))
    assert (one.id, one.amount, one.lines) == ("F1", usd("25.00"), {"100": usd("20.00")})


def test_what_only_the_lines_show_is_a_refund_if_it_has_a_name() -> None:
    assert names(of(lines=(lined(refund_id="F1"), lined("10.00")))) == ["F1"]


def test_two_that_may_be_one_are_told_apart_later() -> None:
    with pytest.raises(PlatformError, match="does not tell yet") as unclear:
        of(found(reference="R1"), lines=(undated_line(),))
    assert unclear.value.reason == "TRANSIENT"


def test_two_of_different_amounts_are_two() -> None:
    assert names(of(found("5.00", reference="R1"), lines=(undated_line(),))) == ["R1", "F1"]


@st.composite
def _made(draw: st.DrawFn) -> list[tuple[str, dict[str, Money]]]:
    """Refunds as they were made, each at a time of its own: what `issueRefund` called it, and its lines."""
    cents = st.integers(min_value=1, max_value=500)
    refunds = []
    for number in range(draw(st.integers(min_value=0, max_value=5))):
        lines = draw(st.lists(st.sampled_from(["100", "200", "300"]), unique=True, max_size=3))
        named = f"F{number}" if draw(st.booleans()) else ""
        amounts = {line: Money(Decimal(draw(cents)) / 100, "USD") for line in lines}
        refunds.append((named, amounts or {"": Money(Decimal(draw(cents)) / 100, "USD")}))
    return refunds


@given(made=_made(), backwards=st.booleans())
def test_every_refund_that_was_issued_is_there_once_with_its_name(
    made: list[tuple[str, dict[str, Money]]], *, backwards: bool
) -> None:
    whole, lines, wanted = [], [], {}
    for number, (refund_id, amounts) in enumerate(made):
        at = AT + timedelta(days=number)
        amount = sum((each.amount for each in amounts.values()), Decimal(0))
        is_lines = "" not in amounts
        whole.append(found(str(amount), "" if is_lines else refund_id, f"R{number}", at=at))
        if is_lines:
            lines += [lined(str(each.amount), refund_id, line, at=at) for line, each in amounts.items()]
        wanted[refund_id or f"R{number}"] = amount
    refunds = of(*(whole[::-1] if backwards else whole), lines=tuple(lines))
    assert {each.id: each.amount.amount for each in refunds} == wanted
    assert len(refunds) == len(made)
