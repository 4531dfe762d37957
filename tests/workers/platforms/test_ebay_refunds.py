from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.events import MoneyState, Part, PartKind
from ledger.money import Money, total
from tests.workers.platforms.ebay import (
    AT,
    DATE,
    ORDER,
    amount,
    found,
    line,
    mug,
    of_line,
    order,
    pending,
    refunded,
)
from tests.workers.platforms.world import usd
from workers.platforms.ebay_reading import OrderLine, lines_of, moment
from workers.platforms.ebay_refunds import parts_of, refunds_seen

ITEM, SHIPPING, ADJUSTMENT = PartKind.ITEM, PartKind.SHIPPING, PartKind.ADJUSTMENT
Told = tuple[PartKind, str, str, int]


def told(parts: tuple[Part, ...]) -> list[Told]:
    """Return kind, net, tax and quantity of parts."""
    return [(each.kind, str(each.net.amount), str(each.tax.amount), int(each.quantity)) for each in parts]


def of_order(value: str, *lines: dict[str, Any]) -> list[Told]:
    return told(parts_of(found(value), lines_of(order(*lines))))


def of_lines(value: str, amounts: dict[str, str], *lines: dict[str, Any]) -> list[Told]:
    refund = found(value, lines={name: usd(each) for name, each in amounts.items()})
    return told(parts_of(refund, lines_of(order(*lines))))


def taxed() -> dict[str, Any]:
    """Return a line of three hats at 10.00, with 2.00 of tax and 4.00 of shipping."""
    return line(
        "300", lineItemCost=amount("30"), taxes=[{"amount": amount("2")}], total=amount("36"), quantity=3
    )


WHOLE_SHIRTS = [(ITEM, "100.00", "0.00", 5), (SHIPPING, "5.00", "0.00", 0)]
WHOLE_MUG = [(ITEM, "9.50", "0.80", 1)]


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("105.00", WHOLE_SHIRTS),
        ("100.00", [(ITEM, "100.00", "0.00", 5)]),
        ("20.00", [(ITEM, "20.00", "0.00", 1)]),
        ("60.00", [(ITEM, "60.00", "0.00", 3)]),
        ("5.00", [(SHIPPING, "5.00", "0.00", 0)]),
        ("12.34", [(ADJUSTMENT, "12.34", "0.00", 0)]),
        ("103.00", [(ADJUSTMENT, "103.00", "0.00", 0)]),
    ],
)
def test_a_refund_of_an_order_of_one_line_is_of_that_line(value: str, parts: list[Told]) -> None:
    assert of_order(value, line()) == parts
    assert of_lines(value, {"100": value}, line(), mug()) == parts


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("36.00", [(ITEM, "30.00", "2.00", 3), (SHIPPING, "4.00", "0.00", 0)]),
        ("32.00", [(ITEM, "30.00", "2.00", 3)]),
        ("34.00", [(ITEM, "30.00", "0.00", 3), (SHIPPING, "4.00", "0.00", 0)]),
        ("30.00", [(ITEM, "30.00", "0.00", 3)]),
        ("10.67", [(ITEM, "10.00", "0.67", 1)]),
        ("21.33", [(ITEM, "20.00", "1.33", 2)]),
        ("20.00", [(ITEM, "20.00", "0.00", 2)]),
        ("4.00", [(SHIPPING, "4.00", "0.00", 0)]),
        ("11.00", [(ADJUSTMENT, "11.00", "0.00", 0)]),
    ],
)
def test_tax_is_told_apart_where_the_amount_does(value: str, parts: list[Told]) -> None:
    assert of_order(value, taxed()) == parts


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("115.30", [*WHOLE_SHIRTS, *WHOLE_MUG]),
        ("105.00", WHOLE_SHIRTS),
        ("100.00", [(ITEM, "100.00", "0.00", 5)]),
        ("10.30", WHOLE_MUG),
        ("5.00", [(SHIPPING, "5.00", "0.00", 0)]),
        ("20.00", [(ADJUSTMENT, "20.00", "0.00", 0)]),
    ],
)
def test_a_refund_of_several_lines_is_of_the_only_one_it_can_be(value: str, parts: list[Told]) -> None:
    assert of_order(value, line(), mug()) == parts


def test_of_two_lines_alike_nobody_knows_which_one_it_was() -> None:
    assert of_order("105.00", line(), line("101")) == [(ADJUSTMENT, "105.00", "0.00", 0)]


def test_a_refund_of_lines_names_them() -> None:
    refund = found("30.30", lines={"100": usd("20.00"), "200": usd("10.30")})
    parts = parts_of(refund, lines_of(order(line(), mug())))
    assert [(each.sku, each.title, each.source_line_id) for each in parts] == [
        ("TSHIRT-M", "T-shirt, M", "100"),
        ("MUG", "Mug", "200"),
    ]


@pytest.mark.parametrize(
    ("value", "rest"),
    [
        ("25.00", (SHIPPING, "5.00", "0.00", 0)),
        ("23.00", (ADJUSTMENT, "3.00", "0.00", 0)),
        ("17.00", (ADJUSTMENT, "-3.00", "0.00", 0)),
    ],
)
def test_what_a_refund_has_beyond_its_lines_is_shipping_or_an_adjustment(value: str, rest: Told) -> None:
    assert of_lines(value, {"100": "20.00"}, line(), mug()) == [(ITEM, "20.00", "0.00", 1), rest]


def test_shipping_is_not_given_back_twice() -> None:
    parts = of_lines("110.00", {"100": "105.00"}, line(), mug())
    assert parts == [*WHOLE_SHIRTS, (ADJUSTMENT, "5.00", "0.00", 0)]


def test_a_partial_refund_says_of_what() -> None:
    (part,) = parts_of(found("3.00"), lines_of(order(line(sku=""))))
    assert (part.title, part.source_line_id) == ("Partial refund of T-shirt, M", "100")
    (part,) = parts_of(found("3.00"), lines_of(order(line(title=""))))
    assert part.title == "Partial refund of TSHIRT-M"


def test_goods_that_cost_nothing_are_no_units_of_it() -> None:
    free = line(lineItemCost=amount("0"), total=amount("5"))
    assert of_order("5.00", free) == [(ITEM, "0.00", "0.00", 5), (SHIPPING, "5.00", "0.00", 0)]
    assert of_order("3.00", free) == [(ADJUSTMENT, "3.00", "0.00", 0)]


_CENTS = st.integers(min_value=0, max_value=3000).map(lambda each: Money(Decimal(each) / 100, "USD"))


@st.composite
def _lines(draw: st.DrawFn) -> list[OrderLine]:
    made = []
    for number in range(draw(st.integers(min_value=1, max_value=4))):
        cost, tax, delivery = draw(_CENTS), draw(_CENTS), draw(_CENTS)
        quantity = draw(st.integers(min_value=1, max_value=6))
        total_of_it = cost + tax + delivery
        made.append(OrderLine(str(number), "", f"SKU-{number}", "", quantity, cost, tax, total_of_it))
    return made


@given(lines=_lines(), data=st.data())
def test_the_parts_always_add_up_to_the_amount(lines: list[OrderLine], data: st.DataObject) -> None:
    named = data.draw(st.dictionaries(st.sampled_from([each.id for each in lines]), _CENTS))
    interesting = [each.total for each in lines] + [each.cost for each in lines]
    value = data.draw(st.one_of(_CENTS, st.sampled_from(interesting)))
    refund = found(str(value.amount), lines=named)
    parts = parts_of(refund, lines)
    assert total([part.gross for part in parts], "USD") == value
    by_id = {each.id: each for each in lines}
    for part in parts:
        if part.kind is ITEM:
            assert 0 < part.quantity <= by_id[part.source_line_id].quantity


def test_a_refund_is_told_as_the_ledger_wants_it() -> None:
    (seen,) = refunds_seen(order(refunds=[refunded("20.0")]))
    assert (seen.origin, seen.refund_id, seen.order_id, seen.order_name) == ("ebay", "R1", ORDER, ORDER)
    assert (seen.occurred_at, seen.amount, seen.money) == (AT, usd("20.00"), MoneyState.MOVED)
    assert (seen.mark, seen.first_hand, seen.requested) == ("", False, True)


@pytest.mark.parametrize(
    ("status", "money"), [("PENDING", MoneyState.PENDING), ("FAILED", MoneyState.FAILED)]
)
def test_a_refund_that_was_not_issued_is_as_old_as_the_orders_last_change(
    status: str, money: MoneyState
) -> None:
    (seen,) = refunds_seen(order(refunds=[pending("20.0", status, refundId="F1")]))
    assert (seen.money, seen.occurred_at) == (money, moment("2026-10-02T00:00:00.000Z"))


def test_a_refund_at_both_levels_is_one() -> None:
    shirts = line(refunds=[of_line("20.0", refundId="F1", refundDate=DATE)])
    (seen,) = refunds_seen(order(shirts, mug(), refunds=[refunded("20.0")]))
    assert (seen.refund_id, told(seen.parts)) == ("F1", [(ITEM, "20.00", "0.00", 1)])


def test_what_has_no_name_yet_is_left_out() -> None:
    assert refunds_seen(order(refunds=[pending("20.0")])) == ()


def test_whether_it_was_asked_for_is_told() -> None:
    read = order(refunds=[refunded("20.0"), refunded("10.0", "R2")])
    seen = refunds_seen(read, requested={"R1": False, "R2": True})
    assert [each.requested for each in seen] == [False, True]


def test_fees_that_come_back_lower_what_is_posted() -> None:
    (seen,) = refunds_seen(order(refunds=[refunded("20.0")]), fees={"R1": usd("2.60")})
    assert told(seen.parts) == [(ITEM, "20.00", "0.00", 1), (PartKind.FEE, "-2.60", "0.00", 0)]
    assert (seen.amount, seen.money) == (usd("17.40"), MoneyState.MOVED)


def test_a_refund_without_fees_has_no_part_for_them() -> None:
    (seen,) = refunds_seen(order(refunds=[refunded("20.0")]), fees={"R1": usd("0")})
    assert told(seen.parts) == [(ITEM, "20.00", "0.00", 1)]


@pytest.mark.parametrize(
    ("refund", "money"),
    [
        (refunded("20.0"), MoneyState.PENDING),
        (pending("20.0", refundId="F1"), MoneyState.PENDING),
        (pending("20.0", "FAILED", refundId="F1"), MoneyState.FAILED),
    ],
)
def test_money_is_pending_until_the_books_show_the_fees(refund: dict[str, Any], money: MoneyState) -> None:
    (seen,) = refunds_seen(order(refunds=[refund]), fees={})
    assert seen.money is money
