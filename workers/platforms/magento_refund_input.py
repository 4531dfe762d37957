"""The credit memo that Magento is asked for: by an invoice and its gateway, or only written down. Pure.

https://developer.adobe.com/commerce/webapi/rest/tutorials/orders/order-issue-refund/
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from workers.platforms.errors import PlatformError
from workers.platforms.magento_marks import comment_for
from workers.platforms.magento_reading import (
    Node,
    charged,
    id_of,
    money,
    refundable,
    text_of,
)
from workers.platforms.magento_totals import Source, check_foreseeable, foreseen, rounded, shipping_of
from workers.rules.views import StorefrontPlan

_PAID = "2"
_ONLINE: Final = re.compile(r"/invoice/[0-9]+/refund$")


@dataclass(frozen=True, slots=True)
class Request:
    """A call that makes a credit memo.

    Attributes:
        online: Whether the payment gateway is asked for the money.
    """

    path: str
    body: dict[str, Any]
    online: bool


def refund_request(
    plan: StorefrontPlan,
    key: str,
    order: Node,
    *,
    invoices: Sequence[Node],
    memos: Sequence[Node],
    shipping_includes_tax: bool,
) -> Request:
    """Return the call that gives back exactly the plan's amount.

    Where the customer paid through a gateway it is made from the one invoice that covers all of it. An order
    that was paid in another way is refunded offline: Magento writes down what is given back elsewhere.

    Args:
        plan: What to refund.
        key: Our stable key.
        order: The order as it stands now.
        invoices: Its invoices; none where nothing is to be asked of a gateway.
        memos: Its credit memos.
        shipping_includes_tax: Whether the shop takes shipping with its tax.

    Raises:
        PlatformError: `CURRENCY_MIXED`, `OVER_REFUND` or `STOREFRONT_LINE_NOT_FOUND` if the order has not
            what is asked for, `SPANS_BILLED_RECORDS` if no single invoice has it, `REFUSED` if nobody can
            foresee what Magento would make of it.
    """
    _check_amount(plan, order)
    check_foreseeable(order)
    quantities = _quantities(plan, order)
    source = _source(plan, quantities, invoices, memos)
    wanted = plan.shipping.amount if plan.shipping is not None else Decimal(0)
    shipping = shipping_of(order, wanted, includes_tax=shipping_includes_tax)
    adjustment = rounded(plan.amount.amount - foreseen(order, quantities, shipping.net, source))
    body: dict[str, Any] = {
        # Every line is named: of one that is not, some versions refund the tax all the same (issue 14713).
        "items": [{"order_item_id": int(item), "qty": _plain(qty)} for item, qty in quantities.items()],
        "notify": plan.notify,
        "appendComment": False,
        "comment": {"comment": comment_for(plan, key, online=source is not None), "is_visible_on_front": 0},
        "arguments": {
            "shipping_amount": shipping.argument,
            "adjustment_positive": max(adjustment, Decimal(0)),
            "adjustment_negative": max(-adjustment, Decimal(0)),
        },
    }
    stocked = sorted({int(line.line_id) for line in plan.lines if line.restock})
    if stocked:
        body["arguments"]["extension_attributes"] = {"return_to_stock_items": stocked}
    if source is None:
        return Request(f"/order/{id_of(order, 'entity_id')}/refund", body, online=False)
    path = f"/invoice/{id_of(source.invoice, 'entity_id')}/refund"
    return Request(path, {**body, "isOnline": True}, online=True)


def is_online(url: str) -> bool:
    """Tell whether a payment gateway is asked by a call to this address; no is said of an empty one."""
    return _ONLINE.search(url) is not None


def _check_amount(plan: StorefrontPlan, order: Node) -> None:
    base = order["base_currency_code"]
    if plan.amount.currency != base:
        raise PlatformError("CURRENCY_MIXED", f"{plan.amount} asked, Magento refunds in {base}")
    left = money(order, "base_total_paid", base) - money(order, "base_total_refunded", base)
    if plan.amount > left:
        raise PlatformError("OVER_REFUND", f"{plan.amount} asked, {left} left")


def _quantities(plan: StorefrontPlan, order: Node) -> dict[str, Decimal]:
    """Return how much of every line of the order that carries money is refunded."""
    lines = {id_of(line, "item_id"): line for line in charged(order)}
    quantities = dict.fromkeys(lines, Decimal(0))
    for each in plan.lines:
        if each.line_id not in lines:
            raise PlatformError("STOREFRONT_LINE_NOT_FOUND", f"the order has no line {each.line_id}")
        quantities[each.line_id] += each.quantity
        left = refundable(lines[each.line_id])
        if quantities[each.line_id] > left:
            sku = text_of(lines[each.line_id].get("sku"))
            raise PlatformError(
                "OVER_REFUND", f"{quantities[each.line_id]} of {sku} asked, {_plain(left)} left"
            )
    return quantities


def _source(
    plan: StorefrontPlan, quantities: Mapping[str, Decimal], invoices: Sequence[Node], memos: Sequence[Node]
) -> Source | None:
    """Return the invoice to refund, None where the customer did not pay through a gateway."""
    captured = [
        each for each in invoices if each.get("transaction_id") and text_of(each.get("state")) == _PAID
    ]
    for invoice in captured:
        source = Source.of(invoice, memos)
        left = money(invoice, "base_grand_total", plan.amount.currency)
        left -= money(invoice, "base_total_refunded", plan.amount.currency)
        has_all = all(qty <= source.limits.get(item, Decimal(0)) for item, qty in quantities.items() if qty)
        if plan.amount <= left and has_all:
            return source
    if captured:
        numbers = ", ".join(text_of(each.get("increment_id")) for each in captured)
        raise PlatformError("SPANS_BILLED_RECORDS", f"no one invoice of {numbers} covers {plan.amount}")
    return None


def _plain(quantity: Decimal) -> int | Decimal:
    """Return a quantity as JSON has it, without places it does not need."""
    return int(quantity) if quantity == quantity.to_integral_value() else quantity.normalize()
