"""Requests and answers fit the published models, and what does not is noticed."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError

from tests.sandbox.magento.client import Client, criteria, refund_body
from tests.support.sandboxed_magento import Store
from tests.support.specs_magento import VERSIONS, check_calls, check_event, check_fields

LINES = [
    {"sku": "PEN", "qty": 3, "price": "9.99", "tax_percent": "8.25", "discount": "1"},
    {"sku": "HOODIE", "configurable_child_sku": "HOODIE-M", "qty": 2, "price": "40", "tax_percent": "8.25"},
]


def call_everything(store: Store, client: Client) -> int:
    """Call every route, with everything that a request may have; return how many calls that is."""
    order = store.order(lines=LINES, shipping="5", shipping_tax_percent="10", currency="EUR", rate="0.9")
    number = order["entity_id"]
    comment = {"comment": "rs-1", "is_visible_on_front": 0}
    arguments = {
        "shipping_amount": 1,
        "adjustment_positive": 0.5,
        "adjustment_negative": 1,
        "extension_attributes": {"return_to_stock_items": [order["items"][0]["item_id"]]},
    }
    body = refund_body(order, 1, 1, comment=comment, arguments=arguments, notify=True, appendComment=True)
    memo = client.post(f"order/{number}/refund", body)
    online = {"isOnline": True}
    client.post(f"invoice/{store.state(order)['invoices'][0]['entity_id']}/refund", online)
    added = {"comment": "later", "is_customer_notified": 0, "is_visible_on_front": 0, "parent_id": memo}
    client.post(f"creditmemo/{memo}/comments", {"entity": added})
    for path in (
        "store/storeConfigs",
        f"orders/{number}",
        f"creditmemo/{memo}",
        f"creditmemo/{memo}/comments",
        "transactions?searchCriteria=",
        "orders?searchCriteria=&fields=total_count",
        "creditmemos?searchCriteria[sortOrders][0][field]=entity_id&searchCriteria[sortOrders][0][direction]=DESC",
    ):
        client.get(path)
    client.find("orders", ("entity_id", "gt", 0))
    client.find("creditmemos", ("order_id", "eq", number))
    client.get("invoices?searchCriteria[page_size]=5&searchCriteria[currentPage]=1")
    client.refusal(f"order/{number}/refund", body)
    client.refusal(f"order/{number}/refund", {"items": [{"order_item_id": 1, "qty": "x"}]})
    assert client.call("GET", "orders").status_code == 400
    assert client.call("GET", "orders/99").status_code == 404
    return len(store.calls())


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_fits_the_specification(
    specs_dir: Path, store: Store, client: Client, version: str
) -> None:
    number = call_everything(store, client)
    calls = [call for call in store.calls() if '"qty": "x"' not in call["request"]["body"]]
    assert check_calls(specs_dir, calls, version) == number - 1
    with pytest.raises(ValidationError):
        check_calls(specs_dir, store.calls(), version)


@pytest.fixture
def a_call(store: Store, client: Client) -> Any:  # noqa: ANN401  # JSON may be anything
    """A good call, to be spoilt."""
    order = store.order()
    client.post(f"order/{order['entity_id']}/refund", refund_body(order, 1))
    (call,) = store.calls()
    return call


@pytest.mark.parametrize(
    "body",
    ['{"isOnline":true}', '{"items":[{"qty":1}]}', '{"comment":{"comment":"x"}}', '{"items":[{"sku":1}]}'],
)
def test_bodies_that_do_not_fit_are_noticed(specs_dir: Path, a_call: Any, body: str) -> None:  # noqa: ANN401  # JSON
    assert check_calls(specs_dir, [a_call]) == 1
    a_call["request"]["body"] = body
    with pytest.raises(ValidationError):
        check_calls(specs_dir, [a_call])


@pytest.mark.parametrize(
    "change",
    [
        {"path": "/magento/shop/rest/default/V1/order/1/refunds"},
        {"method": "GET"},
        {"request": {"query": [["x", "1"]], "headers": {"content-type": "application/json"}, "body": ""}},
    ],
)
def test_calls_that_are_not_of_the_api_are_noticed(specs_dir: Path, a_call: Any, change: Any) -> None:  # noqa: ANN401  # JSON
    with pytest.raises(AssertionError):
        check_calls(specs_dir, [{**a_call, **change}])


@pytest.mark.parametrize(
    ("status", "body"), [(200, '"x"'), (200, "{}"), (400, "{}"), (400, '{"message":"x","y":1}')]
)
def test_answers_that_do_not_fit_are_noticed(specs_dir: Path, a_call: Any, status: int, body: str) -> None:  # noqa: ANN401  # JSON
    spoilt = {**a_call, "status": status, "response": {"headers": {}, "body": body}}
    with pytest.raises(ValidationError):
        check_calls(specs_dir, [spoilt])


def test_calls_without_an_answer_and_of_other_hosts_are_not_checked(specs_dir: Path, a_call: Any) -> None:  # noqa: ANN401  # JSON
    other = {**a_call, "path": "/magento/shop/ims/token/v3"}
    page = {**a_call, "status": 503, "response": {"headers": {}, "body": "<html>"}}
    assert check_calls(specs_dir, [other, {**a_call, "response": None}, page]) == 1


def test_parameters_of_a_search_are_those_of_the_guide(specs_dir: Path, store: Store, client: Client) -> None:
    query = "&".join(criteria(("order_id", "eq", 1), ("state", "in", "1,2")))
    client.get(f"creditmemos?{query}")
    client.get(f"creditmemos?{query}&searchCriteria[limit]=5")
    good, bad = store.calls()
    assert check_calls(specs_dir, [good]) == 1
    with pytest.raises(AssertionError, match="knows no searchCriteria"):
        check_calls(specs_dir, [bad])


def test_fields_of_events_that_are_not_documented_are_noticed(specs_dir: Path) -> None:
    name = "observer.sales_order_creditmemo_save_after"
    check_fields(specs_dir, name, {"increment_id": "1", "transaction_id": None})
    with pytest.raises(ValidationError):
        check_fields(specs_dir, name, {"entity_id": 1})
    with pytest.raises(AssertionError):
        check_event(specs_dir, {"type": "com.example.other", "data": {"value": {}}})
