"""What holds of every decision, whatever a platform says."""

from collections import defaultdict
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ledger.events import MoneyState
from ledger.models import OrderState
from ledger.models.accounts import Direction
from ledger.money import total
from ledger.policy import Policy
from ledger.reasons import DISCREPANCIES, REASONS, Recovery
from tests.support.netsuite_strategies import netsuite_orders
from tests.support.rule_strategies import (
    links,
    owners,
    refund_views,
    storefront_orders,
)
from tests.support.rules import KEY
from workers.rules import from_netsuite, to_netsuite
from workers.rules.facts import NetSuiteOrder, StorefrontOrder, StorefrontRefund
from workers.rules.views import AccountView, Action, Decision, LinkView, RefundView, StorefrontPlan

TO = Direction.TO_NETSUITE
FROM = Direction.FROM_NETSUITE


def _decided(
    refund: RefundView,
    account: AccountView,
    link: LinkView | None,
    order: StorefrontOrder | None,
    *,
    was_read: bool = True,
) -> Decision[StorefrontPlan]:
    ours = from_netsuite.find_ours(order, refund.key, refund.target_id) if order else None
    return from_netsuite.decide(refund, account, link, order, was_read=was_read, ours=ours)


def assert_sound(decision: Decision[object]) -> None:
    """Check what settling a decision relies on."""
    recovery = REASONS[decision.reason].recovery
    assert (decision.plan is not None) == (decision.action in {Action.WRITE, Action.HOLD})
    assert (decision.reason in DISCREPANCIES) == (decision.action is Action.DISPUTE)
    assert (decision.reason == "ALREADY_POSTED") == (decision.action is Action.LINK)
    assert decision.target_id or decision.action is not Action.LINK
    if decision.action is Action.WAIT:
        assert recovery in {Recovery.WAIT, Recovery.PAUSE}
        assert recovery is Recovery.PAUSE or Policy().deadline(decision.reason)
    if decision.action in {Action.FAIL, Action.DISPUTE, Action.IGNORE, Action.HOLD}:
        assert recovery is Recovery.NONE
    if decision.order_gone:
        assert decision.reason == "ORDER_DELETED"


@given(refund_views(TO), owners(TO), links, st.none() | netsuite_orders())
def test_towards_netsuite_every_decision_is_sound_and_the_same_again(
    refund: RefundView,
    account: AccountView,
    link: LinkView,
    order: NetSuiteOrder | None,
) -> None:
    first, second = (to_netsuite.decide(refund, account, link, order) for _ in range(2))
    assert first == second
    assert_sound(first)
    if first.action is Action.READ:
        assert order is None
        assert not account.paused


@given(refund_views(TO), owners(TO), links, netsuite_orders())
def test_towards_netsuite_nothing_is_written_that_another_rule_forbids(
    refund: RefundView, account: AccountView, link: LinkView, order: NetSuiteOrder
) -> None:
    decision = to_netsuite.decide(refund, account, link, order)
    if decision.plan is None:
        return
    assert account.sync_enabled
    assert account.direction is refund.direction
    assert not refund.made_by_us
    assert not refund.mark
    assert refund.money is MoneyState.MOVED
    assert refund.amount.amount > 0
    assert link.netsuite_state is not OrderState.DELETED
    assert all(document.external_id != KEY for document in order.refunds)
    assert (decision.action is Action.HOLD) == (account.policy.review and not refund.reviewed)
    currency = refund.amount.currency
    # A record of another order may be in another currency.
    billed = [each.total for each in order.billed if not each.voided and each.total.currency == currency]
    assert refund.amount <= total(billed, currency)


@given(refund_views(FROM), owners(FROM), st.none() | links, st.none() | storefront_orders(), st.booleans())
def test_towards_the_storefront_every_decision_is_sound_and_the_same_again(
    refund: RefundView,
    account: AccountView,
    link: LinkView | None,
    order: StorefrontOrder | None,
    was_read: bool,  # noqa: FBT001 - given by hypothesis
) -> None:
    seen = order if was_read else None
    first, second = (_decided(refund, account, link, seen, was_read=was_read) for _ in range(2))
    assert first == second
    assert_sound(first)
    if first.action is Action.READ:
        assert not was_read
        assert not account.paused


@given(refund_views(FROM, plain=True), owners(FROM, plain=True), st.none(), storefront_orders())
def test_towards_the_storefront_a_plan_refunds_what_is_left(
    refund: RefundView, account: AccountView, link: None, order: StorefrontOrder
) -> None:
    decision = _decided(refund, account, link, order)
    plan = decision.plan
    if plan is None:
        return
    assert (decision.action is Action.HOLD) == (account.policy.review and not refund.reviewed)
    assert plan.amount == from_netsuite.convert(refund.amount, order)
    assert plan.amount <= order.paid
    assert refund.key in plan.note.split()
    asked: dict[str, int] = defaultdict(int)
    for line in plan.lines:
        asked[line.line_id] += line.quantity
        assert line.quantity > 0
    left = {line.id: line.refundable for line in order.lines}
    assert all(quantity <= left[line_id] for line_id, quantity in asked.items())
    restocks = any(line.restock for line in plan.lines)
    assert restocks or not plan.location_id
    assert plan.location_id or not (restocks and order.wants_location)


@given(refund_views(FROM), owners(FROM), st.none() | links, storefront_orders())
def test_towards_the_storefront_our_own_refund_is_never_made_twice(
    refund: RefundView, account: AccountView, link: LinkView | None, order: StorefrontOrder
) -> None:
    plan = _decided(refund, account, link, order).plan
    if plan is not None:
        made = StorefrontRefund("509562969", plan.note, plan.amount)
        after = replace(order, refunds=(*order.refunds, made))
        decision = _decided(refund, account, link, after)
        assert (decision.action, decision.target_id) == (Action.LINK, made.id)
    assert plan is None or all(KEY not in each.note.split() for each in order.refunds)
