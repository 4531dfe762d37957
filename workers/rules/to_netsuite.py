"""What to do with a storefront's refund: the rules in their order, the first that matches wins.

Whether a write of ours is there already is asked before everything else that was read: once a write may have
been sent, no other rule may hide it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, Never

from ledger.models import OrderState
from ledger.money import Money, total
from workers.rules import returns
from workers.rules.billed import Candidate, candidates, of_linked
from workers.rules.common import differs, no_money, not_ours, paused
from workers.rules.facts import Document, NetSuiteOrder
from workers.rules.netsuite_lines import PlanError, plan_lines
from workers.rules.views import AccountView, Action, Decision, LinkView, NetSuitePlan, RefundView, TargetLine

REFUND_OF: Final = {"cashsale": "cashrefund", "invoice": "creditmemo"}
"""What NetSuite's own Refund button makes of a billed record."""

_DISCOUNT: Final = "Discount"  # NetSuite's item type


def decide(
    refund: RefundView,
    account: AccountView,
    link: LinkView,
    order: NetSuiteOrder | None,
) -> Decision[NetSuitePlan]:
    """Return what to do with a storefront's refund.

    Args:
        refund: The refund.
        account: Its account.
        link: Its order's link.
        order: What NetSuite has of the order; None before it was read.
    """
    known = not_ours(refund, account) or no_money(refund) or _known_deleted(link)
    if known is not None and not refund.write_began:
        return known
    if order is None:
        return paused(account) or Decision(Action.READ, "RECEIVED")
    linked = of_linked(order, link.netsuite_order_id)
    return (
        _already_there(refund, account, order)
        or known
        or _order_missing(link, linked)
        or _no_buyer_request(refund, account)
        or _not_billed(linked)
        or _plan(refund, account, linked)
    )


def _known_deleted(link: LinkView) -> Decision[Never] | None:
    if link.netsuite_state is OrderState.DELETED:
        gone = link.netsuite_order_id or "the order"
        return Decision(Action.DISPUTE, "ORDER_DELETED", f"{gone} was deleted in NetSuite")
    return None


def _already_there(refund: RefundView, account: AccountView, order: NetSuiteOrder) -> Decision[Never] | None:
    document = next((each for each in order.refunds if each.external_id == refund.key), None)
    if document is None:
        return None
    kind, id_ = document.record_type, document.id
    problem = "" if document.voided else written_wrong(kind, id_, document.total, refund.amount, account)
    if problem:
        return Decision(Action.DISPUTE, "AMOUNT_DIFFERS", problem, target_type=kind, target_id=id_)
    return Decision(Action.LINK, "ALREADY_POSTED", target_type=kind, target_id=id_)


def written_wrong(record_type: str, record_id: str, made: Money, meant: Money, account: AccountView) -> str:
    """Return how a record of ours differs from its refund, for a person; empty where it does not."""
    return differs(f"NetSuite's {record_type} {record_id}", made, meant, account.policy)


def _order_missing(link: LinkView, order: NetSuiteOrder) -> Decision[Never] | None:
    if link.netsuite_order_id and order.linked_exists is False:
        detail = f"NetSuite has no record {link.netsuite_order_id} any more"
        return Decision(Action.DISPUTE, "ORDER_DELETED", detail, order_gone=True)
    if not order.orders and not order.billed:
        return Decision(Action.WAIT, "ORDER_NOT_SYNCED")
    if len(order.orders) > 1:
        ids = ", ".join(document.id for document in order.orders)
        return Decision(Action.DISPUTE, "AMBIGUOUS_ORDER", f"NetSuite sales orders {ids}")
    return None


def _no_buyer_request(refund: RefundView, account: AccountView) -> Decision[Never] | None:
    if not refund.requested and account.policy.unrequested == "discrepancy":
        return Decision(Action.DISPUTE, "BUYER_REQUEST_MISSING")
    return None


def _not_billed(order: NetSuiteOrder) -> Decision[Never] | None:
    if any(not document.voided for document in order.billed):
        return None
    return Decision(Action.WAIT, "NOT_BILLED")


def _plan(refund: RefundView, account: AccountView, order: NetSuiteOrder) -> Decision[NetSuitePlan]:
    """Choose the billed record and the transform (rules 9 to 13)."""
    billed = candidates(order)
    refunded = [each for each in order.refunds if not each.voided]
    mixed = _other_currency(refund, [*(each.record for each in billed), *refunded])
    if mixed is not None:
        return mixed
    currency = refund.amount.currency
    left = total([each.record.total for each in billed], currency) - total(
        [each.total for each in refunded], currency
    )
    if refund.amount > left:
        return Decision(Action.DISPUTE, "OVER_REFUND", f"{refund.amount} asked, {left} left")
    problems: list[PlanError] = []
    for candidate in billed:
        if refund.amount > candidate.left or candidate.lacks(refund.parts):
            continue
        try:
            return _against(refund, account, candidate)
        except PlanError as error:
            problems.append(error)
    return _unplanned(problems, billed)


def _other_currency(refund: RefundView, documents: Iterable[Document]) -> Decision[Never] | None:
    for document in documents:
        currency = document.total.currency
        if currency != refund.amount.currency:
            detail = f"refund in {refund.amount.currency}, {document.record_type} {document.id} in {currency}"
            return Decision(Action.FAIL, "CURRENCY_MIXED", detail)
    return None


def _unplanned(problems: Sequence[PlanError], billed: Sequence[Candidate]) -> Decision[Never]:
    """Tell what a setting can mend from goods that no single billed record has left."""
    for problem in problems:
        if problem.reason != "OVER_REFUND":
            return Decision(Action.FAIL, problem.reason, problem.detail)
    if len(billed) == 1:
        return Decision(Action.DISPUTE, "OVER_REFUND", "; ".join(each.detail for each in problems))
    ids = ", ".join(each.record.id for each in billed)
    return Decision(Action.DISPUTE, "SPANS_BILLED_RECORDS", f"billed records {ids}")


def _against(refund: RefundView, account: AccountView, billed: Candidate) -> Decision[NetSuitePlan]:
    policy = account.policy
    source, taken = billed.record, billed.refunds
    returned = returns.to_refund_from(refund, billed, policy)
    awaited = returns.awaited(refund, billed, policy)
    if returned is not None:
        source, taken = returned, ()
    elif awaited is not None:
        detail = f"return authorization {awaited.number or awaited.id}"
        if end := returns.over(awaited, billed):
            return Decision(Action.DISPUTE, "RETURN_CLOSED", f"{detail} {end}")
        return Decision(Action.WAIT, "RETURN_NOT_RECEIVED", detail)
    target_type = REFUND_OF[billed.record.record_type]
    # All of the refund is planned before a return is authorized, so that nothing is written in vain.
    lines = plan_lines(refund.parts, source, taken, policy)
    plan = NetSuitePlan(
        source_type=source.record_type,
        source_id=source.id,
        target_type=target_type,
        external_id=refund.key,
        lines=lines,
        memo=f"{account.slug} refund {refund.key}",
        location_id=policy.location,
        refund_account=policy.refund_account if target_type == "cashrefund" else "",
        total=refund.amount if _is_computed(lines, source, refund.amount) else None,
    )
    reason = "POSTED"
    goods = returns.goods_to_return(refund, plan.lines, policy) if returned is None else ()
    if goods:
        plan, reason = _return_first(refund, account, plan, goods), "RETURN_NOT_RECEIVED"
    if policy.review and not refund.reviewed:
        return Decision(Action.HOLD, "REVIEW_FIRST", plan=plan, target_type=plan.target_type)
    return Decision(Action.WRITE, reason, plan=plan, target_type=plan.target_type)


def _return_first(
    refund: RefundView, account: AccountView, plan: NetSuitePlan, goods: tuple[TargetLine, ...]
) -> NetSuitePlan:
    """Plan the return authorization that the account wants before the refund (`returns: create`)."""
    return replace(
        plan,
        target_type="returnauthorization",
        external_id=returns.key_of(refund),
        lines=goods,
        memo=f"{account.slug} return for refund {refund.key}",
        refund_account="",
        total=None,
    )


def _is_computed(lines: Sequence[TargetLine], source: Document, amount: Money) -> bool:
    """Tell whether NetSuite adds tax or a discount of the source's own to the lines that it is given."""
    is_matched = any(line.order_line is not None for line in lines)
    is_discounted = any(line.item_type == _DISCOUNT for line in source.lines)
    is_stated = total([line.amount for line in lines], amount.currency) == amount
    return (is_matched and bool(source.tax)) or is_discounted or not is_stated
