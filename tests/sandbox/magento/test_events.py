"""Adobe I/O Events: what is told, how it is signed, how long it is tried, and who may receive it."""

import base64
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from sandbox.magento.events import is_retried, retry_delays
from tests.sandbox.magento.client import Client
from tests.sandbox.magento.receiver import Got, PushReceiver
from tests.support.sandboxed_magento import Store
from tests.support.specs_magento import check_event
from tests.support.waiting import until

MEMO = "observer.sales_order_creditmemo_save_after"
ORDER = "observer.sales_order_save_after"


@pytest.fixture
def told(store: Store, pushed: PushReceiver) -> Store:
    """A store that tells of credit memos."""
    store.change(push={"via": "io_events", "url": pushed.url, "client_id": "client", "events": [MEMO]})
    return store


def verify(store: Store, got: Got, number: int, body: bytes) -> None:
    """Check a signature as Adobe's documentation says, with the key fetched from where the header points."""
    path = got.headers[f"x-adobe-public-key{number}-path"]
    assert path.startswith("/prod/keys/pub-key-")
    key = load_pem_public_key(requests.get(store.url + path, timeout=10).content)
    assert isinstance(key, rsa.RSAPublicKey)
    signature = base64.b64decode(got.headers[f"x-adobe-digital-signature-{number}"])
    key.verify(signature, body, padding.PKCS1v15(), SHA256())


def test_an_event_is_a_cloud_event_for_its_recipient(told: Store, pushed: PushReceiver) -> None:
    order = told.order()
    memo = told.refund(order, comment="why")
    (got,) = pushed.wait()
    event = got.json
    assert event["specversion"] == "1.0"
    assert event["type"] == f"com.adobe.commerce.{MEMO}"
    assert event["recipient_client_id"] == event["recipientclientid"] == "client"
    assert event["id"] == event["event_id"] == event["eventid"] == got.headers["x-adobe-event-id"]
    assert event["source"].startswith("urn:uuid:")
    value = event["data"]["value"]
    assert "entity_id" not in value
    assert {each["parent_id"] for each in value["items"]} == {memo["entity_id"]}
    assert (value["order_id"], value["increment_id"]) == (order["entity_id"], memo["increment_id"])
    assert (value["grand_total"], value["_isNew"], value["comments"][0]["comment"]) == (100, True, "why")


def test_both_signatures_are_good_for_the_body_as_sent(told: Store, pushed: PushReceiver) -> None:
    told.refund(told.order())
    (got,) = pushed.wait()
    for number in (1, 2):
        verify(told, got, number, got.body)
        with pytest.raises(InvalidSignature):
            verify(told, got, number, got.body + b" ")
    paths = {got.headers[f"x-adobe-public-key{number}-path"] for number in (1, 2)}
    assert len(paths) == 2


def test_other_keys_are_not_there(told: Store) -> None:
    for path in ("shop/prod/keys/pub-key-x.pem", "nobody/prod/keys/pub-key-x.pem"):
        assert requests.get(f"{told.control.url}/magento/{path}", timeout=10).status_code == 404


def test_every_save_is_told_and_new_memos_are_marked(told: Store, pushed: PushReceiver) -> None:
    memo = told.refund(told.order(), online=True)
    told.save_memo(memo, "canceled")
    values = [got.json["data"]["value"] for got in pushed.wait(2)]
    assert sorted((each["_isNew"], each["state"]) for each in values) == [(False, 3), (True, 2)]
    assert all(each["transaction_id"] == memo["transaction_id"] for each in values)
    assert told.credit_memos({"entity_id": memo["order_id"]})[0]["state"] == 3


def test_refunds_by_rest_are_told_too(told: Store, client: Client, pushed: PushReceiver) -> None:
    memo = client.refund(told.order(), 1, comment={"comment": "rs-1", "is_visible_on_front": 0})
    assert pushed.wait()[0].json["data"]["value"]["increment_id"] == memo["increment_id"]


def test_nothing_is_told_of_what_is_silent(told: Store, pushed: PushReceiver) -> None:
    memo = told.refund(told.order(silent=True), silent=True)
    told.save_memo(memo, "open", silent=True)
    assert told.deliveries() == []
    assert pushed.got == []


def test_orders_are_told_of_if_subscribed_to(store: Store, pushed: PushReceiver) -> None:
    store.change(push={"via": "io_events", "url": pushed.url})
    order = store.order(invoiced=False)
    store.invoice(order)
    store.refund(order)
    canceled = store.order(invoiced=False)
    store.cancel(canceled)
    pushed.wait(6)
    topics = [each["topic"] for each in store.deliveries()]
    assert topics == [ORDER, ORDER, MEMO, ORDER, ORDER, ORDER]
    assert len(store.deliveries(MEMO)) == 1


def test_only_chosen_fields_are_told(store: Store, pushed: PushReceiver) -> None:
    chosen = ["increment_id", "order_id", "_isNew"]
    store.change(push={"via": "io_events", "url": pushed.url, "events": [MEMO], "fields": chosen})
    store.refund(store.order())
    assert set(pushed.wait()[0].json["data"]["value"]) == set(chosen)


def test_events_have_the_documented_fields_only(specs_dir: Path, store: Store, pushed: PushReceiver) -> None:
    store.change(push={"via": "io_events", "url": pushed.url})
    lines = [
        {"sku": "PEN", "qty": 2, "price": "9.99", "tax_percent": "8", "discount": "1"},
        {"sku": "HOODIE", "configurable_child_sku": "HOODIE-M", "qty": 1, "price": "40"},
    ]
    order = store.order(lines=lines, shipping="5", shipping_tax_percent="8", invoiced=False)
    store.invoice(order)
    store.refund(order, lines=[{"sku": "PEN", "qty": 1}], comment="by line")
    store.refund(order, online=True)
    store.cancel(store.order(invoiced=False, payment_method="checkmo"))
    for got in pushed.wait(8):
        check_event(specs_dir, got.json)


def test_waits_grow_from_a_minute_to_fifteen_for_a_day() -> None:
    delays = retry_delays()
    assert delays[:6] == (60, 120, 240, 480, 900, 900)
    assert 24 * 3600 <= sum(delays) < 24 * 3600 + 900


@pytest.mark.parametrize(
    ("status", "again"),
    [(None, True), (429, True), (500, True), (503, True), (505, False), (400, False), (302, False)],
)
def test_only_some_failures_are_tried_again(
    status: int | None,
    again: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    assert is_retried(status) is again


def test_attempts_are_counted_in_a_header(told: Store, pushed: PushReceiver) -> None:
    told.control.post("settings", {"retry_scale": 0.001})
    pushed.answers = [(503, ""), (429, "")]
    told.refund(told.order())
    got = pushed.wait(3)
    assert [each.headers.get("x-adobe-retry-count") for each in got] == [None, "1", "2"]
    assert len({each.body for each in got}) == 1
    until(lambda: told.deliveries()[0]["delivered"])


def test_a_refused_event_is_given_up(told: Store, pushed: PushReceiver) -> None:
    pushed.answers = [(401, "")]
    told.refund(told.order())
    until(lambda: told.deliveries()[0]["state"] == "given_up")
    assert len(pushed.got) == 1


def test_events_can_be_delivered_again(told: Store, pushed: PushReceiver) -> None:
    told.refund(told.order())
    pushed.wait()
    (delivery,) = told.deliveries()
    path = f"{told.path}/webhooks/{delivery['id']}/redeliver"
    again = told.control.post(path, {"times": 3, "concurrently": True})
    assert again["statuses"] == [200, 200, 200]
    assert len({each.headers["x-adobe-event-id"] for each in pushed.wait(4)}) == 1


@pytest.mark.parametrize("said", ["{}", '{"challenge":"{}"}', '{"challenge": "{}"}\n'])
def test_a_receiver_says_the_challenge_back(store: Store, pushed: PushReceiver, said: str) -> None:
    pushed.challenged = said
    store.change(push={"via": "io_events", "url": pushed.url})
    assert store.control.get(store.path)["push"]["url"] == pushed.url


@pytest.mark.parametrize("said", ["no", '["{}"]', '{"answer":"{}"}'])
def test_a_receiver_that_does_not_is_not_registered(store: Store, pushed: PushReceiver, said: str) -> None:
    pushed.challenged = said

    def refusal(push: dict[str, Any]) -> str:
        answer = store.control.session.patch(
            f"{store.control.url}/_control/{store.path}", json={"push": push}, timeout=10
        )
        assert answer.status_code == 400, answer.text
        reason: str = answer.json()["error"]
        return reason

    push = {"via": "io_events", "url": pushed.url}
    assert refusal(push) == "The receiver did not answer the challenge: 200."
    nowhere = {**push, "url": "http://127.0.0.1:1/"}
    assert refusal(nowhere) == "The receiver is not reachable for the challenge."
    assert store.control.get(store.path)["push"] is None
    store.change(push={**nowhere, "unchallenged": True})
    assert store.control.get(store.path)["push"]["url"] == nowhere["url"]
