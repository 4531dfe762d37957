"""SNS: signatures that hold against its certificate, and an endpoint that must confirm."""

import base64
import json
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.sandbox.amazon.client import Json
from tests.sandbox.helpers import Received, Receiver
from tests.support.sandboxed_amazon import Seller
from tests.support.waiting import until

TOPIC = "arn:aws:sns:eu-west-1:123456789012:orders"
NAMESPACE = "{http://sns.amazonaws.com/doc/2010-03-31/}"
NOTIFICATION = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
CONFIRMATION = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]


@pytest.fixture
def subscribed(seller: Seller, receiver: Receiver) -> Seller:
    """A seller whose topic the receiver is to confirm."""
    seller.change(push={"via": "sns", "url": receiver.url, "topic_arn": TOPIC})
    return seller


def here(seller: Seller, url: str) -> str:
    """Return where the sandbox serves an address of SNS's."""
    parts = urlsplit(url)
    assert (parts.scheme, parts.hostname) == ("https", "sns.eu-west-1.amazonaws.com")
    return f"{seller.control.url}/amazon/{seller.tenant}{parts.path}?{parts.query}"


def fetch(seller: Seller, url: str) -> requests.Response:
    return requests.get(here(seller, url), timeout=10)


def confirm(seller: Seller, receiver: Receiver) -> Json:
    (first,) = receiver.wait(1)
    assert fetch(seller, first.json["SubscribeURL"]).status_code == 200
    found: Json = first.json
    return found


def verify(seller: Seller, body: Json) -> None:
    """Verify a message as SNS documents it."""
    pem = fetch(seller, body["SigningCertURL"])
    assert urlsplit(body["SigningCertURL"]).path.endswith(".pem")
    key = x509.load_pem_x509_certificate(pem.content).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    names = NOTIFICATION if body["Type"] == "Notification" else CONFIRMATION
    text = "".join(f"{name}\n{body[name]}\n" for name in names if name in body)
    digest = {"1": hashes.SHA1(), "2": hashes.SHA256()}[body["SignatureVersion"]]  # noqa: S303 - SNS's default
    key.verify(base64.b64decode(body["Signature"]), text.encode(), padding.PKCS1v15(), digest)


def settled(seller: Seller) -> None:
    until(lambda: seller.control.get("webhooks/pending") == {"pending": 0})


def test_an_endpoint_is_asked_to_confirm(subscribed: Seller, receiver: Receiver) -> None:
    (asked,) = receiver.wait(1)
    assert asked.headers["Content-Type"] == "text/plain; charset=UTF-8"
    assert asked.headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    assert asked.headers["x-amz-sns-topic-arn"] == TOPIC
    assert "x-amz-sns-subscription-arn" not in asked.headers
    body = asked.json
    assert asked.headers["x-amz-sns-message-id"] == body["MessageId"]
    assert set(body) == {*CONFIRMATION, "SignatureVersion", "Signature", "SigningCertURL"}
    verify(subscribed, body)
    answer = fetch(subscribed, body["SubscribeURL"])
    arn = ET.fromstring(answer.content).findtext(f".//{NAMESPACE}SubscriptionArn")  # noqa: S314 - the sandbox's own
    assert arn is not None
    assert arn.startswith(f"{TOPIC}:")
    shown = subscribed.control.get(subscribed.path)["push"]
    assert (shown["confirmed"], shown["subscription_arn"]) == (True, arn)


@pytest.mark.parametrize("version", ["1", "2"])
def test_notifications_are_signed(seller: Seller, receiver: Receiver, version: str) -> None:
    push = {
        "via": "sns",
        "url": receiver.url,
        "topic_arn": TOPIC,
        "signature_version": version,
        "confirmed": True,
    }
    seller.change(push=push)
    seller.refund(seller.order(silent=True))
    (got,) = receiver.wait(1)
    assert got.headers["x-amz-sns-message-type"] == "Notification"
    assert got.headers["x-amz-sns-subscription-arn"].startswith(f"{TOPIC}:")
    assert got.headers["User-Agent"] == "Amazon Simple Notification Service Agent"
    body = got.json
    assert body["SignatureVersion"] == version
    verify(seller, body)
    assert json.loads(body["Message"])["NotificationType"] == "TRANSACTION_UPDATE"


def test_nothing_is_sent_before_the_endpoint_has_confirmed(subscribed: Seller, receiver: Receiver) -> None:
    order = subscribed.order(silent=True)
    subscribed.refund(order)
    confirm(subscribed, receiver)
    subscribed.refund(order)
    assert [each.json["Type"] for each in receiver.wait(2)] == ["SubscriptionConfirmation", "Notification"]
    assert len(subscribed.webhooks()) == 2


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        (f"Action=ConfirmSubscription&TopicArn={TOPIC}&Token=wrong", 400, "InvalidParameter"),
        (f"Action=ConfirmSubscription&TopicArn={TOPIC}s&Token=wrong", 404, "NotFound"),
        ("Action=Unsubscribe&SubscriptionArn=wrong", 400, "InvalidAction"),
        ("Action=Publish", 400, "InvalidAction"),
    ],
)
def test_sns_refuses(subscribed: Seller, query: str, status: int, code: str) -> None:
    answer = fetch(subscribed, f"https://sns.eu-west-1.amazonaws.com/?{query}")
    assert (answer.status_code, f"<Code>{code}</Code>" in answer.text) == (status, True)
    assert subscribed.control.get(subscribed.path)["push"]["confirmed"] is False


def test_there_is_no_topic_without_sns(seller: Seller) -> None:
    url = f"{seller.control.url}/amazon/{seller.tenant}"
    answer = requests.get(f"{url}/?Action=ConfirmSubscription", timeout=10)
    assert (answer.status_code, "Topic does not exist" in answer.text) == (404, True)
    assert requests.get(f"{url}-nobody/?Action=ConfirmSubscription", timeout=10).status_code == 404
    assert requests.get(f"{url}/SimpleNotificationService-0.pem", timeout=10).status_code == 404


def test_the_endpoint_can_be_unsubscribed_and_is_told(subscribed: Seller, receiver: Receiver) -> None:
    confirm(subscribed, receiver)
    subscribed.refund(subscribed.order(silent=True))
    notification = receiver.wait(2)[1].json
    assert fetch(subscribed, notification["UnsubscribeURL"]).status_code == 200
    last: Received = receiver.wait(3)[2]
    assert last.json["Type"] == last.headers["x-amz-sns-message-type"] == "UnsubscribeConfirmation"
    verify(subscribed, last.json)
    assert subscribed.control.get(subscribed.path)["push"]["confirmed"] is False
    assert fetch(subscribed, last.json["SubscribeURL"]).status_code == 200
    assert subscribed.control.get(subscribed.path)["push"]["confirmed"] is True


def test_the_people_at_aws_can_subscribe_and_unsubscribe(subscribed: Seller, receiver: Receiver) -> None:
    confirm(subscribed, receiver)
    assert subscribed.control.post(f"{subscribed.path}/sns/unsubscribe")["push"]["confirmed"] is False
    assert subscribed.control.post(f"{subscribed.path}/sns/subscribe")["push"]["confirmed"] is False
    kinds = [each.json["Type"] for each in receiver.wait(3)]
    assert sorted(kinds) == [
        "SubscriptionConfirmation",
        "SubscriptionConfirmation",
        "UnsubscribeConfirmation",
    ]


def test_three_retries_with_the_same_message_id_then_it_gives_up(seller: Seller, receiver: Receiver) -> None:
    seller.control.post("settings", {"retry_scale": 0})
    seller.change(push={"via": "sns", "url": receiver.url, "confirmed": True})
    receiver.statuses = [500] * 4
    seller.refund(seller.order(silent=True))
    settled(seller)
    attempts = receiver.wait(4)
    assert len({each.headers["x-amz-sns-message-id"] for each in attempts}) == 1
    (delivery,) = seller.webhooks()
    assert (len(delivery["attempts"]), delivery["state"]) == (4, "given_up")


def test_a_queue_s_duplicate_has_a_message_id_of_its_own(seller: Seller, receiver: Receiver) -> None:
    seller.change(push={"via": "sns", "url": receiver.url, "confirmed": True})
    seller.refund(seller.order(silent=True))
    first = receiver.wait(1)[0].json
    notification = json.loads(first["Message"])["NotificationMetadata"]["NotificationId"]
    seller.control.post(f"{seller.path}/notifications/{notification}/duplicate")
    second = receiver.wait(2)[1].json
    assert first["Message"] == second["Message"]
    assert first["MessageId"] != second["MessageId"]


@pytest.mark.parametrize("kind", ["Notification", "SubscriptionConfirmation"])
def test_anything_can_be_signed_on_demand(subscribed: Seller, kind: str) -> None:
    asked = {
        "message": "of another topic",
        "topic_arn": "arn:aws:sns:eu-west-1:999999999999:theirs",
        "timestamp": "2020-01-01T00:00:00Z",
        "signature_version": "2",
        "type": kind,
    }
    made = subscribed.control.post(f"{subscribed.path}/sns/sign", asked)
    body = json.loads(made["body"])
    verify(subscribed, body)
    assert (body["TopicArn"], body["Timestamp"]) == (asked["topic_arn"], "2020-01-01T00:00:00.000Z")
    assert made["headers"]["x-amz-sns-message-type"] == kind


def test_signing_works_without_a_push_if_the_topic_is_told(seller: Seller) -> None:
    made = seller.control.post(f"{seller.path}/sns/sign", {"message": "m", "topic_arn": TOPIC})
    verify(seller, json.loads(made["body"]))
