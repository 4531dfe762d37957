"""The input of Shopify's `refundCreate`: which lines and shipping, and out of which payments. Pure.

https://shopify.dev/docs/api/admin-graphql/2026-10/input-objects/RefundInput
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ledger.money import Money
from workers.platforms.errors import PlatformError
from workers.platforms.shopify import RefundLineInput, SuggestedPayment, Suggestion
from workers.rules.views import StorefrontPlan


def lines_of(plan: StorefrontPlan) -> tuple[RefundLineInput, ...]:
    """Return the order lines of a plan; without a location nothing is restocked."""
    return tuple(
        RefundLineInput(
            line_id=line.line_id,
            quantity=line.quantity,
            restock_type="RETURN" if line.restock else "NO_RESTOCK",
            location_id=plan.location_id if line.restock else "",
        )
        for line in plan.lines
    )


def refund_input(plan: StorefrontPlan, suggestion: Suggestion) -> dict[str, Any]:
    """Return a `RefundInput` that gives back exactly the plan's amount.

    Raises:
        PlatformError: `OVER_REFUND` if the order's payments do not cover it.
    """
    amount = plan.amount
    fields: dict[str, Any] = {
        "orderId": f"gid://shopify/Order/{plan.order_id}",
        "currency": amount.currency,
        "note": plan.note,
        "notify": plan.notify,
        "refundLineItems": [_line(line) for line in lines_of(plan)],
        "transactions": [],
    }
    if plan.shipping is not None:
        fields["shipping"] = {"amount": str(plan.shipping.amount)}
    if suggestion.amount != amount:
        fields["discrepancyReason"] = "OTHER"
    if plan.method == "offline":
        return fields  # without transactions no money moves
    if plan.method == "store_credit":
        credit = {"amount": str(amount.amount), "currencyCode": amount.currency}
        fields["refundMethods"] = [{"storeCreditRefund": {"amount": credit}}]
        return fields
    fields["transactions"] = [
        {
            "orderId": fields["orderId"],
            "gateway": payment.gateway,
            "kind": "REFUND",
            "amount": str(share.amount),
            "parentId": payment.parent_id,
        }
        for payment, share in shares(amount, suggestion.payments)
    ]
    return fields


def _line(line: RefundLineInput) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "lineItemId": f"gid://shopify/LineItem/{line.line_id}",
        "quantity": line.quantity,
        "restockType": line.restock_type,
    }
    if line.location_id:
        fields["locationId"] = line.location_id
    return fields


def shares(amount: Money, payments: Sequence[SuggestedPayment]) -> list[tuple[SuggestedPayment, Money]]:
    """Spread an amount over an order's payments: as Shopify suggests, then up to what each still holds.

    Raises:
        PlatformError: `OVER_REFUND` if they do not hold it.
    """
    taken = [Decimal(0)] * len(payments)
    rest = amount.amount
    for limit in ("amount", "maximum"):
        for number, payment in enumerate(payments):
            free = getattr(payment, limit).amount - taken[number]
            more = min(rest, max(free, Decimal(0)))
            taken[number] += more
            rest -= more
    if rest > 0:
        held = Money(amount.amount - rest, amount.currency)
        raise PlatformError("OVER_REFUND", f"{amount} asked, the order's payments hold {held}")
    return [
        (payment, Money(share, amount.currency))
        for payment, share in zip(payments, taken, strict=True)
        if share
    ]
