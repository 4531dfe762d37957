"""What buyers and the seller do: order, ask for things, give money back, cancel."""

import secrets
from decimal import Decimal

from sandbox.clock import iso_millis
from sandbox.ebay.asking import chosen, close, whole
from sandbox.ebay.finances import STATUSES
from sandbox.ebay.model import (
    CANCELLATION,
    FAILED,
    PENDING,
    REFUND_STATUSES,
    REFUNDED,
    ZERO,
    Line,
    Order,
    Refund,
    Request,
)
from sandbox.ebay.pushes import SigningKeys, notify, user_of
from sandbox.ebay.refunds import add_refund, set_status
from sandbox.ebay.seller import Seller
from sandbox.ebay.visit import moment
from sandbox.jsonish import ControlError, Fields
from sandbox.world import World


def place_order(world: World, keys: SigningKeys, seller: Seller, fields: Fields) -> Order:
    """Let a buyer order and pay.

    Raises:
        ControlError: The description makes no sense.
    """
    now = world.clock.now()
    lines = [_line(seller, each) for each in fields.objects("lines")]
    if not lines:
        raise ControlError("The body: lines is missing.")
    created = fields.maybe_text("created")
    at = now if created is None else moment(created)
    if at is None:
        raise ControlError("The body: created must be a time, such as 2015-08-04T19:09:02.768Z.")
    order = Order(
        id=fields.text("id", seller.ids.order()),
        buyer=fields.text("buyer", "buyer_one"),
        currency=fields.text("currency", seller.currency),
        lines=lines,
        created=at,
        modified=at,
        paid=fields.choice("payment", ("paid", "pending"), "paid") == "paid",
        managed=not fields.flag("unmanaged"),
        fulfilled=fields.flag("fulfilled"),
    )
    silent = fields.flag("silent")
    fields.finish()
    if order.id in seller.orders:
        raise ControlError(f"The order {order.id} exists already.")
    seller.orders[order.id] = order
    if not silent:
        data = {
            "user": user_of(seller),
            "order": {
                "orderId": order.id,
                "orderLineItems": [
                    {"orderLineItemId": line.id, "listingId": line.item_id, "quantity": line.quantity}
                    for line in order.lines
                ],
            },
        }
        notify(world, keys, seller, "ORDER_CONFIRMATION", data)
    return order


def _line(seller: Seller, fields: Fields) -> Line:
    quantity = fields.integer("quantity", 1)
    if quantity < 1:
        raise ControlError("The body: quantity must be at least 1.")
    sku = fields.text("sku")
    line = Line(
        id=fields.text("line_item_id", seller.ids.line()),
        item_id=fields.text("item_id", seller.ids.item()),
        sku=sku,
        title=fields.text("title", sku),
        quantity=quantity,
        cost=whole(fields, "price") * quantity,
        delivery=whole(fields, "delivery", ZERO),
        tax=whole(fields, "tax", ZERO),
        remitted=whole(fields, "collect_and_remit_tax", ZERO),
    )
    fields.finish()
    return line


def refund_by_hand(world: World, keys: SigningKeys, seller: Seller, order: Order, fields: Fields) -> Refund:
    """Let the seller give money back in Seller Hub, for a request or of the seller's own accord.

    Raises:
        ControlError: The description makes no sense, or it is more than the order has left.
    """
    now = world.clock.now()
    lines = _line_amounts(seller, order, fields)
    found = _answered(seller, order, fields)
    usual = sum(lines.values(), ZERO) if lines else found[1].amount if found else order.remaining
    amount = whole(fields, "amount", usual)
    status = fields.choice("status", REFUND_STATUSES, REFUNDED)
    transaction_status = fields.choice("transaction_status", STATUSES, "FUNDS_AVAILABLE_FOR_PAYOUT")
    silent, keep_open = fields.flag("silent"), fields.flag("keep_open")
    reason, comment = fields.text("reason", "OTHER_ADJUSTMENT"), fields.text("comment", "")
    fields.finish()
    if lines and amount != sum(lines.values(), ZERO):
        raise ControlError("The body: amount is not the sum of the lines.")
    if not 0 < amount <= order.remaining:
        raise ControlError(f"The order has {order.remaining} left to refund.")
    refund = Refund(
        number=seller.ids.number(),
        by_api=False,
        amount=amount,
        lines=lines,
        reason=reason,
        comment=comment,
        status=PENDING,
        requested_at=now,
        due=None,
        outcome=PENDING,
        transaction_id=seller.ids.order(),
        transaction_status=transaction_status,
        request_id=found[1].id if found else None,
    )
    add_refund(seller, order, refund)
    if status != PENDING:
        set_status(seller, order, refund, status, now)
    if found is not None and status != FAILED:
        found[1].refunded += amount
        if not keep_open:
            close(world, keys, seller, found, "refunded", silent=silent)
    return refund


def _line_amounts(seller: Seller, order: Order, fields: Fields) -> dict[str, Decimal]:
    amounts: dict[str, Decimal] = {}
    for each in fields.objects("lines"):
        line = chosen(seller, order, each)
        left = order.line_remaining(line)
        amounts[line.id] = whole(each, "amount", left)
        if amounts[line.id] > left:
            raise ControlError(f"The line {line.sku} has {left} left to refund.")
        each.finish()
    return amounts


def _answered(seller: Seller, order: Order, fields: Fields) -> tuple[Order, Request] | None:
    """Return the request a refund is for."""
    number = fields.maybe_text("for")
    if number is None:
        return None
    found = [each for each in seller.requests() if each[1].id == number and each[0] is order]
    if not found:
        raise ControlError(f"The body: the order has no request {number}.")
    return found[0]


def cancel(world: World, keys: SigningKeys, seller: Seller, order: Order, fields: Fields) -> Request:
    """Let the seller cancel an order, which gives the money back.

    Raises:
        ControlError: It is cancelled already.
    """
    now = world.clock.now()
    reason = fields.text("reason", "OUT_OF_STOCK_OR_CANNOT_FULFILL")
    silent = fields.flag("silent")
    fields.finish()
    if order.cancelled_at is not None:
        raise ControlError(f"The order {order.id} is cancelled already.")
    request = Request(
        id=seller.ids.number(),
        kind=CANCELLATION,
        order_id=order.id,
        line=order.lines[0],
        quantity=order.lines[0].quantity,
        reason=reason,
        amount=order.remaining,
        initiator="SELLER",
        created=now,
        modified=now,
    )
    order.requests.append(request)
    if order.paid and order.remaining > 0:
        body = Fields({"for": request.id, "silent": silent, "reason": "SELLER_CANCEL"})
        refund_by_hand(world, keys, seller, order, body)
    else:
        close(world, keys, seller, (order, request), "unpaid", silent=silent)
    return request


def delete_account(world: World, keys: SigningKeys, seller: Seller, username: str) -> None:
    """Let a buyer close the account with eBay: https://developer.ebay.com/marketplace-account-deletion."""
    data = {"username": username, "userId": f"id-{username}", "eiasToken": eias_token()}
    notify(world, keys, seller, "MARKETPLACE_ACCOUNT_DELETION", data)


def revoke(world: World, keys: SigningKeys, seller: Seller, *, silent: bool) -> None:
    """Let the seller take the application's authorisation back."""
    seller.revoke()
    if not silent:
        data = {
            "username": seller.username,
            "userId": seller.user_id,
            "eiasToken": eias_token(),
            "revokeReason": "REVOKED_BY_USER",
            "revocationDate": iso_millis(world.clock.now()),
        }
        notify(world, keys, seller, "AUTHORIZATION_REVOCATION", data)


def eias_token() -> str:
    """Return a token in the old manner."""
    return f"nY+{secrets.token_urlsafe(36)}=="
