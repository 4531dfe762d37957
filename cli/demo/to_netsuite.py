"""Scenarios of a shop whose refunds are carried to NetSuite."""

from typing import Any, Final

from cli.demo.stage import Stage
from cli.demo.watch import DemoError
from ledger.states import State

OFFICIAL_ORDER: Final = 820982911946154508
OFFICIAL_REFUND: Final = 890088186047892319
"""The ids of Shopify's documented example: 64-bit integers that a double would round."""

_SHIRT: Final = {"sku": "SHIRT-M", "quantity": 2, "price": "25.00", "tax_rate": "0.08"}
_MUG: Final = {"sku": "MUG", "quantity": 1, "price": "12.50", "tax_rate": "0.08"}


def official_example(stage: Stage) -> None:
    """Shopify's own example refund, ids and all, against an invoice: a credit memo."""
    lines = [
        {"sku": "SKU2006-001", "title": "Aviator sunglasses", "quantity": 1, "price": "89.99"},
        {"sku": "SKU2006-020", "title": "Mid-century lounger", "quantity": 1, "price": "159.99"},
    ]
    shop = stage.shop_in
    order, _ = stage.synced_order(shop, lines, id=OFFICIAL_ORDER, name="#9999")
    refund = shop.refund(
        order,
        id=OFFICIAL_REFUND,
        lines=[{"sku": line["sku"], "quantity": 1} for line in lines],
        transactions=[{"amount": "75.00"}, {"amount": "10.00"}],
        official_example=True,
    )
    stage.expect_posted("official example payload", shop, refund, "credit_memo", "85.00")


def cash_sale(stage: Stage) -> None:
    """An order billed by cash sale: a cash refund."""
    order, _ = stage.synced_order(stage.shop_in, [_SHIRT, _MUG], billed="cashSale")
    refund = stage.shop_in.refund(
        order, lines=[{"sku": "SHIRT-M", "quantity": 1, "restock_type": "no_restock"}]
    )
    stage.expect_posted("cash sale order", stage.shop_in, refund, "cash_refund", "27.00")


def partial_refunds(stage: Stage) -> None:
    """Two partial refunds, then one above what NetSuite has left: the shipping was never billed there."""
    shop = stage.shop_in
    order = stage.order(shop, [_SHIRT], shipping={"price": "7.00"})
    stage.imported(order, [_SHIRT])
    for number in ("first", "second"):
        refund = shop.refund(order, lines=[{"sku": "SHIRT-M", "quantity": 1}])
        stage.expect_posted(f"{number} partial refund", shop, refund, "credit_memo", "27.00")
    refund = shop.refund(order, shipping="7.00")
    stage.expect("above the remainder", shop, "shopify", refund, State.DISCREPANCY, "OVER_REFUND")


def shipping_only(stage: Stage) -> None:
    """Only the shipping is given back."""
    order, _ = stage.synced_order(stage.shop_in, [_MUG], shipping={"price": "7.00"})
    refund = stage.shop_in.refund(order, shipping="7.00")
    stage.expect_posted("shipping only", stage.shop_in, refund, "credit_memo", "7.00")


def tax_only(stage: Stage) -> None:
    """Only the tax is given back."""
    order, _ = stage.synced_order(stage.shop_in, [_SHIRT])
    refund = stage.shop_in.refund(order, lines=[{"sku": "SHIRT-M", "quantity": 2, "tax_only": True}])
    stage.expect_posted("tax only", stage.shop_in, refund, "credit_memo", "4.00")


def restock_only(stage: Stage) -> None:
    """Goods come back, no money moves."""
    order, _ = stage.synced_order(stage.shop_in, [_MUG])
    refund = stage.shop_in.refund(
        order, lines=[{"sku": "MUG", "quantity": 1, "restock_type": "return"}], transactions=[]
    )
    stage.expect("restock only", stage.shop_in, "shopify", refund, State.IGNORED, "NO_MONEY_MOVED")


def zero_decimal_currency(stage: Stage) -> None:
    """A currency without decimals."""
    lines = [{"sku": "TEA-CUP", "quantity": 2, "price": "1500", "tax_rate": "0.1"}]
    order, _ = stage.synced_order(stage.shop_yen, lines, billed="cashSale", currency="JPY")
    refund = stage.shop_yen.refund(order, lines=[{"sku": "TEA-CUP", "quantity": 1}])
    stage.expect_posted("zero-decimal currency", stage.shop_yen, refund, "cash_refund", "1650")


def presentment_currency(stage: Stage) -> None:
    """The buyer paid in another currency than the shop keeps its books in."""
    order = stage.order(stage.shop_in, [_SHIRT], presentment_currency="EUR", exchange_rate="1.10")
    stage.imported(order, [_SHIRT | {"price": "27.50"}])
    refund = stage.shop_in.refund(order, lines=[{"sku": "SHIRT-M", "quantity": 1}])
    stage.expect_posted("presentment currency", stage.shop_in, refund, "credit_memo", "29.70")


def before_its_order(stage: Stage) -> None:
    """The refund comes before the order has reached NetSuite, and is posted once it has."""
    shop = stage.shop_in
    order = stage.order(shop, [_MUG], silent=True)
    refund = shop.refund(order, lines=[{"sku": "MUG", "quantity": 1}])
    stage.wait_for(shop, "shopify", refund, State.WAITING, "ORDER_NOT_SYNCED")
    stage.imported(order, [_MUG])
    stage.expect_posted("before its order", shop, refund, "credit_memo", "13.50")


def before_billing(stage: Stage) -> None:
    """The refund comes before the order is billed, and is posted by itself once it is."""
    order, imported = stage.synced_order(stage.shop_in, [_MUG], billed="")
    refund = stage.shop_in.refund(order, lines=[{"sku": "MUG", "quantity": 1}])
    stage.wait_for(stage.shop_in, "shopify", refund, State.WAITING, "NOT_BILLED")
    stage.books.bill(imported, "cashSale")
    stage.expect_posted("before billing", stage.shop_in, refund, "cash_refund", "13.50")


def order_deleted(stage: Stage) -> None:
    """The order was deleted in NetSuite: a discrepancy for a person, and no write."""
    order, imported = stage.synced_order(stage.shop_in, [_MUG], billed="")
    stage.books.delete(imported)
    refund = stage.shop_in.refund(order, lines=[{"sku": "MUG", "quantity": 1}])
    stage.expect(
        "order deleted in NetSuite", stage.shop_in, "shopify", refund, State.DISCREPANCY, "ORDER_DELETED"
    )


def wrong_direction(stage: Stage) -> None:
    """A refund made in the shop of an account that carries from NetSuite."""
    order, _ = stage.synced_order(stage.shop_out, [_MUG])
    refund = stage.shop_out.refund(order, lines=[{"sku": "MUG", "quantity": 1}])
    stage.expect(
        "wrong direction (shop)", stage.shop_out, "shopify", refund, State.IGNORED, "WRONG_DIRECTION"
    )


def same_delivery_again(stage: Stage) -> None:
    """One webhook three times at once, and once more later: one record."""
    shop = stage.shop_in
    order, _ = stage.synced_order(shop, [_SHIRT])
    refund = shop.refund(order, lines=[{"sku": "SHIRT-M", "quantity": 1}])
    sent = stage.until(lambda: _webhook_of(stage, refund), f"the webhook of refund {refund}")
    shop.redeliver(sent["id"], times=3, concurrently=True)
    stage.expect_posted("delivered five times", shop, refund, "credit_memo", "27.00")
    shop.redeliver(sent["id"], times=1)


def _webhook_of(stage: Stage, refund: str) -> dict[str, Any] | None:
    for sent in stage.shop_in.webhooks():
        if sent["topic"] == "refunds/create" and f'"id":{refund},' in sent["body"].replace(" ", ""):
            return sent
    return None


def return_authorization(stage: Stage) -> None:
    """A matching open return authorization: the refund is made from it."""
    order, imported = stage.synced_order(stage.shop_in, [_SHIRT])
    authorized = stage.books.authorize_return(
        imported["billed"],
        lines=[{"sku": "SHIRT-M", "quantity": 1}],
        status="F",
    )
    refund = stage.shop_in.refund(
        order, lines=[{"sku": "SHIRT-M", "quantity": 1, "restock_type": "no_restock"}]
    )
    stage.expect_posted("return authorization", stage.shop_in, refund, "credit_memo", "27.00")
    made = stage.find(stage.shop_in, "shopify", refund)
    sources = [
        str(record.get("createdFrom", {}).get("id"))
        for record in stage.books.records("creditMemo")
        if made is not None and str(record["id"]) == made.target_id
    ]
    if sources != [authorized]:
        raise DemoError(f"the credit memo was made from {sources}, not from return {authorized}")


SCENARIOS: Final = (
    official_example,
    cash_sale,
    partial_refunds,
    shipping_only,
    tax_only,
    restock_only,
    zero_decimal_currency,
    presentment_currency,
    before_its_order,
    before_billing,
    order_deleted,
    wrong_direction,
    same_delivery_again,
    return_authorization,
)
