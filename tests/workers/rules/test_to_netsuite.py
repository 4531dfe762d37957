"""Each rule towards NetSuite on both sides of its condition."""

from dataclasses import replace
from typing import Final

import pytest

from ledger.events import Part, PartKind
from ledger.models import OrderState
from ledger.platforms import Platform
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
    make_view,
)
from workers.rules.facts import Document, DocumentLine, NetSuiteOrder
from workers.rules.to_netsuite import decide
from workers.rules.views import (
    AccountView,
    Action,
    Decision,
    LinkView,
    NetSuitePlan,
    RefundView,
    TargetLine,
)

ORDER_ID: Final = "450789469"
UNLINKED: Final = LinkView(ORDER_ID)
LINKED: Final = LinkView(ORDER_ID, OrderState.OPEN, OrderState.OPEN, "1201")
EBAY: Final = make_owner(platform=Platform.EBAY)


def decided(
    refund: RefundView | None = None,
    order: NetSuiteOrder | None = None,
    *,
    account: AccountView | None = None,
    link: LinkView = UNLINKED,
) -> Decision[NetSuitePlan]:
    return decide(
        refund or make_view(),
        account or make_owner(),
        link,
        order or make_order(CASH_SALE),
    )


def outcome(decision: Decision[NetSuitePlan]) -> tuple[Action, str]:
    return decision.action, decision.reason


@pytest.mark.parametrize("state", list(OrderState))
def test_rule_4_only_a_link_known_to_be_deleted_disputes_before_reading(state: OrderState) -> None:
    link = LinkView(ORDER_ID, OrderState.OPEN, state, "1201")
    decision = decide(make_view(), make_owner(), link, None)
    if state is OrderState.DELETED:
        assert decision == Decision(Action.DISPUTE, "ORDER_DELETED", "1201 was deleted in NetSuite")
    else:
        assert decision == Decision(Action.READ, "RECEIVED")


def test_rule_4_a_deleted_order_that_was_never_linked_is_named_as_the_order() -> None:
    link = LinkView(ORDER_ID, netsuite_state=OrderState.DELETED)
    assert decide(make_view(), make_owner(), link, None).detail == "the order was deleted in NetSuite"


def test_rule_4_a_storefront_order_that_was_deleted_hinders_nothing_towards_netsuite() -> None:
    link = LinkView(ORDER_ID, OrderState.DELETED, OrderState.OPEN, "1201")
    assert outcome(decided(link=link)) == (Action.WRITE, "POSTED")


def test_rule_4_a_linked_record_that_netsuite_has_no_more_disputes_and_marks_the_order_gone() -> None:
    decision = decided(order=make_order(CASH_SALE, linked_exists=False), link=LINKED)
    assert decision == Decision(
        Action.DISPUTE, "ORDER_DELETED", "NetSuite has no record 1201 any more", order_gone=True
    )


@pytest.mark.parametrize(
    ("link", "linked_exists"), [(LINKED, True), (LINKED, None), (UNLINKED, False), (UNLINKED, None)]
)
def test_rule_4_a_linked_record_that_exists_or_was_never_linked_is_not_gone(
    link: LinkView,
    linked_exists: bool | None,  # noqa: FBT001 - a parameter of pytest
) -> None:
    decision = decided(order=make_order(CASH_SALE, linked_exists=linked_exists), link=link)
    assert outcome(decision) == (Action.WRITE, "POSTED")
    assert not decision.order_gone


def test_rule_5_an_order_netsuite_does_not_know_is_waited_for() -> None:
    assert decided(order=make_order(orders=())) == Decision(Action.WAIT, "ORDER_NOT_SYNCED")


def test_rule_5_an_order_entered_straight_as_a_cash_sale_is_known() -> None:
    sale = replace(CASH_SALE, created_from=frozenset())
    assert outcome(decided(order=make_order(sale, orders=()))) == (Action.WRITE, "POSTED")


def test_rule_6_an_ebay_refund_without_a_buyer_request_is_disputed() -> None:
    decision = decided(replace(make_view(), requested=False), account=EBAY)
    assert decision == Decision(Action.DISPUTE, "BUYER_REQUEST_MISSING")


def test_rule_6_an_ebay_refund_with_a_buyer_request_is_carried() -> None:
    assert outcome(decided(account=EBAY)) == (Action.WRITE, "POSTED")


def test_rule_6_an_account_may_want_it_carried_without_one() -> None:
    account = make_owner(platform=Platform.EBAY, policy=replace(MAPPED, unrequested="post"))
    assert outcome(decided(replace(make_view(), requested=False), account=account)) == (
        Action.WRITE,
        "POSTED",
    )


def test_rule_3_an_amount_that_nobody_knows_is_a_persons() -> None:
    decision = decided(replace(make_view(), amount_is_known=False))
    assert outcome(decision) == (Action.FAIL, "CURRENCY_MIXED")


def test_rule_7_an_order_without_a_billed_record_is_waited_for() -> None:
    assert decided(order=make_order()) == Decision(Action.WAIT, "NOT_BILLED")


def test_rule_7_a_voided_billed_record_bills_nothing() -> None:
    assert outcome(decided(order=make_order(replace(CASH_SALE, voided=True)))) == (Action.WAIT, "NOT_BILLED")


def test_rule_7_a_billed_record_beside_a_voided_one_is_refunded() -> None:
    plan = decided(order=make_order(replace(INVOICE, voided=True), CASH_SALE)).plan
    assert plan is not None
    assert plan.source_id == CASH_SALE.id


def test_rule_8_a_refund_under_our_key_is_linked_and_nothing_is_written() -> None:
    there = make_document("creditmemo", "1402", total="20.00", external_id=KEY, made_from=INVOICE.id)
    decision = decided(order=make_order(INVOICE, refunds=(there,)))
    assert decision == Decision(Action.LINK, "ALREADY_POSTED", target_type="creditmemo", target_id="1402")


@pytest.mark.parametrize(
    ("total", "currency", "action"),
    [
        ("20.05", "USD", Action.LINK),
        ("19.95", "USD", Action.LINK),
        ("20.06", "USD", Action.DISPUTE),
        ("19.94", "USD", Action.DISPUTE),
        ("20.00", "EUR", Action.DISPUTE),
    ],
)
def test_rule_8_a_record_of_ours_that_comes_to_another_amount_is_for_a_person(
    total: str, currency: str, action: Action
) -> None:
    there = make_document(
        "creditmemo", "1402", total=total, currency=currency, external_id=KEY, made_from=INVOICE.id
    )
    decision = decided(order=make_order(INVOICE, refunds=(there,)))
    assert (decision.action, decision.target_type, decision.target_id) == (action, "creditmemo", "1402")
    if action is Action.DISPUTE:
        assert decision.reason == "AMOUNT_DIFFERS"
        assert decision.detail == (
            f"NetSuite's creditmemo 1402 comes to {total} {currency}, the refund to 20.00 USD"
        )


@pytest.mark.parametrize(
    ("tax", "lines", "parts", "policy", "is_looked_at"),
    [
        # NetSuite computes the tax of the source's lines, and of nothing else.
        ("0.00", [make_line(quantity="5")], [make_part()], MAPPED, False),
        ("8.00", [make_line(quantity="5")], [make_part(tax="1.60")], MAPPED, True),
        ("8.00", [make_line(quantity="5")], [make_part()], MAPPED, True),
        ("8.00", [make_line(quantity="5")], [make_part("5.00", kind=PartKind.SHIPPING)], MAPPED, False),
        # The tax is left to NetSuite, whose record has none.
        (
            "0.00",
            [make_line(quantity="5")],
            [make_part(tax="1.60")],
            replace(MAPPED, tax_mode="netsuite"),
            True,
        ),
        ("0.00", [make_line(quantity="5")], [make_part(tax="1.60")], replace(MAPPED, tax_mode="line"), False),
        # The record has a discount of its own, which what is made of it takes over.
        (
            "0.00",
            [make_line(quantity="5"), make_line(2, sku="10OFF", item_type="Discount", amount="-10.00")],
            [make_part()],
            MAPPED,
            True,
        ),
    ],
)
def test_what_netsuite_adds_something_to_is_to_be_looked_at_once_it_is_made(
    tax: str, lines: list[DocumentLine], parts: list[Part], policy: Policy, *, is_looked_at: bool
) -> None:
    billed = make_document("invoice", "1302", *lines, tax=tax)
    refund = make_view(*parts)
    plan = decided(refund, make_order(billed), account=make_owner(policy=policy)).plan
    assert plan is not None
    assert plan.total == (refund.amount if is_looked_at else None)


def test_a_return_authorization_moves_no_money_and_is_not_looked_at() -> None:
    billed = make_document("invoice", "1302", make_line(quantity="5"), tax="8.00")
    refund = make_view(make_part(tax="1.60", restock=True))
    policy = replace(MAPPED, returns="create")
    plan = decided(refund, make_order(billed), account=make_owner(policy=policy)).plan
    assert plan is not None
    assert (plan.target_type, plan.total) == ("returnauthorization", None)


def test_rule_8_our_key_on_a_voided_record_is_found_since_it_cannot_be_used_again() -> None:
    order = make_order(CASH_SALE, refunds=(make_cash_refund(external_id=KEY, voided=True),))
    assert outcome(decided(order=order)) == (Action.LINK, "ALREADY_POSTED")


def test_rule_8_a_refund_under_another_key_is_not_ours() -> None:
    order = make_order(CASH_SALE, refunds=(make_cash_refund(external_id=f"{KEY}0"),))
    assert outcome(decided(order=order)) == (Action.WRITE, "POSTED")


def test_rule_9_all_that_is_left_can_be_refunded_and_a_cent_more_cannot() -> None:
    order = make_order(CASH_SALE, refunds=(make_cash_refund(total="80.00"),))
    assert outcome(decided(make_view(make_part("20.00")), order)) == (Action.WRITE, "POSTED")
    assert decided(make_view(make_part("20.01")), order) == Decision(
        Action.DISPUTE, "OVER_REFUND", "20.01 USD asked, 20.00 USD left"
    )


def test_rule_9_a_voided_refund_took_nothing() -> None:
    whole = (make_cash_refund("1401", make_line(quantity="5"), total="100.00", voided=True),)
    refund = make_view(make_part("100.00", quantity="5"))
    assert outcome(decided(refund, make_order(CASH_SALE, refunds=whole))) == (Action.WRITE, "POSTED")


def test_rule_9_quantities_that_are_refunded_already_cannot_be_refunded_again() -> None:
    sold = make_document("cashsale", "1301", make_line(quantity="1"), make_line(2, item_id="56", sku="CAP"))
    order = make_order(sold, refunds=(make_cash_refund(total="5.00"),))
    assert decided(make_view(make_part("20.00")), order) == Decision(
        Action.DISPUTE, "OVER_REFUND", "1 more of TSHIRT-M than are left to refund"
    )
    assert outcome(decided(make_view(make_part("20.00", sku="CAP")), order)) == (Action.WRITE, "POSTED")


def test_rule_10_an_unmatched_sku_without_an_item_for_it_fails() -> None:
    refund = make_view(make_part(sku="MUG", title="Mug"))
    assert decided(refund) == Decision(
        Action.FAIL, "ITEM_NOT_FOUND", "SKU 'MUG' (Mug) is not on the billed record"
    )


def test_rule_10_an_unmatched_sku_goes_to_the_item_for_it() -> None:
    refund = make_view(make_part(sku="MUG", title="Mug"))
    plan = decided(refund, account=make_owner(policy=replace(MAPPED, item_unmatched="909"))).plan
    assert plan is not None
    assert [line.item_id for line in plan.lines] == ["909"]


@pytest.mark.parametrize(
    ("refund_currency", "billed_currency"), [("USD", "EUR"), ("JPY", "USD"), ("KWD", "USD")]
)
def test_a_refund_in_another_currency_than_its_bill_fails(refund_currency: str, billed_currency: str) -> None:
    refund = make_view(make_part("20", "0", currency=refund_currency))
    billed = make_document("invoice", "1302", make_line(), total="100", currency=billed_currency)
    assert decided(refund, make_order(billed)) == Decision(
        Action.FAIL, "CURRENCY_MIXED", f"refund in {refund_currency}, invoice 1302 in {billed_currency}"
    )


def test_an_earlier_refund_in_another_currency_fails_since_what_is_left_cannot_be_told() -> None:
    order = make_order(CASH_SALE, refunds=(make_cash_refund(currency="EUR"),))
    assert decided(order=order) == Decision(
        Action.FAIL, "CURRENCY_MIXED", "refund in USD, cashrefund 1401 in EUR"
    )
    voided = make_order(CASH_SALE, refunds=(make_cash_refund(currency="EUR", voided=True),))
    assert outcome(decided(order=voided)) == (Action.WRITE, "POSTED")


@pytest.mark.parametrize(
    ("billed", "target"), [(CASH_SALE, "cashrefund"), (INVOICE, "creditmemo")], ids=["cash sale", "invoice"]
)
def test_rule_12_the_billed_record_says_what_the_refund_becomes(billed: Document, target: str) -> None:
    decision = decided(order=make_order(billed), account=make_owner(policy=replace(MAPPED, location="3")))
    line = TargetLine(1, "55", "1", make_part().net, "TSHIRT-M", (0,))
    assert decision == Decision(
        Action.WRITE,
        "POSTED",
        plan=NetSuitePlan(
            source_type=billed.record_type,
            source_id=billed.id,
            target_type=target,
            external_id=KEY,
            lines=(line,),
            memo=f"shop refund {KEY}",
            location_id="3",
        ),
        target_type=target,
    )


@pytest.mark.parametrize(("billed", "account_id"), [(CASH_SALE, "77"), (INVOICE, "")])
def test_rule_12_only_a_cash_refund_is_paid_from_an_account(billed: Document, account_id: str) -> None:
    owner = make_owner(policy=replace(MAPPED, refund_account="77"))
    plan = decided(order=make_order(billed), account=owner).plan
    assert plan is not None
    assert plan.refund_account == account_id


def test_rule_13_a_refund_is_held_with_its_plan_until_a_person_has_reviewed_it() -> None:
    owner = make_owner(policy=Policy(review=True))
    held = decided(account=owner)
    assert outcome(held) == (Action.HOLD, "REVIEW_FIRST")
    posted = decided(make_view(reviewed=True), account=owner)
    assert outcome(posted) == (Action.WRITE, "POSTED")
    assert (held.plan, held.target_type) == (posted.plan, posted.target_type)


def test_rule_13_an_account_without_review_holds_nothing() -> None:
    assert outcome(decided(account=make_owner(policy=Policy()))) == (Action.WRITE, "POSTED")


def test_several_orders_of_one_number_are_ambiguous_until_one_is_linked() -> None:
    second = replace(SALES_ORDER, id="1202")
    order = make_order(CASH_SALE, orders=(SALES_ORDER, second))
    assert decided(order=order) == Decision(
        Action.DISPUTE, "AMBIGUOUS_ORDER", "NetSuite sales orders 1201, 1202"
    )
    assert outcome(decided(order=order, link=LINKED)) == (Action.WRITE, "POSTED")
    not_billed = replace(LINKED, netsuite_order_id="1202")
    assert outcome(decided(order=order, link=not_billed)) == (Action.WAIT, "NOT_BILLED")
