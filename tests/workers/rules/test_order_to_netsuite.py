"""The table of rules towards NetSuite: each row alone, and each row against every later one."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Final

import pytest

from ledger.events import MoneyState, PartKind
from ledger.models import OrderState
from ledger.models.accounts import Direction
from ledger.platforms import Platform
from tests.support.ledger import make_part
from tests.support.rules import (
    CASH_SALE,
    KEY,
    make_cash_refund,
    make_order,
    make_owner,
    make_return,
    make_view,
    usd,
)
from workers.rules.facts import NetSuiteOrder
from workers.rules.to_netsuite import decide
from workers.rules.views import AccountView, Action, Decision, LinkView, NetSuitePlan, RefundView

LINK: Final = LinkView("450789469", OrderState.OPEN, OrderState.OPEN, "1201")


@dataclass(frozen=True, slots=True)
class Case:
    """All that is decided from: by default an ordinary refund of an ordinary order."""

    refund: RefundView = field(default_factory=make_view)
    account: AccountView = field(default_factory=make_owner)
    link: LinkView = LINK
    order: NetSuiteOrder = field(default_factory=lambda: make_order(CASH_SALE))

    def decided(self, *, was_read: bool = True) -> Decision[NetSuitePlan]:
        order = self.order if was_read else None
        return decide(self.refund, self.account, self.link, order)


def with_refund(**changes: object) -> Callable[[Case], Case]:
    return lambda case: replace(case, refund=replace(case.refund, **changes))  # type: ignore[arg-type]  # any field


def with_account(**changes: object) -> Callable[[Case], Case]:
    return lambda case: replace(case, account=replace(case.account, **changes))  # type: ignore[arg-type]  # any field


def with_order(**changes: object) -> Callable[[Case], Case]:
    return lambda case: replace(case, order=replace(case.order, **changes))  # type: ignore[arg-type]  # any field


def with_policy(**changes: object) -> Callable[[Case], Case]:
    def changed(case: Case) -> Case:
        policy = replace(case.account.policy, **changes)  # type: ignore[arg-type]  # any field
        return replace(case, account=replace(case.account, policy=policy))

    return changed


def deleted(case: Case) -> Case:
    return replace(case, link=replace(case.link, netsuite_state=OrderState.DELETED))


def no_buyer_request(case: Case) -> Case:
    return with_refund(requested=False)(with_account(platform=Platform.EBAY)(case))


def posted_before(case: Case) -> Case:
    ours = replace(make_cash_refund(external_id=KEY), total=case.refund.amount)
    return with_order(refunds=(*case.order.refunds, ours))(case)


def unmapped(case: Case) -> Case:
    parts = (*case.refund.parts, make_part("0.00", "1.00", kind=PartKind.TAX))
    return with_refund(parts=parts)(with_policy(item_tax="")(case))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: what makes its condition true, and the decision that follows."""

    name: str
    applies: Callable[[Case], Case]
    action: Action
    reason: str
    needs_reading: bool = True

    def __str__(self) -> str:
        return self.name


KNOWN: Final = (
    Row("1 made by us", with_refund(made_by_us=True), Action.IGNORE, "ECHO", needs_reading=False),
    Row("1 our key on it", with_refund(mark="rs-shop-1"), Action.IGNORE, "ECHO", needs_reading=False),
    Row("2 sync off", with_account(sync_enabled=False), Action.IGNORE, "SYNC_OFF", needs_reading=False),
    Row(
        "2 other direction",
        with_account(direction=Direction.FROM_NETSUITE),
        Action.IGNORE,
        "WRONG_DIRECTION",
        needs_reading=False,
    ),
    Row(
        "3 money pending",
        with_refund(money=MoneyState.PENDING),
        Action.WAIT,
        "MONEY_PENDING",
        needs_reading=False,
    ),
    Row(
        "3 no money", with_refund(money=MoneyState.NONE), Action.IGNORE, "NO_MONEY_MOVED", needs_reading=False
    ),
    Row("4 known to be deleted", deleted, Action.DISPUTE, "ORDER_DELETED", needs_reading=False),
)
# Row 8 comes first of what needs reading: no other row may hide a write of ours.
READ: Final = (
    Row("8 already there", posted_before, Action.LINK, "ALREADY_POSTED"),
    Row("4 found deleted", with_order(linked_exists=False), Action.DISPUTE, "ORDER_DELETED"),
    Row("5 not synced", with_order(orders=(), billed=()), Action.WAIT, "ORDER_NOT_SYNCED"),
    Row("6 no buyer request", no_buyer_request, Action.DISPUTE, "BUYER_REQUEST_MISSING"),
    Row("7 not billed", with_order(billed=()), Action.WAIT, "NOT_BILLED"),
    Row("9 above what is left", with_refund(amount=usd("100.01")), Action.DISPUTE, "OVER_REFUND"),
    Row("10 mapping missing", unmapped, Action.FAIL, "MAPPING_MISSING"),
    Row("13 review first", with_policy(review=True), Action.HOLD, "REVIEW_FIRST"),
)
PAIRS: Final = [
    pytest.param(first, second, id=f"{first} before {second}")
    for first, second in combinations((*KNOWN, *READ), 2)
]


def test_where_no_row_applies_the_refund_is_written() -> None:
    decision = Case().decided()
    assert (decision.action, decision.reason) == (Action.WRITE, "POSTED")


@pytest.mark.parametrize("row", KNOWN, ids=str)
def test_row_alone_decides_without_reading(row: Row) -> None:
    decision = row.applies(Case()).decided(was_read=False)
    assert (decision.action, decision.reason, decision.plan) == (row.action, row.reason, None)


@pytest.mark.parametrize("row", READ, ids=str)
def test_row_alone_asks_to_read_and_then_decides(row: Row) -> None:
    case = row.applies(Case())
    assert case.decided(was_read=False) == Decision(Action.READ, "RECEIVED")
    decision = case.decided()
    assert (decision.action, decision.reason) == (row.action, row.reason)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_of_two_rows_the_first_wins(first: Row, second: Row) -> None:
    case = first.applies(second.applies(Case()))
    decision = case.decided(was_read=first.needs_reading)
    assert (decision.action, decision.reason) == (first.action, first.reason)


@pytest.mark.parametrize("row", KNOWN, ids=str)
def test_once_a_write_began_no_row_decides_before_it_is_looked_for(row: Row) -> None:
    case = with_refund(write_began=True)(row.applies(Case()))
    assert case.decided(was_read=False) == Decision(Action.READ, "RECEIVED")


@pytest.mark.parametrize("row", [*KNOWN, *READ], ids=str)
def test_a_write_that_is_found_is_linked_whatever_else_holds(row: Row) -> None:
    case = posted_before(with_refund(write_began=True)(row.applies(Case())))
    assert case.decided() == Decision(
        Action.LINK, "ALREADY_POSTED", target_type="cashrefund", target_id="1401"
    )


@pytest.mark.parametrize("row", [*KNOWN, *READ], ids=str)
def test_a_write_that_is_not_found_leaves_the_row_as_it_is(row: Row) -> None:
    decision = with_refund(write_began=True)(row.applies(Case())).decided()
    assert (decision.action, decision.reason) == (row.action, row.reason)


@pytest.mark.parametrize("write_began", [False, True])
def test_a_paused_account_reads_nothing(write_began: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    case = with_account(paused="BAD_CREDENTIALS")(with_refund(write_began=write_began)(Case()))
    assert case.decided(was_read=False) == Decision(Action.WAIT, "ACCOUNT_PAUSED", "BAD_CREDENTIALS")


@pytest.mark.parametrize("row", KNOWN, ids=str)
def test_a_pause_hides_nothing_that_needs_no_reading(row: Row) -> None:
    decision = with_account(paused="BAD_CREDENTIALS")(row.applies(Case())).decided(was_read=False)
    assert (decision.action, decision.reason) == (row.action, row.reason)


def test_row_11_comes_before_row_12_and_after_row_10() -> None:
    returned = with_order(returns=(make_return(),))(Case())
    plan = returned.decided().plan
    assert plan is not None
    assert (plan.source_type, plan.source_id) == ("returnauthorization", "1501")
    decision = unmapped(returned).decided()
    assert (decision.action, decision.reason) == (Action.FAIL, "MAPPING_MISSING")


def test_row_13_holds_a_refund_from_a_return_authorization_too() -> None:
    case = with_policy(review=True)(with_order(returns=(make_return(),))(Case()))
    decision = case.decided()
    assert (decision.action, decision.reason) == (Action.HOLD, "REVIEW_FIRST")
