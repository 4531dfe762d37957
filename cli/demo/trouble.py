"""Scenarios of what goes wrong; one after another, since a fault of the sandbox hits whoever comes next."""

from typing import Any, Final

from cli.demo.stage import Stage
from cli.demo.watch import DemoError
from ledger import actions
from ledger.clock import utcnow
from ledger.states import State

_PEN: Final = {"sku": "PEN", "quantity": 3, "price": "10.00"}
_HAPPY_CALLS: Final = 2


def two_calls(stage: Stage) -> None:
    """Nothing is in the way: one query and one transform, and no more."""
    order, _ = stage.synced_order(stage.shop_in, [_PEN])
    stage.settle()
    stage.control.delete("/calls")
    refund = stage.shop_in.refund(order, lines=[{"sku": "PEN", "quantity": 1}])
    stage.expect_posted("two calls and no more", stage.shop_in, refund, "credit_memo", "10.00")
    calls = [call for call in stage.calls("netsuite") if call["operation"] != "token"]
    if len(calls) != _HAPPY_CALLS:
        raise DemoError(f"{len(calls)} NetSuite calls for one refund: {[c['operation'] for c in calls]}")


def cancel_and_uncancel(stage: Stage) -> None:
    """Cancelled while it waits: nothing is written. Uncancelled: posted."""
    order, imported = stage.synced_order(stage.shop_in, [_PEN], billed="")
    refund = stage.shop_in.refund(order, lines=[{"sku": "PEN", "quantity": 1}])
    waiting = stage.wait_for(stage.shop_in, "shopify", refund, State.WAITING, "NOT_BILLED")
    with stage.database.write() as session:
        actions.cancel(session, waiting.id, now=utcnow(), actor="demo", note="bought again")
    stage.books.bill(imported, "invoice")
    stage.settle()
    stage.wait_for(stage.shop_in, "shopify", refund, State.CANCELLED, "CANCELLED_BY_PERSON")
    with stage.database.write() as session:
        actions.uncancel(session, waiting.id, now=utcnow(), actor="demo", note="it was right after all")
    stage.expect_posted("cancelled, then uncancelled", stage.shop_in, refund, "credit_memo", "10.00")


def timeout_after_write(stage: Stage) -> None:
    """NetSuite wrote, but its answer never came: the record is found and linked, not written again."""
    order, _ = stage.synced_order(stage.shop_in, [_PEN], billed="cashSale")
    stage.settle()
    stage.fault(platform="netsuite", operation="record:transform", when="after", kind="stall", seconds=6)
    refund = stage.shop_in.refund(order, lines=[{"sku": "PEN", "quantity": 1}])
    stage.expect_posted(
        "time-out after the write", stage.shop_in, refund, "cash_refund", "10.00", reason="ALREADY_POSTED"
    )


def throttled_by_netsuite(stage: Stage) -> None:
    """NetSuite asks to slow down twice."""
    order, _ = stage.synced_order(stage.shop_in, [_PEN])
    stage.settle()
    stage.fault(platform="netsuite", operation="suiteql", when="before", kind="throttle", times=2)
    refund = stage.shop_in.refund(order, lines=[{"sku": "PEN", "quantity": 2}])
    stage.expect_posted("throttled by NetSuite", stage.shop_in, refund, "credit_memo", "20.00")


def throttled_by_shopify(stage: Stage) -> None:
    """Shopify asks to slow down, in an answer of 200."""
    _, imported = stage.synced_order(stage.shop_out, [_PEN])
    stage.settle()
    stage.fault(platform="shopify", operation="graphql:refundCreate", when="before", kind="throttle", times=2)
    memo = stage.books.refund(imported, "PEN")
    stage.expect_posted(
        "throttled by Shopify", stage.shop_out, memo, "credit_memo", "10.00", origin="netsuite"
    )


SCENARIOS: Final[tuple[Any, ...]] = (
    two_calls,
    cancel_and_uncancel,
    timeout_after_write,
    throttled_by_netsuite,
    throttled_by_shopify,
)
