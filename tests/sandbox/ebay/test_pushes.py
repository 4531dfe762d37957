"""Notifications: the challenge, the envelope, the signature, the attempts."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.sandbox.ebay.client import PUBLIC_KEY, Api, error_of, whole
from tests.sandbox.ebay.conftest import VERIFICATION_TOKEN, Endpoint
from tests.sandbox.helpers import Received
from tests.support.sandboxed_ebay import EbaySeller
from tests.support.waiting import until

TOPICS = {
    "return": ("ORDER_RETURN_ACTIVITY", "RETURN_REQUESTED", "RETURN_CLOSED"),
    "cancellation": ("ORDER_CANCELLATION_ACTIVITY", "CANCELLATION_REQUESTED", "CANCELLATION_COMPLETED"),
    "inquiry": ("ORDER_INQUIRY_ACTIVITY", "INQUIRY_CREATED", "INQUIRY_CLOSED"),
}


def verify(api: Api, got: Received, token: str | None = None) -> str:
    """Verify a notification as the documentation says, by plain cryptography; return the key's id."""
    head = json.loads(base64.b64decode(got.headers["X-EBAY-SIGNATURE"], validate=True))
    assert head.keys() == {"alg", "kid", "signature", "digest"}
    assert (head["alg"], head["digest"]) == ("ecdsa", "SHA1")
    key = api.get(f"{PUBLIC_KEY}/{head['kid']}", token=token or api.app_token())
    assert (key["algorithm"], key["digest"]) == ("ECDSA", "SHA1")
    middle = key["key"].removeprefix("-----BEGIN PUBLIC KEY-----").removesuffix("-----END PUBLIC KEY-----")
    public = serialization.load_der_public_key(base64.b64decode(middle, validate=True))
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert isinstance(public.curve, ec.SECP256R1)
    signature = base64.b64decode(head["signature"], validate=True)
    public.verify(signature, got.body, ec.ECDSA(hashes.SHA1()))  # noqa: S303  # eBay signs so
    return str(head["kid"])


def settled(seller: EbaySeller) -> list[dict[str, Any]]:
    """Return the notifications once none is on its way."""
    until(lambda: seller.control.get("webhooks/pending") == {"pending": 0})
    return seller.webhooks()


def test_the_endpoint_proves_itself_before_anything_is_sent(hooked: EbaySeller, endpoint: Endpoint) -> None:
    push = hooked.control.get(hooked.path)["push"]
    assert (push["status"], push["challenge_status"], len(endpoint.challenges)) == ("ENABLED", 200, 1)
    hooked.order()
    assert endpoint.wait(1)[0].json["metadata"]["topic"] == "ORDER_CONFIRMATION"


@pytest.mark.parametrize(
    ("secret", "content_type"),
    [("another", "application/json"), (VERIFICATION_TOKEN, "text/plain")],
)
def test_a_wrong_answer_to_the_challenge_keeps_everything_back(
    seller: EbaySeller, endpoint: Endpoint, secret: str, content_type: str
) -> None:
    endpoint.secret, endpoint.content_type = secret, content_type
    seller.change(push={"url": endpoint.url, "verification_token": VERIFICATION_TOKEN})
    assert seller.control.get(seller.path)["push"]["status"] == "DISABLED"
    seller.order()
    assert seller.webhooks() == []
    endpoint.secret, endpoint.content_type = VERIFICATION_TOKEN, "application/json"
    assert seller.control.post(f"{seller.path}/challenge")["status"] == "ENABLED"
    seller.order()
    endpoint.wait(1)


def test_a_seller_may_come_with_an_endpoint(seller: EbaySeller, endpoint: Endpoint) -> None:
    push = {"url": endpoint.url, "verification_token": VERIFICATION_TOKEN}
    made = seller.control.post("ebay/sellers", {"seller_id": "another", "push": push})
    assert made["push"]["status"] == "ENABLED"


def test_an_endpoint_that_is_not_there_fails_the_challenge(seller: EbaySeller) -> None:
    seller.change(push={"url": "http://127.0.0.1:9/hook?a=b"})
    push = seller.control.get(seller.path)["push"]
    assert (push["status"], push["challenge_status"]) == ("DISABLED", None)


def test_a_confirmation_has_its_documented_form(hooked: EbaySeller, api: Api, endpoint: Endpoint) -> None:
    order = hooked.order()
    (got,) = endpoint.wait(1)
    verify(api, got)
    body = got.json
    assert body.keys() == {"metadata", "notification"}
    assert body["metadata"] == {"topic": "ORDER_CONFIRMATION", "schemaVersion": "1.0", "deprecated": False}
    notification = body["notification"]
    assert list(notification) == ["notificationId", "eventDate", "publishDate", "publishAttemptCount", "data"]
    assert notification["publishAttemptCount"] == 1
    assert len(notification["notificationId"]) == 73
    (line,) = order["lineItems"]
    assert notification["data"] == {
        "user": {"userId": hooked.control.get(hooked.path)["user_id"], "username": "rs_shirts"},
        "order": {
            "orderId": order["orderId"],
            "orderLineItems": [
                {"orderLineItemId": line["lineItemId"], "listingId": line["legacyItemId"], "quantity": 5}
            ],
        },
    }
    assert got.body == json.dumps(body, separators=(",", ":")).encode()


@pytest.mark.parametrize("kind", TOPICS)
def test_a_request_and_its_end_are_told(hooked: EbaySeller, api: Api, endpoint: Endpoint, kind: str) -> None:
    order = hooked.order(silent=True)
    number = hooked.ask(order, kind)
    hooked.refund(order, **{"for": number})
    got = sorted(endpoint.wait(2), key=lambda each: str(each.json["notification"]["eventDate"]))
    for each, activity in zip(got, TOPICS[kind][1:], strict=True):
        verify(api, each)
        assert each.json["metadata"]["topic"] == TOPICS[kind][0]
        assert each.json["notification"]["data"]["activityType"] == activity
        assert order["orderId"] in each.body.decode()
        assert number in each.body.decode()


def test_a_declined_cancellation_is_told(hooked: EbaySeller, endpoint: Endpoint) -> None:
    number = hooked.ask(hooked.order(silent=True), "cancellation", silent=True)
    hooked.close(number, "declined")
    assert endpoint.wait(1)[0].json["notification"]["data"]["activityType"] == "CANCELLATION_DECLINED"


def test_no_push_tells_of_a_refund_without_a_request(hooked: EbaySeller, api: Api) -> None:
    order = hooked.order(silent=True)
    hooked.refund(order, amount="1.00")
    api.refund(order, whole("1.00"))
    case = hooked.ask(order, "case")
    hooked.close(case)
    assert hooked.webhooks() == []


def test_silence_is_kept(hooked: EbaySeller) -> None:
    order = hooked.order(silent=True)
    number = hooked.ask(order, "return", silent=True)
    hooked.close(number, silent=True)
    hooked.cancel(order, silent=True)
    hooked.revoke(silent=True)
    assert hooked.webhooks() == []


def test_account_deletions_and_revocations_are_told(hooked: EbaySeller, api: Api, endpoint: Endpoint) -> None:
    token = api.app_token()
    hooked.control.post(f"{hooked.path}/account_deletion", {"username": "ann"})
    hooked.revoke()
    by_topic = {each.json["metadata"]["topic"]: each for each in endpoint.wait(2)}
    for each in by_topic.values():
        verify(api, each, token)
    data = by_topic["MARKETPLACE_ACCOUNT_DELETION"].json["notification"]["data"]
    assert data.keys() == {"username", "userId", "eiasToken"}
    assert data["username"] == "ann"
    assert by_topic["AUTHORIZATION_REVOCATION"].json["notification"]["data"]["username"] == "rs_shirts"


def test_only_topics_subscribed_to_are_sent(seller: EbaySeller, endpoint: Endpoint) -> None:
    push = {"url": endpoint.url, "topics": ["ORDER_RETURN_ACTIVITY"], "challenge": False}
    seller.change(push=push)
    assert endpoint.challenges == []
    order = seller.order()
    seller.ask(order, "return")
    assert [each["topic"] for each in settled(seller)] == ["ORDER_RETURN_ACTIVITY"]


def test_there_are_three_attempts_each_numbered_and_signed(
    hooked: EbaySeller, api: Api, endpoint: Endpoint
) -> None:
    hooked.control.post("settings", {"retry_scale": 0.001})
    endpoint.statuses = [412, 500, 200]
    hooked.order()
    got = endpoint.wait(3)
    for each in got:
        verify(api, each)
    assert [each.json["notification"]["publishAttemptCount"] for each in got] == [1, 2, 3]
    assert len({each.json["notification"]["notificationId"] for each in got}) == 1
    (shown,) = settled(hooked)
    assert [attempt["status"] for attempt in shown["attempts"]] == [412, 500, 200]
    assert shown["delivered"] is True
    assert shown["body"].encode() == got[-1].body


def test_after_three_attempts_a_notification_is_lost(hooked: EbaySeller, endpoint: Endpoint) -> None:
    hooked.control.post("settings", {"retry_scale": 0})
    endpoint.statuses = [500] * 3
    hooked.order()
    (shown,) = settled(hooked)
    assert (shown["state"], len(shown["attempts"])) == ("given_up", 3)
    assert hooked.control.get(hooked.path)["push"]["status"] == "ENABLED"


def test_an_account_deletion_is_sent_until_acknowledged_or_the_endpoint_is_marked_down(
    hooked: EbaySeller, endpoint: Endpoint
) -> None:
    hooked.control.post("settings", {"retry_scale": 0})
    endpoint.statuses = [500] * 9
    hooked.control.post(f"{hooked.path}/account_deletion", {"username": "ann"})
    assert [len(each["attempts"]) for each in settled(hooked)] == [10]
    endpoint.statuses = [500] * 25
    hooked.control.post(f"{hooked.path}/account_deletion", {"username": "bob"})
    until(lambda: hooked.control.get(hooked.path)["push"]["status"] == "MARKED_DOWN")
    hooked.order()
    assert [len(each["attempts"]) for each in settled(hooked)] == [10, 25]
    assert hooked.control.post(f"{hooked.path}/challenge")["status"] == "ENABLED"


@pytest.mark.parametrize("at_once", [True, False])
def test_a_notification_can_be_sent_again(
    hooked: EbaySeller, api: Api, endpoint: Endpoint, *, at_once: bool
) -> None:
    hooked.order()
    (shown,) = settled(hooked)
    path = f"{hooked.path}/webhooks/{shown['id']}/redeliver"
    answer = hooked.control.post(path, {"times": 2, "concurrently": at_once})
    assert answer == {"id": shown["id"], "statuses": [200, 200]}
    got = endpoint.wait(3)
    for each in got:
        verify(api, each)
    assert len({each.json["notification"]["notificationId"] for each in got}) == 1
    hooked.control.post(path, {"drop_signature": True})
    assert "X-EBAY-SIGNATURE" not in endpoint.wait(4)[-1].headers


def test_keys_may_change_and_old_ones_are_still_served(
    seller: EbaySeller, api: Api, endpoint: Endpoint
) -> None:
    for kid in ("first-key", "second-key"):
        seller.change(push={"url": endpoint.url, "kid": kid, "challenge": False})
        seller.order()
        settled(seller)
    assert [verify(api, each) for each in endpoint.wait(2)] == ["first-key", "second-key"]


def test_an_unknown_key_is_not_served(api: Api) -> None:
    assert error_of(api.call("GET", f"{PUBLIC_KEY}/none", token=api.app_token())) == (404, 195001)
