"""Scenarios of eBay: what buyers ask for and sellers give, and refunds that eBay works on by itself."""

from typing import Final

from cli.demo.control import Json
from cli.demo.platforms.ebay import EbaySeller
from cli.demo.stage import Stage
from ledger.states import State

_VASE: Final = {"sku": "VASE", "title": "Vase, blue", "quantity": 2, "price": "30.00"}


def sold(stage: Stage, seller: EbaySeller, *, billed: str = "invoice") -> tuple[Json, Json]:
    """Let a buyer order two vases, and import the order into NetSuite; return both."""
    order = seller.order(_VASE)
    lines = [{"sku": "VASE", "quantity": 2, "rate": "30.00"}]
    return order, stage.market_books.order(order["orderId"], lines, billed=billed)


def returned(stage: Stage) -> None:
    """The buyer returns one, the seller refunds it: a credit memo."""
    seller = stage.ebay_in
    order, _ = sold(stage, seller)
    request = seller.ask(order, "return", quantity=1)
    refund = seller.refund(order, **{"for": request})
    stage.expect_posted("eBay return", seller, refund, "credit_memo", "30.00")


def nobody_asked(stage: Stage) -> None:
    """The seller refunds of their own accord, of which eBay tells nobody: for a person to settle."""
    seller = stage.ebay_in
    order, _ = sold(stage, seller)
    refund = seller.refund(order, amount="5.00")
    stage.poll_until_found(seller, "ebay", refund)
    stage.expect("no request behind it", seller, "ebay", refund, State.DISCREPANCY, "BUYER_REQUEST_MISSING")


def pending_then_done(stage: Stage) -> None:
    """A refund that eBay takes, works on, and says later that it is done."""
    seller = stage.ebay_out
    _, imported = sold(stage, seller)
    memo = stage.market_books.refund(imported, "VASE")
    pending = stage.wait_for(seller, "netsuite", memo, State.WAITING, "OUTCOME_PENDING")
    seller.settle(pending.target_id, "REFUNDED")
    stage.expect_posted(
        "issueRefund, then done",
        seller,
        memo,
        "credit_memo",
        "30.00",
        origin="netsuite",
        reason="ALREADY_POSTED",
    )


def pending_then_failed(stage: Stage) -> None:
    """A refund that eBay takes, and says later that it failed: not tried again, but for a person."""
    seller = stage.ebay_out
    _, imported = sold(stage, seller)
    memo = stage.market_books.refund(imported, "VASE", 2)
    pending = stage.wait_for(seller, "netsuite", memo, State.WAITING, "OUTCOME_PENDING")
    seller.settle(pending.target_id, "FAILED")
    stage.expect(
        "issueRefund, then failed",
        seller,
        "netsuite",
        memo,
        State.DISCREPANCY,
        "PAYMENT_FAILED",
        total="60.00",
    )


SCENARIOS: Final = (returned, nobody_asked, pending_then_done, pending_then_failed)
