r"""The sums of a credit memo, worked out in Magento's order: lines, shipping, tax, discount, adjustments.

Follows ``Magento\Sales\Model\Order\Creditmemo\Total``: https://github.com/magento/magento2.
"""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.magento.errors import MagentoError, bad_request
from sandbox.magento.model import CreditMemo, Invoice, MemoItem, Order
from sandbox.magento.money import ALMOST_NOTHING, ZERO, Amount, Rounder, converted, rounded


@dataclass(frozen=True)
class Arguments:
    """What a refund asks for besides lines; major units of the base currency, as Magento takes them.

    Attributes:
        shipping: Shipping before tax; ``None`` gives back all that is left.
    """

    shipping: Decimal | None = None
    adjustment_positive: Decimal = ZERO
    adjustment_negative: Decimal = ZERO


def collect(order: Order, memo: CreditMemo, arguments: Arguments) -> None:
    """Work out every amount of a credit memo that is not booked yet.

    Args:
        order: The order, without the memo.
        memo: The memo, with lines and quantities; its amounts are set.
        arguments: Shipping and adjustments.

    Raises:
        MagentoError: More shipping is asked for than is left.
    """
    rounder = Rounder()
    _rows(memo, rounder)
    _shipping(order, memo, arguments.shipping)
    _tax(order, memo, rounder)
    _discount(memo, rounder)
    memo.adjustment_positive = converted(rounded(arguments.adjustment_positive), order.rate)
    memo.adjustment_negative = converted(rounded(arguments.adjustment_negative), order.rate)


def with_money(memo: CreditMemo) -> list[MemoItem]:
    """Return the memo's lines that carry money."""
    return [each for each in memo.items if not each.item.dummy]


def _part(each: MemoItem, left: Amount, rounder: Rounder, *, negative: bool = False) -> Amount:
    """Return the part of what a line has left: by units, or all with the last units."""
    if each.last:
        return left
    available = each.item.qty_invoiced - each.item.qty_refunded
    return rounder.round(left.share(each.qty, available), negative=negative)


def _rows(memo: CreditMemo, rounder: Rounder) -> None:
    for each in with_money(memo):
        each.row = _part(each, each.item.row_invoiced - each.item.row_refunded, rounder)
        share = each.item.row_incl_tax.share(each.qty, each.item.qty)
        each.row_incl_tax = rounder.round(share, "including")
    memo.subtotal = sum((each.row for each in with_money(memo)), Amount())
    memo.subtotal_incl_tax = sum((each.row_incl_tax for each in with_money(memo)), Amount())


def _shipping(order: Order, memo: CreditMemo, asked: Decimal | None) -> None:
    """Give back shipping: what is asked for, else all that is left (of the invoice, if by invoice)."""
    left = order.shipping - order.refunded("shipping")
    incl_tax = order.shipping + order.shipping_tax
    if asked is None and memo.invoice is not None:
        asked = min(left.base, memo.invoice.shipping.base)
    if asked is None:
        memo.shipping = left
        tax_left = order.shipping_tax - order.refunded("shipping_tax")
        memo.shipping_incl_tax = (left + tax_left).rounded()
        return
    asked = rounded(asked)
    if asked >= rounded(left.base) + ALMOST_NOTHING:
        raise too_much_shipping(left.base)
    memo.shipping = left if asked > left.base - ALMOST_NOTHING else _ratio(order.shipping, asked, order)
    memo.shipping_incl_tax = _ratio(incl_tax, asked, order)


def _ratio(whole: Amount, asked: Decimal, order: Order) -> Amount:
    return whole.share(asked, order.shipping.base).rounded()


def too_much_shipping(most: Decimal) -> MagentoError:
    """Refuse more shipping than is left; the amount is formatted as the base currency's."""
    return bad_request("Maximum shipping amount allowed to refund is: %1", [f"${most:.2f}"])


def _tax(order: Order, memo: CreditMemo, rounder: Rounder) -> None:
    tax = Amount()
    for each in with_money(memo):
        if each.qty > 0:
            each.tax = _part(each, each.item.tax_invoiced - each.item.tax_refunded, rounder)
            tax += each.tax
    memo.shipping_tax, partial = _shipping_tax(order, memo, memo.invoice, rounder)
    tax += memo.shipping_tax
    allowed = _tax_left(order, memo.invoice)
    memo.tax = allowed if _is_last(order, memo) and not partial else allowed.at_most(tax)


def _tax_left(order: Order, invoice: Invoice | None) -> Amount:
    """Return the tax that was not given back yet: of the invoice if the memo is made by one, else of all."""
    sources = order.invoices if invoice is None else [invoice]
    memos = [each for each in order.memos if invoice is None or each.invoice is invoice]
    invoiced: Amount = sum((each.tax for each in sources), Amount())
    return invoiced - sum((each.tax for each in memos), Amount())


def _shipping_tax(
    order: Order, memo: CreditMemo, invoice: Invoice | None, rounder: Rounder
) -> tuple[Amount, bool]:
    """Return the tax on the shipping given back, and whether that is only a part of the shipping."""
    whole = order.shipping.base
    if not whole:
        return Amount(), False
    taxed = order.shipping_tax if invoice is None else invoice.shipping_tax
    partial = memo.shipping.base < whole and taxed.order > 0
    if invoice is not None:
        return rounder.round(invoice.shipping_tax.share(memo.shipping.base, whole)), partial
    left = whole - order.refunded("shipping").base
    if left > memo.shipping.base:
        return rounder.round(order.shipping_tax.share(memo.shipping.base, whole)), partial
    return order.shipping_tax - order.refunded("shipping_tax"), False


def _is_last(order: Order, memo: CreditMemo) -> bool:
    """Tell whether the memo takes all that its own lines have left; lines it does not list do not count.

    That is why a memo that lists one line whole, and no other, takes the whole order's tax:
    https://github.com/magento/magento2/issues/14713. Lines without money count: they have nothing to refund
    by themselves, so that a memo with a variant's line is never the last.
    """
    if not memo.items:
        return not any(item.refundable for item in order.items)
    return all(each.last for each in memo.items)


def _discount(memo: CreditMemo, rounder: Rounder) -> None:
    for each in with_money(memo):
        left = each.item.discount_invoiced - each.item.discount_refunded
        each.discount = _part(each, left, rounder, negative=True)
    memo.discount = sum((each.discount for each in with_money(memo)), Amount())
