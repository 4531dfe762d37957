"""Scenarios of Magento: refunds through its payment gateway and beside it, and credit memos to NetSuite."""

from decimal import Decimal
from typing import Any, Final

from cli.demo.control import Json
from cli.demo.platforms.magento import Store
from cli.demo.stage import Stage
from cli.demo.watch import DemoError
from ledger.states import State

_BAG: Final = {"sku": "BAG", "qty": "2", "price": "35.00"}


def sold(
    stage: Stage,
    store: Store,
    *,
    billed: str = "invoice",
    shipping: str = "",
    **more: Any,  # noqa: ANN401 - JSON values
) -> tuple[Json, Json]:
    """Let a customer order two bags, and import the order into NetSuite; return both."""
    costs = {"shippingCost": shipping} if shipping else {}
    order = store.order(
        _BAG, increment_id=stage.increment(), **({"shipping": shipping} if shipping else {}), **more
    )
    lines = [{"sku": "BAG", "quantity": 2, "rate": "35.00"}]
    return order, stage.market_books.order(order["increment_id"], lines, billed=billed, **costs)


def to_netsuite(stage: Stage) -> None:
    """A credit memo of the admin, told by an extension: a cash refund in NetSuite."""
    order, _ = sold(stage, stage.magento_in, billed="cashSale")
    memo = stage.magento_in.refund(order, {"sku": "BAG", "qty": "1"}, shipping="0")
    stage.expect_posted("Magento credit memo", stage.magento_in, memo, "cash_refund", "35.00")


def online(stage: Stage) -> None:
    """Paid through a gateway: the gateway gives the money back."""
    order, imported = sold(stage, stage.magento_out)
    memo = stage.market_books.refund(imported, "BAG")
    stage.expect_posted("Magento online", stage.magento_out, memo, "credit_memo", "35.00", origin="netsuite")
    _check_gateway(stage.magento_out, order, ["35.00"])


def partial_with_shipping(stage: Stage) -> None:
    """One of two bags and the shipping, by way of the gateway."""
    order, imported = sold(stage, stage.magento_out, shipping="8.00")
    memo = stage.market_books.refund(imported, "BAG", shippingCost="8.00")
    stage.expect_posted(
        "Magento, with shipping", stage.magento_out, memo, "credit_memo", "43.00", origin="netsuite"
    )
    _check_gateway(stage.magento_out, order, ["43.00"])


def offline(stage: Stage) -> None:
    """Paid by cheque: Magento writes down what is given back elsewhere."""
    order, imported = sold(stage, stage.magento_out, payment_method="checkmo")
    memo = stage.market_books.refund(imported, "BAG", 2)
    stage.expect_posted("Magento offline", stage.magento_out, memo, "credit_memo", "70.00", origin="netsuite")
    _check_gateway(stage.magento_out, order, [])


def no_money_moved(stage: Stage) -> None:
    """The gateway said yes and gave nothing back: for a person, and not tried again."""
    store = stage.magento_quiet
    _, imported = sold(stage, store)
    memo = stage.market_books.refund(imported, "BAG")
    stage.expect(
        "gateway moved no money",
        store,
        "netsuite",
        memo,
        State.DISCREPANCY,
        "REFUND_OFFLINE_ONLY",
        total="35.00",
    )


def order_deleted(stage: Stage) -> None:
    """The order was removed from the store: nothing can be refunded there, and nothing is."""
    store = stage.magento_out
    order, imported = sold(stage, store)
    stage.wait_for_order(store, str(order["entity_id"]))
    store.delete(order)
    memo = stage.market_books.refund(imported, "BAG")
    stage.expect("order deleted in Magento", store, "netsuite", memo, State.DISCREPANCY, "ORDER_DELETED")


def _check_gateway(store: Store, order: Json, paid: list[str]) -> None:
    if store.paid_back(order) != [Decimal(each) for each in paid]:
        raise DemoError(f"the gateway gave back {store.paid_back(order)}, not {paid}")


SCENARIOS: Final = (to_netsuite, online, partial_with_shipping, offline, no_money_moved, order_deleted)
