r"""Refunds: from what is asked for to a booked credit memo, with Magento's validation between.

Follows ``Magento\Sales\Model\RefundOrder`` and ``RefundInvoice``: https://github.com/magento/magento2.
"""

import copy
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sandbox.magento.errors import MagentoError, bad_request
from sandbox.magento.model import (
    ONLINE_METHOD,
    Comment,
    CreditMemo,
    Invoice,
    MemoItem,
    MemoState,
    Order,
    OrderItem,
    Transaction,
)
from sandbox.magento.money import ALMOST_NOTHING, ZERO, rounded
from sandbox.magento.orders import remember
from sandbox.magento.store import Store, plain
from sandbox.magento.totals import Arguments, collect

CLOSED_STATES = frozenset({"payment_review", "holded", "canceled", "closed"})


class GatewayDeclinedError(Exception):
    """The payment gateway does not give the money back; ``reason`` is ``gateway_declined``."""

    reason = "gateway_declined"


class PhpDiedError(Exception):
    """PHP died after the payment gateway gave the money back; ``reason`` is ``php_died``."""

    reason = "php_died"


@dataclass(frozen=True)
class Asked:
    """A refund as it is asked for.

    Attributes:
        qtys: Units by order item id; empty means everything.
        arguments: Shipping and adjustments.
        comment: Text of the memo's comment, none if ``None``.
        visible: Whether the customer sees the comment.
        notified: Whether the customer is told of it.
        online: Whether the gateway is asked for the money.
        stocked: Order items whose units go back to stock.
    """

    qtys: Mapping[int, Decimal] = field(default_factory=dict)
    arguments: Arguments = field(default_factory=Arguments)
    comment: str | None = None
    visible: bool = False
    notified: bool = False
    online: bool = False
    stocked: frozenset[int] = frozenset()


def draft(store: Store, order: Order, invoice: Invoice | None, asked: Asked, now: datetime) -> CreditMemo:
    """Make the credit memo that is asked for, with all its sums; nothing is booked.

    Raises:
        MagentoError: It is not allowed.
    """
    memo = CreditMemo(id=0, increment_id="", created_at=now, updated_at=now, items=[], invoice=invoice)
    limits = _limits(order, invoice)
    for item in order.items:
        qty = _qty(store, item, asked.qtys, limits)
        if qty is not None:
            memo.items.append(MemoItem(0, item, qty))
    collect(order, memo, asked.arguments)
    refused = [
        *_order_refusals(order),
        *(_invoice_refusals(order, invoice) if invoice else ()),
        *_memo_refusals(order, memo),
        *_item_refusals(order, asked.qtys),
    ]
    if refused:
        raise bad_request("Creditmemo Document Validation Error(s):\n" + "\n".join(refused))
    memo.items = [each for each in memo.items if each.qty > 0]
    memo.online = asked.online
    if asked.comment is not None:
        comment = Comment(0, 0, asked.comment, now, notified=asked.notified, visible=asked.visible)
        memo.comments.append(comment)
    return memo


def _limits(order: Order, invoice: Invoice | None) -> dict[int, Decimal]:
    """Return how many units of each line one invoice lets go back; empty without an invoice."""
    if invoice is None:
        return {}
    limits = {each.item.id: each.qty for each in invoice.items}
    for memo in order.memos:
        if memo.invoice is invoice and memo.state is not MemoState.CANCELED:
            for each in memo.items:
                limits[each.item.id] -= each.qty
    return limits


def _qty(
    store: Store,
    item: OrderItem,
    asked: Mapping[int, Decimal],
    limits: Mapping[int, Decimal],
) -> Decimal | None:
    """Return how many units of a line the memo is made with, ``None`` if it is made without the line."""
    if limits and limits.get(item.id, ZERO) <= ZERO:
        return None
    if item.parent is not None:
        whole = asked.get(item.parent.id, ZERO) if asked else item.parent.refundable
        return whole if whole > ZERO else None
    if item.id in asked:
        qty = max(asked[item.id], ZERO)
    elif not asked:
        qty = item.refundable
    elif store.whole_tax:
        return None
    else:
        qty = ZERO
    return min(qty, limits[item.id]) if limits else qty


def _order_refusals(order: Order) -> list[str]:
    refused = []
    if order.state in CLOSED_STATES:
        refused.append(f"A creditmemo can not be created when an order has a status of {order.status}")
    elif not any(item.refundable or item.dummy for item in order.items):
        refused.append("The order does not allow a creditmemo to be created.")
    if order.settled:
        refused.append("We can't create creditmemo for the order.")
    return refused


def _invoice_refusals(order: Order, invoice: Invoice) -> list[str]:
    left = abs(invoice.total.base - invoice.refunded) >= ALMOST_NOTHING
    if left and order.method == ONLINE_METHOD:
        return []
    return ["We can't create creditmemo for the invoice."]


def _memo_refusals(order: Order, memo: CreditMemo) -> list[str]:
    refused = []
    units = ZERO
    for each in memo.items:
        if each.qty > each.item.refundable and not each.item.dummy:
            refused.append(
                "The quantity to creditmemo must not be greater than the unrefunded quantity for product SKU "
                f'"{each.item.sku}".'
            )
        else:
            units += each.qty
    shipping_left = abs(rounded(order.shipping.order) - order.refunded("shipping").order)
    if memo.total.order <= ZERO:
        refused.append("The credit memo's total must be positive.")
    elif units <= ZERO and not shipping_left:
        refused.append("You can't create a creditmemo without products.")
    available = order.paid.base - order.refunded().base
    if rounded(memo.total.base) > rounded(available):
        refused.append(f"The most money available to refund is {plain(available)}.")
    return refused


def _item_refusals(order: Order, asked: Mapping[int, Decimal]) -> list[str]:
    refused = []
    for item_id, qty in asked.items():
        item = order.item(item_id)
        if item is None:
            refused.append("The creditmemo contains product item that is not part of the original order.")
        elif qty > item.refundable and not item.dummy:
            refused.append("The quantity to refund must not be greater than the unrefunded quantity.")
    return refused


def book(store: Store, order: Order, memo: CreditMemo, asked: Asked, now: datetime) -> CreditMemo:
    """Book a drafted credit memo: the money, the order, the stock.

    Args:
        store: The store.
        order: The order.
        memo: The draft; it gets its numbers.
        asked: What it was made from.
        now: The present time.

    Raises:
        GatewayDeclinedError: The gateway was asked and does not give the money back; nothing is booked.
        PhpDiedError: The gateway gave the money back, and nothing is booked.
    """
    if memo.online:
        _through_gateway(store, order, memo, now)
    memo.id = store.next("creditmemo")
    memo.increment_id = store.next_increment("creditmemo")
    memo.created_at = memo.updated_at = now
    for each in memo.items:
        each.id = store.next("creditmemo item")
        each.item.qty_refunded += each.qty
        each.item.row_refunded += each.row
        each.item.tax_refunded += each.tax
        each.item.discount_refunded += each.discount
        owner = each.item.parent or each.item
        if not order.children(each.item) and {owner.id, each.item.id} & asked.stocked:
            stock = order.returned_to_stock
            stock[each.item.sku] = stock.get(each.item.sku, ZERO) + each.qty
    for comment in memo.comments:
        comment.id, comment.parent_id = store.next("creditmemo comment"), memo.id
    if memo.invoice is not None:
        memo.invoice.refunded += memo.total.base
        memo.invoice.used_for_refund = True
        memo.invoice.updated_at = now
    order.memos.append(memo)
    if order.settled:
        order.state = order.status = "closed"
    order.updated_at = now
    how = "online" if memo.online else "offline"
    remember(store, order, f"We refunded ${memo.total.base:.2f} {how}.", now, "creditmemo")
    return memo


def preview(store: Store, order: Order, invoice: Invoice | None, asked: Asked, now: datetime) -> CreditMemo:
    """Return the credit memo as it will be once it is booked, without booking it or asking the gateway.

    Raises:
        MagentoError: It is not allowed.
    """
    trial = copy.deepcopy(store)
    trial.gateway.behaviour = "silent"
    tried = trial.orders[order.id]
    by = next((each for each in tried.invoices if invoice is not None and each.id == invoice.id), None)
    return book(trial, tried, draft(trial, tried, by, asked, now), asked, now)


def _through_gateway(store: Store, order: Order, memo: CreditMemo, now: datetime) -> None:
    """Ask the gateway for the money of the invoice's capture."""
    captured = memo.invoice.transaction_id if memo.invoice else None
    capture = next((each for each in order.transactions if each.txn_id == captured), None)
    if captured is None or capture is None:
        raise GatewayDeclinedError("If the invoice was created offline, try creating an offline credit memo.")
    behaviour = store.gateway.behaviour
    entry = {"amount": f"{memo.total.base:.2f}", "currency": store.base_currency, "result": behaviour}
    if behaviour in {"accept", "outlive_noted"}:
        made = Transaction(store.next("transaction"), secrets.token_hex(4), "refund", now, parent=capture)
        order.transactions.append(made)
        memo.transaction_id = made.txn_id
    store.gateway.log.append({"order": order.increment_id, "transaction_id": memo.transaction_id, **entry})
    if behaviour == "decline":
        raise GatewayDeclinedError(store.gateway.message)
    if behaviour.startswith("outlive"):
        raise PhpDiedError


def refused_by(error: MagentoError) -> str:
    """Return a refusal as a sentence with its placeholders filled in."""
    text = error.message
    values = (
        error.parameters if not isinstance(error.parameters, Mapping) else list(error.parameters.values())
    )
    for number, value in enumerate(values or (), start=1):
        text = text.replace(f"%{number}", str(value))
    return text
