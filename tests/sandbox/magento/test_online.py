"""Refunds through the gateway: what it needs, what it may do, and what is left of it."""

from typing import Any

import pytest

from tests.sandbox.magento.client import Client, refund_body
from tests.support.sandboxed_magento import Store

NOT_SAVED = {"message": "Could not save a Creditmemo, see error log for details"}
NO_INVOICE = "Creditmemo Document Validation Error(s):\nWe can't create creditmemo for the invoice."


def invoice_path(store: Store, order: Any) -> str:  # noqa: ANN401  # JSON may be anything
    return f"invoice/{store.state(order)['invoices'][0]['entity_id']}/refund"


@pytest.mark.parametrize("name", ["isOnline", "is_online"])
def test_an_online_refund_moves_the_money(store: Store, client: Client, name: str) -> None:
    order = store.order()
    memo = client.get(f"creditmemo/{client.post(invoice_path(store, order), {name: True})}")
    after = store.state(order)
    capture, refund = after["transactions"]
    assert memo["transaction_id"] == refund["txn_id"]
    assert memo["invoice_id"] == after["invoices"][0]["entity_id"]
    assert (refund["txn_type"], refund["parent_txn_id"]) == ("refund", capture["txn_id"])
    assert after["total_online_refunded"] == 100
    assert store.writes() == {"creditmemo": 1, "gatewayRefund": 1}
    found = client.find("transactions", ("order_id", "eq", order["entity_id"]), ("txn_type", "eq", "refund"))
    assert [each["txn_id"] for each in found["items"]] == [memo["transaction_id"]]


@pytest.mark.parametrize("body", [{}, {"isOnline": False}, {"online": True}, {"isOnline": "0"}])
def test_anything_else_refunds_offline(store: Store, client: Client, body: dict[str, object]) -> None:
    order = store.order()
    memo = client.get(f"creditmemo/{client.post(invoice_path(store, order), body)}")
    assert "transaction_id" not in memo
    assert store.state(order)["total_offline_refunded"] == 100
    assert store.writes() == {"creditmemo": 1}


def test_an_order_is_refunded_offline_whatever_is_asked(store: Store, client: Client) -> None:
    assert "transaction_id" not in client.refund(store.order(), 1, isOnline=True)


def test_a_refund_the_gateway_declines_leaves_nothing(store: Store, client: Client) -> None:
    order = store.order()
    store.change(gateway={"behaviour": "decline", "message": "Card closed."})
    assert client.refusal(invoice_path(store, order), {"isOnline": True}) == NOT_SAVED
    assert store.credit_memos(order) == []
    assert store.writes() == {}
    (entry,) = store.control.get(store.path)["gateway_log"]
    assert (entry["amount"], entry["result"], entry["transaction_id"]) == ("100.00", "decline", None)


@pytest.mark.parametrize(("behaviour", "noted"), [("outlive", 0), ("outlive_noted", 1)])
def test_a_gateway_that_outlives_php_has_paid_and_the_store_has_no_memo(
    store: Store, client: Client, behaviour: str, noted: int
) -> None:
    order = store.order()
    before = len(store.state(order)["transactions"])
    store.change(gateway={"behaviour": behaviour})
    assert "Report ID" in client.refusal(invoice_path(store, order), {"isOnline": True}, 500)["message"]
    assert store.credit_memos(order) == []
    assert len(store.state(order)["transactions"]) == before + noted
    assert store.writes() == {"gatewayRefund": 1}


def test_a_silent_gateway_makes_a_memo_without_money(store: Store, client: Client) -> None:
    order = store.order()
    store.change(gateway={"behaviour": "silent"})
    memo = client.get(f"creditmemo/{client.post(invoice_path(store, order), {'isOnline': True})}")
    assert "transaction_id" not in memo
    assert [each["txn_type"] for each in store.state(order)["transactions"]] == ["capture"]
    assert store.writes() == {"creditmemo": 1}


def test_an_invoice_without_a_capture_cannot_be_refunded_online(store: Store, client: Client) -> None:
    order = store.order(captured=False)
    assert client.refusal(invoice_path(store, order), {"isOnline": True}) == NOT_SAVED
    assert client.post(invoice_path(store, order), {}) == 1


@pytest.mark.parametrize("online", [True, False])
def test_an_offline_method_refuses_refunds_by_invoice(
    store: Store,
    client: Client,
    online: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    order = store.order(payment_method="checkmo")
    assert client.refusal(invoice_path(store, order), {"isOnline": online})["message"] == NO_INVOICE
    assert client.refund(order, 1)["grand_total"] == 20


def test_an_invoice_refunded_whole_is_refused(store: Store, client: Client) -> None:
    order = store.order(invoiced=False)
    store.invoice(order, lines=[{"sku": order["items"][0]["sku"], "qty": 2}])
    store.invoice(order)
    path = invoice_path(store, order)
    memo = client.get(f"creditmemo/{client.post(path, {})}")
    assert (memo["grand_total"], memo["items"][0]["qty"]) == (40, 2)
    assert client.refusal(path, {})["message"].startswith(NO_INVOICE)
    assert (
        client.find("invoices", ("order_id", "eq", order["entity_id"]))["items"][0]["base_total_refunded"]
        == 40
    )


def test_an_invoice_gives_back_no_more_units_than_it_has(store: Store, client: Client) -> None:
    order = store.order(invoiced=False)
    store.invoice(order, lines=[{"sku": order["items"][0]["sku"], "qty": 2}])
    store.invoice(order)
    memo = client.get(f"creditmemo/{client.post(invoice_path(store, order), refund_body(order, 3))}")
    assert memo["items"][0]["qty"] == 2


def test_an_invoice_s_shipping_goes_back_with_its_tax(store: Store, client: Client) -> None:
    order = store.order(shipping="10", shipping_tax_percent="10")
    path = invoice_path(store, order)
    arguments = {"shipping_amount": 2.5}
    memo = client.get(f"creditmemo/{client.post(path, refund_body(order, 1, arguments=arguments))}")
    assert (memo["shipping_amount"], memo["shipping_tax_amount"], memo["grand_total"]) == (2.5, 0.25, 22.75)
    memo = client.get(f"creditmemo/{client.post(path, {})}")
    assert (memo["shipping_amount"], memo["shipping_tax_amount"]) == (7.5, 0.75)
    assert memo["grand_total"] == 88.25
    assert store.state(order)["state"] == "closed"


def test_units_of_a_memo_canceled_stay_refunded(store: Store, client: Client) -> None:
    order = store.order()
    path = invoice_path(store, order)
    client.post(path, refund_body(order, 4))
    store.save_memo(store.credit_memos(order)[0], "canceled")
    error = client.refusal(path, refund_body(order, 2))
    assert "greater than the unrefunded quantity" in error["message"]
    assert client.post(path, refund_body(order, 1)) == 2
