"""From a credit memo to the event the ledger takes over. Pure.

Amounts stand in a credit memo in the order's currency and, as `base_…`, in the shop's; which of them counts
is the account's to say. https://developer.adobe.com/commerce/webapi/rest/
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ledger.events import Part, PartKind, Payment, RefundSeen
from ledger.money import Money, total
from ledger.policy import Policy
from workers.platforms.magento_marks import mark_of
from workers.platforms.magento_reading import (
    Node,
    charged,
    id_of,
    moment,
    money,
    money_state,
    number,
    text_of,
)


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a credit memo's amounts: a prefix of their names, and their currency."""

    prefix: str
    currency: str

    def of(self, node: Node, name: str) -> Money:
        """Return an amount."""
        return money(node, self.prefix + name, self.currency)


def refund_seen(memo: Node, order: Node, *, policy: Policy, mark_prefix: str) -> RefundSeen:
    """Return a credit memo as an event.

    Args:
        memo: The credit memo, with its comments.
        order: Its order.
        policy: Whose currency the account keeps its books in, and which differences are rounding.
        mark_prefix: How our own keys begin, such as `rs-myshop-`.
    """
    in_base = policy.currency_mode == "shop"
    currency = memo["base_currency_code" if in_base else "order_currency_code"]
    side = _Side("base_" if in_base else "", currency)
    memo_id = id_of(memo, "entity_id")
    return RefundSeen(
        origin="magento",
        refund_id=memo_id,
        order_id=id_of(memo, "order_id"),
        order_name=text_of(order.get("increment_id")),
        occurred_at=moment(memo["created_at"]),
        currency=currency,
        parts=tuple(_parts(memo, order, side, policy)),
        payments=(Payment(memo_id, money_state(memo), side.of(memo, "grand_total")),),
        mark=mark_of(memo, mark_prefix),
        first_hand=False,
    )


def _parts(memo: Node, order: Node, side: _Side, policy: Policy) -> Iterable[Part]:
    """Yield the parts; what is still missing to the total is rounding of Magento's, or of an extension."""
    money_lines = {id_of(line, "item_id") for line in charged(order)}
    items = [
        each
        for each in memo["items"]
        if id_of(each, "order_item_id") in money_lines and number(each, "qty") > 0
    ]
    yield from (_item(each, side) for each in items)
    yield from _shipping(memo, items, side)
    zero = Money.zero(side.currency)
    for name, title, sign in (
        ("adjustment_positive", "Adjustment refund", 1),
        ("adjustment_negative", "Adjustment fee", -1),
    ):
        amount = side.of(memo, name)
        if amount:
            yield Part(PartKind.ADJUSTMENT, amount if sign > 0 else -amount, zero, title=title)
    # Some versions give back the tax of lines that are not refunded (issue 14713).
    tax = side.of(memo, "tax_amount") - side.of(memo, "shipping_tax_amount") - _sum(items, "tax_amount", side)
    if abs(tax.minor) > policy.rounding_tolerance_minor:
        yield Part(PartKind.TAX, zero, tax, title="Tax")


def _item(item: Node, side: _Side) -> Part:
    """Return a line; its discount is taken off, of which the compensation is the part that was tax."""
    net = side.of(item, "row_total") + side.of(item, "discount_tax_compensation_amount")
    return Part(
        kind=PartKind.ITEM,
        net=net - side.of(item, "discount_amount"),
        tax=side.of(item, "tax_amount"),
        sku=text_of(item.get("sku")),
        title=text_of(item.get("name")),
        quantity=number(item, "qty").normalize(),
        source_line_id=id_of(item, "order_item_id"),
    )


def _shipping(memo: Node, items: Sequence[Node], side: _Side) -> Iterable[Part]:
    """Yield the shipping; what of the discount is not the lines' is its own."""
    gross = side.of(memo, "shipping_amount")
    if not gross:
        return
    compensation = side.of(memo, "discount_tax_compensation_amount")
    compensation -= _sum(items, "discount_tax_compensation_amount", side)
    discount = abs(side.of(memo, "discount_amount")) - _sum(items, "discount_amount", side)
    net, tax = gross + compensation - discount, side.of(memo, "shipping_tax_amount")
    yield Part(PartKind.SHIPPING, net, tax, title="Shipping")


def _sum(items: Sequence[Node], name: str, side: _Side) -> Money:
    return total([side.of(each, name) for each in items], side.currency)
