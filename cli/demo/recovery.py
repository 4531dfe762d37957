"""Scenarios of what no webhook tells: polls, a reconciliation, what it finds retrieved, and lost orders."""

from datetime import timedelta
from typing import Final

from cli.demo import amazon, ebay, magento
from cli.demo.control import Storefront
from cli.demo.stage import Stage
from cli.demo.watch import DemoError
from ledger.clock import utcnow
from ledger.models import Finding
from ledger.states import State

_CUP: Final = {"sku": "CUP", "quantity": 3, "price": "10.00"}
_ONE: Final = [{"sku": "CUP", "quantity": 1}]
_ASK_EVERY: Final = 0.25  # seconds; a token has so many requests in a minute
_COUNTED: Final = (
    Finding.MATCHED.value,
    Finding.MISSING_IN_NETSUITE.value,
    Finding.MISSING_IN_STOREFRONT.value,
    Finding.AMOUNT_DIFFERS.value,
    Finding.TYPE_DIFFERS.value,
)


def shopify_polled(stage: Stage) -> None:
    """A refund whose webhook Shopify never sent."""
    order, _ = stage.synced_order(stage.shop_in, [_CUP])
    _polled(stage, stage.shop_in, stage.shop_in.refund(order, lines=_ONE, silent=True), "10.00")


def amazon_polled(stage: Stage) -> None:
    """A refund of some minutes ago that Amazon did not tell of; of the last two minutes it tells nothing."""
    seller = stage.amazon_in
    order, _ = amazon.sold(stage, seller)
    refund = seller.refund(order, {"sku": "GRILL", "quantity": 1}, seconds_ago="600", silent=True)
    _polled(stage, seller, refund, "20.00")


def ebay_polled(stage: Stage) -> None:
    """A return and its refund that eBay did not tell of."""
    seller = stage.ebay_in
    order, _ = ebay.sold(stage, seller)
    request = seller.ask(order, "return", quantity=1, silent=True)
    _polled(stage, seller, seller.refund(order, silent=True, **{"for": request}), "30.00")


def magento_polled(stage: Stage) -> None:
    """A credit memo that the store did not tell of."""
    store = stage.magento_in
    order, _ = magento.sold(stage, store)
    _polled(stage, store, store.refund(order, {"sku": "BAG", "qty": "1"}, shipping="0", silent=True), "35.00")


def netsuite_polled(stage: Stage) -> None:
    """A credit memo whose user event was lost."""
    _, imported = stage.synced_order(stage.shop_out, [_CUP])
    memo = stage.books.refund(imported, "CUP", silent=True)
    _polled(stage, stage.shop_out, memo, "10.00", origin="netsuite")


def _polled(stage: Stage, storefront: Storefront, refund: str, total: str, *, origin: str = "") -> None:
    origin = origin or storefront.platform
    stage.poll_until_found(storefront, origin, refund)
    stage.expect_posted(
        f"found by a poll of {origin}", storefront, refund, "credit_memo", total, origin=origin
    )


def amazon_order_deleted(stage: Stage) -> None:
    """An Amazon order that was deleted in NetSuite."""
    seller = stage.amazon_in
    order, imported = amazon.sold(stage, seller, billed="")
    stage.market_books.delete(imported)
    _lost(stage, seller, seller.refund(order, {"sku": "GRILL", "quantity": 1}))


def ebay_order_deleted(stage: Stage) -> None:
    """An eBay order that was deleted in NetSuite."""
    seller = stage.ebay_in
    order, imported = ebay.sold(stage, seller, billed="")
    stage.market_books.delete(imported)
    _lost(stage, seller, seller.refund(order, **{"for": seller.ask(order, "return")}))


def magento_order_deleted(stage: Stage) -> None:
    """A Magento order that was deleted in NetSuite."""
    store = stage.magento_in
    order, imported = magento.sold(stage, store, billed="")
    stage.market_books.delete(imported)
    _lost(stage, store, store.refund(order, {"sku": "BAG", "qty": "1"}, shipping="0"))


def _lost(stage: Stage, storefront: Storefront, refund: str) -> None:
    stage.expect(
        f"{storefront.platform} order deleted in NetSuite",
        storefront,
        storefront.platform,
        refund,
        State.DISCREPANCY,
        "ORDER_DELETED",
    )


def reconciliation(stage: Stage) -> None:
    """One difference of each kind between a shop and NetSuite; what NetSuite lacks is then retrieved."""
    shop = stage.shop_audit
    order, _ = stage.synced_order(shop, [_CUP])
    stage.expect_posted("reconciled: matches", shop, shop.refund(order, lines=_ONE), "credit_memo", "10.00")
    lacking, _ = stage.synced_order(shop, [_CUP])
    missed = shop.refund(lacking, lines=_ONE, silent=True)
    _in_netsuite_alone(stage)
    _of_another_amount(stage)
    _of_another_type(stage)
    _let_a_moment_pass(stage)
    run, found = _reconciled(stage)
    if found != dict.fromkeys(_COUNTED, 1):
        raise DemoError(f"the reconciliation of {shop.slug} found {found}, not one of each")
    _retrieved(stage, run, missed)


def _in_netsuite_alone(stage: Stage) -> None:
    _, imported = stage.synced_order(stage.shop_audit, [_CUP])
    _by_hand(stage, "only in NetSuite", stage.books.refund(imported, "CUP"))


def _of_another_amount(stage: Stage) -> None:
    order, imported = stage.synced_order(stage.shop_audit, [_CUP])
    stage.shop_audit.refund(order, lines=_ONE, silent=True)
    _by_hand(stage, "another amount", stage.books.refund(imported, "CUP", 2))


def _of_another_type(stage: Stage) -> None:
    """Enter a credit memo for an order billed by cash sale, which asks for a cash refund.

    NetSuite lets one be made where the return was authorized from the order rather than from its bill.
    """
    order, imported = stage.synced_order(stage.shop_audit, [_CUP], billed="cashSale")
    stage.shop_audit.refund(order, lines=_ONE, silent=True)
    authorized = stage.books.authorize_return(imported["salesOrder"], lines=_ONE, status="F")
    _by_hand(stage, "another type", stage.books.credit_return(authorized))


def _by_hand(stage: Stage, what: str, record: str) -> None:
    """Expect that what was entered in NetSuite is not carried to a shop whose refunds go the other way."""
    stage.expect(
        f"reconciled: {what}", stage.shop_audit, "netsuite", record, State.IGNORED, "WRONG_DIRECTION"
    )


def _let_a_moment_pass(stage: Stage) -> None:
    """Wait until the last second is over: NetSuite tells time by the second."""
    over = utcnow() + timedelta(seconds=1.5)
    stage.until(lambda: utcnow() > over, "the second to be over")


def _reconciled(stage: Stage) -> tuple[str, dict[str, int]]:
    """Reconcile the last hour; return the run, and how often each was found."""
    now, shop = utcnow(), stage.shop_audit.slug
    run = stage.api.reconcile(shop, now - timedelta(hours=1), now + timedelta(hours=1))
    what = f"the reconciliation of {shop} to end"
    return run, stage.until(lambda: stage.api.counted(run), what, every=_ASK_EVERY)


def _retrieved(stage: Stage, run: str, refund: str) -> None:
    """Ask for the refunds of the one order of which the reconciliation says that NetSuite lacks them."""
    (order,) = stage.api.orders(run, Finding.MISSING_IN_NETSUITE.value)
    asked = stage.api.retrieve(stage.shop_audit.slug, order)
    what = f"the refunds of order {order} to be retrieved"
    stage.until(lambda: stage.api.answer(asked), what, every=_ASK_EVERY)
    stage.expect_posted("retrieved", stage.shop_audit, refund, "credit_memo", "10.00")


SCENARIOS: Final = (
    reconciliation,
    shopify_polled,
    amazon_polled,
    ebay_polled,
    magento_polled,
    netsuite_polled,
    amazon_order_deleted,
    ebay_order_deleted,
    magento_order_deleted,
)
