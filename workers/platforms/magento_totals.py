r"""What a credit memo will come to, worked out as Magento does. Pure.

Magento takes no total: it takes quantities, shipping and adjustments, and adds up the rest itself, to the
cent in its own order. As of 2.4.8; before, the last credit memo of one of several invoices took the tax of
all of them. Follows Subtotal, Shipping, Tax and Discount of
`Magento\Sales\Model\Order\Creditmemo\Total` in https://github.com/magento/magento2. All amounts here are in
major units of the base currency.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from workers.platforms.errors import PlatformError
from workers.platforms.magento_reading import CANCELED, Node, charged, id_of, number, refundable, text_of

_CENT: Final = Decimal("0.01")  # Magento rounds every currency so
_NOISE: Final = Decimal("1e-12")
_ALMOST_NOTHING: Final = Decimal("0.0001")
_TOLERANCE: Final = Decimal("0.02")
_ZERO: Final = Decimal(0)
_COMPENSATION: Final = "discount_tax_compensation"


@dataclass(frozen=True, slots=True)
class Shipping:
    """Shipping that is given back.

    Attributes:
        argument: What Magento is to be told.
        net: What it then gives back, without tax.
    """

    argument: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class Source:
    """The invoice a credit memo is made from.

    Attributes:
        memos: The credit memos made from it before.
        limits: How much of each line it has left.
    """

    invoice: Node
    memos: Sequence[Node]
    limits: Mapping[str, Decimal]

    @classmethod
    def of(cls, invoice: Node, memos: Iterable[Node]) -> "Source":
        """Return an invoice, given all credit memos of its order."""
        made = [each for each in memos if id_of(each, "invoice_id") == id_of(invoice, "entity_id")]
        limits = {id_of(each, "order_item_id"): number(each, "qty") for each in invoice["items"]}
        for memo in made:
            for each in memo["items"] if text_of(memo.get("state")) != CANCELED else ():
                item = id_of(each, "order_item_id")
                limits[item] = limits.get(item, _ZERO) - number(each, "qty")
        return cls(invoice, made, limits)


class _Rounder:
    r"""Rounds the amounts of one credit memo, and carries what is cut off over to the next amount.

    `Magento\Framework\Math\Calculator::deltaRound`, of which a credit memo has one for its base amounts.
    """

    def __init__(self) -> None:
        self._left = _ZERO

    def round(self, amount: Decimal, *, taken_off: bool = False) -> Decimal:
        if not amount:
            return amount
        exact = amount - self._left if taken_off else amount + self._left
        result = rounded(exact)
        self._left = result - exact if taken_off else exact - result
        return result


def rounded(amount: Decimal) -> Decimal:
    """Return an amount with two places, as Magento rounds whatever the currency.

    What is a half but for the last digits of a division is one, as it is to PHP's `round`.
    """
    return amount.quantize(_NOISE, ROUND_HALF_UP).quantize(_CENT, ROUND_HALF_UP)


def check_foreseeable(order: Node) -> None:
    """Refuse an order whose invoices add up from more than its lines, shipping, discounts and taxes.

    Gift cards, store credit, gift wrapping, fixed product taxes and the fees of extensions are worked out by
    code that is not known here, so that nobody could say what a credit memo would come to.

    Raises:
        PlatformError: `REFUSED`.
    """
    known = sum(
        (
            number(order, f"base_{name}_invoiced")
            for name in ("subtotal", "shipping", "tax", "discount", "discount_tax_compensation")
        ),
        _ZERO,
    )
    difference = number(order, "base_total_invoiced") - known
    if abs(difference) > _TOLERANCE or number(order, "base_shipping_discount_tax_compensation_amnt"):
        raise PlatformError(
            "REFUSED",
            f"order {order.get('increment_id')} has amounts besides its lines, shipping and tax "
            f"({rounded(difference)}): refund it by hand in Magento",
        )


def shipping_of(order: Node, wanted: Decimal, *, includes_tax: bool) -> Shipping:
    """Return the shipping to ask for, so that this much is given back, or all where less is left.

    Args:
        order: The order.
        wanted: Without tax.
        includes_tax: Whether the shop takes it with its tax.
    """
    whole, whole_with_tax = number(order, "base_shipping_amount"), number(order, "base_shipping_incl_tax")
    left = max(whole - number(order, "base_shipping_refunded"), _ZERO)
    wanted = rounded(max(wanted, _ZERO))
    if wanted > left - _ALMOST_NOTHING:
        taxed = whole_with_tax - number(order, "base_shipping_refunded")
        taxed -= number(order, "base_shipping_tax_refunded")
        return Shipping(max(taxed, _ZERO) if includes_tax else left, left)
    if not includes_tax:
        return Shipping(wanted, wanted)
    argument = rounded(wanted * whole_with_tax / whole)
    return Shipping(argument, rounded(whole * argument / whole_with_tax))


def foreseen(
    order: Node, quantities: Mapping[str, Decimal], shipping: Decimal, source: Source | None = None
) -> Decimal:
    """Return what a credit memo will come to before adjustments.

    Args:
        order: The order.
        quantities: How much of each line that carries money, by its id; every one is named.
        shipping: Without tax.
        source: The invoice it is made from; None where it is made from the order.
    """
    lines = charged(order)
    if source is not None:
        lines = [each for each in lines if source.limits.get(id_of(each, "item_id"), _ZERO) > 0]
    taken = [(line, quantities[id_of(line, "item_id")]) for line in lines]
    rounder = _Rounder()
    rows = sum((_share(each, "row_invoiced", "amount_refunded", rounder) for each in taken), _ZERO)
    tax = _tax(order, taken, shipping, source, rounder)
    discount = sum((_discount(each, rounder) for each in taken), _ZERO)
    if shipping:
        whole = number(order, "base_shipping_amount")
        discount += shipping * number(order, "base_shipping_discount_amount") / whole
    return rows + shipping + tax - discount


_Taken = tuple[Node, Decimal]


def _is_last(line: Node, quantity: Decimal) -> bool:
    return quantity == refundable(line)


def _share(
    taken: _Taken, invoiced: str, refunded: str, rounder: _Rounder, *, taken_off: bool = False
) -> Decimal:
    """Return the part of an amount that a line has left: by quantity, or all with the last of it."""
    line, quantity = taken
    left = number(line, f"base_{invoiced}") - number(line, f"base_{refunded}")
    if _is_last(line, quantity):
        return left
    available = number(line, "qty_invoiced") - number(line, "qty_refunded")
    return rounder.round(left * quantity / available, taken_off=taken_off)


def _discount(taken: _Taken, rounder: _Rounder) -> Decimal:
    return _share(taken, "discount_invoiced", "discount_refunded", rounder, taken_off=True)


def _tax(
    order: Node, taken: Sequence[_Taken], shipping: Decimal, source: Source | None, rounder: _Rounder
) -> Decimal:
    """Return the tax, and with it what a discount on prices with tax takes of the tax in them."""
    tax = compensation = _ZERO
    for each in taken:
        if each[1] > 0:
            tax += _share(each, "tax_invoiced", "tax_refunded", rounder)
            compensation += _share(
                each, "discount_tax_compensation_invoiced", "discount_tax_compensation_refunded", rounder
            )
    of_shipping, is_partial = _shipping_tax(order, shipping, source, rounder)
    tax += of_shipping
    tax_left, compensation_left = _left(order, source, "tax"), _left(order, source, _COMPENSATION)
    # With the last of all its lines, or without any once nothing is left, it takes all the tax that is left.
    is_last = all(_is_last(*each) for each in taken) if taken else not any(map(refundable, charged(order)))
    if is_last and not is_partial and not _has_followers(order, taken):
        return tax_left + compensation_left
    return min(tax_left, tax) + min(compensation_left, compensation)


def _left(order: Node, source: Source | None, name: str) -> Decimal:
    """Return what the order, or the invoice, has left of an amount."""
    if source is None:
        return number(order, f"base_{name}_invoiced") - number(order, f"base_{name}_refunded")
    refunded = (number(each, f"base_{name}_amount") for each in source.memos)
    return number(source.invoice, f"base_{name}_amount") - sum(refunded, _ZERO)


def _has_followers(order: Node, taken: Sequence[_Taken]) -> bool:
    """Tell whether lines without money follow those that are taken: such a line is never its last."""
    charges = {id_of(line, "item_id") for line in charged(order)}
    moved = {id_of(line, "item_id"): id_of(line, "parent_item_id") for line, quantity in taken if quantity}
    return any(
        id_of(line, "parent_item_id") in moved or id_of(line, "item_id") in moved.values()
        for line in order["items"]
        if id_of(line, "item_id") not in charges
    )


def _shipping_tax(
    order: Node, shipping: Decimal, source: Source | None, rounder: _Rounder
) -> tuple[Decimal, bool]:
    """Return the tax on the shipping that is given back, and whether some of the shipping stays."""
    whole = number(order, "base_shipping_amount")
    if not whole:
        return _ZERO, False
    taxed = number(order if source is None else source.invoice, "base_shipping_tax_amount")
    is_free = number(order, "base_shipping_discount_amount") >= whole
    if source is not None:
        return rounder.round(taxed * shipping / whole), (shipping < whole and taxed > 0) or is_free
    if shipping >= whole - number(order, "base_shipping_refunded"):
        return taxed - number(order, "base_shipping_tax_refunded"), False
    return rounder.round(taxed * shipping / whole), taxed > 0 or is_free
