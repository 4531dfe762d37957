"""Who is believed by the signature of SNS."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.policy import Policy
from tests.support.ledger import NOW, SECRET
from tests.webhooks.amazon_pushes import (
    CERTIFICATE,
    HOST,
    SELLER,
    TOPIC,
    certificate,
    confirmation,
    event,
    order_change,
    secret_headers,
    signed,
    signing_key,
    sns,
    sns_headers,
    stamp,
    transaction,
)
from tests.webhooks.keyserver import KeyServer, key_server
from tests.webhooks.platforms import Payload, encoded
from webhooks.keys import FetchedKeys
from webhooks.sources.amazon import Amazon
from webhooks.sources.protocol import Endpoint, KeyUnreachableError, Request, SignatureError


@pytest.fixture(scope="module")
def served() -> Iterator[KeyServer]:
    with key_server() as keys:
        keys.keep(CERTIFICATE, certificate())
        yield keys


def address(served: KeyServer) -> Endpoint:
    return Endpoint(
        "amazon",
        "amazon-shop",
        SELLER,
        1,
        1,
        Policy(),
        (SECRET,),
        api_url=served.url,
        credentials={"topic_arns": ["arn:aws:sns:eu-west-1:123456789012:other", TOPIC]},
        keys=FetchedKeys(allow_private=True),
    )


@pytest.fixture
def endpoint(served: KeyServer) -> Endpoint:
    served.asked.clear()
    return address(served)


def verify(endpoint: Endpoint, message: Payload) -> None:
    Amazon().verify(Request({}, encoded(message), NOW), endpoint)


def refused(endpoint: Endpoint, message: Payload) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(endpoint, message)
    return caught.value.reason


# The signature


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("text", [transaction(), event(order_change()), "not JSON\n", "é \U0001f600"])
def test_a_notification_is_believed_in_either_version(endpoint: Endpoint, version: str, text: object) -> None:
    verify(endpoint, signed(sns(text, SignatureVersion=version)))


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_a_confirmation_is_believed_in_either_version(endpoint: Endpoint, version: str, kind: str) -> None:
    verify(endpoint, signed(confirmation(kind, SignatureVersion=version)))


@pytest.mark.parametrize("subject", ["My First Message", ""])
def test_a_subject_is_signed_where_there_is_one(endpoint: Endpoint, subject: str) -> None:
    message = signed(sns(transaction(), Subject=subject))
    verify(endpoint, message)
    del message["Subject"]
    assert refused(endpoint, message) == "wrong_signature"


def test_a_subject_that_is_null_is_none(endpoint: Endpoint) -> None:
    verify(endpoint, signed(sns(transaction())) | {"Subject": None})


@pytest.mark.parametrize("headers", [True, False])
def test_sns_is_told_by_its_body_whatever_its_headers(endpoint: Endpoint, *, headers: bool) -> None:
    message = signed(sns(transaction()))
    shown = sns_headers(message) if headers else secret_headers()
    Amazon().verify(Request(shown, encoded(message), NOW), endpoint)


def test_a_wrong_secret_is_refused_whatever_sns_has_signed(endpoint: Endpoint, served: KeyServer) -> None:
    request = Request(secret_headers("wrong"), encoded(signed(sns(transaction()))), NOW)
    with pytest.raises(SignatureError, match="wrong_signature"):
        Amazon().verify(request, endpoint)
    assert served.asked == []


@pytest.mark.parametrize("key", ["Message", "MessageId", "Subject", "Timestamp", "Type"])
def test_every_key_of_a_notification_is_signed(endpoint: Endpoint, key: str) -> None:
    message = signed(sns(transaction(), Subject="Subject"))
    changed = {"Type": "SubscriptionConfirmation"}.get(key, f"{message[key]} ")
    assert refused(endpoint, message | {key: changed}) == "wrong_signature"


@pytest.mark.parametrize("key", ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "Type"])
def test_every_key_of_a_confirmation_is_signed(endpoint: Endpoint, key: str) -> None:
    message = signed(confirmation())
    changed = {"Type": "UnsubscribeConfirmation"}.get(key, f"{message[key]} ")
    assert refused(endpoint, message | {key: changed}) == "wrong_signature"


def test_one_pinned_topic_does_not_sign_for_another(endpoint: Endpoint) -> None:
    changed = {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:other"}
    assert refused(endpoint, signed(sns(transaction())) | changed) == "wrong_signature"


@pytest.mark.parametrize("version", ["0", "3", "", "SHA256", 1, None])
def test_a_signature_of_another_version_is_refused(
    endpoint: Endpoint, served: KeyServer, version: object
) -> None:
    assert refused(endpoint, signed(sns(transaction())) | {"SignatureVersion": version}) == "wrong_signature"
    assert served.asked == []


def test_a_signature_of_one_version_is_not_one_of_the_other(endpoint: Endpoint) -> None:
    for one, other in (("1", "2"), ("2", "1")):
        message = signed(sns(transaction(), SignatureVersion=one)) | {"SignatureVersion": other}
        assert refused(endpoint, message) == "wrong_signature"


@pytest.mark.parametrize(
    "signature", ["not base64!", "AAAA", "é", "=", base64.b64encode(bytes(256)).decode()]
)
def test_a_wrong_signature_is_refused(endpoint: Endpoint, signature: str) -> None:
    assert refused(endpoint, sns(transaction(), Signature=signature)) == "wrong_signature"


def test_another_key_does_not_sign(endpoint: Endpoint) -> None:
    assert refused(endpoint, signed(sns(transaction()), signing_key(2))) == "wrong_signature"


@pytest.mark.parametrize("signature", [None, ""])
def test_a_message_without_a_signature_is_refused(endpoint: Endpoint, signature: str | None) -> None:
    assert refused(endpoint, sns(transaction()) | {"Signature": signature}) == "missing_signature"


@pytest.mark.parametrize(
    "key", ["Message", "MessageId", "Timestamp", "SigningCertURL", "SignatureVersion", "Type", "TopicArn"]
)
@pytest.mark.parametrize("value", [5, None, [], {}])
def test_a_message_of_another_shape_is_refused(
    endpoint: Endpoint, served: KeyServer, key: str, value: object
) -> None:
    assert refused(endpoint, signed(sns(transaction())) | {key: value}) == "wrong_signature"
    assert served.asked == []


@pytest.mark.parametrize("key", ["Message", "MessageId", "Timestamp", "SigningCertURL", "SignatureVersion"])
def test_a_message_that_lacks_a_key_is_refused(endpoint: Endpoint, key: str) -> None:
    message = signed(sns(transaction()))
    del message[key]
    assert refused(endpoint, message) == "wrong_signature"


@pytest.mark.parametrize("key", ["Token", "SubscribeURL"])
def test_a_confirmation_that_lacks_a_key_is_refused(endpoint: Endpoint, key: str) -> None:
    message = signed(confirmation())
    del message[key]
    assert refused(endpoint, message) == "wrong_signature"


@pytest.mark.parametrize("kind", ["", "notification", "Other"])
def test_a_type_that_sns_does_not_have_is_refused(endpoint: Endpoint, served: KeyServer, kind: str) -> None:
    assert refused(endpoint, signed(sns(transaction())) | {"Type": kind}) == "wrong_signature"
    assert served.asked == []


# The topic


@pytest.mark.parametrize(
    "pinned", [None, [], ["arn:aws:sns:us-east-1:999999999999:refunds"], TOPIC, f"{TOPIC}s", {TOPIC: 1}]
)
def test_a_topic_that_is_not_pinned_is_refused_and_steers_no_fetch(
    endpoint: Endpoint, served: KeyServer, pinned: object
) -> None:
    unpinned = replace(endpoint, credentials={"topic_arns": pinned})
    assert refused(unpinned, signed(sns(transaction()))) == "wrong_topic"
    assert refused(unpinned, signed(confirmation())) == "wrong_topic"
    assert served.asked == []


@pytest.mark.parametrize("topic", [TOPIC.upper(), TOPIC[:-1], f"{TOPIC}:c9135db0-26c4-47ec", ""])
def test_a_topic_is_pinned_by_its_whole_name(endpoint: Endpoint, topic: str) -> None:
    assert refused(endpoint, signed(sns(transaction(), TopicArn=topic))) == "wrong_topic"


# The key


@pytest.mark.parametrize(
    "url",
    [
        f"http://sns.us-east-1.amazonaws.com{CERTIFICATE}",
        f"{HOST}:443{CERTIFICATE}",
        f"{HOST}.evil.example{CERTIFICATE}",
        f"https://evil.example/?{HOST}{CERTIFICATE}",
        f"https://user@sns.us-east-1.amazonaws.com{CERTIFICATE}",
        f"https://evil.example#@sns.us-east-1.amazonaws.com{CERTIFICATE}",
        f"https://sns.us-east-1.amazonaws.com.cn.evil.example{CERTIFICATE}",
        f"https://sns.s3.amazonaws.com{CERTIFICATE}",
        f"https://sns.s3-us-west-2.amazonaws.com{CERTIFICATE}",
        f"https://xsns.us-east-1.amazonaws.com{CERTIFICATE}",
        f"https://sns.us-east-1xamazonaws.com{CERTIFICATE}",
        f"https://sns.us-east-1.evil.amazonaws.com{CERTIFICATE}",
        f"{HOST}{CERTIFICATE}?x=.pem",
        f"{HOST}{CERTIFICATE}\n",
        f"{HOST}/a/b.pem",
        f"{HOST}/../b.pem",
        f"{HOST}/a%2fb.pem",
        f"{HOST}/.pem",
        f"{HOST}{CERTIFICATE}x",
        f"{HOST}/" + "a" * 101 + ".pem",
        f"{HOST}/",
        "",
    ],
)
def test_only_the_hosts_of_sns_are_asked_for_a_key(endpoint: Endpoint, served: KeyServer, url: str) -> None:
    assert refused(endpoint, signed(sns(transaction(), SigningCertURL=url))) == "unknown_key"
    assert served.asked == []


@pytest.mark.parametrize(
    "host",
    [
        "https://sns.eu-west-1.amazonaws.com",
        "https://sns.us-gov-west-1.amazonaws.com",
        "https://sns.ap-southeast-14.amazonaws.com",
        "https://sns.cn-north-1.amazonaws.com.cn",
    ],
)
def test_sns_has_a_host_a_region(endpoint: Endpoint, served: KeyServer, host: str) -> None:
    verify(endpoint, signed(sns(transaction(), SigningCertURL=host + CERTIFICATE)))
    assert served.paths == [CERTIFICATE]


def test_a_key_is_fetched_once(endpoint: Endpoint, served: KeyServer) -> None:
    for _ in range(3):
        verify(endpoint, signed(sns(transaction())))
    assert served.paths == [CERTIFICATE]


def test_a_key_that_sns_does_not_have_is_unknown(endpoint: Endpoint, served: KeyServer) -> None:
    message = signed(sns(transaction(), SigningCertURL=f"{HOST}/gone.pem"))
    assert refused(endpoint, message) == "unknown_key"
    assert served.paths == ["/gone.pem"]


@pytest.mark.parametrize("content", [b"", b"<Error/>", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_no_certificate_is_no_key(endpoint: Endpoint, served: KeyServer, content: bytes) -> None:
    served.keep("/broken.pem", content)
    message = signed(sns(transaction(), SigningCertURL=f"{HOST}/broken.pem"))
    assert refused(endpoint, message) == "unknown_key"


def test_a_key_of_another_kind_is_none_of_sns(endpoint: Endpoint, served: KeyServer) -> None:
    served.keep("/elliptic.pem", certificate(elliptic=True))
    message = signed(sns(transaction(), SigningCertURL=f"{HOST}/elliptic.pem"))
    assert refused(endpoint, message) == "unknown_key"


def test_while_the_key_cannot_be_had_nothing_is_said_of_the_signature(
    endpoint: Endpoint, served: KeyServer
) -> None:
    served.keep("/busy.pem", status=503)
    message = signed(sns(transaction(), SigningCertURL=f"{HOST}/busy.pem"))
    with pytest.raises(KeyUnreachableError):
        verify(endpoint, message)


# The time


@given(st.integers(-4000, 400) | st.sampled_from([-3601, -3600, 300, 301]))
def test_a_message_is_good_for_an_hour(served: KeyServer, seconds: int) -> None:
    message = signed(sns(transaction(), Timestamp=stamp(NOW + timedelta(seconds=seconds))))
    if -3600 <= seconds <= 300:
        verify(address(served), message)
    else:
        assert refused(address(served), message) == ("from_the_future" if seconds > 0 else "stale")


@pytest.mark.parametrize(("seconds", "reason"), [(-3601, "stale"), (301, "from_the_future")])
def test_a_confirmation_is_good_for_an_hour_too(endpoint: Endpoint, seconds: int, reason: str) -> None:
    at = stamp(NOW + timedelta(seconds=seconds))
    assert refused(endpoint, signed(confirmation(Timestamp=at))) == reason


def test_a_time_that_nobody_signed_is_not_looked_at(endpoint: Endpoint) -> None:
    message = signed(sns(transaction())) | {"Timestamp": stamp(NOW - timedelta(days=1))}
    assert refused(endpoint, message) == "wrong_signature"


@pytest.mark.parametrize("text", ["", "soon", "2026-03-14T15:09:26", "1773500966"])
def test_a_signed_time_that_is_none_is_refused(endpoint: Endpoint, text: str) -> None:
    assert refused(endpoint, signed(sns(transaction(), Timestamp=text))) == "bad_timestamp"


# The seller


@pytest.mark.parametrize("wrap", [lambda whole: whole, event])
def test_a_notification_of_another_seller_is_refused_though_the_topic_is_ours(
    endpoint: Endpoint, wrap: Callable[[Payload], Payload]
) -> None:
    other = "A3OTHERSELLER1"
    for whole in (transaction(seller=other), order_change(seller=other)):
        assert refused(endpoint, signed(sns(wrap(whole)))) == "wrong_shop"
