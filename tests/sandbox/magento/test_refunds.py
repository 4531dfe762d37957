"""Refunds by REST: what they take, what they make, what they refuse."""

from typing import Any

import pytest

from tests.sandbox.magento.client import Client, refund_body
from tests.support.sandboxed import SHIRT
from tests.support.sandboxed_magento import Store

TOO_MANY = 'The quantity to creditmemo must not be greater than the unrefunded quantity for product SKU "{}".'
NO_SHIPPING = {"shipping_amount": 0}


def lines(error: Any) -> list[str]:  # noqa: ANN401  # JSON may be anything
    """Return the single refusals of a validation error, which come as one text without parameters."""
    assert set(error) == {"message"}
    first, *rest = error["message"].split("\n")
    assert first == "Creditmemo Document Validation Error(s):"
    return list(rest)


def test_lines_left_out_altogether_refund_everything(store: Store, client: Client) -> None:
    order = store.order(shipping="5")
    number = client.post(f"order/{order['entity_id']}/refund", {})
    memo = client.get(f"creditmemo/{number}")
    assert memo["grand_total"] == 105
    assert memo["state"] == 2
    assert "transaction_id" not in memo
    assert "invoice_id" not in memo
    after = client.get(f"orders/{order['entity_id']}")
    assert (after["state"], after["total_refunded"], after["total_offline_refunded"]) == ("closed", 105, 105)
    assert "total_online_refunded" not in after
    assert after["items"][0]["qty_refunded"] == 5


def test_shipping_left_out_goes_back_whole(store: Store, client: Client) -> None:
    order = store.order(shipping="5")
    assert client.refund(order, 1)["grand_total"] == 25
    assert client.refund(order, 1)["grand_total"] == 20


def test_a_refund_posted_twice_is_made_twice(store: Store, client: Client) -> None:
    order = store.order()
    memos = [client.refund(order, 1, arguments=NO_SHIPPING) for _ in range(2)]
    assert [memo["entity_id"] for memo in memos] == [1, 2]
    assert [memo["increment_id"] for memo in memos] == ["000000001", "000000002"]
    assert store.writes() == {"creditmemo": 2}


def test_the_comment_is_kept_with_the_memo(store: Store, client: Client) -> None:
    order = store.order()
    comment = {"comment": "rs-shop-1", "is_visible_on_front": 1}
    (kept,) = client.refund(order, 1, comment=comment)["comments"]
    assert (kept["comment"], kept["is_visible_on_front"], kept["is_customer_notified"]) == ("rs-shop-1", 1, 0)
    told = client.refund(order, 1, comment=comment, notify=True, appendComment=True)
    assert told["comments"][0]["is_customer_notified"] == 1


def test_comments_are_added_and_listed(store: Store, client: Client) -> None:
    memo = client.refund(store.order(), 1)
    path = f"creditmemo/{memo['entity_id']}/comments"
    entity = {
        "comment": "later",
        "is_customer_notified": 0,
        "is_visible_on_front": 0,
        "parent_id": memo["entity_id"],
    }
    made = client.post(path, {"entity": entity})
    assert client.get(path)["items"] == [made]
    assert store.writes() == {"creditmemo": 1, "comment": 1}
    assert client.refusal(path, {})["parameters"] == {"fieldName": "entity"}
    assert client.refusal(path, {"entity": {}})["message"] == "Comment is required."


def test_units_go_back_to_stock_if_asked(store: Store, client: Client) -> None:
    order = store.order(
        lines=[
            {"sku": "PEN", "qty": 2, "price": 1},
            {"sku": "HOODIE", "configurable_child_sku": "HOODIE-M", "qty": 2, "price": 1},
        ]
    )
    ids = [item["item_id"] for item in order["items"]]
    client.refund(order, 1, 1)
    assert store.state(order)["returned_to_stock"] == {}
    back = {"extension_attributes": {"return_to_stock_items": ids[:2]}}
    client.refund(order, 1, 1, arguments=back)
    assert store.state(order)["returned_to_stock"] == {"PEN": 1, "HOODIE-M": 1}


def test_amounts_are_given_in_both_currencies(store: Store, client: Client) -> None:
    memo = client.refund(store.order(currency="EUR", rate="0.8"), 2)
    assert (memo["grand_total"], memo["base_grand_total"]) == (32, 40)
    assert (memo["order_currency_code"], memo["base_currency_code"]) == ("EUR", "USD")
    assert memo["base_to_order_rate"] == 0.8


def test_ids_may_be_answered_as_text(store: Store, client: Client) -> None:
    store.change(text_ids=True)
    order = store.order()
    assert client.post(f"order/{order['entity_id']}/refund", refund_body(order, 1)) == "1"


def test_more_than_is_left_of_a_line_is_refused(store: Store, client: Client) -> None:
    order = store.order()
    client.refund(order, 2)
    error = client.refusal(f"order/{order['entity_id']}/refund", refund_body(order, 4))
    assert lines(error) == [
        TOO_MANY.format(SHIRT),
        "You can't create a creditmemo without products.",
        "The most money available to refund is 60.",
        "The quantity to refund must not be greater than the unrefunded quantity.",
    ]
    assert store.writes() == {"creditmemo": 1}


def test_lines_of_other_orders_are_refused(store: Store, client: Client) -> None:
    first, second = store.order(), store.order()
    error = client.refusal(f"order/{second['entity_id']}/refund", refund_body(first, 1))
    assert lines(error) == [
        "The credit memo's total must be positive.",
        "The creditmemo contains product item that is not part of the original order.",
    ]


def test_an_order_refunded_whole_is_refused(store: Store, client: Client) -> None:
    order = store.order()
    client.refund(order, 5)
    error = client.refusal(f"order/{order['entity_id']}/refund", {})
    assert lines(error) == [
        "A creditmemo can not be created when an order has a status of closed",
        "We can't create creditmemo for the order.",
        "The credit memo's total must be positive.",
    ]


def test_a_canceled_order_is_refused(store: Store, client: Client) -> None:
    order = store.order(invoiced=False)
    store.cancel(order)
    error = client.refusal(f"order/{order['entity_id']}/refund", refund_body(order, 1))
    assert "A creditmemo can not be created when an order has a status of canceled" in lines(error)


def test_money_alone_needs_shipping_that_is_left(store: Store, client: Client) -> None:
    adjusted = {"shipping_amount": 0, "adjustment_positive": 5}
    with_shipping, without = store.order(shipping="1"), store.order()
    assert client.refund(with_shipping, 0, arguments=adjusted)["grand_total"] == 5
    assert client.refund(with_shipping, 0, arguments=adjusted)["items"] == []
    error = client.refusal(
        f"order/{without['entity_id']}/refund", refund_body(without, 0, arguments=adjusted)
    )
    assert lines(error) == ["You can't create a creditmemo without products."]


def test_more_money_than_was_paid_is_refused(store: Store, client: Client) -> None:
    order = store.order()
    body = refund_body(order, 5, arguments={"adjustment_positive": "0.50"})
    assert lines(client.refusal(f"order/{order['entity_id']}/refund", body)) == [
        "The most money available to refund is 100."
    ]


def test_too_much_shipping_is_refused_with_a_placeholder(store: Store, client: Client) -> None:
    order = store.order(shipping="4.50")
    body = refund_body(order, 1, arguments={"shipping_amount": 4.51})
    assert client.refusal(f"order/{order['entity_id']}/refund", body) == {
        "message": "Maximum shipping amount allowed to refund is: %1",
        "parameters": ["$4.50"],
    }


@pytest.mark.parametrize("path", ["order/9/refund", "invoice/9/refund", "creditmemo/9/comments"])
def test_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    comment = {"comment": "x", "is_customer_notified": 0, "is_visible_on_front": 0, "parent_id": 9}
    error = client.refusal(path, {"entity": comment} if "comments" in path else {}, 404)
    assert error == {
        "message": "The entity that was requested doesn't exist. Verify the entity and try again."
    }


@pytest.mark.parametrize("path", ["orders/9", "creditmemo/9", "creditmemo/9/comments"])
def test_reading_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    assert client.call("GET", path).status_code == 404


def test_paths_that_are_not_the_api_s_match_no_route(store: Store, client: Client) -> None:
    for path in ("order/1", "orders/x", "creditmemos/1"):
        answer = client.call("GET", path)
        assert (answer.status_code, answer.json()["message"]) == (
            404,
            "Request does not match any route.",
        )
    for place in ("rest/elsewhere/V1/store/storeConfigs", "rest/all/V2/store/storeConfigs", "V1/orders"):
        answer = client.call("GET", f"../../../{place}")
        assert answer.status_code == 404, place
    assert client.call("GET", "../../../../nobody/rest/all/V1/orders").status_code == 404


def test_the_store_code_may_be_any_or_none(client: Client) -> None:
    for place in ("rest/V1", "rest/all/V1", "rest/default/V1"):
        assert client.call("GET", f"../../../{place}/store/storeConfigs").status_code == 200
