"""Commerce Webhooks: asked before the memo is saved, and able to block it."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.sandbox.magento.client import Client, refund_body
from tests.sandbox.magento.receiver import PushReceiver
from tests.support.sandboxed_magento import Store

FALLBACK = "Cannot perform the operation due to an error."
HEADER = "x-adobe-commerce-webhook-signature"


@pytest.fixture
def asking(store: Store, pushed: PushReceiver) -> Store:
    """A store that asks the receiver."""
    store.change(push={"via": "commerce_webhook", "url": pushed.url, "headers": {"X-Key": "hush"}})
    return store


def test_the_signature_is_over_the_body_in_base64(asking: Store, pushed: PushReceiver) -> None:
    asking.refund(asking.order())
    (got,) = pushed.got
    key = load_pem_public_key(asking.control.get(asking.path)["push"]["public_key"].encode())
    assert isinstance(key, rsa.RSAPublicKey)
    signature = base64.b64decode(got.headers[HEADER])
    key.verify(signature, base64.b64encode(got.body), padding.PKCS1v15(), SHA256())
    assert got.headers["X-Key"] == "hush"


def test_it_is_told_of_a_memo_not_saved_yet(asking: Store, pushed: PushReceiver) -> None:
    order = asking.order()
    memo = asking.refund(order, comment="why")
    entity = pushed.got[0].json["entity"]
    assert (entity["order_id"], entity["grand_total"], entity["_isNew"]) == (order["entity_id"], 100, True)
    for part in (entity, entity["items"][0], entity["comments"][0]):
        assert not {"entity_id", "increment_id", "parent_id", "created_at"} & set(part)
    assert memo["increment_id"] == "000000001"
    (delivery,) = asking.deliveries("plugin.magento.sales.api.creditmemo_repository.save")
    assert (delivery["delivered"], [each["status"] for each in delivery["attempts"]]) == (True, [200])


@pytest.mark.parametrize(
    "answer", ['{"op":"success"}', '[{"op":"success"}]', '[{"op":"replace","path":"x","value":1}]', "[]"]
)
def test_operations_that_do_not_object_let_it_pass(asking: Store, pushed: PushReceiver, answer: str) -> None:
    pushed.answers = [(200, answer)]
    assert asking.refund(asking.order())["state"] == 2


@pytest.mark.parametrize(
    ("status", "answer", "message"),
    [
        (200, '{"op":"exception","message":"Not today."}', "Not today."),
        (200, '{"op":"exception"}', FALLBACK),
        (200, '[{"op":"success"},{"op":"exception","message":"No."}]', "No."),
        (200, '{"op":"whatever"}', FALLBACK),
        (200, '"success"', FALLBACK),
        (200, "", FALLBACK),
        (201, '{"op":"success"}', FALLBACK),
        (500, "", FALLBACK),
    ],
)
def test_anything_else_blocks_it(
    asking: Store, pushed: PushReceiver, status: int, answer: str, message: str
) -> None:
    pushed.answers = [(status, answer)]
    order = asking.order()
    assert asking.refund(order) == {"blocked": True, "message": message}
    assert asking.credit_memos(order) == []
    assert asking.deliveries()[0]["state"] == "given_up"


def test_a_receiver_out_of_reach_blocks_it(asking: Store) -> None:
    asking.change(push={"via": "commerce_webhook", "url": "http://127.0.0.1:1/"})
    assert asking.refund(asking.order())["message"] == FALLBACK
    assert asking.deliveries()[0]["attempts"][0]["status"] is None


def test_a_blocked_refund_by_rest_is_not_saved(asking: Store, client: Client, pushed: PushReceiver) -> None:
    pushed.answers = [(500, "")]
    order = asking.order()
    path = f"order/{order['entity_id']}/refund"
    error = client.refusal(path, refund_body(order, 1))
    assert error == {"message": "Could not save a Creditmemo, see error log for details"}
    assert asking.writes() == {}
    assert client.post(path, refund_body(order, 1)) == 1


def test_it_is_not_asked_of_what_is_silent_nor_of_what_magento_refuses(
    asking: Store, client: Client, pushed: PushReceiver
) -> None:
    order = asking.order()
    asking.refund(order, silent=True)
    client.refusal(f"order/{order['entity_id']}/refund", {})
    asking.save_memo(asking.credit_memos(order)[0], "open")
    assert pushed.got == []


def test_signing_can_be_off_and_fields_chosen(store: Store, pushed: PushReceiver) -> None:
    push = {
        "via": "commerce_webhook",
        "url": pushed.url,
        "signed": False,
        "fields": ["order_id"],
        "method": "observer.sales_order_creditmemo_save_before",
    }
    store.change(push=push)
    order = store.order()
    store.refund(order)
    (got,) = pushed.got
    assert HEADER not in got.headers
    assert got.json == {
        "eventName": push["method"],
        "data": {"creditmemo": {"order_id": order["entity_id"]}},
    }
    assert store.deliveries()[0]["topic"] == push["method"]


@pytest.mark.parametrize("online", [True, False])
def test_a_hook_after_saving_is_told_the_numbers_and_can_still_block(
    store: Store,
    pushed: PushReceiver,
    online: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    method = "observer.sales_order_creditmemo_save_after"
    store.change(push={"via": "commerce_webhook", "url": pushed.url, "method": method})
    order = store.order()
    pushed.answers = [(500, "")]
    assert store.refund(order, online=online)["blocked"]
    assert store.credit_memos(order) == []
    assert store.control.get(store.path)["gateway_log"] == []
    memo = store.refund(order, online=online)
    for got in pushed.got:
        shown = got.json["data"]["creditmemo"]
        assert got.json["eventName"] == method
        assert (shown["entity_id"], shown["increment_id"]) == (memo["entity_id"], memo["increment_id"])
        assert shown["items"][0]["parent_id"] == memo["entity_id"]
    assert len(store.credit_memos(order)) == 1
