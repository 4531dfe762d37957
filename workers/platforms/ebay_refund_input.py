"""The body of `issueRefund`: the whole order's money, or lines with theirs. Pure.

https://developer.ebay.com/api-docs/sell/fulfillment/types/api:IssueRefundRequest
"""

from collections.abc import Mapping
from typing import Any, Final

from ledger.money import Money, total
from workers.platforms.errors import PlatformError
from workers.rules.views import StorefrontPlan

USUAL_REASON: Final = "BUYER_RETURN"
_OTHER_REASON: Final = "OTHER_ADJUSTMENT"
REASONS: Final = frozenset(
    {
        "BUYER_CANCEL",
        "SELLER_CANCEL",
        "ITEM_NOT_RECEIVED",
        "BUYER_RETURN",
        "ITEM_NOT_AS_DESCRIBED",
        "OTHER_ADJUSTMENT",
        "SHIPPING_DISCOUNT",
    }
)
"""https://developer.ebay.com/api-docs/sell/fulfillment/types/api:ReasonForRefundEnum."""

_LONGEST_COMMENT: Final = 100  # characters


def refund_input(plan: StorefrontPlan, key: str) -> dict[str, Any]:
    """Return a body that gives back exactly the plan's amount.

    Lines are named where they are all that is given back; else, with shipping or an adjustment, the money is
    that of the order, since eBay takes one or the other.

    Raises:
        PlatformError: `REFUSED` if the account wants something that eBay does not do.
    """
    if plan.method != "original":
        detail = f"eBay gives money back the way it was paid only, the account asks for {plan.method}"
        raise PlatformError("REFUSED", detail)
    if plan.platform_reason and plan.platform_reason not in REASONS:
        raise PlatformError("REFUSED", f"{plan.platform_reason} is none of eBay's reasons for a refund")
    lines = _lines(plan)
    usual = USUAL_REASON if plan.lines else _OTHER_REASON
    body: dict[str, Any] = {
        "reasonForRefund": plan.platform_reason or usual,
        "comment": key[:_LONGEST_COMMENT],
    }
    if lines:
        body["refundItems"] = [
            {"lineItemId": line_id, "refundAmount": _amount(amount)} for line_id, amount in lines.items()
        ]
    else:
        body["orderLevelRefundAmount"] = _amount(plan.amount)
    return body


def _lines(plan: StorefrontPlan) -> Mapping[str, Money]:
    """Return what is given back for each line, or nothing if that is not the plan's amount."""
    lines: dict[str, Money] = {}
    for line in plan.lines:
        known = lines.get(line.line_id, Money.zero(plan.amount.currency))
        lines[line.line_id] = known + line.net + line.tax
    is_all = total(list(lines.values()), plan.amount.currency) == plan.amount
    return lines if is_all and all(each.amount > 0 for each in lines.values()) else {}


def _amount(money: Money) -> dict[str, str]:
    return {"value": str(money.amount), "currency": money.currency}
