from decimal import Decimal

import pytest

from ledger.events import MoneyState
from tests.support.sandboxed_magento import Store
from tests.workers.platforms.magento import KEY, lines_of, plan, plan_line
from tests.workers.platforms.magento_storefront.orders import SHIRTS, memo_of, number, read, shirt, whole
from tests.workers.platforms.world import usd
from workers.platforms.errors import PlatformError
from workers.platforms.magento_storefront import MagentoStorefront
from workers.platforms.storefront import Written


def test_a_refund_goes_through_the_gateway(shop: MagentoStorefront, store: Store) -> None:
    order = store.order(**SHIRTS)
    written = shop.refund(plan("21.60", shirt(order), order_id=number(order)), key=KEY)
    memo = memo_of(store, order)
    assert written == Written(str(memo["entity_id"]), MoneyState.MOVED)
    assert Decimal(str(memo["base_grand_total"])) == Decimal("21.60")
    (asked,) = store.control.get(store.path)["gateway_log"]
    assert (asked["amount"], asked["result"]) == ("21.60", "accept")
    assert store.operations() == [
        "orders:list",
        "invoices:list",
        "creditmemos:list",
        "invoice:refund",
        "creditmemos:list",
        "transactions:list",
    ]


@pytest.mark.parametrize(("method", "payment"), [("offline", "braintree"), ("original", "checkmo")])
def test_a_refund_without_the_gateway_is_written_down(
    shop: MagentoStorefront, store: Store, method: str, payment: str
) -> None:
    order = store.order(**SHIRTS, payment_method=payment)
    written = shop.refund(plan("21.60", shirt(order), order_id=number(order), method=method), key=KEY)
    assert (written.money, written.problem) == (MoneyState.MOVED, "")
    assert "written down" in written.detail
    assert store.control.get(store.path)["gateway_log"] == []
    assert store.operations()[-2:] == ["order:refund", "creditmemos:list"]


@pytest.mark.parametrize("method", ["original", "offline"])
@pytest.mark.parametrize(
    ("amount", "shipping"),
    [("21.60", None), ("20.00", None), ("0.01", None), ("27.00", "5.00"), ("23.33", "1.23"), ("100.00", "9")],
)
def test_the_credit_memo_is_of_exactly_the_amount_asked_for(
    shop: MagentoStorefront, store: Store, amount: str, shipping: str | None, method: str
) -> None:
    order = store.order(**SHIRTS)
    wanted = plan(amount, shirt(order), order_id=number(order), shipping=shipping, method=method)
    assert shop.refund(wanted, key=KEY).problem == ""
    memo = memo_of(store, order)
    assert Decimal(str(memo["base_grand_total"])) == Decimal(amount)
    (item,) = (each for each in memo["items"] if each["qty"])
    assert (item["sku"], item["qty"]) == ("TSHIRT-M", 1)


def test_an_order_can_be_given_back_whole(shop: MagentoStorefront, store: Store) -> None:
    order = store.order(**SHIRTS)
    assert shop.refund(whole(order), key=KEY).problem == ""
    assert store.state(order)["state"] == "closed"
    memo = memo_of(store, order)
    assert (memo["adjustment_positive"], memo["adjustment_negative"]) == (0, 0)


def test_what_the_rest_of_an_order_is_worth_is_given_back_to_the_cent(
    shop: MagentoStorefront, store: Store
) -> None:
    order = store.order(lines=[{"sku": "TSHIRT-M", "qty": 3, "price": "3.333", "tax_percent": "8.25"}])
    for nth, amount in enumerate(("3.61", "3.60", "3.60")):
        made = plan(amount, shirt(order), order_id=number(order), note=f"NetSuite cashrefund {KEY}{nth}")
        assert shop.refund(made, key=f"{KEY}{nth}").problem == ""
    assert read(shop, order).paid == usd("0.00")
    assert store.state(order)["state"] == "closed"


def test_an_order_of_several_invoices_is_refunded_by_the_one_that_covers_it(
    shop: MagentoStorefront, store: Store
) -> None:
    order = store.order(invoiced=False, lines=[{"sku": "TSHIRT-M", "qty": 5, "price": "20.00"}])
    for qty in (1, 4):
        store.invoice(order, lines=[{"sku": "TSHIRT-M", "qty": qty}])
    shop.refund(plan("60.00", shirt(order, 3), order_id=number(order)), key=KEY)
    assert memo_of(store, order)["invoice_id"] == store.state(order)["invoices"][1]["entity_id"]
    with pytest.raises(PlatformError) as refused:
        shop.refund(plan("40.00", shirt(order, 2), order_id=number(order)), key=f"{KEY}1")
    assert refused.value.reason == "SPANS_BILLED_RECORDS"
    assert store.writes() == {"creditmemo": 1, "gatewayRefund": 1}


def test_a_refund_in_another_currency_than_the_orders_is_exact_in_the_shops(
    shop: MagentoStorefront, store: Store
) -> None:
    order = store.order(currency="EUR", rate="0.9137")
    assert shop.refund(plan("33.33", shirt(order), order_id=number(order)), key=KEY).problem == ""
    memo = memo_of(store, order)
    assert (str(memo["base_grand_total"]), memo["order_currency_code"]) == ("33.33", "EUR")


def test_goods_go_back_to_stock(shop: MagentoStorefront, store: Store) -> None:
    order = store.order(**SHIRTS)
    ids = lines_of(order)
    lines = plan_line(ids["TSHIRT-M"]), plan_line(ids["MUG-BLUE"], restock=True, position=1)
    shop.refund(plan("31.10", *lines, order_id=number(order)), key=KEY)
    assert store.state(order)["returned_to_stock"] == {"MUG-BLUE": 1}


def test_a_number_that_comes_as_a_text_is_one(shop: MagentoStorefront, store: Store) -> None:
    store.change(text_ids=True)
    order = store.order()
    assert shop.refund(plan("20.00", shirt(order), order_id=number(order)), key=KEY).id == "1"


def test_nothing_is_given_back_as_store_credit(shop: MagentoStorefront, store: Store) -> None:
    order = store.order()
    with pytest.raises(PlatformError, match="store credit") as refused:
        shop.refund(plan("20.00", shirt(order), order_id=number(order), method="store_credit"), key=KEY)
    assert refused.value.reason == "REFUSED"
    assert store.operations() == []


def test_an_order_that_is_gone_cannot_be_refunded(shop: MagentoStorefront, store: Store) -> None:
    order = store.order()
    store.delete(order)
    with pytest.raises(PlatformError) as refused:
        shop.refund(plan("20.00", shirt(order), order_id=number(order)), key=KEY)
    assert refused.value.reason == "NONEXISTENT_RECORD"


def test_a_gateway_that_declines_leaves_it_to_a_person(shop: MagentoStorefront, store: Store) -> None:
    store.change(gateway={"behaviour": "decline"})
    order = store.order()
    with pytest.raises(PlatformError, match="Could not save") as refused:
        shop.refund(plan("20.00", shirt(order), order_id=number(order)), key=KEY)
    assert (refused.value.reason, refused.value.outcome_unknown) == ("OUTCOME_UNCLEAR", True)
    assert store.credit_memos(order) == []


def test_a_gateway_that_moves_no_money_is_found_out(shop: MagentoStorefront, store: Store) -> None:
    store.change(gateway={"behaviour": "silent"})
    order = store.order()
    written = shop.refund(plan("20.00", shirt(order), order_id=number(order)), key=KEY)
    assert (written.problem, written.money) == ("REFUND_OFFLINE_ONLY", MoneyState.MOVED)
    assert "no refund of the payment gateway" in written.detail


def test_a_total_that_magento_makes_otherwise_is_found_out(shop: MagentoStorefront, store: Store) -> None:
    order = store.order(**SHIRTS)
    # As an extension would, the store sells at other prices between the look and the refund.
    shown = store.state(order)
    wrong = {**shown, "base_tax_invoiced": 0, "base_total_invoiced": 124}
    for item in wrong["items"]:
        item["base_tax_invoiced"] = 0
    store.fault(
        "orders:list", "status", status=200, body={"items": [wrong], "total_count": 1, "search_criteria": {}}
    )
    made = plan("20.00", shirt(order), order_id=number(order), method="offline")
    written = shop.refund(made, key=KEY)
    assert written.problem == "AMOUNT_DIFFERS"
    assert "21.60 USD, asked was 20.00 USD" in written.detail


@pytest.mark.parametrize(
    ("operation", "method"), [("creditmemos:list", "offline"), ("transactions:list", "original")]
)
def test_a_refund_that_cannot_be_looked_at_is_looked_at_later(
    shop: MagentoStorefront, store: Store, operation: str, method: str
) -> None:
    order = store.order()
    store.fault(operation, "status", status=503)
    written = shop.refund(plan("20.00", shirt(order), order_id=number(order), method=method), key=KEY)
    assert (written.id, written.money) == ("1", MoneyState.PENDING)
    assert "could not be looked at" in written.detail


def test_a_refund_that_is_not_shown_yet_is_looked_at_later(shop: MagentoStorefront, store: Store) -> None:
    order = store.order()
    made = plan("20.00", shirt(order), order_id=number(order), method="offline")
    empty = {"items": [], "total_count": 0, "search_criteria": {}}
    store.fault("creditmemos:list", "status", status=200, body=empty)
    written = shop.refund(made, key=KEY)
    assert (written.id, written.money, written.detail) == ("1", MoneyState.PENDING, "it is not shown yet")
