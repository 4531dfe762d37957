"""Scenarios of a shop whose refunds are made in NetSuite and carried to it."""

from decimal import Decimal
from typing import Any, Final

from cli.demo.stage import DemoError, Stage
from ledger.states import State

_LAMP: Final = {"sku": "LAMP", "quantity": 2, "price": "40.00", "tax_rate": "0.05"}


def credit_memo(stage: Stage) -> None:
    """A credit memo against the invoice of a shop's order: a refund in the shop."""
    order, imported = stage.synced_order(stage.shop_out, [_LAMP])
    memo = stage.books.refund(
        **{"from": {"type": "invoice", "id": stage.billed_id(imported)}},
        lines=[{"sku": "LAMP", "quantity": 1}],
    )
    stage.expect_posted(
        "credit memo to shop", stage.shop_out, memo, "credit_memo", "42.00", origin="netsuite"
    )
    _refunded_once(stage, order, "42.00")


def cash_refund(stage: Stage) -> None:
    """A cash refund of a whole cash sale, shipping included."""
    shipping = {"price": "6.00"}
    order, imported = stage.synced_order(stage.shop_out, [_LAMP], billed="cashSale", shipping=shipping)
    refund = stage.books.refund(
        **{"from": {"type": "cashSale", "id": stage.billed_id(imported)}},
        lines=[{"sku": "LAMP", "quantity": 2}],
        shippingCost="6.00",
    )
    stage.expect_posted(
        "cash refund to shop", stage.shop_out, refund, "cash_refund", "90.00", origin="netsuite"
    )
    _refunded_once(stage, order, "90.00")


def _refunded_once(stage: Stage, order: dict[str, Any], amount: str) -> None:
    refunds = stage.shop_out.state(order)["refunds"]
    paid = [sum(Decimal(each["amount"]) for each in refund["transactions"]) for refund in refunds]
    if paid != [Decimal(amount)]:
        raise DemoError(f"the shop paid back {paid} for order {order['name']}, not {amount} once")


def never_synced(stage: Stage) -> None:
    """A refund of an order that the shop never had is not carried."""
    imported = stage.books.order(
        otherRefNum="PHONE-ORDER-17",
        currency="USD",
        lines=[{"sku": "LAMP", "quantity": 1, "rate": "40.00"}],
        billed="invoice",
    )
    memo = stage.books.refund(
        **{"from": {"type": "invoice", "id": stage.billed_id(imported)}},
        lines=[{"sku": "LAMP", "quantity": 1}],
    )
    stage.expect(
        "never synced",
        stage.shop_out,
        "netsuite",
        memo,
        State.WAITING,
        "ORDER_NOT_SYNCED",
        transaction_type="credit_memo",
    )


def wrong_direction(stage: Stage) -> None:
    """A refund made in NetSuite for a shop whose refunds go to NetSuite."""
    _, imported = stage.synced_order(stage.shop_in, [_LAMP])
    memo = stage.books.refund(
        **{"from": {"type": "invoice", "id": stage.billed_id(imported)}},
        lines=[{"sku": "LAMP", "quantity": 1}],
    )
    stage.expect(
        "wrong direction (NetSuite)",
        stage.shop_in,
        "netsuite",
        memo,
        State.IGNORED,
        "WRONG_DIRECTION",
        transaction_type="credit_memo",
    )


SCENARIOS: Final = (credit_memo, cash_refund, never_synced, wrong_direction)
