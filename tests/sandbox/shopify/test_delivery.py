"""How a shop's webhooks travel: headers, signature, event ids, retries, and the end of a subscription."""

import base64
import hashlib
import hmac
import itertools

import pytest

from sandbox.shopify.events import retry_delays, signature
from tests.sandbox.conftest import SECRET
from tests.sandbox.helpers import Control, Receiver, Shop
from tests.support.waiting import until

SUBSCRIPTIONS = "{ webhookSubscriptions(first: 20) { nodes { topic uri format apiVersion { handle } } } }"


def topics(shop: Shop) -> set[str]:
    nodes = shop.graphql(SUBSCRIPTIONS)["webhookSubscriptions"]["nodes"]
    return {node["topic"] for node in nodes}


def test_the_signature_is_shopify_s_known_answer() -> None:
    body = b'{"id":890088186047892319,"order_id":820982911946154508}'
    assert signature("secret", body) == "LP+k/iMJlezOSuAJBZlrZiUgkPay93BMvM8BGLV9Z+o="


def test_every_documented_header_is_sent(hooked: Shop, receiver: Receiver) -> None:
    hooked.refund(hooked.order(), amount="1.00")
    (got,) = receiver.of("refunds/create")
    digest = hmac.new(SECRET.encode(), got.body, hashlib.sha256).digest()
    assert got.headers["X-Shopify-Hmac-Sha256"] == base64.b64encode(digest).decode()
    assert got.headers["X-Shopify-Shop-Domain"] == hooked.domain
    assert got.headers["X-Shopify-API-Version"] == "2026-10"
    assert got.headers["Content-Type"] == "application/json"
    assert len(got.headers["X-Shopify-Webhook-Id"]) == 36
    assert len(got.headers["X-Shopify-Event-Id"]) == 36
    assert got.headers["X-Shopify-Triggered-At"].endswith("Z")


def test_one_action_s_webhooks_share_an_event_id_and_have_their_own_delivery_ids(
    hooked: Shop, receiver: Receiver
) -> None:
    order = hooked.order()
    hooked.refund(order, amount="1.00")
    first = receiver.wait(3)
    assert {each.topic for each in first} == {"refunds/create", "order_transactions/create", "orders/updated"}
    assert len({each.headers["X-Shopify-Event-Id"] for each in first}) == 1
    assert len({each.headers["X-Shopify-Webhook-Id"] for each in first}) == 3
    hooked.refund(order, amount="1.00")
    assert len({each.headers["X-Shopify-Event-Id"] for each in receiver.wait(6)}) == 2


def test_a_pending_transaction_sends_no_transaction_webhook_until_it_ends(
    hooked: Shop, receiver: Receiver
) -> None:
    order = hooked.order()
    refund = hooked.refund(order, transactions=[{"amount": "1.00", "status": "pending"}])
    assert {each.topic for each in receiver.wait(2)} == {"refunds/create", "orders/updated"}
    path = f"{hooked.path}/transactions/{refund['transactions'][0]['id']}/status"
    hooked.control.post(path, {"status": "success"})
    (settled,) = receiver.of("order_transactions/create")
    assert (settled.json["status"], settled.json["kind"]) == ("success", "refund")
    assert "payment_details" in settled.json


def test_waits_between_attempts_double_and_last_four_hours() -> None:
    delays = retry_delays()
    assert len(delays) == 8
    assert sum(delays) == pytest.approx(4 * 60 * 60)
    assert all(later == pytest.approx(2 * earlier) for earlier, later in itertools.pairwise(delays))


def test_retries_keep_body_and_ids(hooked: Shop, receiver: Receiver) -> None:
    hooked.control.post("settings", {"retry_scale": 0.0001})
    hooked.control.patch(hooked.path, {"webhook": {"url": receiver.url, "secret": SECRET}})
    receiver.statuses = [500, 503]
    hooked.control.delete(f"{hooked.path}/orders/{hooked.order()['id']}")
    attempts = receiver.wait(3)
    assert len({each.body for each in attempts}) == 1
    for header in ("X-Shopify-Webhook-Id", "X-Shopify-Hmac-Sha256", "X-Shopify-Triggered-At"):
        assert len({each.headers[header] for each in attempts}) == 1
    until(lambda: hooked.control.get("webhooks/pending") == {"pending": 0})
    (delivery,) = hooked.control.get(f"{hooked.path}/webhooks")
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 503, 200]
    assert delivery["delivered"] is True


def test_after_eight_failed_retries_the_subscription_is_deleted(hooked: Shop, receiver: Receiver) -> None:
    hooked.control.post("settings", {"retry_scale": 0})
    receiver.statuses = [500] * 9
    assert "ORDERS_DELETE" in topics(hooked)
    hooked.control.delete(f"{hooked.path}/orders/{hooked.order()['id']}")
    until(lambda: "ORDERS_DELETE" not in topics(hooked))
    assert len(receiver.requests) == 9
    assert hooked.control.get("webhooks/pending") == {"pending": 0}
    hooked.control.delete(f"{hooked.path}/orders/{hooked.order()['id']}")
    assert len(hooked.control.get(f"{hooked.path}/webhooks?topic=orders/delete")) == 1
    hooked.control.patch(hooked.path, {"webhook": {"url": receiver.url}})
    assert "ORDERS_DELETE" in topics(hooked)


def test_deliveries_show_what_was_sent(hooked: Shop, receiver: Receiver) -> None:
    order = hooked.order(silent=False)
    receiver.wait(2)
    until(lambda: hooked.control.get("webhooks/pending") == {"pending": 0})
    shown = hooked.control.get(f"{hooked.path}/webhooks")
    assert [each["topic"] for each in shown] == ["orders/create", "order_transactions/create"]
    (sent,) = receiver.of("orders/create")
    assert shown[0]["body"].encode() == sent.body
    assert shown[0]["headers"]["X-Shopify-Hmac-Sha256"] == sent.headers["X-Shopify-Hmac-Sha256"]
    assert shown[0]["id"] == sent.headers["X-Shopify-Webhook-Id"]
    assert shown[0]["event_id"] == sent.headers["X-Shopify-Event-Id"]
    assert sent.json["id"] == order["id"]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_delivery_can_be_sent_again(hooked: Shop, receiver: Receiver, *, at_once: bool) -> None:
    hooked.refund(hooked.order(), amount="1.00")
    receiver.wait(3)
    (delivery,) = hooked.control.get(f"{hooked.path}/webhooks?topic=refunds/create")
    path = f"{hooked.path}/webhooks/{delivery['id']}/redeliver"
    answer = hooked.control.post(path, {"times": 3, "concurrently": at_once, "drop_event_id": True})
    assert answer == {"id": delivery["id"], "statuses": [200, 200, 200]}
    again = receiver.of("refunds/create", 4)
    assert len({each.body for each in again}) == 1
    assert [each for each in again[1:] if "X-Shopify-Event-Id" in each.headers] == []


def test_silent_actions_send_nothing(hooked: Shop) -> None:
    hooked.refund(hooked.order(), amount="1.00", silent=True)
    assert hooked.control.get(f"{hooked.path}/webhooks") == []


def test_uninstalling_sends_one_last_webhook_and_ends_access(hooked: Shop, receiver: Receiver) -> None:
    hooked.control.post(f"{hooked.path}/uninstall")
    (last,) = receiver.of("app/uninstalled")
    assert last.json["myshopify_domain"] == hooked.domain
    assert hooked.graphql_response("{ shop { name } }").status_code == 401
    hooked.order(silent=False)
    assert len(hooked.control.get(f"{hooked.path}/webhooks")) == 1


@pytest.mark.parametrize(
    ("topic", "keys"),
    [
        (
            "customers/data_request",
            {"shop_id", "shop_domain", "orders_requested", "customer", "data_request"},
        ),
        ("customers/redact", {"shop_id", "shop_domain", "customer", "orders_to_redact"}),
        ("shop/redact", {"shop_id", "shop_domain"}),
    ],
)
def test_compliance_webhooks_have_their_documented_bodies(
    hooked: Shop, receiver: Receiver, topic: str, keys: set[str]
) -> None:
    hooked.control.post(f"{hooked.path}/compliance", {"topic": topic})
    assert set(receiver.of(topic)[0].json) == keys


def test_a_compliance_body_can_be_given(hooked: Shop, receiver: Receiver) -> None:
    hooked.control.post(f"{hooked.path}/compliance", {"topic": "shop/redact", "payload": {"shop_id": 1}})
    assert receiver.of("shop/redact")[0].json == {"shop_id": 1}


def test_a_compliance_body_must_be_an_object(control: Control, hooked: Shop) -> None:
    body = {"topic": "shop/redact", "payload": "x"}
    assert (
        control.refusal("POST", f"{hooked.path}/compliance", body) == "The body: payload must be an object."
    )


def test_webhooks_come_in_the_version_asked_for(control: Control, hooked: Shop, receiver: Receiver) -> None:
    control.patch(hooked.path, {"webhook": {"url": receiver.url, "api_version": "2026-04", "secret": SECRET}})
    hooked.refund(hooked.order(), amount="1.00")
    assert receiver.of("refunds/create")[0].headers["X-Shopify-API-Version"] == "2026-04"
