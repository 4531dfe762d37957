"""The people behind a store, and what goes wrong with its API."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import requests

from tests.sandbox.helpers import Control
from tests.sandbox.magento.client import Client, refund_body
from tests.sandbox.magento.receiver import PushReceiver
from tests.support.sandboxed_magento import OAUTH, Store
from tests.support.waiting import until


def test_a_store_shows_its_settings(store: Store) -> None:
    shown = store.control.get(store.path)
    assert (shown["base_currency"], shown["oauth"], shown["push"], shown["ims"]) == ("USD", OAUTH, None, None)
    assert shown["in_flight"] == 0
    store.change(base_currency="EUR", store_codes=["de", "fr"], listed_comments=False, whole_tax=False)
    store.change(
        push={"via": "mageplaza", "url": "http://127.0.0.1:1/"}, ims={"client_id": "i", "client_secret": "s"}
    )
    shown = store.control.get(store.path)
    assert (shown["store_codes"], shown["listed_comments"], shown["whole_tax"]) == (
        ["de", "fr"],
        False,
        False,
    )
    assert shown["push"]["template"].startswith("{")
    assert shown["ims"] == {"client_id": "i", "client_secret": "s"}
    store.change(push={"via": "none"})
    assert store.control.get(store.path)["push"] is None


def test_credentials_are_made_up_if_not_given(control: Control) -> None:
    made = control.post("magento/stores", {"tenant": "other"})
    assert {len(each) for each in made["oauth"].values()} == {32}


@pytest.mark.parametrize(
    ("method", "path", "body", "reason"),
    [
        ("POST", "stores", {"tenant": "shop"}, "The store shop exists already."),
        ("POST", "stores", {}, "The body: tenant is missing."),
        ("GET", "nobody", None, "There is no store nobody."),
        ("PATCH", "shop", {"tenant": "x"}, "The body: a store's tenant cannot be changed."),
        ("PATCH", "shop", {"nope": 1}, "The body has unknown keys: nope."),
        ("PATCH", "shop", {"acl": ["x"]}, "The body: acl must be of"),
        ("PATCH", "shop", {"gateway": {"behaviour": "x"}}, "The body: gateway: behaviour must be one of"),
        ("PATCH", "shop", {"push": {"via": "x"}}, "The body: push: via must be one of"),
        ("PATCH", "shop", {"push": {"via": "mageplaza"}}, "The body: push: url is missing."),
        (
            "PATCH",
            "shop",
            {"push": {"via": "mageplaza", "url": "x", "template": "{% for %}"}},
            "The body: push: template may have",
        ),
        (
            "PATCH",
            "shop",
            {"push": {"via": "commerce_webhook", "url": "x", "events": ["x"]}},
            "The body: push: events of commerce_webhook are none.",
        ),
        (
            "PATCH",
            "shop",
            {"push": {"via": "mageplaza", "url": "x", "headers": []}},
            "The body: push: headers must be an object",
        ),
        ("POST", "shop/orders", {"currency": "EUR"}, "The body: rate is needed"),
        ("POST", "shop/orders", {"rate": 0}, "The body: rate is needed"),
        ("POST", "shop/orders", {"lines": [{"sku": "A", "qty": 0, "price": 1}]}, "The body: a line needs"),
        ("POST", "shop/orders", {"lines": []}, "There is nothing to invoice."),
        ("GET", "shop/orders/9", None, "There is no order 9."),
        ("POST", "shop/creditmemos/9/state", {"state": "open"}, "There is no credit memo 9."),
        ("POST", "shop/webhooks/x/redeliver", {}, "There is no delivery x."),
    ],
)
def test_nonsense_is_refused(
    store: Store, control: Control, method: str, path: str, body: object, reason: str
) -> None:
    assert control.refusal(method, f"magento/{path}", body).startswith(reason)


def test_numbers_of_orders_are_taken_once(store: Store, control: Control) -> None:
    line = [{"sku": "A", "qty": 1, "price": 1}]
    store.order(increment_id="7")
    body = {"increment_id": "7", "lines": line}
    assert control.refusal("POST", "magento/shop/orders", body) == "Order 7 exists already."


def test_an_order_is_what_was_described(store: Store) -> None:
    order = store.order(
        lines=[
            {
                "sku": "HOODIE",
                "configurable_child_sku": "HOODIE-M",
                "qty": 2,
                "price": "10",
                "tax_percent": 10,
            }
        ],
        email="a@b.example",
        currency="EUR",
        rate="0.5",
        shipped=True,
    )
    parent, child = order["items"]
    assert (parent["product_type"], parent["sku"], parent["price"], parent["base_price"]) == (
        "configurable",
        "HOODIE-M",
        5,
        10,
    )
    assert (child["parent_item_id"], child["parent_item"]["item_id"], child["price"]) == (
        parent["item_id"],
        parent["item_id"],
        0,
    )
    assert (order["grand_total"], order["base_grand_total"], order["state"]) == (11, 22, "complete")
    assert (order["customer_email"], order["payment"]["cc_last4"]) == ("a@b.example", None)


def test_an_order_can_be_invoiced_in_parts(store: Store, control: Control) -> None:
    lines = [{"sku": "A", "qty": 3, "price": "9.99", "tax_percent": "8.25"}]
    order = store.order(lines=lines, shipping="5", invoiced=False)
    assert (order["state"], order["invoices"]) == ("new", [])
    parts = [store.invoice(order, lines=[{"sku": "A", "qty": 1}]), store.invoice(order, captured=False)]
    assert [each["shipping_amount"] for each in parts] == [5, 0]
    assert "transaction_id" in parts[0]
    assert "transaction_id" not in parts[1]
    after = store.state(order)
    total = sum(Decimal(str(each["grand_total"])) for each in parts)
    assert total == Decimal(str(after["total_paid"])) == Decimal(str(after["grand_total"]))
    path = f"magento/shop/orders/{order['entity_id']}"
    assert control.refusal("POST", f"{path}/invoice") == "There is nothing to invoice."
    assert control.refusal("POST", f"{path}/cancel").startswith("The order cannot be canceled")
    more = {"lines": [{"sku": "A", "qty": 1}]}
    assert control.refusal("POST", f"{path}/invoice", more) == "The body: A has 0 left to invoice."


def test_an_order_is_canceled_and_stays_so(store: Store, control: Control) -> None:
    order = store.order(invoiced=False)
    store.cancel(order)
    after = store.state(order)
    assert (after["state"], after["total_canceled"], after["items"][0]["qty_canceled"]) == (
        "canceled",
        100,
        5,
    )
    assert after["status_histories"][0]["comment"] == "Order canceled."
    path = f"magento/shop/orders/{order['entity_id']}/cancel"
    assert control.refusal("POST", path, {}).startswith("The order cannot be canceled")


def test_a_deleted_order_is_gone_with_its_memos(store: Store, client: Client) -> None:
    order = store.order()
    client.refund(order, 1)
    store.delete(order)
    assert client.call("GET", f"orders/{order['entity_id']}").status_code == 404
    assert client.call("GET", "creditmemo/1").status_code == 404
    assert client.get("creditmemos?searchCriteria=")["total_count"] == 0


def test_the_merchant_refunds_lines_and_money(store: Store) -> None:
    order = store.order(
        lines=[{"sku": "A", "qty": 2, "price": 10}, {"sku": "B", "qty": 1, "price": 5}], shipping=3
    )
    memo = store.refund(
        order,
        lines=[{"sku": "A", "qty": 1, "return_to_stock": True}],
        shipping="1",
        adjustment_positive="2",
        adjustment_negative="0.5",
        comment="broken",
    )
    assert (memo["grand_total"], memo["adjustment"], memo["comments"][0]["comment"]) == (12.5, 1.5, "broken")
    assert store.state(order)["returned_to_stock"] == {"A": 1}
    assert [each["sku"] for each in memo["items"]] == ["A"]
    assert store.writes() == {}


def test_the_merchant_refunds_by_an_invoice(store: Store) -> None:
    order = store.order(invoiced=False)
    store.invoice(order, lines=[{"sku": order["items"][0]["sku"], "qty": 1}])
    last = store.invoice(order)
    memo = store.refund(order, invoice_id=last["entity_id"], online=True)
    assert (memo["invoice_id"], memo["grand_total"]) == (last["entity_id"], 80)
    assert "transaction_id" in memo


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"shipping": "1"}, "Maximum shipping amount allowed to refund is: $0.00"),
        ({"lines": [{"sku": "X", "qty": 1}]}, "The order has no line X."),
        ({"invoice_id": 9}, "The order has no invoice 9."),
        ({"adjustment_positive": 1}, "Creditmemo Document Validation Error(s):\nThe most money available"),
        ({"online": True}, "Card closed."),
    ],
)
def test_the_merchant_reads_why_not(store: Store, control: Control, body: object, reason: str) -> None:
    order = store.order()
    store.change(gateway={"behaviour": "decline", "message": "Card closed."})
    path = f"magento/shop/orders/{order['entity_id']}/creditmemo"
    assert control.refusal("POST", path, body).startswith(reason)
    assert store.credit_memos(order) == []


def test_an_online_refund_needs_an_invoice(store: Store, control: Control) -> None:
    order = store.order(invoiced=False)
    path = f"magento/shop/orders/{order['entity_id']}/creditmemo"
    assert control.refusal("POST", path, {"online": True}) == "An online refund needs an invoice."
    uncaptured = store.order(captured=False)
    path = f"magento/shop/orders/{uncaptured['entity_id']}/creditmemo"
    assert control.refusal("POST", path, {"online": True}).startswith("If the invoice was created offline")


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_a_connection_lost_before_or_after_the_refund(
    store: Store, client: Client, when: str, made: int
) -> None:
    order = store.order()
    store.fault("order:refund", "reset", when=when)
    with pytest.raises(requests.ConnectionError):
        client.call("POST", f"order/{order['entity_id']}/refund", json=refund_body(order, 1))
    assert len(store.credit_memos(order)) == made
    assert store.writes() == ({"creditmemo": 1} if made else {})


@pytest.mark.parametrize(
    ("kind", "more", "status", "message"),
    [
        ("status", {"status": 503}, 503, "Service Unavailable"),
        ("throttle", {}, 429, "Too Many Requests"),
        ("internal_error", {}, 500, "Internal Error. Details are available in Magento log file."),
        ("status", {"status": 502, "body": {"message": "Bad"}}, 502, "Bad"),
    ],
)
def test_faults_are_worded_as_magento_s(
    store: Store, client: Client, kind: str, more: dict[str, Any], status: int, message: str
) -> None:
    store.fault("orders:*", kind, **more)
    answer = client.call("GET", "orders?searchCriteria=")
    assert answer.status_code == status
    assert answer.json()["message"].startswith(message)
    assert client.call("GET", "orders?searchCriteria=").status_code == 200


def test_calls_are_logged_in_full(store: Store, client: Client) -> None:
    order = store.order()
    client.post(f"order/{order['entity_id']}/refund", refund_body(order, 1))
    client.find("orders", ("status", "eq", "x"))
    assert store.operations() == ["order:refund", "orders:list"]
    refund, search = store.calls()
    assert '"qty": 1' in refund["request"]["body"]
    assert refund["response"]["body"] == "1"
    assert ["searchCriteria[filter_groups][0][filters][0][value]", "x"] in search["request"]["query"]


def test_a_store_forgotten_meanwhile_is_not_there(store: Store, client: Client) -> None:
    store.fault("store:configs", "latency", seconds=30)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client.call, "GET", "store/storeConfigs")
        until(lambda: store.in_flight() == 1)
        store.control.post("reset")
        assert asked.result().status_code == 404


def test_what_the_merchant_does_silently_is_not_told(store: Store, pushed: PushReceiver) -> None:
    store.change(push={"via": "io_events", "url": pushed.url})
    invoiced = store.order(invoiced=False, silent=True)
    store.invoice(invoiced, silent=True)
    canceled = store.order(invoiced=False, silent=True)
    store.control.post(f"{store.path}/orders/{canceled['entity_id']}/cancel", {"silent": True})
    assert store.deliveries() == []
