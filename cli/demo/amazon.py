"""Scenarios of Amazon: refunds of Seller Central carried to NetSuite, and one handed to Amazon in a feed."""

from typing import Final

from cli.demo.control import Json
from cli.demo.platforms.amazon import Seller
from cli.demo.stage import Stage
from cli.demo.watch import DemoError
from ledger.states import State

_GRILL: Final = {"sku": "GRILL", "quantity": 3, "price": "20.00"}
_ONE: Final = {"sku": "GRILL", "quantity": 1}
_WEEK: Final = str(7 * 24 * 3600)  # seconds


def sold(stage: Stage, seller: Seller, *, billed: str = "invoice") -> tuple[Json, Json]:
    """Let a buyer order three grills, and import the order into NetSuite; return both."""
    order = seller.order(_GRILL)
    lines = [{"sku": "GRILL", "quantity": 3, "rate": "20.00"}]
    return order, stage.market_books.order(order["id"], lines, billed=billed)


def by_sns(stage: Stage) -> None:
    """A notification that SNS relays, from a subscription that was confirmed."""
    seller = stage.amazon_sns
    stage.until(seller.is_subscribed, "the SNS subscription to be confirmed")
    order, _ = sold(stage, seller)
    refund = seller.refund(order, _ONE)
    stage.expect_posted("Amazon by SNS", seller, refund, "credit_memo", "20.00")


def by_api_destination(stage: Stage) -> None:
    """A notification by way of EventBridge's API destination, for an order billed by cash sale."""
    order, _ = sold(stage, stage.amazon_in, billed="cashSale")
    refund = stage.amazon_in.refund(order, _ONE | {"quantity": 2})
    stage.expect_posted("Amazon by API destination", stage.amazon_in, refund, "cash_refund", "40.00")


def deferred_then_released(stage: Stage) -> None:
    """Amazon holds the money back for a week, then releases it: only then is it posted."""
    seller = stage.amazon_in
    order, _ = sold(stage, seller)
    refund = seller.refund(order, _ONE, deferred_seconds=_WEEK)
    stage.wait_for(seller, "amazon", refund, State.WAITING, "MONEY_PENDING")
    seller.release(order)
    stage.expect_posted("deferred, then released", seller, refund, "credit_memo", "20.00")


def tax_and_promotion(stage: Stage) -> None:
    """One of each of two items, with their tax and their share of a promotion."""
    seller = stage.amazon_in
    order = seller.order(
        {"sku": "TENT", "quantity": 2, "price": "50.00", "tax": "8.00", "promotion": "10.00"},
        {"sku": "PEGS", "quantity": 4, "price": "2.50", "tax": "0.80"},
    )
    stage.market_books.order(
        order["id"],
        [
            {"sku": "TENT", "quantity": 2, "rate": "50.00", "taxRate": "0.08"},
            {"sku": "PEGS", "quantity": 4, "rate": "2.50", "taxRate": "0.08"},
        ],
    )
    refund = seller.refund(order, {"sku": "TENT", "quantity": 1}, {"sku": "PEGS", "quantity": 2})
    # 50.00 + 4.00 tax - 5.00 promotion, and 5.00 + 0.40 tax
    stage.expect_posted("items, tax and promotion", seller, refund, "credit_memo", "54.40")


def by_feed(stage: Stage) -> None:
    """A credit memo of NetSuite's is handed to Amazon in a feed, whose report says that it is done."""
    seller = stage.amazon_out
    order, imported = sold(stage, seller)
    memo = stage.market_books.refund(imported, "GRILL")
    stage.expect_posted(
        "credit memo to Amazon",
        seller,
        memo,
        "credit_memo",
        "20.00",
        origin="netsuite",
        reason="ALREADY_POSTED",
    )
    # Amazon keeps no mark of ours, so that what comes back is told by its direction.
    ids = seller.refund_ids(order["id"])
    if len(ids) != 1:
        raise DemoError(f"Amazon has {len(ids)} refunds of order {order['id']}, not one")
    stage.expect("its own refund at Amazon", seller, "amazon", ids[0], State.IGNORED, "WRONG_DIRECTION")


SCENARIOS: Final = (by_sns, by_api_destination, deferred_then_released, tax_and_promotion, by_feed)
