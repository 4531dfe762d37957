"""The order adjustment that refunds an Amazon order: which item gets back how much of what. Pure.

Amounts are positive, totals for the quantity, and broken down by the components of the buyer's price; the
buyer is credited once for all of them: https://sellercentral.amazon.com/help/hub/reference/G200387280.
Components and reasons are those of Amazon's `OrderAdjustment.xsd` and `amzn-base.xsd`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final
from xml.etree import ElementTree as ET

from ledger.money import Money
from workers.platforms.amazon_orders import Paid
from workers.platforms.errors import PlatformError
from workers.rules.views import StorefrontPlan

USUAL_REASON: Final = "CustomerReturn"

REASONS: Final = frozenset(
    {
        "NoInventory",
        "CustomerReturn",
        "GeneralAdjustment",
        "CouldNotShip",
        "DifferentItem",
        "Abandoned",
        "CustomerCancel",
        "PriceError",
        "ProductOutofStock",
        "CustomerAddressIncorrect",
        "Exchange",
        "Other",
        "CarrierCreditDecision",
        "RiskAssessmentInformationNotValid",
        "CarrierCoverageFailure",
        "TransactionRecord",
        "Undeliverable",
        "RefusedDelivery",
    }
)
"""What `AdjustmentReason` may be."""

_PRINCIPAL: Final = "Principal"
_SCHEMA: Final = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"


@dataclass(slots=True)
class Adjusted:
    """What one item gets back, by component."""

    item_id: str
    components: dict[str, Decimal] = field(default_factory=dict)

    def add(self, component: str, amount: Decimal) -> None:
        """Give back more of a component."""
        if amount:
            self.components[component] = self.components.get(component, Decimal(0)) + amount


def adjusted(plan: StorefrontPlan, paid: Sequence[Paid]) -> tuple[Adjusted, ...]:
    """Return what each item gets back, so that it is the plan's amount in all.

    Shipping belongs to items at Amazon: it is taken from the plan's items as far as they have paid for it,
    then from the order's others. What has neither line nor shipping cannot be given back by an adjustment,
    but for what rounding left.

    Args:
        plan: What to refund.
        paid: The order's items with what was paid for their shipping.

    Raises:
        PlatformError: `STOREFRONT_LINE_NOT_FOUND` if some of the amount belongs to no item.
    """
    items: dict[str, Adjusted] = {}
    for line in plan.lines:
        item = items.setdefault(line.line_id, Adjusted(line.line_id))
        item.add(_PRINCIPAL, line.net.amount)
        item.add("Tax", line.tax.amount)
    ordered = sorted(paid, key=lambda each: each.item_id not in items)
    room = [(each.item_id, each.shipping) for each in ordered]
    _spread(items, "Shipping", _amount(plan.shipping), room)
    room = [(each.item_id, each.shipping_tax) for each in ordered]
    _spread(items, "ShippingTax", _amount(plan.shipping_tax), room)
    _round(items, plan)
    found = tuple(item for item in items.values() if item.components)
    if not found or any(amount <= 0 for item in found for amount in item.components.values()):
        raise PlatformError("STOREFRONT_LINE_NOT_FOUND", f"{plan.amount} has no item that it can go back to")
    return found


def feed_xml(seller_id: str, plan: StorefrontPlan, items: Sequence[Adjusted]) -> str:
    """Return the feed, an envelope of one message, as text.

    Args:
        seller_id: Whose order it is; Amazon's merchant token.
        plan: The refund; its number is the message's.
        items: What each item gets back.

    Raises:
        PlatformError: `MAPPING_MISSING` if the account's reason is none of Amazon's.
    """
    reason = plan.platform_reason or USUAL_REASON
    if reason not in REASONS:
        raise PlatformError("MAPPING_MISSING", f"Amazon has no AdjustmentReason {reason}: see refund_reason")
    root = ET.Element("AmazonEnvelope", {_SCHEMA: "amzn-envelope.xsd"})
    header = ET.SubElement(root, "Header")
    _text(header, "DocumentVersion", "1.01")
    _text(header, "MerchantIdentifier", seller_id)
    _text(root, "MessageType", "OrderAdjustment")
    message = ET.SubElement(root, "Message")
    _text(message, "MessageID", str(plan.asked_by))
    adjustment = ET.SubElement(message, "OrderAdjustment")
    _text(adjustment, "AmazonOrderID", plan.order_id)
    for item in items:
        element = ET.SubElement(adjustment, "AdjustedItem")
        _text(element, "AmazonOrderItemCode", item.item_id)
        _text(element, "AdjustmentReason", reason)
        prices = ET.SubElement(element, "ItemPriceAdjustments")
        for name, amount in item.components.items():
            component = ET.SubElement(prices, "Component")
            _text(component, "Type", name)
            money = Money(amount, plan.amount.currency)
            _text(component, "Amount", str(money.amount)).set("currency", money.currency)
    return ET.tostring(root, encoding="unicode", xml_declaration=False)


def _amount(money: Money | None) -> Decimal:
    return money.amount if money is not None else Decimal(0)


def _spread(
    items: dict[str, Adjusted], component: str, amount: Decimal, room: Sequence[tuple[str, Decimal]]
) -> None:
    """Give an amount to items as far as each has room; what is above all of it, Amazon is left to refuse."""
    for item_id, most in room:
        taken = min(amount, most)
        if taken > 0:
            items.setdefault(item_id, Adjusted(item_id)).add(component, taken)
            amount -= taken
    if amount and room:
        items.setdefault(room[0][0], Adjusted(room[0][0])).add(component, amount)


def _round(items: dict[str, Adjusted], plan: StorefrontPlan) -> None:
    """Add what shares of lines lost by rounding, at most one minor unit a line, to the largest price.

    Raises:
        PlatformError: `STOREFRONT_LINE_NOT_FOUND` if more than that is missing, or too much.
    """
    given = sum((amount for item in items.values() for amount in item.components.values()), Decimal(0))
    rest = Money(plan.amount.amount - given, plan.amount.currency)
    if not rest:
        return
    priced = [item for item in items.values() if _PRINCIPAL in item.components]
    if abs(rest.minor) > len(plan.lines) or not priced:
        raise PlatformError(
            "STOREFRONT_LINE_NOT_FOUND", f"{rest} of {plan.amount} belongs to no item of the order"
        )
    max(priced, key=lambda item: item.components[_PRINCIPAL]).add(_PRINCIPAL, rest.amount)


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = text
    return element
