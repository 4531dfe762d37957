"""Reads what a client wants refunded, and finds what is wrong with it.

The messages about quantities and over-refunding are Shopify's; ``UserError`` has no code, see
https://shopify.dev/docs/api/admin-graphql/latest/mutations/refundCreate
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from graphql import GraphQLError

from sandbox.jsonish import Json
from sandbox.shopify.ids import number_of
from sandbox.shopify.model import Order
from sandbox.shopify.money import ZERO, Bag
from sandbox.shopify.refunds import DutyWish, LineWish, Wish
from sandbox.shopify.shop import Shop


@dataclass(frozen=True)
class UserError:
    """One entry of ``userErrors``."""

    field: tuple[str, ...] | None
    message: str

    def view(self) -> Json:
        """View it as the ``UserError`` type."""
        return {"field": None if self.field is None else list(self.field), "message": self.message}


def amount_of(value: object) -> Decimal:
    """Read a ``Money`` or ``Decimal`` scalar: a number or a decimal string.

    Raises:
        GraphQLError: It is neither.
    """
    try:
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise GraphQLError(
            f"invalid decimal: {value}", extensions={"code": "argumentLiteralsIncompatible"}
        ) from error
    if not amount.is_finite():
        raise GraphQLError(f"invalid decimal: {value}", extensions={"code": "argumentLiteralsIncompatible"})
    return amount


def read_lines(
    shop: Shop, order: Order, items: Sequence[Mapping[str, object]], errors: list[UserError]
) -> list[LineWish]:
    """Read ``refundLineItems``; what is wrong with them is added to the errors."""
    wishes: list[LineWish] = []
    taken: dict[int, int] = {}
    for index, item in enumerate(items):
        at = ("refundLineItems", str(index))
        line = order.line(number_of(str(item["lineItemId"]), "LineItem") or 0)
        if line is None:
            errors.append(UserError((*at, "lineItemId"), "Line item does not exist"))
            continue
        quantity = int(str(item["quantity"]))
        taken[line.id] = taken.get(line.id, 0) + quantity
        if quantity < 1:
            errors.append(UserError((*at, "quantity"), "Quantity must be greater than 0"))
        elif taken[line.id] > line.refundable:
            errors.append(
                UserError((*at, "quantity"), "Quantity cannot refund more items than were purchased")
            )
        restock = str(item.get("restockType") or "NO_RESTOCK").lower()
        place = _location(shop, item, restock, at, errors)
        wishes.append(LineWish(line, quantity, restock, place))
    return wishes


def _location(
    shop: Shop, item: Mapping[str, object], restock: str, at: tuple[str, ...], errors: list[UserError]
) -> int | None:
    """Read where a line is restocked: needed for ``RETURN`` and ``CANCEL``, empty for ``NO_RESTOCK``."""
    if restock == "legacy_restock":
        errors.append(
            UserError((*at, "restockType"), "Restock type LEGACY_RESTOCK is not accepted for new refunds")
        )
        return None
    if restock == "no_restock":
        return None
    given = item.get("locationId")
    if given is None:
        errors.append(UserError((*at, "locationId"), "Location must be specified for items being restocked"))
        return None
    number = number_of(str(given), "Location")
    if all(place.id != number for place in shop.locations):
        errors.append(UserError((*at, "locationId"), "Location does not exist"))
    return number


def read_shipping(order: Order, amount: object, *, full: bool, errors: list[UserError]) -> Decimal | None:
    """Read how much shipping, before tax, shall be refunded."""
    left = order.shipping.price - order.shipping.refunded if order.shipping else Bag()
    if full:
        return left.presentment
    if amount is None:
        return None
    wanted = amount_of(amount)
    if wanted < ZERO or wanted > left.presentment:
        errors.append(
            UserError(("shipping", "amount"), "Shipping amount is greater than what can be refunded")
        )
    return wanted


def read_duties(
    order: Order, items: Sequence[Mapping[str, object]], lines: Sequence[LineWish], errors: list[UserError]
) -> list[DutyWish]:
    """Read ``refundDuties``: all that is left of a duty, or the share of the units refunded."""
    wishes: list[DutyWish] = []
    for index, item in enumerate(items):
        number = number_of(str(item["dutyId"]), "Duty")
        line = next((each for each in order.lines if each.duty is not None and each.duty.id == number), None)
        if line is None or line.duty is None:
            errors.append(UserError(("refundDuties", str(index), "dutyId"), "Duty does not exist"))
            continue
        units = sum(wish.quantity for wish in lines if wish.line is line)
        wishes.append(DutyWish(line, line.duty, units if item.get("refundType") == "PROPORTIONAL" else None))
    return wishes


def everything(order: Order) -> Wish:
    """Return the wish for all that is left of an order."""
    return Wish(
        lines=[LineWish(line, line.refundable) for line in order.lines if line.refundable],
        shipping=read_shipping(order, None, full=True, errors=[]),
        duties=[DutyWish(line, line.duty) for line in order.lines if line.duty],
    )
