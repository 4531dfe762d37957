"""The body of the transform that writes a refund into NetSuite. Pure.

Fields and line keys: NetSuite REST API Browser, records `creditMemo`, `cashRefund` and `returnAuthorization`;
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4267258715.html (transforms).
"""

from decimal import Decimal
from typing import Any, Final

from workers.rules.views import NetSuitePlan, TargetLine

_CUSTOM_PRICE: Final = {"id": "-1"}  # price level "Custom", without which NetSuite sets its own rate


def transform_body(plan: NetSuitePlan) -> dict[str, Any]:
    """Return the overrides of the record that the transform makes: our key, a memo, and every line.

    Amounts are in the source record's currency, in major units.
    """
    body: dict[str, Any] = {
        "externalId": plan.external_id,
        "memo": plan.memo,
        "item": {"items": [_line(line, plan.location_id) for line in plan.lines]},
    }
    if plan.target_type != "returnauthorization":  # which has no such field
        body["shippingCost"] = 0  # shipping is a line of its own, or is not refunded
    if plan.refund_account:
        body["account"] = {"id": plan.refund_account}
    return body


def _line(line: TargetLine, location_id: str) -> dict[str, Any]:
    amount = line.amount.amount
    fields: dict[str, Any] = {
        "item": {"id": line.item_id},
        "quantity": Decimal(line.quantity),
        "price": _CUSTOM_PRICE,
        "amount": amount,
    }
    if line.order_line is not None:
        return {"orderLine": line.order_line, **fields}
    if location_id:
        fields["location"] = {"id": location_id}
    return {**fields, "rate": amount, "description": line.label}
