"""What holds of every plan towards NetSuite, whatever it has of the order."""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ledger.money import total
from tests.support.netsuite_strategies import Scene, scenes
from tests.support.rules import KEY
from workers.rules import to_netsuite
from workers.rules.facts import Document, DocumentLine, NetSuiteOrder
from workers.rules.to_netsuite import REFUND_OF
from workers.rules.views import Action, Decision, LinkView, NetSuitePlan


def decided(scene: Scene) -> Decision[NetSuitePlan]:
    return to_netsuite.decide(scene.refund, scene.account, LinkView("450789469"), scene.order)


def planned(scene: Scene) -> NetSuitePlan | None:
    return decided(scene).plan


def source_of(plan: NetSuitePlan, order: NetSuiteOrder) -> Document:
    """Return the record that a plan transforms."""
    return {document.id: document for document in (*order.billed, *order.returns)}[plan.source_id]


def return_made_by(plan: NetSuitePlan, billed: Document, status: str) -> Document:
    """Return the return authorization as NetSuite has it after the plan was written."""
    skus = {line.item_id: line.sku for line in billed.lines}
    lines = tuple(
        DocumentLine(
            number, line.item_id, skus[line.item_id], "InvtPart", Decimal(line.quantity), line.amount
        )
        for number, line in enumerate(plan.lines, 1)
    )
    return replace(
        billed,
        id="1599",
        record_type="returnauthorization",
        external_id=plan.external_id,
        status=status,
        created_from=frozenset({billed.id}),
        lines=lines,
    )


def assert_within(plan: NetSuitePlan, source: Document, earlier: list[Document]) -> None:
    """Check that no line, and no item over all lines, is refunded beyond what is left of it."""
    left: dict[str, Decimal] = defaultdict(Decimal)
    sold = {line.line: line for line in source.lines}
    for line in source.lines:
        left[line.item_id] += line.quantity
    for document in earlier:
        for line in document.lines:
            left[line.item_id] -= line.quantity
    asked: dict[int, Decimal] = defaultdict(Decimal)
    for target in plan.lines:
        if target.order_line is not None:
            asked[target.order_line] += Decimal(target.quantity)
            left[target.item_id] -= Decimal(target.quantity)
            assert sold[target.order_line].item_id == target.item_id
            assert left[target.item_id] >= 0
    assert all(quantity <= sold[line].quantity for line, quantity in asked.items())


@given(scenes())
def test_a_plan_refunds_what_its_source_has_left(scene: Scene) -> None:
    plan = planned(scene)
    if plan is None:
        return
    source = source_of(plan, scene.order)
    live = [each for each in scene.order.refunds if not each.voided]
    earlier = [each for each in live if source.id in each.created_from]
    assert plan.lines
    assert plan.source_type == source.record_type
    assert_within(plan, source, earlier)
    if source.record_type == "returnauthorization":
        assert not earlier
        assert source.status in ("BDEF" if scene.account.policy.returns_before_receipt else "DEF")
        return
    assert not source.voided
    assert plan.target_type in {REFUND_OF[source.record_type], "returnauthorization"}
    if len([each for each in scene.order.billed if not each.voided]) == 1:
        earlier = live
        assert_within(plan, source, earlier)
    taken = total([each.total for each in earlier], source.total.currency)
    assert scene.refund.amount <= source.total - taken


@given(scenes())
def test_a_refunds_lines_add_up_to_it_with_netsuites_own_tax(scene: Scene) -> None:
    plan = planned(scene)
    if plan is None or plan.target_type == "returnauthorization":
        return
    mode = scene.account.policy.tax_mode
    has_tax = source_of(plan, scene.order).tax.amount > 0
    by_netsuite = mode == "netsuite" or (mode == "auto" and has_tax)
    matched = {line.positions[0] for line in plan.lines if line.order_line is not None}
    taxes = [scene.refund.parts[position].tax for position in matched if by_netsuite]
    currency = scene.refund.amount.currency
    written = total([line.amount for line in plan.lines], currency)
    assert written + total(taxes, currency) == scene.refund.amount


@given(scenes())
def test_a_return_to_be_made_is_of_goods_of_the_bill_that_come_back(scene: Scene) -> None:
    policy = replace(scene.account.policy, returns="create")
    parts = tuple(replace(part, restock=True) for part in scene.refund.parts)
    before = Scene(
        replace(scene.refund, parts=parts),
        replace(scene.account, policy=policy),
        replace(scene.order, returns=()),
    )
    plan = planned(before)
    if plan is None:
        return
    goods = any(line.order_line is not None for line in plan.lines)
    assert goods == (plan.target_type == "returnauthorization")
    if goods:
        assert plan.external_id == f"{KEY}-ra"
        assert all(line.order_line is not None for line in plan.lines)


@given(scenes(), st.sampled_from("ABCDEFGH"))
def test_the_return_that_was_made_is_refunded_from_or_awaited(scene: Scene, status: str) -> None:
    policy = replace(scene.account.policy, returns="create", item_unmatched="909")
    parts = tuple(replace(part, restock=True) for part in scene.refund.parts)
    order = replace(scene.order, returns=())
    before = Scene(replace(scene.refund, parts=parts), replace(scene.account, policy=policy), order)
    plan = planned(before)
    if plan is None or plan.target_type != "returnauthorization":
        return
    made = return_made_by(plan, source_of(plan, order), status)
    decision = decided(replace(before, order=replace(order, returns=(made,))))
    if status in ("BDEF" if policy.returns_before_receipt else "DEF"):
        assert decision.action is Action.WRITE
        assert decision.plan is not None
        assert decision.plan.source_id == made.id
        assert decision.plan.external_id == KEY
    elif status in "CGH":
        assert (decision.action, decision.reason) == (Action.DISPUTE, "RETURN_CLOSED")
    else:
        assert (decision.action, decision.reason) == (Action.WAIT, "RETURN_NOT_RECEIVED")
