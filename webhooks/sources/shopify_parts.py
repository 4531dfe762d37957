"""What a Shopify refund is made of: items, shipping, duties, fees and adjustments.

Rules of the payload: https://shopify.dev/docs/api/admin-rest/latest/resources/refund. Amounts are read from
the `*_set` texts only; the numbers beside them are floats.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from ledger.events import Part, PartKind
from ledger.money import Money, total
from webhooks.sources.shopify_shapes import (
    Bag,
    Charge,
    OrderAdjustment,
    Refund,
    RefundLineItem,
    RefundShippingLine,
)

RESTOCKED: Final = frozenset({"return", "cancel", "legacy_restock"})
"""The restock types that bring goods back into stock."""


@dataclass(frozen=True, slots=True)
class Basis:
    """How the stated amounts are to be understood.

    Attributes:
        tax_included: Net amounts hold their tax, as prices do in shops that sell with tax included.
        adjusted: Adjustments change what the customer gets, rather than book what is pending.
    """

    tax_included: bool
    adjusted: bool


def parts_of(refund: Refund, mode: str, currency: str, basis: Basis) -> tuple[Part, ...]:
    """Return the parts of a refund.

    Args:
        refund: The payload.
        mode: `shop` or `presentment`: which side of the stated values is read.
        currency: That side's currency.
        basis: How the amounts are to be understood.

    Raises:
        ledger.money.MoneyError: If amounts and currencies contradict each other.
    """
    priced = [
        *(_item(item, mode) for item in refund.refund_line_items),
        *_shipping(refund, mode, currency),
    ]
    if basis.tax_included:
        priced = [replace(part, net=part.net - part.tax) if part.net else part for part in priced]
    return (
        *priced,
        *_charges(PartKind.DUTY, "Duties", refund.total_duties_set, refund.duties, mode, currency),
        *_charges(
            PartKind.FEE,
            "Additional fees",
            refund.total_additional_fees_set,
            refund.additional_fees,
            mode,
            currency,
        ),
        *(_adjustment(refund, mode, currency) if basis.adjusted else ()),
    )


def _item(item: RefundLineItem, mode: str) -> Part:
    net = item.subtotal_set.money(mode)
    tax = item.total_tax_set.money(mode)
    kind = PartKind.GIFT_CARD if item.line_item.gift_card else PartKind.ITEM
    return Part(
        PartKind.TAX if tax and not net else kind,
        net,
        tax,
        sku=item.line_item.sku,
        title=item.line_item.title,
        quantity=Decimal(item.quantity),
        restock=item.restock_type in RESTOCKED,
        source_line_id=item.line_item.id or item.line_item_id,
    )


def _is_shipping(adjustment: OrderAdjustment) -> bool:
    # `kind` is deprecated since 2024-10 and may be gone; its reason has the same words.
    return (adjustment.kind or adjustment.reason.lower().replace(" ", "_")) == "shipping_refund"


def _shipping(refund: Refund, mode: str, currency: str) -> Iterator[Part]:
    """Yield the shipping given back: from its lines, or in older versions from adjustments.

    Some versions send both for the same money; there the adjustment holds the tax that the line lacks.
    """
    adjustments = [each for each in refund.order_adjustments if _is_shipping(each)]
    if not refund.refund_shipping_lines:
        for each in adjustments:
            yield from _charged(
                PartKind.SHIPPING, "Shipping", -each.amount_set.money(mode), -each.tax_amount_set.money(mode)
            )
        return
    adjusted_tax = -total([each.tax_amount_set.money(mode) for each in adjustments], currency)
    for line in refund.refund_shipping_lines:
        tax = _shipping_tax(line, mode, currency) if not adjustments or line.tax_amount_set else adjusted_tax
        adjusted_tax = Money.zero(currency)
        title = line.shipping_line.title or "Shipping"
        yield from _charged(PartKind.SHIPPING, title, line.subtotal_amount_set.money(mode), tax)


def _shipping_tax(line: RefundShippingLine, mode: str, currency: str) -> Money:
    """Return the tax of refunded shipping: as stated, or the order's in proportion."""
    if line.tax_amount_set:
        return line.tax_amount_set.money(mode)
    price = line.shipping_line.discounted_price_set
    if price is None or not price.side(mode).amount:
        return Money.zero(currency)
    whole = total([tax.price_set.money(mode) for tax in line.shipping_line.tax_lines], currency)
    share = line.subtotal_amount_set.side(mode).amount / price.side(mode).amount
    return Money.rounded(whole.amount * share, currency)


def _charges(
    kind: PartKind, title: str, stated: Bag | None, each: Sequence[Charge], mode: str, currency: str
) -> Iterator[Part]:
    """Yield what is given back of duties or fees: the stated total, or the sum where none is stated."""
    bags = [charge.amount_set or charge.price_set for charge in each]
    listed = total([bag.money(mode) for bag in bags if bag], currency)
    yield from _charged(kind, title, stated.money(mode) if stated else listed, Money.zero(currency))


def _adjustment(refund: Refund, mode: str, currency: str) -> Iterator[Part]:
    """Yield the discrepancies as one part, since Shopify books some as pairs that cancel each other."""
    rest = [each for each in refund.order_adjustments if not _is_shipping(each)]
    net = total([each.amount_set.money(mode) for each in rest], currency)
    tax = total([each.tax_amount_set.money(mode) for each in rest], currency)
    title = next((each.reason for each in rest if each.reason), "Refund discrepancy")
    yield from _charged(PartKind.ADJUSTMENT, title, -net, -tax)


def _charged(kind: PartKind, title: str, net: Money, tax: Money) -> Iterator[Part]:
    if net or tax:
        yield Part(kind, net, tax, title=title)
