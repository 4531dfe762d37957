"""An order billed by several records: which of them a refund goes to."""

from dataclasses import replace
from typing import Final

import pytest

from ledger.events import Part, PartKind
from ledger.policy import Policy
from tests.support.ledger import make_part
from tests.support.rules import (
    CASH_SALE,
    INVOICE,
    MAPPED,
    SALES_ORDER,
    make_cash_refund,
    make_document,
    make_line,
    make_order,
    make_owner,
    make_return,
    make_view,
    usd,
)
from workers.rules.billed import candidates, of_linked
from workers.rules.facts import Document, NetSuiteOrder
from workers.rules.to_netsuite import decide
from workers.rules.views import Action, Decision, LinkView, NetSuitePlan, RefundView

SHIRTS: Final = make_document("invoice", "1311", make_line(quantity="2", amount="40.00"), total="40.00")
CAPS: Final = make_document(
    "invoice", "1312", make_line(item_id="56", sku="CAP", quantity="2", amount="30.00"), total="30.00"
)
CAP: Final = make_part("15.00", sku="CAP")
MUG: Final = make_part("5.00", sku="MUG", title="Mug")
UNMATCHED: Final = replace(MAPPED, item_unmatched="909")
SPANS: Final = Decision[NetSuitePlan](Action.DISPUTE, "SPANS_BILLED_RECORDS", "billed records 1311, 1312")


def decided(refund: RefundView, order: NetSuiteOrder, policy: Policy = MAPPED) -> Decision[NetSuitePlan]:
    return decide(refund, make_owner(policy=policy), LinkView("450789469"), order)


def source(decision: Decision[NetSuitePlan]) -> str:
    assert decision.action is Action.WRITE, decision
    assert decision.plan is not None
    return decision.plan.source_id


def credit(record_id: str, line: str, *, made_from: str, total: str) -> Document:
    return replace(
        make_cash_refund(record_id, make_line(item_id=line), total=total, made_from=made_from),
        record_type="creditmemo",
    )


@pytest.mark.parametrize("billed", [(SHIRTS, CAPS), (CAPS, SHIRTS)], ids=["first", "second"])
@pytest.mark.parametrize("policy", [MAPPED, UNMATCHED], ids=["no unmatched item", "unmatched item"])
def test_the_record_that_holds_the_goods_is_refunded(billed: tuple[Document, ...], policy: Policy) -> None:
    order = make_order(*billed)
    assert source(decided(make_view(), order, policy)) == SHIRTS.id
    assert source(decided(make_view(CAP), order, policy)) == CAPS.id


@pytest.mark.parametrize("policy", [MAPPED, UNMATCHED], ids=["no unmatched item", "unmatched item"])
def test_goods_of_two_records_span_them(policy: Policy) -> None:
    assert decided(make_view(make_part(), CAP), make_order(SHIRTS, CAPS), policy) == SPANS


def test_more_of_one_sku_than_any_single_record_has_left_spans_them() -> None:
    more = replace(SHIRTS, id="1312")
    three = make_part("30.00", quantity="3")
    assert decided(make_view(three), make_order(SHIRTS, more)) == SPANS


def test_more_money_than_any_single_record_has_left_spans_them() -> None:
    refund = make_view(make_part("41.00", quantity="2"))
    assert decided(refund, make_order(SHIRTS, CAPS)) == SPANS


def test_goods_that_the_first_record_has_no_more_are_taken_from_the_next() -> None:
    more = replace(SHIRTS, id="1312")
    taken = credit("1401", "55", made_from=SHIRTS.id, total="20.00")
    two = make_view(make_part("20.00", quantity="2"))
    assert source(decided(two, make_order(SHIRTS, more))) == SHIRTS.id
    assert source(decided(two, make_order(SHIRTS, more, refunds=(taken,)))) == more.id


def test_goods_that_no_record_has_are_an_item_not_found_and_not_spread_goods() -> None:
    order = make_order(SHIRTS, CAPS)
    detail = "SKU 'MUG' (Mug) is not on the billed record"
    assert decided(make_view(MUG), order) == Decision(Action.FAIL, "ITEM_NOT_FOUND", detail)
    assert source(decided(make_view(MUG), order, UNMATCHED)) == SHIRTS.id
    assert source(decided(make_view(CAP, MUG), order, UNMATCHED)) == CAPS.id


def test_a_mapping_that_the_right_record_needs_is_missing_whatever_the_others_lack() -> None:
    tax_only = make_part("0.00", "1.00", kind=PartKind.TAX)
    decision = decided(make_view(CAP, tax_only), make_order(SHIRTS, CAPS), replace(MAPPED, item_tax=""))
    detail = "the account's setting item_tax is empty"
    assert decision == Decision(Action.FAIL, "MAPPING_MISSING", detail)


def test_an_amount_without_goods_goes_to_the_first_record_that_has_it_left() -> None:
    from_shirts = credit("1401", "902", made_from=SHIRTS.id, total="15.00")
    amount = make_view(make_part("30.00", kind=PartKind.ADJUSTMENT))
    assert source(decided(amount, make_order(SHIRTS, CAPS))) == SHIRTS.id
    assert source(decided(amount, make_order(SHIRTS, CAPS, refunds=(from_shirts,)))) == CAPS.id


def test_earlier_refunds_count_against_the_record_they_were_made_from() -> None:
    returned = make_return("1501", made_from=CAPS.id)
    direct = credit("1401", "55", made_from=SHIRTS.id, total="20.00")
    by_return = credit("1402", "56", made_from=returned.id, total="15.00")
    order = make_order(SHIRTS, CAPS, refunds=(direct, by_return), returns=(returned,))
    shirts, caps = candidates(order)
    assert (shirts.refunds, shirts.returns, shirts.left) == ((direct,), (), usd("20.00"))
    assert (caps.refunds, caps.returns, caps.left) == ((by_return,), (returned,), usd("15.00"))


def test_what_names_no_billed_record_counts_against_each() -> None:
    returned = make_return("1501", made_from=SALES_ORDER.id)
    refunded = credit("1401", "55", made_from=returned.id, total="20.00")
    order = make_order(SHIRTS, CAPS, refunds=(refunded,), returns=(returned,))
    for candidate in candidates(order):
        assert (candidate.refunds, candidate.returns) == ((refunded,), (returned,))


def test_what_was_made_from_two_billed_records_counts_against_both() -> None:
    both = frozenset({SHIRTS.id, CAPS.id})
    returned = replace(make_return("1501"), created_from=both)
    refunded = replace(credit("1401", "55", made_from="", total="20.00"), created_from=both)
    for candidate in candidates(make_order(SHIRTS, CAPS, refunds=(refunded,), returns=(returned,))):
        assert (candidate.refunds, candidate.returns) == ((refunded,), (returned,))


def test_goods_refunded_by_a_return_from_the_sales_order_are_not_refunded_again() -> None:
    returned = make_return("1501", made_from=SALES_ORDER.id, status="G")
    refunded = credit("1401", "55", made_from=returned.id, total="20.00")
    order = make_order(SHIRTS, CAPS, refunds=(refunded,), returns=(returned,))
    assert source(decided(make_view(), order)) == SHIRTS.id
    assert decided(make_view(make_part("20.00", quantity="2")), order) == SPANS


def test_a_single_billed_record_is_charged_with_every_refund_of_the_order() -> None:
    stray = make_cash_refund("1401", made_from="")
    (only,) = candidates(make_order(CASH_SALE, refunds=(stray,)))
    assert only.refunds == (stray,)
    assert only.held_elsewhere == frozenset()


def test_voided_records_are_no_candidates_and_voided_refunds_took_nothing() -> None:
    order = make_order(replace(INVOICE, voided=True), CASH_SALE, refunds=(make_cash_refund(voided=True),))
    (only,) = candidates(order)
    assert only.record == CASH_SALE
    assert only.left == CASH_SALE.total


@pytest.mark.parametrize(
    ("part", "lacks"),
    [
        (CAP, True),
        (make_part(sku=" cap "), True),
        (make_part(), False),
        (MUG, False),
        (make_part(sku=""), False),
        (make_part(sku="CAP", quantity="0"), False),
        (replace(CAP, kind=PartKind.FEE), False),
    ],
)
def test_a_record_lacks_goods_that_only_another_has(part: Part, lacks: bool) -> None:  # noqa: FBT001 - a parameter
    nameless = replace(CAPS, lines=(*CAPS.lines, make_line(2, item_id="57", sku=" ")))
    shirts, _ = candidates(make_order(SHIRTS, nameless))
    assert shirts.lacks([part]) is lacks


def family(order_id: str) -> tuple[Document, Document, Document, Document]:
    """Return a sales order, its cash sale, a return of that and a refund of the return."""
    return (
        replace(SALES_ORDER, id=f"{order_id}0"),
        make_document("cashsale", f"{order_id}1", made_from=f"{order_id}0"),
        make_return(f"{order_id}2", made_from=f"{order_id}1"),
        make_cash_refund(f"{order_id}3", made_from=f"{order_id}2"),
    )


def test_of_several_orders_the_linked_one_keeps_its_own_documents() -> None:
    first, second = family("11"), family("22")
    stray = make_cash_refund("999", made_from="")
    order = NetSuiteOrder(
        orders=(first[0], second[0]),
        billed=(first[1], second[1]),
        returns=(first[2], second[2]),
        refunds=(first[3], second[3], stray),
        linked_exists=True,
    )
    assert of_linked(order, second[0].id) == NetSuiteOrder(
        orders=(second[0],),
        billed=(second[1],),
        returns=(second[2],),
        refunds=(second[3], stray),
        linked_exists=True,
    )


@pytest.mark.parametrize("linked_id", ["", "1301", "4711"])
def test_an_order_that_is_not_linked_by_its_sales_order_stays_whole(linked_id: str) -> None:
    order = make_order(CASH_SALE, orders=(SALES_ORDER, replace(SALES_ORDER, id="1202")))
    assert of_linked(order, linked_id) == order


def test_a_single_linked_order_stays_whole() -> None:
    order = make_order(CASH_SALE, refunds=(make_cash_refund(),), returns=(make_return(),))
    assert of_linked(order, SALES_ORDER.id) == order
