"""What buyers ask for: returns, cancellations, inquiries and cases, from the first word to the last."""

from decimal import Decimal
from typing import Final

from sandbox.ebay import legacy
from sandbox.ebay.model import CANCELLATION, CASE, INQUIRY, REQUEST_KINDS, RETURN, Line, Order, Request
from sandbox.ebay.postorder import CANCEL_STATUS, return_status
from sandbox.ebay.pushes import SigningKeys, notify, user_of
from sandbox.ebay.seller import Seller
from sandbox.jsonish import ControlError, Fields, Json
from sandbox.world import World

REASONS: Final = {
    RETURN: "NO_LONGER_NEED_ITEM",
    CANCELLATION: "BUYER_ASKED_CANCEL",
    INQUIRY: "ITEM_NOT_RECEIVED",
    CASE: "ITEM_NOT_RECEIVED",
}
_TOPICS: Final = {
    RETURN: "ORDER_RETURN_ACTIVITY",
    CANCELLATION: "ORDER_CANCELLATION_ACTIVITY",
    INQUIRY: "ORDER_INQUIRY_ACTIVITY",
}
_OPENED: Final = {
    RETURN: "RETURN_REQUESTED",
    CANCELLATION: "CANCELLATION_REQUESTED",
    INQUIRY: "INQUIRY_CREATED",
}
_CLOSED: Final = {
    RETURN: "RETURN_CLOSED",
    CANCELLATION: "CANCELLATION_COMPLETED",
    INQUIRY: "INQUIRY_CLOSED",
}
_OF_ORDER: Final = frozenset({"orderId", "returnLineItems", "inquiryLineItems"})
"""Where activities name the order; their contract is open to approved applications only."""
_CENT: Final = Decimal("0.01")


def whole(fields: Fields, name: str, default: Decimal | None = None) -> Decimal:
    """Read an amount in major units, to the cent and not negative."""
    value = fields.decimal(name, default)
    if value < 0 or value != value.quantize(_CENT):
        raise ControlError(f"The body: {name} must be an amount, to the cent.")
    return value


def chosen(seller: Seller, order: Order, fields: Fields) -> Line:
    """Return the line that a description names by SKU or id, the first if it names none."""
    name = fields.maybe_text("line")
    line = order.lines[0] if name is None else seller.line_named(order, name)
    if line is None:
        raise ControlError(f"The body: the order has no line {name}.")
    return line


def ask(world: World, keys: SigningKeys, seller: Seller, order: Order, fields: Fields) -> Request:
    """Let the buyer ask for a return or a cancellation, or open an inquiry or a case.

    Raises:
        ControlError: The description makes no sense.
    """
    now = world.clock.now()
    kind = fields.choice("kind", REQUEST_KINDS)
    line = chosen(seller, order, fields)
    quantity = fields.integer("quantity", line.quantity)
    if not 1 <= quantity <= line.quantity:
        raise ControlError("The body: quantity must be one the line has.")
    usual = order.total if kind == CANCELLATION else (line.cost * quantity / line.quantity).quantize(_CENT)
    request = Request(
        id=seller.ids.number(),
        kind=kind,
        order_id=order.id,
        line=line,
        quantity=quantity,
        reason=fields.text("reason", REASONS[kind]),
        amount=whole(fields, "amount", usual),
        initiator="BUYER",
        created=now,
        modified=now,
    )
    silent = fields.flag("silent")
    fields.finish()
    open_request(world, keys, seller, order, request, silent=silent)
    return request


def open_request(
    world: World, keys: SigningKeys, seller: Seller, order: Order, request: Request, *, silent: bool
) -> None:
    """Add a request to an order, and tell the seller's application."""
    order.requests.append(request)
    order.touch(request.created)
    if not silent:
        announce(world, keys, seller, order, request, _OPENED)
        event = legacy.OPENED.get(request.kind)
        if event is not None:
            legacy.notify(world, seller, event, order, request)


def announce(
    world: World, keys: SigningKeys, seller: Seller, order: Order, request: Request, activities: Json
) -> None:
    """Send the activity notification of a request; cases have none."""
    if request.kind in activities:
        data = activity(seller, order, request, activities[request.kind])
        notify(world, keys, seller, _TOPICS[request.kind], data)


def activity(seller: Seller, order: Order, request: Request, activity_type: str) -> Json:
    """Write what an activity notification says."""
    lines = [
        {
            "orderId": order.id,
            "orderLineItemId": request.line.id,
            "listingId": request.line.item_id,
            "quantity": request.quantity,
        }
    ]
    if request.kind == RETURN:
        name = "orderReturn"
        value = {
            "returnId": request.id,
            "returnStatus": return_status(request)[1],
            "returnLineItems": lines,
        }
    elif request.kind == CANCELLATION:
        name = "orderCancellation"
        value = {
            "cancellationId": request.id,
            "cancellationStatus": CANCEL_STATUS[request.outcome][1],
            "orderId": order.id,
        }
    else:
        name = "orderInquiry"
        value = {
            "inquiryId": request.id,
            "inquiryStatus": "OPEN" if request.open else "CLOSED",
            "inquiryLineItems": lines,
        }
    if seller.push is not None and not seller.push.names_orders:
        value = {member: told for member, told in value.items() if member not in _OF_ORDER}
    buyer = {"userId": f"id-{order.buyer}", "username": order.buyer}
    return {"user": user_of(seller), "activityType": activity_type, name: {**value, "buyer": buyer}}


def close(
    world: World,
    keys: SigningKeys,
    seller: Seller,
    found: tuple[Order, Request],
    outcome: str,
    *,
    silent: bool,
) -> None:
    """Close a request, and tell the seller's application."""
    order, request = found
    if not request.open:
        raise ControlError(f"The {request.kind} {request.id} is closed already.")
    now = world.clock.now()
    request.close(outcome, now)
    order.touch(now)
    if request.kind == CANCELLATION and outcome in {"refunded", "unpaid"}:
        order.cancelled_at = now
    if silent:
        return
    declined = request.kind == CANCELLATION and outcome == "declined"
    announce(
        world, keys, seller, order, request, {CANCELLATION: "CANCELLATION_DECLINED"} if declined else _CLOSED
    )
    if request.kind == RETURN:
        legacy.notify(world, seller, "ReturnClosed", order, request)


def escalate(
    world: World, keys: SigningKeys, seller: Seller, found: tuple[Order, Request], *, silent: bool
) -> Request:
    """Let the buyer turn a return or an inquiry into a case.

    Raises:
        ControlError: It is something else, or closed.
    """
    order, request = found
    if request.kind not in {RETURN, INQUIRY}:
        raise ControlError(f"A {request.kind} cannot be escalated.")
    close(world, keys, seller, found, "escalated", silent=silent)
    now = world.clock.now()
    case = Request(
        id=seller.ids.number(),
        kind=CASE,
        order_id=order.id,
        line=request.line,
        quantity=request.quantity,
        reason=request.reason,
        amount=request.amount,
        initiator="BUYER",
        created=now,
        modified=now,
        return_id=request.id if request.kind == RETURN else None,
    )
    open_request(world, keys, seller, order, case, silent=True)
    return case
