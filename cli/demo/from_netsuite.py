"""Scenarios of a shop whose refunds are made in NetSuite and carried to it."""

from typing import Final

from cli.demo.stage import Stage
from ledger.states import State

_LAMP: Final = {"sku": "LAMP", "quantity": 2, "price": "40.00", "tax_rate": "0.05"}


def credit_memo(stage: Stage) -> None:
    """A credit memo against the invoice of a shop's order: a refund in the shop."""
    _, imported = stage.synced_order(stage.shop_out, [_LAMP])
    memo = stage.books.refund(imported, "LAMP")
    stage.expect_posted(
        "credit memo to shop", stage.shop_out, memo, "credit_memo", "42.00", origin="netsuite"
    )


def cash_refund(stage: Stage) -> None:
    """A cash refund of a whole cash sale, shipping included."""
    shipping = {"price": "6.00"}
    _, imported = stage.synced_order(stage.shop_out, [_LAMP], billed="cashSale", shipping=shipping)
    refund = stage.books.refund(imported, "LAMP", 2, shippingCost="6.00")
    stage.expect_posted(
        "cash refund to shop", stage.shop_out, refund, "cash_refund", "90.00", origin="netsuite"
    )


def never_synced(stage: Stage) -> None:
    """A refund of an order that the shop never had is not carried."""
    imported = stage.books.order("PHONE-ORDER-17", [{"sku": "LAMP", "quantity": 1, "rate": "40.00"}])
    memo = stage.books.refund(imported, "LAMP")
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
    memo = stage.books.refund(imported, "LAMP")
    stage.expect(
        "wrong direction (NetSuite)",
        stage.shop_in,
        "netsuite",
        memo,
        State.IGNORED,
        "WRONG_DIRECTION",
        transaction_type="credit_memo",
    )


def order_deleted(stage: Stage) -> None:
    """The order was deleted in the shop: nothing can be refunded there, and nothing is."""
    shop = stage.shop_out
    order, imported = stage.synced_order(shop, [_LAMP])
    stage.wait_for_order(shop, str(order["id"]))
    shop.delete(order)
    memo = stage.books.refund(imported, "LAMP")
    stage.expect("order deleted in the shop", shop, "netsuite", memo, State.DISCREPANCY, "ORDER_DELETED")


SCENARIOS: Final = (credit_memo, cash_refund, never_synced, wrong_direction, order_deleted)
