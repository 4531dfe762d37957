"""What to do with a NetSuite cash refund or credit memo: the same rules, towards the storefront."""

from collections import defaultdict
from typing import Never

from ledger.events import Part, PartKind
from ledger.models import OrderState
from ledger.money import Money
from ledger.policy import Policy
from workers.rules.common import no_money, not_ours, paused
from workers.rules.facts import StorefrontLine, StorefrontOrder
from workers.rules.netsuite_lines import PlanError, normal
from workers.rules.views import (
    AccountView,
    Action,
    Decision,
    LinkView,
    RefundView,
    StorefrontPlan,
    StorefrontPlanLine,
)


def decide(
    refund: RefundView,
    account: AccountView,
    link: LinkView | None,
    order: StorefrontOrder | None,
    *,
    was_read: bool,
) -> Decision[StorefrontPlan]:
    """Return what to do with a NetSuite refund.

    Args:
        refund: The refund.
        account: Its account.
        link: Its order's link; None while no storefront order is known for it.
        order: The storefront's order; None before it was read, or where there is none.
        was_read: Whether the storefront was asked.
    """
    known = not_ours(refund, account) or no_money(refund) or _known_deleted(link)
    if known is not None and not refund.write_began:
        return known
    if not was_read:
        return paused(account) or Decision(Action.READ, "RECEIVED")
    if order is None:
        return known or _order_missing(link)
    return _already_there(refund, order) or known or _plan(refund, account, order)


def _known_deleted(link: LinkView | None) -> Decision[Never] | None:
    if link is not None and link.storefront_state is OrderState.DELETED:
        detail = f"order {link.storefront_order_id} was deleted in the storefront"
        return Decision(Action.DISPUTE, "ORDER_DELETED", detail)
    return None


def _order_missing(link: LinkView | None) -> Decision[Never]:
    """Tell an order that is gone from one that never was this account's."""
    if link is not None and link.storefront_state in {OrderState.OPEN, OrderState.CANCELLED}:
        detail = f"the storefront has no order {link.storefront_order_id} any more"
        return Decision(Action.DISPUTE, "ORDER_DELETED", detail, order_gone=True)
    return Decision(Action.WAIT, "ORDER_NOT_SYNCED")


def _already_there(refund: RefundView, order: StorefrontOrder) -> Decision[Never] | None:
    for existing in order.refunds:
        if refund.key in existing.note.split():
            if not existing.amount:
                return Decision(Action.DISPUTE, "PAYMENT_FAILED", f"refund {existing.id} moved no money")
            return Decision(Action.LINK, "ALREADY_POSTED", target_type="refund", target_id=existing.id)
    return None


def _plan(refund: RefundView, account: AccountView, order: StorefrontOrder) -> Decision[StorefrontPlan]:
    try:
        amount = _within(convert(refund.amount, order), refund.amount, order, account.policy)
        if amount > order.paid:
            return Decision(Action.DISPUTE, "OVER_REFUND", f"{amount} asked, {order.paid} left")
        lines = _lines(refund.parts, order, account.policy)
        plan = StorefrontPlan(
            order_id=order.id,
            amount=amount,
            lines=lines,
            shipping=_shipping(refund.parts, order),
            store_credit=account.policy.refund_method == "store_credit",
            location_id=_location(lines, account.policy),
            notify=account.policy.notify_customer,
            note=f"NetSuite {refund.record_type} {refund.key}",
        )
    except PlanError as error:
        return Decision(Action.FAIL, error.reason, error.detail)
    if account.policy.review and not refund.reviewed:
        return Decision(Action.HOLD, "REVIEW_FIRST", plan=plan, target_type="refund")
    return Decision(Action.WRITE, "POSTED", plan=plan, target_type="refund")


def convert(amount: Money, order: StorefrontOrder) -> Money:
    """Return an amount in the currency the storefront refunds in.

    Raises:
        PlanError: `CURRENCY_MIXED` if it is in neither the shop's nor the buyer's currency.
    """
    if amount.currency == order.currency:
        return amount
    if amount.currency == order.shop_currency:
        return Money.rounded(amount.amount * order.shop_rate, order.currency)
    raise PlanError(
        "CURRENCY_MIXED",
        f"the refund is in {amount.currency}, the order in {order.currency} and {order.shop_currency}",
    )


def _within(amount: Money, asked: Money, order: StorefrontOrder, policy: Policy) -> Money:
    """Return no more than the order holds where only rounding in the conversion is above it."""
    above = amount - order.paid
    was_converted = asked.currency != amount.currency
    if was_converted and 0 < above.minor <= policy.rounding_tolerance_minor:
        return order.paid
    return amount


def _lines(parts: tuple[Part, ...], order: StorefrontOrder, policy: Policy) -> tuple[StorefrontPlanLine, ...]:
    """Match items to the order's lines by SKU and refundable quantity.

    What is charged on generic items has no line in the storefront and is refunded by amount only.
    """
    left: dict[str, list[StorefrontLine]] = defaultdict(list)
    for line in order.lines:
        if line.sku.strip():  # lines without a SKU are not alike
            left[normal(line.sku)].append(line)
    free = {line.id: line.refundable for line in order.lines}
    planned: list[StorefrontPlanLine] = []
    for position, part in enumerate(parts):
        if part.kind is not PartKind.ITEM or part.quantity <= 0:
            continue
        if part.quantity != part.quantity.to_integral_value():
            raise PlanError(
                "STOREFRONT_LINE_NOT_FOUND", f"{part.quantity} of {part.sku} is not a whole number"
            )
        wanted = int(part.quantity)
        for line in left.get(normal(part.sku), []):
            taken = min(wanted, free[line.id])
            if taken > 0:
                free[line.id] -= taken
                wanted -= taken
                planned.append(StorefrontPlanLine(line.id, taken, _restocks(part, policy), position))
        if wanted > 0:
            raise PlanError("STOREFRONT_LINE_NOT_FOUND", f"{wanted} of {part.sku} are not there to refund")
    return tuple(planned)


def _restocks(part: Part, policy: Policy) -> bool:
    return policy.restock == "always" or (policy.restock == "follow" and part.restock)


def _location(lines: tuple[StorefrontPlanLine, ...], policy: Policy) -> str:
    restocks = any(line.restock for line in lines)
    if restocks and not policy.return_location:
        raise PlanError("MAPPING_MISSING", "the account restocks, but its setting return_location is empty")
    return policy.return_location if restocks else ""


def _shipping(parts: tuple[Part, ...], order: StorefrontOrder) -> Money | None:
    shipping = [part.net for part in parts if part.kind is PartKind.SHIPPING and part.net]
    if not shipping:
        return None
    return convert(sum(shipping[1:], shipping[0]), order)
