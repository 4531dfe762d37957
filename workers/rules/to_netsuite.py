"""What to do with a storefront's refund: the rules in their order, the first that matches wins.

Whether a write of ours is there already is asked before everything else that was read: once a write may have
been sent, no other rule may hide it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Never

from ledger.events import Part, PartKind
from ledger.models import OrderState
from ledger.models.accounts import Platform
from ledger.money import Money, total
from workers.rules.common import no_money, not_ours, paused
from workers.rules.facts import Document, NetSuiteOrder
from workers.rules.netsuite_lines import PlanError, normal, plan_lines
from workers.rules.views import AccountView, Action, Decision, LinkView, NetSuitePlan, RefundView

REFUND_OF = {"cashsale": "cashrefund", "invoice": "creditmemo"}
"""What NetSuite's own Refund button makes of a billed record."""

# Return authorizations: Partially Received, Pending Refund/Partially Received, Pending Refund.
_RECEIVED = frozenset("DEF")
_PENDING_RECEIPT = "B"


def decide(
    refund: RefundView,
    account: AccountView,
    link: LinkView,
    order: NetSuiteOrder | None,
    *,
    buyer_request: bool = True,
) -> Decision[NetSuitePlan]:
    """Return what to do with a storefront's refund.

    Args:
        refund: The refund.
        account: Its account.
        link: Its order's link.
        order: What NetSuite has of the order; None before it was read.
        buyer_request: For eBay, whether a request of the buyer stands behind it.
    """
    known = not_ours(refund, account) or no_money(refund) or _known_deleted(link)
    if known is not None and not refund.write_began:
        return known
    if order is None:
        return paused(account) or Decision(Action.READ, "RECEIVED")
    return (
        _already_there(refund, order)
        or known
        or _order_missing(link, order)
        or _no_buyer_request(account, buyer_request=buyer_request)
        or _not_billed(order)
        or _plan(refund, account, order)
    )


def _known_deleted(link: LinkView) -> Decision[Never] | None:
    if link.netsuite_state is OrderState.DELETED:
        gone = link.netsuite_order_id or "the order"
        return Decision(Action.DISPUTE, "ORDER_DELETED", f"{gone} was deleted in NetSuite")
    return None


def _already_there(refund: RefundView, order: NetSuiteOrder) -> Decision[Never] | None:
    for document in order.refunds:
        if document.external_id == refund.key:
            return Decision(
                Action.LINK, "ALREADY_POSTED", target_type=document.record_type, target_id=document.id
            )
    return None


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


def _no_buyer_request(account: AccountView, *, buyer_request: bool) -> Decision[Never] | None:
    if account.platform is Platform.EBAY and not buyer_request:
        return Decision(Action.DISPUTE, "BUYER_REQUEST_MISSING")
    return None


def _not_billed(order: NetSuiteOrder) -> Decision[Never] | None:
    if any(not document.voided for document in order.billed):
        return None
    return Decision(Action.WAIT, "NOT_BILLED")


def _plan(refund: RefundView, account: AccountView, order: NetSuiteOrder) -> Decision[NetSuitePlan]:
    """Choose the billed record and the transform (rules 9 to 13)."""
    billed = [document for document in order.billed if not document.voided]
    earlier = [document for document in order.refunds if not document.voided]
    currency = billed[0].total.currency
    if currency != refund.amount.currency:
        return Decision(
            Action.FAIL, "CURRENCY_MIXED", f"refund in {refund.amount.currency}, billed in {currency}"
        )
    left = total([document.total for document in billed], currency) - total(
        [document.total for document in earlier], currency
    )
    if refund.amount > left:
        return Decision(Action.DISPUTE, "OVER_REFUND", f"{refund.amount} asked, {left} left")
    problem: PlanError | None = None
    for candidate in billed:
        mine = _made_from(candidate, earlier, order.returns) if len(billed) > 1 else earlier
        if refund.amount > candidate.total - total([document.total for document in mine], currency):
            continue
        try:
            return _against(refund, account, candidate, mine, order.returns)
        except PlanError as error:
            problem = problem or error
    if problem is not None and (len(billed) == 1 or problem.reason == "MAPPING_MISSING"):
        action = Action.DISPUTE if problem.reason == "OVER_REFUND" else Action.FAIL
        return Decision(action, problem.reason, problem.detail)
    ids = ", ".join(document.id for document in billed)
    return Decision(Action.DISPUTE, "SPANS_BILLED_RECORDS", f"billed records {ids}")


def _made_from(billed: Document, refunds: Sequence[Document], returns: Sequence[Document]) -> list[Document]:
    sources = {billed.id} | {each.id for each in returns if billed.id in each.created_from}
    return [document for document in refunds if document.created_from & sources]


def _against(
    refund: RefundView,
    account: AccountView,
    billed: Document,
    earlier: Sequence[Document],
    returns: Sequence[Document],
) -> Decision[NetSuitePlan]:
    policy = account.policy
    target_type = REFUND_OF[billed.record_type]
    source, taken = billed, earlier
    if policy.returns != "off":
        own = next((each for each in returns if each.external_id == f"{refund.key}-ra"), None)
        returned = _matching_return(refund, earlier, returns, account)
        if returned is not None:
            source, taken = returned, [each for each in earlier if returned.id in each.created_from]
        elif own is not None:
            return Decision(
                Action.WAIT, "RETURN_NOT_RECEIVED", f"return authorization {own.number or own.id}"
            )
        elif policy.returns == "create" and any(part.restock for part in refund.parts):
            return _create_return(refund, account, billed, earlier)
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
    )
    if policy.review and not refund.reviewed:
        return Decision(Action.HOLD, "REVIEW_FIRST", plan=plan, target_type=target_type)
    return Decision(Action.WRITE, "POSTED", plan=plan, target_type=target_type)


def _matching_return(
    refund: RefundView,
    earlier: Sequence[Document],
    returns: Sequence[Document],
    account: AccountView,
) -> Document | None:
    """Return the open return authorization that returns exactly the refunded goods (rule 11)."""
    open_statuses = _RECEIVED | (
        {_PENDING_RECEIPT} if account.policy.returns_before_receipt else frozenset[str]()
    )
    wanted = _goods((part.sku, part.quantity) for part in refund.parts if part.kind is PartKind.ITEM)
    used = {source for document in earlier for source in document.created_from}
    for document in returns:
        ours = document.external_id == f"{refund.key}-ra"
        goods = _goods((line.sku, line.quantity) for line in document.lines)
        matches = ours or (bool(wanted) and goods == wanted)
        if matches and document.status in open_statuses and document.id not in used:
            return document
    return None


def _goods(lines: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    goods: dict[str, Decimal] = defaultdict(Decimal)
    for sku, quantity in lines:
        goods[normal(sku)] += quantity
    return dict(goods)


def _create_return(
    refund: RefundView, account: AccountView, billed: Document, earlier: Sequence[Document]
) -> Decision[NetSuitePlan]:
    """Plan the return authorization that the account wants before the refund (`returns: create`)."""
    items: list[Part] = [part for part in refund.parts if part.kind is PartKind.ITEM and part.restock]
    untaxed = [
        Part(part.kind, part.net, Money.zero(part.net.currency), part.sku, part.title, part.quantity)
        for part in items
    ]
    plan = NetSuitePlan(
        source_type=billed.record_type,
        source_id=billed.id,
        target_type="returnauthorization",
        external_id=f"{refund.key}-ra",
        lines=plan_lines(untaxed, billed, earlier, account.policy),
        memo=f"{account.slug} return for refund {refund.key}",
        location_id=account.policy.location,
    )
    return Decision(Action.WRITE, "RETURN_NOT_RECEIVED", plan=plan, target_type="returnauthorization")
