"""What to do with a NetSuite cash refund or credit memo: the same rules, towards the storefront."""

from collections import defaultdict
from decimal import Decimal
from typing import Literal, Never

from ledger.events import MoneyState, Part, PartKind
from ledger.models import OrderState
from ledger.money import Money, total
from ledger.policy import Policy
from workers.rules.common import no_money, not_ours, paused
from workers.rules.facts import StorefrontLine, StorefrontOrder, StorefrontRefund
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
    ours: StorefrontRefund | None = None,
    may_appear: bool = False,
) -> Decision[StorefrontPlan]:
    """Return what to do with a NetSuite refund.

    Args:
        refund: The refund.
        account: Its account.
        link: Its order's link; None while no storefront order is known for it.
        order: The storefront's order; None before it was read, or where there is none.
        was_read: Whether the storefront was asked.
        ours: The refund as the storefront has it already, because this service made it.
        may_appear: Whether a refund that was asked for may be made and not be shown yet.
    """
    known = not_ours(refund, account) or no_money(refund) or _known_deleted(link)
    if known is not None and not refund.write_began:
        return known
    if not was_read:
        return paused(account) or Decision(Action.READ, "RECEIVED")
    if order is None:
        return known or _order_missing(link)
    if ours is None and may_appear:
        detail = "it may have been made already; the storefront may show it yet"
        return Decision(Action.WAIT, "OUTCOME_PENDING", detail)
    return _already_there(ours, account.policy) or known or _plan(refund, account, order)


def find_ours(order: StorefrontOrder, key: str, target_id: str = "") -> StorefrontRefund | None:
    """Return the order's refund that this service made: the one of that id, or with our key in its note."""
    for refund in order.refunds:
        if key in refund.note.split() or (target_id and refund.id == target_id):
            return refund
    return None


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


def _already_there(ours: StorefrontRefund | None, policy: Policy) -> Decision[Never] | None:
    if ours is None:
        return None
    if ours.money is MoneyState.PENDING:
        return Decision(Action.WAIT, "OUTCOME_PENDING", ours.detail, target_type="refund", target_id=ours.id)
    moved_none = not ours.amount and policy.refund_method != "offline"
    if ours.problem or moved_none:
        detail = f"refund {ours.id}: {ours.detail or 'no money moved'}"
        return Decision(
            Action.DISPUTE, ours.problem or "PAYMENT_FAILED", detail, target_type="refund", target_id=ours.id
        )
    return Decision(Action.LINK, "ALREADY_POSTED", target_type="refund", target_id=ours.id)


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
            shipping=_shipping(refund.parts, order, "net"),
            shipping_tax=_shipping(refund.parts, order, "tax"),
            method=account.policy.refund_method,
            location_id=_location(lines, order, account.policy),
            notify=account.policy.notify_customer,
            note=f"NetSuite {refund.record_type} {refund.key}",
            platform_reason=account.policy.refund_reason,
            asked_by=refund.number,
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
                net, tax = _share(part.net, taken, part.quantity), _share(part.tax, taken, part.quantity)
                planned.append(
                    StorefrontPlanLine(
                        line.id,
                        taken,
                        _restocks(part, policy),
                        position,
                        convert(net, order),
                        convert(tax, order),
                    )
                )
        if wanted > 0:
            raise PlanError("STOREFRONT_LINE_NOT_FOUND", f"{wanted} of {part.sku} are not there to refund")
    return tuple(planned)


def _share(amount: Money, taken: int, quantity: Decimal) -> Money:
    return Money.rounded(amount.amount * taken / quantity, amount.currency)


def _restocks(part: Part, policy: Policy) -> bool:
    return policy.restock == "always" or (policy.restock == "follow" and part.restock)


def _location(lines: tuple[StorefrontPlanLine, ...], order: StorefrontOrder, policy: Policy) -> str:
    restocks = any(line.restock for line in lines)
    if restocks and order.wants_location and not policy.return_location:
        raise PlanError("MAPPING_MISSING", "the account restocks, but its setting return_location is empty")
    return policy.return_location if restocks else ""


def _shipping(parts: tuple[Part, ...], order: StorefrontOrder, side: Literal["net", "tax"]) -> Money | None:
    shipping = [part.net if side == "net" else part.tax for part in parts if part.kind is PartKind.SHIPPING]
    amount = total(shipping, shipping[0].currency) if shipping else None
    return convert(amount, order) if amount else None
