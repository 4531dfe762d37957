"""Return authorizations: matched, awaited, created or left alone (rule 11)."""

from dataclasses import replace
from typing import Final

import pytest

from ledger.events import Part, PartKind
from ledger.policy import Policy
from tests.support.ledger import make_part
from tests.support.rules import (
    CASH_SALE,
    INVOICE,
    KEY,
    MAPPED,
    SALES_ORDER,
    make_cash_refund,
    make_document,
    make_line,
    make_order,
    make_owner,
    make_return,
    make_view,
)
from workers.rules.facts import Document, DocumentLine, NetSuiteOrder
from workers.rules.to_netsuite import decide
from workers.rules.views import Action, Decision, LinkView, NetSuitePlan, RefundView, TargetLine

STATUSES: Final = {
    "A": "pending approval",
    "B": "pending receipt",
    "C": "cancelled",
    "D": "partially received",
    "E": "pending refund / partially received",
    "F": "pending refund",
    "G": "refunded",
    "H": "closed",
}
OWN_KEY: Final = f"{KEY}-ra"
CREATE: Final = replace(MAPPED, returns="create")
OFF: Final = replace(MAPPED, returns="off")
SHIPPING: Final = make_part("5.00", kind=PartKind.SHIPPING)
KEPT: Final = make_part(restock=False)

each_status = pytest.mark.parametrize(
    "status", [pytest.param(key, id=word) for key, word in STATUSES.items()]
)
each_way_of_returns = pytest.mark.parametrize("returns", ["match", "create"])


def decided(
    order: NetSuiteOrder, policy: Policy = MAPPED, refund: RefundView | None = None
) -> Decision[NetSuitePlan]:
    return decide(refund or make_view(), make_owner(policy=policy), LinkView("450789469"), order)


def planned(order: NetSuiteOrder, policy: Policy = MAPPED, refund: RefundView | None = None) -> NetSuitePlan:
    decision = decided(order, policy, refund)
    assert decision.action is Action.WRITE, decision
    assert decision.plan is not None
    return decision.plan


def with_return(*returned: Document, billed: Document = CASH_SALE) -> NetSuiteOrder:
    return make_order(billed, returns=returned)


@each_way_of_returns
@pytest.mark.parametrize(("billed", "target"), [(CASH_SALE, "cashrefund"), (INVOICE, "creditmemo")])
def test_rule_11_a_received_return_of_the_refunded_goods_is_refunded_from(
    billed: Document, target: str, returns: str
) -> None:
    returned = make_return(made_from=billed.id)
    plan = planned(with_return(returned, billed=billed), replace(MAPPED, returns=returns))
    assert (plan.source_type, plan.source_id) == ("returnauthorization", returned.id)
    assert (plan.target_type, plan.external_id) == (target, KEY)
    assert plan.lines == (TargetLine(1, "55", "1", make_part().net, "TSHIRT-M", (0,)),)


@each_status
def test_rule_11_a_return_is_refunded_from_once_goods_were_received(status: str) -> None:
    plan = planned(with_return(make_return(status=status)))
    assert plan.source_type == ("returnauthorization" if status in "DEF" else "cashsale")


@each_status
def test_rule_11_before_receipt_where_the_account_refunds_in_advance(status: str) -> None:
    policy = replace(MAPPED, returns_before_receipt=True)
    plan = planned(with_return(make_return(status=status)), policy)
    assert plan.source_type == ("returnauthorization" if status in "BDEF" else "cashsale")


@each_status
def test_rule_11_an_account_that_leaves_returns_alone_never_refunds_from_one(status: str) -> None:
    for returned in (make_return(status=status), make_return(status=status, external_id=OWN_KEY)):
        assert planned(with_return(returned), OFF).source_type == "cashsale"


@pytest.mark.parametrize(
    "line",
    [make_line(quantity="2"), make_line(item_id="56", sku="CAP"), make_line(quantity="0.5")],
    ids=["more", "other goods", "less"],
)
def test_rule_11_a_return_of_other_goods_does_not_match(line: DocumentLine) -> None:
    returned = replace(make_return(), lines=(line,))
    assert planned(with_return(returned)).source_type == "cashsale"


def test_rule_11_goods_match_over_several_lines_and_by_normal_sku() -> None:
    returned = make_return("1501", make_line(1, sku="tshirt-m "), make_line(2))
    refund = make_view(make_part("40.00", quantity="2"), SHIPPING)
    plan = planned(with_return(returned), refund=refund)
    assert plan.source_id == returned.id
    assert [(line.order_line, line.quantity) for line in plan.lines] == [(1, "1"), (2, "1"), (None, "1")]


@pytest.mark.parametrize(
    "other",
    [make_part("0.00", quantity="0", sku="CAP"), replace(make_part("1.00"), kind=PartKind.ADJUSTMENT)],
    ids=["no quantity", "no item"],
)
def test_rule_11_only_items_with_a_quantity_are_goods(other: Part) -> None:
    plan = planned(with_return(make_return()), refund=make_view(make_part(), other))
    assert plan.source_type == "returnauthorization"


def test_rule_11_a_refund_without_goods_matches_no_return_not_even_an_empty_one() -> None:
    empty = replace(make_return(), lines=())
    assert planned(with_return(empty, make_return()), refund=make_view(SHIPPING)).source_type == "cashsale"


@pytest.mark.parametrize(("voided", "source"), [(False, "cashsale"), (True, "returnauthorization")])
def test_rule_11_a_return_is_refunded_once_unless_that_refund_was_voided(
    voided: bool,  # noqa: FBT001 - a parameter of pytest
    source: str,
) -> None:
    refunds = (make_cash_refund(made_from="1501", voided=voided),)
    order = make_order(CASH_SALE, returns=(make_return(status="E"),), refunds=refunds)
    assert planned(order).source_type == source


def test_rule_11_the_first_of_two_returns_that_is_not_used_is_taken() -> None:
    order = make_order(
        CASH_SALE,
        returns=(make_return("1501"), make_return("1502")),
        refunds=(make_cash_refund(made_from="1501"),),
    )
    assert planned(order).source_id == "1502"


def test_rule_11_what_a_return_has_is_refunded_whatever_the_bill_has_had_taken() -> None:
    taken = make_cash_refund("1401", make_line(quantity="5"), total="80.00")
    order = make_order(CASH_SALE, refunds=(taken,), returns=(make_return(),))
    assert planned(order).source_id == "1501"


def test_a_return_of_another_billed_record_is_not_refunded_from() -> None:
    shirts = make_document("cashsale", "1311", make_line(quantity="2"), total="40.00")
    more = make_document("invoice", "1312", make_line(quantity="2"), total="40.00")
    order = make_order(shirts, more, returns=(make_return(made_from=more.id),))
    plan = planned(order)
    assert (plan.source_id, plan.target_type) == (shirts.id, "cashrefund")


def test_a_return_from_the_sales_order_serves_the_record_that_billed_the_goods() -> None:
    order = with_return(make_return(made_from=SALES_ORDER.id), billed=INVOICE)
    plan = planned(order)
    assert (plan.source_type, plan.target_type) == ("returnauthorization", "creditmemo")


def test_create_plans_the_return_before_the_refund() -> None:
    policy = replace(CREATE, location="3", refund_account="77")
    decision = decided(make_order(CASH_SALE), policy, make_view(make_part("20.00", "1.60"), SHIPPING))
    plan = NetSuitePlan(
        source_type="cashsale",
        source_id=CASH_SALE.id,
        target_type="returnauthorization",
        external_id=OWN_KEY,
        lines=(TargetLine(1, "55", "1", make_part().net, "TSHIRT-M", (0,)),),
        memo=f"shop return for refund {KEY}",
        location_id="3",
    )
    assert decision == Decision(
        Action.WRITE, "RETURN_NOT_RECEIVED", plan=plan, target_type="returnauthorization"
    )


@pytest.mark.parametrize(
    "parts",
    [
        (SHIPPING,),
        (KEPT,),
        (make_part(), KEPT),
        (make_part(sku="MUG"),),
    ],
    ids=["no goods", "kept", "partly kept", "goods of another record"],
)
def test_create_makes_no_return_unless_all_goods_come_back(parts: tuple[Part, ...]) -> None:
    policy = replace(CREATE, item_unmatched="909")
    plan = planned(make_order(CASH_SALE), policy, make_view(*parts))
    assert (plan.target_type, plan.external_id) == ("cashrefund", KEY)


@pytest.mark.parametrize("returns", ["match", "off"])
def test_no_return_is_made_unless_the_account_asks_for_it(returns: str) -> None:
    plan = planned(make_order(CASH_SALE), replace(MAPPED, returns=returns))
    assert plan.target_type == "cashrefund"


def test_create_refunds_from_a_return_that_is_there_already() -> None:
    plan = planned(with_return(make_return()), CREATE)
    assert (plan.source_type, plan.target_type) == ("returnauthorization", "cashrefund")


def test_create_finds_what_the_refund_lacks_before_the_return_is_written() -> None:
    decision = decided(
        make_order(CASH_SALE), replace(CREATE, item_shipping=""), make_view(make_part(), SHIPPING)
    )
    assert (decision.action, decision.reason) == (Action.FAIL, "MAPPING_MISSING")


def test_rule_13_the_return_is_held_for_review_as_well() -> None:
    policy = replace(CREATE, review=True)
    held = decided(make_order(CASH_SALE), policy)
    assert (held.action, held.reason, held.target_type) == (
        Action.HOLD,
        "REVIEW_FIRST",
        "returnauthorization",
    )
    reviewed = decided(make_order(CASH_SALE), policy, make_view(reviewed=True))
    assert (reviewed.action, reviewed.plan) == (Action.WRITE, held.plan)


@each_way_of_returns
@each_status
def test_the_return_this_service_made_is_awaited_until_goods_were_received(status: str, returns: str) -> None:
    order = with_return(make_return(status=status, external_id=OWN_KEY))
    decision = decided(order, replace(MAPPED, returns=returns))
    if status in "DEF":
        assert decision.plan is not None
        assert (decision.plan.source_id, decision.plan.external_id) == ("1501", KEY)
    elif status in "AB":
        detail = "return authorization N1501"
        assert decision == Decision(Action.WAIT, "RETURN_NOT_RECEIVED", detail)
    else:
        word = {"C": "cancelled", "G": "refunded", "H": "closed"}[status]
        detail = f"return authorization N1501 was {word}"
        assert decision == Decision(Action.DISPUTE, "RETURN_CLOSED", detail)


@pytest.mark.parametrize(
    ("made_from", "voided", "action"),
    [("1501", False, Action.DISPUTE), ("1501", True, Action.WRITE), ("1301", False, Action.WRITE)],
    ids=["used", "its refund voided", "another refund"],
)
def test_the_return_this_service_made_is_over_once_another_refund_was_made_from_it(
    made_from: str,
    voided: bool,  # noqa: FBT001 - a parameter of pytest
    action: Action,
) -> None:
    other = make_cash_refund("1401", made_from=made_from, voided=voided)
    returned = make_return(status="E", external_id=OWN_KEY)
    decision = decided(make_order(CASH_SALE, returns=(returned,), refunds=(other,)))
    assert decision.action is action
    if action is Action.DISPUTE:
        assert decision.reason == "RETURN_CLOSED"
        assert decision.detail == "return authorization N1501 was used up by another refund"


def test_an_awaited_return_without_a_number_is_named_by_its_id() -> None:
    returned = replace(make_return(status="B", external_id=OWN_KEY), number="")
    assert decided(with_return(returned)).detail == "return authorization 1501"


def test_the_return_this_service_made_is_refunded_from_though_a_person_changed_its_goods() -> None:
    more = make_return("1501", make_line(quantity="2"), external_id=OWN_KEY)
    assert planned(with_return(more)).source_id == "1501"
    others = make_return("1501", make_line(sku="CAP"), external_id=OWN_KEY)
    decision = decided(with_return(others))
    assert (decision.action, decision.reason) == (Action.FAIL, "ITEM_NOT_FOUND")


def test_the_return_of_another_refund_is_not_awaited() -> None:
    order = with_return(make_return(status="B", external_id="rs-shop-1-ra"))
    assert planned(order).source_type == "cashsale"
