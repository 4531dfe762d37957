"""Each rule towards the storefront on both sides of its condition, and in their order."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations
from typing import Final

import pytest

from ledger.events import MoneyState, PartKind
from ledger.models import OrderState
from ledger.models.accounts import Direction
from ledger.money import Money
from ledger.policy import Policy
from ledger.states import State
from tests.support.ledger import make_part
from tests.support.rules import (
    KEY,
    MAPPED,
    STOREFRONT_ORDER,
    make_owner,
    make_view,
    usd,
)
from workers.rules.facts import StorefrontOrder, StorefrontRefund
from workers.rules.from_netsuite import convert, decide, find_ours
from workers.rules.netsuite_lines import PlanError
from workers.rules.views import (
    AccountView,
    Action,
    Decision,
    LinkView,
    RefundView,
    StorefrontPlan,
    StorefrontPlanLine,
)

LINK: Final = LinkView("450789469", OrderState.OPEN, OrderState.OPEN, "1201")
REFUND: Final = make_view(
    make_part(restock=False), direction=Direction.FROM_NETSUITE, record_type="creditmemo"
)
ACCOUNT: Final = make_owner(direction=Direction.FROM_NETSUITE)
OURS: Final = StorefrontRefund("509562969", f"NetSuite creditmemo {KEY}", usd("20.00"))


@dataclass(frozen=True, slots=True)
class Case:
    """All that is decided from: by default an ordinary refund of an ordinary order."""

    refund: RefundView = REFUND
    account: AccountView = ACCOUNT
    link: LinkView | None = LINK
    order: StorefrontOrder | None = STOREFRONT_ORDER

    def decided(self, *, was_read: bool = True) -> Decision[StorefrontPlan]:
        order = self.order if was_read else None
        ours = find_ours(order, self.refund.key, self.refund.target_id) if order else None
        return decide(self.refund, self.account, self.link, order, was_read=was_read, ours=ours)

    def outcome(self, *, was_read: bool = True) -> tuple[Action, str]:
        decision = self.decided(was_read=was_read)
        return decision.action, decision.reason


def with_refund(**changes: object) -> Callable[[Case], Case]:
    return lambda case: replace(case, refund=replace(case.refund, **changes))  # type: ignore[arg-type]  # any field


def with_account(**changes: object) -> Callable[[Case], Case]:
    return lambda case: replace(case, account=replace(case.account, **changes))  # type: ignore[arg-type]  # any field


def with_policy(**changes: object) -> Callable[[Case], Case]:
    def changed(case: Case) -> Case:
        policy = replace(case.account.policy, **changes)  # type: ignore[arg-type]  # any field
        return replace(case, account=replace(case.account, policy=policy))

    return changed


def with_order(**changes: object) -> Callable[[Case], Case]:
    def changed(case: Case) -> Case:
        order = case.order and replace(case.order, **changes)  # type: ignore[arg-type]  # any field
        return replace(case, order=order)

    return changed


def deleted(case: Case) -> Case:
    return replace(case, link=LinkView("450789469", OrderState.DELETED))


def gone(case: Case) -> Case:
    return replace(case, order=None)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: what makes its condition true, and the decision that follows."""

    name: str
    applies: Callable[[Case], Case]
    action: Action
    reason: str

    def __str__(self) -> str:
        return self.name


KNOWN: Final = (
    Row("1 made by us", with_refund(made_by_us=True), Action.IGNORE, "ECHO"),
    Row("2 sync off", with_account(sync_enabled=False), Action.IGNORE, "SYNC_OFF"),
    Row("2 other direction", with_account(direction=Direction.TO_NETSUITE), Action.IGNORE, "WRONG_DIRECTION"),
    Row("3 money pending", with_refund(money=MoneyState.PENDING), Action.WAIT, "MONEY_PENDING"),
    Row("3 voided", with_refund(money=MoneyState.FAILED), Action.IGNORE, "NO_MONEY_MOVED"),
    Row("4 known to be deleted", deleted, Action.DISPUTE, "ORDER_DELETED"),
)
READ: Final = (
    Row("8 already there", with_order(refunds=(OURS,)), Action.LINK, "ALREADY_POSTED"),
    Row("currencies", with_order(currency="EUR", shop_currency="EUR"), Action.FAIL, "CURRENCY_MIXED"),
    Row("9 above what is left", with_order(paid=usd("19.99")), Action.DISPUTE, "OVER_REFUND"),
    Row("no such line", with_order(lines=()), Action.FAIL, "STOREFRONT_LINE_NOT_FOUND"),
    Row("10 mapping missing", with_policy(restock="always"), Action.FAIL, "MAPPING_MISSING"),
    Row("13 review first", with_policy(review=True), Action.HOLD, "REVIEW_FIRST"),
)
GONE: Final = Row("4 gone", gone, Action.DISPUTE, "ORDER_DELETED")


def pairs(*rows: Row) -> list[object]:
    return [pytest.param(a, b, id=f"{a} before {b}") for a, b in combinations(rows, 2)]


def test_where_no_row_applies_the_refund_is_written() -> None:
    assert Case().decided() == Decision(
        Action.WRITE,
        "POSTED",
        plan=StorefrontPlan(
            order_id=STOREFRONT_ORDER.id,
            amount=usd("20.00"),
            lines=(
                StorefrontPlanLine(
                    "703073504", 1, restock=False, position=0, net=usd("20.00"), tax=usd("0.00")
                ),
            ),
            shipping=None,
            shipping_tax=None,
            method="original",
            location_id="",
            notify=False,
            note=f"NetSuite creditmemo {KEY}",
        ),
        target_type="refund",
    )


@pytest.mark.parametrize("row", KNOWN, ids=str)
def test_what_the_ledger_knows_decides_without_reading(row: Row) -> None:
    assert row.applies(Case()).outcome(was_read=False) == (row.action, row.reason)


@pytest.mark.parametrize("row", [*READ, GONE], ids=str)
def test_what_the_ledger_does_not_know_is_read_and_then_decides(row: Row) -> None:
    case = row.applies(Case())
    assert case.decided(was_read=False) == Decision(Action.READ, "RECEIVED")
    assert case.outcome() == (row.action, row.reason)


@pytest.mark.parametrize(("first", "second"), pairs(*KNOWN, *READ))
def test_of_two_rows_the_first_wins(first: Row, second: Row) -> None:
    case = first.applies(second.applies(Case()))
    assert case.outcome(was_read=first in READ) == (first.action, first.reason)


@pytest.mark.parametrize(("first", "second"), pairs(*KNOWN, GONE))
def test_what_is_known_wins_over_an_order_that_is_gone(first: Row, second: Row) -> None:
    case = with_refund(write_began=True)(first.applies(second.applies(Case())))
    assert case.outcome() == (first.action, first.reason)


@pytest.mark.parametrize("row", KNOWN, ids=str)
def test_once_a_write_began_no_row_decides_before_it_is_looked_for(row: Row) -> None:
    case = with_refund(write_began=True)(row.applies(Case()))
    assert case.decided(was_read=False) == Decision(Action.READ, "RECEIVED")


@pytest.mark.parametrize("row", [*KNOWN, *READ], ids=str)
def test_a_write_that_is_found_is_linked_whatever_else_holds(row: Row) -> None:
    case = with_order(refunds=(OURS,))(with_refund(write_began=True)(row.applies(Case())))
    assert case.decided() == Decision(
        Action.LINK, "ALREADY_POSTED", target_type="refund", target_id="509562969"
    )


@pytest.mark.parametrize("row", [*KNOWN, *READ], ids=str)
def test_a_write_that_is_not_found_leaves_the_row_as_it_is(row: Row) -> None:
    case = with_refund(write_began=True)(row.applies(Case()))
    assert case.outcome() == (row.action, row.reason)


def test_a_paused_account_reads_nothing() -> None:
    case = with_account(paused="SHOP_INACTIVE")(Case())
    assert case.decided(was_read=False) == Decision(Action.WAIT, "ACCOUNT_PAUSED", "SHOP_INACTIVE")


def test_a_refund_whose_order_is_not_linked_yet_is_looked_for_and_found() -> None:
    unlinked = replace(Case(), link=None)
    assert unlinked.outcome(was_read=False) == (Action.READ, "RECEIVED")
    assert unlinked.outcome() == (Action.WRITE, "POSTED")


def test_rule_4_an_order_known_to_be_deleted_is_named() -> None:
    detail = "order 450789469 was deleted in the storefront"
    assert deleted(Case()).decided(was_read=False) == Decision(Action.DISPUTE, "ORDER_DELETED", detail)


def test_rule_4_an_order_deleted_in_netsuite_hinders_nothing_towards_the_storefront() -> None:
    link = replace(LINK, netsuite_state=OrderState.DELETED)
    assert replace(Case(), link=link).outcome() == (Action.WRITE, "POSTED")


@pytest.mark.parametrize("state", [OrderState.OPEN, OrderState.CANCELLED])
def test_rule_4_an_order_that_was_there_and_is_not_found_is_gone(state: OrderState) -> None:
    case = replace(gone(Case()), link=LinkView("450789469", state))
    detail = "the storefront has no order 450789469 any more"
    assert case.decided() == Decision(Action.DISPUTE, "ORDER_DELETED", detail, order_gone=True)


@pytest.mark.parametrize("link", [None, LinkView("450789469")], ids=["no link", "never seen"])
def test_rule_5_an_order_that_never_was_seen_is_waited_for(link: LinkView | None) -> None:
    case = replace(gone(Case()), link=link)
    assert case.decided() == Decision(Action.WAIT, "ORDER_NOT_SYNCED")


def test_a_cancelled_order_can_still_be_refunded() -> None:
    assert with_order(cancelled=True)(Case()).outcome() == (Action.WRITE, "POSTED")


@pytest.mark.parametrize(
    ("note", "found"),
    [
        (KEY, True),
        (f"NetSuite creditmemo {KEY}", True),
        (f"{KEY}\nchecked by Ann", True),
        (f"{KEY}0", False),
        (f"x{KEY}", False),
        ("", False),
    ],
)
def test_rule_8_our_key_is_found_as_a_word_of_a_note(note: str, found: bool) -> None:  # noqa: FBT001 - a parameter
    others = (StorefrontRefund("1", "Damaged", usd("5.00")), StorefrontRefund("2", note, usd("20.00")))
    expected = (Action.LINK, "ALREADY_POSTED") if found else (Action.WRITE, "POSTED")
    assert with_order(refunds=others)(Case()).outcome() == expected


def test_rule_8_the_note_that_is_written_is_the_note_that_is_found() -> None:
    plan = Case().decided().plan
    assert plan is not None
    there = StorefrontRefund("3", plan.note, plan.amount)
    assert with_order(refunds=(there,))(Case()).decided().target_id == "3"


def test_rule_9_all_that_is_left_can_be_refunded_and_a_cent_more_cannot() -> None:
    assert with_order(paid=usd("20.00"))(Case()).outcome() == (Action.WRITE, "POSTED")
    assert with_order(paid=usd("19.99"))(Case()).decided() == Decision(
        Action.DISPUTE, "OVER_REFUND", "20.00 USD asked, 19.99 USD left"
    )


@pytest.mark.parametrize(
    ("record_type", "note"),
    [("creditmemo", f"NetSuite creditmemo {KEY}"), ("cashrefund", f"NetSuite cashrefund {KEY}")],
)
def test_rule_12_both_kinds_of_record_are_carried_and_named(record_type: str, note: str) -> None:
    plan = with_refund(record_type=record_type)(Case()).decided().plan
    assert plan is not None
    assert plan.note == note


def test_rule_13_a_refund_is_held_with_its_plan_until_a_person_has_reviewed_it() -> None:
    held = with_policy(review=True)(Case())
    posted = with_refund(reviewed=True)(held)
    assert held.outcome() == (Action.HOLD, "REVIEW_FIRST")
    assert posted.outcome() == (Action.WRITE, "POSTED")
    assert held.decided().plan == posted.decided().plan == Case().decided().plan
    assert held.decided().target_type == "refund"


@pytest.mark.parametrize(
    ("method", "notify"), [("original", False), ("store_credit", True), ("offline", False)]
)
def test_the_money_goes_back_as_the_account_says(method: str, notify: bool) -> None:  # noqa: FBT001 - a parameter
    policy = with_policy(refund_method=method, notify_customer=notify, refund_reason="BUYER_RETURN")
    plan = with_refund(number=17)(policy(Case())).decided().plan
    assert plan is not None
    assert (plan.method, plan.notify, plan.platform_reason, plan.asked_by) == (
        method,
        notify,
        "BUYER_RETURN",
        17,
    )


def test_what_a_line_gives_back_is_shared_out_over_the_order_lines_that_carry_it() -> None:
    part = make_part("20.00", "2.01", quantity="3", restock=False)
    lines = tuple(
        replace(STOREFRONT_ORDER.lines[0], id=each, refundable=n) for each, n in (("1", 1), ("2", 2))
    )
    plan = with_refund(parts=(part,))(with_order(lines=lines)(Case())).decided().plan
    assert plan is not None
    assert [(line.net, line.tax) for line in plan.lines] == [
        (usd("6.67"), usd("0.67")),
        (usd("13.33"), usd("1.34")),
    ]


def test_goods_come_back_without_a_place_where_the_platform_wants_none() -> None:
    plan = with_policy(restock="always")(with_order(wants_location=False)(Case())).decided().plan
    assert plan is not None
    assert (plan.lines[0].restock, plan.location_id) == (True, "")


def test_shipping_and_its_tax_are_told_apart() -> None:
    parts = (make_part(restock=False), make_part("4.00", "0.32", kind=PartKind.SHIPPING))
    plan = with_refund(parts=parts)(Case()).decided().plan
    assert plan is not None
    assert (plan.shipping, plan.shipping_tax) == (usd("4.00"), usd("0.32"))


def test_a_refund_whose_answer_was_lost_is_not_asked_for_again_while_it_may_appear() -> None:
    def decided(ours: StorefrontRefund | None, *, may_appear: bool) -> tuple[Action, str]:
        decision = decide(
            REFUND, ACCOUNT, LINK, STOREFRONT_ORDER, was_read=True, ours=ours, may_appear=may_appear
        )
        return decision.action, decision.reason

    assert decided(None, may_appear=True) == (Action.WAIT, "OUTCOME_PENDING")
    assert decided(OURS, may_appear=True) == (Action.LINK, "ALREADY_POSTED")
    assert decided(None, may_appear=False) == (Action.WRITE, "POSTED")


def test_a_refund_that_the_storefront_still_works_on_is_waited_for() -> None:
    pending = replace(OURS, money=MoneyState.PENDING, detail="PENDING")
    decision = with_order(refunds=(pending,))(Case()).decided()
    assert decision == Decision(
        Action.WAIT, "OUTCOME_PENDING", "PENDING", target_type="refund", target_id=OURS.id
    )


@pytest.mark.parametrize(
    ("made", "reason", "detail"),
    [
        (
            replace(OURS, money=MoneyState.FAILED, problem="REFUND_OFFLINE_ONLY", detail="no"),
            "REFUND_OFFLINE_ONLY",
            "no",
        ),
        (replace(OURS, amount=usd("0.00")), "PAYMENT_FAILED", "no money moved"),
    ],
)
def test_a_refund_that_went_wrong_in_the_storefront_needs_a_person(
    made: StorefrontRefund, reason: str, detail: str
) -> None:
    decision = with_order(refunds=(made,))(Case()).decided()
    assert (decision.action, decision.reason) == (Action.DISPUTE, reason)
    assert decision.detail == f"refund {OURS.id}: {detail}"
    assert decision.target_id == OURS.id


def test_a_refund_that_was_only_to_be_written_down_is_done_without_money() -> None:
    case = with_order(refunds=(replace(OURS, amount=usd("0.00")),))(Case())
    assert with_policy(refund_method="offline")(case).outcome() == (Action.LINK, "ALREADY_POSTED")


def test_a_refund_is_known_by_the_id_it_was_given_where_the_platform_keeps_no_note() -> None:
    made = replace(OURS, note="")
    case = with_order(refunds=(made,))(Case())
    assert case.outcome() == (Action.WRITE, "POSTED")
    assert with_refund(target_id=OURS.id)(case).outcome() == (Action.LINK, "ALREADY_POSTED")


YEN_ORDER: Final = replace(
    STOREFRONT_ORDER, currency="JPY", shop_rate=Decimal("149.5"), paid=Money.parse("14950", "JPY")
)
DINAR_ORDER: Final = replace(YEN_ORDER, currency="KWD", shop_rate=Decimal("0.3075"))


@pytest.mark.parametrize(
    ("amount", "order", "expected"),
    [
        (usd("20.00"), STOREFRONT_ORDER, usd("20.00")),
        (usd("20.00"), YEN_ORDER, Money.parse("2990", "JPY")),
        (usd("0.01"), YEN_ORDER, Money.parse("1", "JPY")),
        (Money.parse("2990", "JPY"), YEN_ORDER, Money.parse("2990", "JPY")),
        (
            usd("1.00"),
            replace(YEN_ORDER, currency="KWD", shop_rate=Decimal("0.3075")),
            Money.parse("0.308", "KWD"),
        ),
    ],
)
def test_an_amount_in_the_shops_currency_is_converted_to_the_buyers(
    amount: Money, order: StorefrontOrder, expected: Money
) -> None:
    assert convert(amount, order) == expected


@pytest.mark.parametrize(
    ("paid", "outcome"),
    [("2990", State.POSTED), ("2985", State.POSTED), ("2984", State.DISCREPANCY)],
)
def test_what_only_the_conversion_is_above_is_left_off(paid: str, outcome: State) -> None:
    order = replace(YEN_ORDER, paid=Money.parse(paid, "JPY"))
    decision = Case(order=order).decided()
    if outcome is State.POSTED:
        assert decision.plan is not None
        assert decision.plan.amount == order.paid
    else:
        assert (decision.action, decision.reason) == (Action.DISPUTE, "OVER_REFUND")


def test_an_amount_that_is_not_converted_is_never_cut() -> None:
    order = replace(STOREFRONT_ORDER, paid=usd("19.99"))
    assert Case(order=order).outcome() == (Action.DISPUTE, "OVER_REFUND")


def test_an_amount_in_neither_currency_is_not_converted() -> None:
    with pytest.raises(PlanError) as failed:
        convert(Money.parse("20.00", "EUR"), YEN_ORDER)
    assert failed.value.reason == "CURRENCY_MIXED"
    assert failed.value.detail == "the refund is in EUR, the order in JPY and USD"


def test_a_refund_in_the_shops_currency_is_planned_and_limited_in_the_buyers() -> None:
    shipping = make_part("5.00", kind=PartKind.SHIPPING)
    case = replace(Case(), order=YEN_ORDER, refund=replace(REFUND, parts=(*REFUND.parts, shipping)))
    plan = case.decided().plan
    assert plan is not None
    assert plan.amount == Money.parse("2990", "JPY")
    assert plan.shipping == Money.parse("748", "JPY")
    assert with_order(paid=Money.parse("2984", "JPY"))(case).decided() == Decision(
        Action.DISPUTE, "OVER_REFUND", "2990 JPY asked, 2984 JPY left"
    )


@pytest.mark.parametrize("policy", [MAPPED, replace(MAPPED, restock="always", return_location="77")])
def test_the_location_is_given_only_where_goods_come_back(policy: Policy) -> None:
    plan = with_account(policy=policy)(Case()).decided().plan
    assert plan is not None
    assert (plan.location_id, [line.restock for line in plan.lines]) == (
        ("", [False]) if policy is MAPPED else ("77", [True])
    )
