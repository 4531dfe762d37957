"""Carries out a feed's messages: each refunds what it asks for, or is refused."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from sandbox.amazon.feed_xml import REFUSED, AdjustedItem, Adjustment, FeedError, Message, Result
from sandbox.amazon.model import (
    ZERO,
    FulfillmentStatus,
    Line,
    LineFault,
    Order,
    Part,
    Transaction,
)
from sandbox.amazon.refunds import LineRefund, When, default_fees, pro_rata, refund
from sandbox.amazon.seller import Seller

EXTRA = frozenset({Part.GOODWILL, Part.RESTOCKING_FEE})


def carry_out(
    seller: Seller, messages: list[Message], faults: list[LineFault], now: datetime
) -> tuple[list[Result], list[Transaction]]:
    """Carry out a feed's messages.

    Nothing tells two same messages apart: what is asked for twice is refunded twice,
    as long as that much is left.

    Args:
        seller: Whose feed it is.
        messages: Its messages.
        faults: What shall be said of some of them, whatever they ask for.
        now: The present time.

    Returns:
        What there is to report, and the transactions posted.
    """
    results: list[Result] = []
    posted: list[Transaction] = []
    for message in messages:
        order_id = message.adjustment.order_id if message.adjustment else ""
        said = [each for each in faults if each.message_id == message.id]
        refused = {each.item_id for each in said if each.result == "Error"}
        items = message.adjustment.items if message.adjustment else []
        left = [] if "" in refused else [each for each in items if each.item_id not in refused]
        results += [
            Result(
                message.id,
                each.result,
                each.code,
                each.description,
                order_id,
                each.item_id,
                partly=bool(left),
            )
            for each in said
        ]
        if refused and not left:
            continue
        try:
            if message.adjustment is None:
                raise message.error or FeedError(REFUSED, "The message is empty.")
            posted += _adjust(seller, replace(message.adjustment, items=left), now)
        except FeedError as error:
            results.append(Result(message.id, "Error", error.reason, error.description, order_id, error.item))
    return results, posted


def _adjust(seller: Seller, asked: Adjustment, now: datetime) -> list[Transaction]:
    order = seller.orders.get(asked.order_id)
    if order is None:
        raise FeedError(REFUSED, f"The order {asked.order_id} was not found in the account.")
    if order.network != "MFN":
        raise FeedError(REFUSED, f"The order {order.id} is fulfilled by Amazon, which refunds it itself.")
    if order.status is not FulfillmentStatus.SHIPPED:
        raise FeedError(REFUSED, f"The order {order.id} has not been shipped, so nothing was charged.")
    refunds = []
    for item in asked.items:
        refunds.append(_line_refund(order, item))
        if len({each.line.id for each in refunds}) < len(refunds):
            raise FeedError(REFUSED, f"The item {item.item_id} is adjusted twice.", item.item_id)
    return refund(seller, order, refunds, When(now, seller.timing.late))


def _line_refund(order: Order, item: AdjustedItem) -> LineRefund:
    line = next((each for each in order.lines if each.id == item.item_id), None)
    if line is None:
        raise FeedError(REFUSED, f"The item {item.item_id} is not of the order {order.id}.", item.item_id)
    if item.currency != order.currency:
        raise FeedError(REFUSED, f"The order is in {order.currency}, not {item.currency}.", item.item_id)
    if item.cancelled > line.quantity - line.returned:
        raise FeedError(REFUSED, "More units are cancelled than the order has left.", item.item_id)
    amounts = {part: amount for part, amount in item.amounts.items() if part not in EXTRA}
    for part, amount in amounts.items():
        if amount > line.left(part):
            raise FeedError(
                REFUSED,
                f"The amount {amount} of {part.value} exceeds what is left to refund, {line.left(part)}.",
                item.item_id,
            )
    principal = amounts.get(Part.PRINCIPAL, ZERO)
    amounts |= _withheld(line, amounts)
    extra = default_fees(principal)
    if Part.GOODWILL in item.amounts:
        extra[Part.GOODWILL] = -item.amounts[Part.GOODWILL]
    if Part.RESTOCKING_FEE in item.amounts:
        extra[Part.RESTOCKING_FEE] = item.amounts[Part.RESTOCKING_FEE]
    return LineRefund(line, item.cancelled or _units(line, principal), amounts, extra)


def _withheld(line: Line, amounts: dict[Part, Decimal]) -> dict[Part, Decimal]:
    """Return the facilitator's tax that Amazon gives back with the tax it withheld: as much of it."""
    pairs = {Part.TAX: Part.FACILITATOR_TAX, Part.SHIPPING_TAX: Part.FACILITATOR_SHIPPING_TAX}
    found = {}
    for tax, withheld in pairs.items():
        amount = min(amounts.get(tax, ZERO), line.left(withheld))
        if amount > 0:
            found[withheld] = amount
    return found


def _units(line: Line, principal: Decimal) -> int:
    """Return how many units a refunded price stands for, 0 if it is no multiple of theirs."""
    left = line.quantity - line.returned
    if left and principal and principal == line.left(Part.PRINCIPAL):
        return left
    return next(
        (count for count in range(1, left + 1) if pro_rata(line, count).get(Part.PRINCIPAL) == principal), 0
    )
