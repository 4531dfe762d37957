"""The ``refundCreate`` mutation: its checks, its idempotency, its effect.

https://shopify.dev/docs/api/admin-graphql/latest/mutations/refundCreate
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from graphql import GraphQLError

from sandbox.jsonish import Json
from sandbox.shopify.graphql.suggest import list_of
from sandbox.shopify.graphql.wishes import UserError, amount_of, read_duties, read_lines, read_shipping
from sandbox.shopify.ids import number_of
from sandbox.shopify.model import Order, Refund, Transaction
from sandbox.shopify.money import ZERO, Bag, graphql_amount
from sandbox.shopify.refunds import DISCREPANCY, Draft, Wish, make_refund
from sandbox.shopify.shop import Shop

IDEMPOTENT_SINCE: Final = "2026-04"
STORE_CREDIT: Final = "shopify_store_credit"
NO_KEY: Final = "The @idempotent directive is required for this mutation but was not provided."
BLANK_KEY: Final = "The idempotency key cannot be an empty string or whitespace only."

Given = Mapping[str, object]


def check_key(key: str | None, version: str) -> str | None:
    """Return the idempotency key, ``None`` where an old API version got none.

    Raises:
        GraphQLError: The key is blank, or missing although this API version requires one.
    """
    if key is None and version >= IDEMPOTENT_SINCE:
        raise GraphQLError(NO_KEY, extensions={"code": "BAD_REQUEST"})
    if key is not None and not key.strip():
        raise GraphQLError(BLANK_KEY, extensions={"code": "BAD_REQUEST"})
    return key


def fingerprint(given: Given) -> str:
    """Write an operation's parameters in one canonical form, whatever the order of their keys."""
    return json.dumps(given, sort_keys=True, default=str)


def draft_refund(shop: Shop, order: Order, given: Given, now: datetime) -> tuple[Draft, list[UserError]]:
    """Read a ``RefundInput``.

    Args:
        shop: The shop.
        order: The order to refund.
        given: The input.
        now: The present time.

    Returns:
        The refund asked for, and what is wrong with it; it may be made only if nothing is.
    """
    errors: list[UserError] = []
    lines = read_lines(shop, order, list_of(given.get("refundLineItems")), errors)
    shipping = given.get("shipping")
    wish = Wish(
        lines,
        read_shipping(order, shipping.get("amount"), full=bool(shipping.get("fullRefund")), errors=errors)
        if isinstance(shipping, dict)
        else None,
        read_duties(order, list_of(given.get("refundDuties")), lines, errors),
    )
    _check_currency(order, given, errors)
    money = Money(shop, order, now, bool(given.get("allowOverRefunding")))
    transactions = money.transactions(list_of(given.get("transactions")), errors)
    transactions += money.store_credit(list_of(given.get("refundMethods")), errors)
    if not errors:
        money.check_total(transactions, errors)
    reason = str(given.get("discrepancyReason") or "").capitalize()
    note = given.get("note")
    return (
        Draft(
            wish=wish,
            transactions=transactions,
            note=None if note is None else str(note),
            reason=reason if reason and reason != "Other" else DISCREPANCY,
        ),
        errors,
    )


def _check_currency(order: Order, given: Given, errors: list[UserError]) -> None:
    """The currency must be the presentment currency, and be named where it is not the shop's."""
    currency = given.get("currency")
    if currency is None and order.currencies.presentment != order.currencies.shop:
        errors.append(UserError(("currency",), "Currency must be specified for multi-currency orders"))
    elif currency is not None and currency != order.currencies.presentment:
        errors.append(UserError(("currency",), "Currency must match the presentment currency of the order"))


@dataclass(frozen=True)
class Money:
    """The money of one refund, while it is read and checked."""

    shop: Shop
    order: Order
    now: datetime
    over: bool

    def transactions(self, items: Sequence[Given], errors: list[UserError]) -> list[Transaction]:
        """Read ``transactions``; each gives back to one payment of the order."""
        made: list[Transaction] = []
        for index, item in enumerate(items):
            at = ("transactions", str(index))
            amount = self._amount(item["amount"], (*at, "amount"), errors)
            payment = self._payment(item, at, errors)
            if payment is None:
                continue
            spent = sum((each.amount for each in made if each.parent_id == payment.id), amount)
            if not self.over and spent.presentment > self.order.left_of(payment).presentment:
                left = graphql_amount(self.order.left_of(payment).presentment)
                errors.append(
                    UserError(
                        (*at, "amount"), f"Amount is greater than the {left} left on the parent transaction"
                    )
                )
            made.append(self._refund(payment.gateway, amount, payment.id))
        return made

    def _payment(self, item: Given, at: tuple[str, ...], errors: list[UserError]) -> Transaction | None:
        """Find the payment that a transaction gives back, by its parent or its gateway."""
        if number_of(str(item["orderId"]), "Order") != self.order.id:
            errors.append(UserError((*at, "orderId"), "Transaction does not belong to the order"))
        if item["kind"] != "REFUND":
            errors.append(UserError((*at, "kind"), "Kind must be REFUND"))
        same_gateway = [
            each for each in self.order.payments if each.gateway == item["gateway"] and each.moved
        ]
        if not same_gateway:
            errors.append(UserError((*at, "gateway"), "Gateway was not used to pay for the order"))
            return None
        parent = item.get("parentId")
        if parent is None:
            return max(same_gateway, key=lambda each: self.order.left_of(each).presentment)
        number = number_of(str(parent), "OrderTransaction")
        found = next((each for each in same_gateway if each.id == number), None)
        if found is None:
            errors.append(UserError((*at, "parentId"), "Parent transaction does not exist"))
        return found

    def store_credit(self, items: Sequence[Json], errors: list[UserError]) -> list[Transaction]:
        """Read ``refundMethods``: money given as store credit."""
        made: list[Transaction] = []
        for index, item in enumerate(items):
            at = ("refundMethods", str(index), "storeCreditRefund", "amount")
            wanted: Json = item["storeCreditRefund"]["amount"]
            if wanted["currencyCode"] != self.order.currencies.presentment:
                errors.append(UserError(at, "Currency must match the presentment currency of the order"))
            if self.order.customer_id is None:
                errors.append(UserError(at[:-1], "Store credit needs an order with a customer"))
            made.append(self._refund(STORE_CREDIT, self._amount(wanted["amount"], at, errors), None))
        return made

    def check_total(self, transactions: Sequence[Transaction], errors: list[UserError]) -> None:
        """Refuse to give back more than was received."""
        total = sum((each.amount for each in transactions), Bag()).presentment
        received = self.order.net_payment.presentment
        if total > received and not self.over:
            errors.append(
                UserError(
                    None, f"Refund amount ${total:.2f} is greater than net payment received ${received:.2f}"
                )
            )

    def _amount(self, value: object, at: tuple[str, ...], errors: list[UserError]) -> Bag:
        amount: Decimal = amount_of(value)
        if amount <= ZERO:
            errors.append(UserError(at, "Amount must be greater than zero"))
        return self.order.currencies.bag(amount)

    def _refund(self, gateway: str, amount: Bag, parent_id: int | None) -> Transaction:
        status = "success" if gateway == STORE_CREDIT else self.shop.refund_status
        return Transaction(self.shop.ids.next(), "refund", gateway, status, amount, self.now, parent_id)


def create(shop: Shop, order: Order, given: Given, now: datetime) -> tuple[Refund | None, list[UserError]]:
    """Make the refund if nothing is wrong with it."""
    draft, errors = draft_refund(shop, order, given, now)
    return (None, errors) if errors else (make_refund(order, shop.ids, now, draft), [])


def payload(order: Json | None, refund: Json | None, errors: Sequence[UserError]) -> Json:
    """View a ``RefundCreatePayload``."""
    return {"order": order, "refund": refund, "userErrors": [each.view() for each in errors]}
