"""What holds of the planned lines whatever is refunded."""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.events import Part, PartKind
from ledger.money import Money, total
from tests.support.ledger import make_part
from tests.support.netsuite_strategies import Refundable, refundables
from tests.support.rule_strategies import (
    CURRENCIES,
    complete,
    quantities,
    small_amounts,
)
from tests.support.rules import make_document, make_line
from workers.rules.netsuite_lines import PlanError, plan_lines
from workers.rules.views import TargetLine

tax_modes = st.sampled_from(("auto", "netsuite", "line"))


def tax_of_netsuite(tax_mode: str, refundable: Refundable, lines: tuple[TargetLine, ...]) -> Money:
    """Return the tax that NetSuite itself adds to the lines that refund the source's own."""
    currency = refundable.amount.currency
    if not (tax_mode == "netsuite" or (tax_mode == "auto" and refundable.source.tax.amount > 0)):
        return Money.zero(currency)
    matched = {line.positions[0] for line in lines if line.order_line is not None}
    return total([refundable.parts[position].tax for position in matched], currency)


@given(refundables(), tax_modes)
def test_the_lines_and_netsuites_own_tax_add_up_to_the_refund(refundable: Refundable, tax_mode: str) -> None:
    lines = plan_lines(refundable.parts, refundable.source, refundable.earlier, complete(tax_mode))
    whole = total([line.amount for line in lines], refundable.amount.currency)
    assert whole + tax_of_netsuite(tax_mode, refundable, lines) == refundable.amount


@given(refundables(), tax_modes)
def test_every_part_is_carried_by_lines_that_name_it(refundable: Refundable, tax_mode: str) -> None:
    lines = plan_lines(refundable.parts, refundable.source, refundable.earlier, complete(tax_mode))
    carried = {position for line in lines for position in line.positions}
    assert carried <= set(range(len(refundable.parts)))
    for position, part in enumerate(refundable.parts):
        if part.net or (part.tax and tax_mode == "line"):
            assert position in carried


@given(refundables(), tax_modes)
def test_no_line_is_refunded_beyond_what_is_left_of_it(refundable: Refundable, tax_mode: str) -> None:
    lines = plan_lines(refundable.parts, refundable.source, refundable.earlier, complete(tax_mode))
    by_line: dict[int, Decimal] = defaultdict(Decimal)
    by_item: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.order_line is not None:
            by_line[line.order_line] += Decimal(line.quantity)
            by_item[line.item_id] += Decimal(line.quantity)
    left: dict[str, Decimal] = defaultdict(Decimal)
    for sold in refundable.source.lines:
        assert by_line[sold.line] <= sold.quantity
        left[sold.item_id] += sold.quantity
    for earlier in refundable.earlier:
        for taken in earlier.lines:
            left[taken.item_id] -= taken.quantity
    assert all(quantity <= left[item_id] for item_id, quantity in by_item.items())


@given(refundables(), st.data())
def test_asking_for_any_more_than_is_left_is_an_over_refund(
    refundable: Refundable, data: st.DataObject
) -> None:
    sold = refundable.source.lines
    if not sold:
        return
    sku = data.draw(st.sampled_from(sold)).sku
    everything = sum(line.quantity for line in sold if line.sku == sku)
    more = replace(make_part(sku=sku), quantity=everything + Decimal("0.5"))
    with pytest.raises(PlanError) as failed:
        plan_lines((*refundable.parts, more), refundable.source, refundable.earlier, complete("auto"))
    assert failed.value.reason == "OVER_REFUND"


@given(refundables(), tax_modes)
def test_planning_twice_plans_the_same(refundable: Refundable, tax_mode: str) -> None:
    first, second = (
        plan_lines(refundable.parts, refundable.source, refundable.earlier, complete(tax_mode))
        for _ in range(2)
    )
    assert first == second


@given(
    st.sampled_from(CURRENCIES).flatmap(lambda currency: small_amounts(currency, -99999, 99999)),
    st.lists(quantities.filter(bool), min_size=1, max_size=9),
    st.data(),
)
def test_spreading_over_lines_loses_no_minor_unit(
    net: Money, sold: list[Decimal], data: st.DataObject
) -> None:
    wanted = data.draw(quantities.map(lambda part: min(part, sum(sold))).filter(bool))
    source = make_document(
        "invoice", "1302", *(make_line(number, quantity=str(each)) for number, each in enumerate(sold, 1))
    )
    part = Part(PartKind.ITEM, net, Money.zero(net.currency), sku="TSHIRT-M", quantity=Decimal(wanted))
    lines = plan_lines([part], source, (), complete("auto"))
    assert total([line.amount for line in lines], net.currency) == net
    assert sum(Decimal(line.quantity) for line in lines) == wanted
    low, high = sorted((Money.zero(net.currency), net), key=lambda money: money.amount)
    assert all(low <= line.amount <= high for line in lines)


@given(refundables(), tax_modes)
def test_quantities_are_plain_numbers(refundable: Refundable, tax_mode: str) -> None:
    lines = plan_lines(refundable.parts, refundable.source, refundable.earlier, complete(tax_mode))
    for line in lines:
        assert line.quantity == format(Decimal(line.quantity).normalize(), "f")
        assert Decimal(line.quantity) > 0
