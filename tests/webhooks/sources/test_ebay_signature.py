import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from tests.support.ledger import NOW
from tests.webhooks.ebay_pushes import (
    CLIENT,
    DATA,
    KID,
    ORDER,
    SELLER,
    SELLER_ID,
    EbayServer,
    Payload,
    compact,
    ebay_endpoint,
    ebay_server,
    header,
    notification,
    public_key,
    signed,
)
from webhooks.sources.ebay import Ebay
from webhooks.sources.protocol import Endpoint, KeyUnreachableError, Request, SignatureError

BODY = compact(notification("ORDER_CONFIRMATION"))
TOKEN_PATH = "/identity/v1/oauth2/token"
KEY_PATH = f"/commerce/notification/v1/public_key/{KID}"


@pytest.fixture
def ebay() -> Iterator[EbayServer]:
    with ebay_server() as server:
        yield server


@pytest.fixture
def seller(ebay: EbayServer) -> Endpoint:
    return ebay_endpoint(ebay)


@pytest.fixture(scope="module")
def unchanging() -> Iterator[Endpoint]:
    """The address of the seller, for many requests in one test."""
    with ebay_server() as server:
        yield ebay_endpoint(server)


def refused(headers: dict[str, str], endpoint: Endpoint, body: bytes = BODY) -> str:
    with pytest.raises(SignatureError) as caught:
        Ebay().verify(Request(headers, body, NOW), endpoint)
    return caught.value.reason


def unjudged(endpoint: Endpoint) -> str:
    """Return why nothing can be said of a push that is in order."""
    with pytest.raises(KeyUnreachableError) as caught:
        Ebay().verify(Request(signed(BODY), BODY, NOW), endpoint)
    return str(caught.value)


# What holds


@pytest.mark.parametrize(
    ("vector", "reason"),
    [
        ("VALID", ""),
        ("INVALID", "wrong_signature"),
        ("SIGNATURE_MISMATCH", "wrong_signature"),
        ("ERROR", "unknown_key"),
    ],
)
def test_the_known_answers_of_ebays_own_library_are_given(
    specs_dir: Path, ebay: EbayServer, vector: str, reason: str
) -> None:
    known = json.loads((specs_dir / "ebay" / "notification_signature_vectors.json").read_text())[vector]
    ebay.keys = {KID: known["response"]} if known["response"] else {}
    headers, body = {"X-EBAY-SIGNATURE": known["signature"]}, compact(known["message"])
    if reason:
        assert refused(headers, ebay_endpoint(ebay), body) == reason
    else:
        Ebay().verify(Request(headers, body, NOW), ebay_endpoint(ebay))


def test_a_signature_made_once_and_for_all_is_accepted(ebay: EbayServer, seller: Endpoint) -> None:
    body = (
        b'{"metadata":{"topic":"MARKETPLACE_ACCOUNT_DELETION"},'
        b'"notification":{"data":{"userId":"ma8vp1jySJC"}}}'
    )
    key = (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFA96/hQhl2tk2hi+y3MOyKygmGQsGIEM8+zwHPth"
        "bIyxzyYC2DRz4HVukDA4HvW00qIUVJzcF/3JpKp/HvGXcQ=="
    )
    signature = (
        "MEYCIQC0F7chQRCLAn+DaAl3g6UBCtS6eU3vBb0xuPuo2R6kNQIhAMnVHv7FeUBLxoGZlk30hV7dJAg/4YWCkmgGt0PkROIU"
    )
    pem = f"-----BEGIN PUBLIC KEY-----{key}-----END PUBLIC KEY-----"
    ebay.keys = {KID: {"key": pem, "algorithm": "ECDSA", "digest": "SHA1"}}
    Ebay().verify(Request(header(base64.b64decode(signature)), body, NOW), seller)
    assert refused(header(base64.b64decode(signature)), seller, body + b"x") == "wrong_signature"


@pytest.mark.parametrize("topic", sorted(DATA))
def test_a_signed_notification_is_accepted(seller: Endpoint, topic: str) -> None:
    body = compact(notification(topic))
    Ebay().verify(Request(signed(body), body, NOW), seller)


def test_the_digest_is_the_one_that_ebay_tells_with_the_key(ebay: EbayServer, seller: Endpoint) -> None:
    ebay.keys = {KID: public_key(digest="SHA256")}
    Ebay().verify(Request(signed(BODY, digest=hashes.SHA256()), BODY, NOW), seller)
    assert refused(signed(BODY), seller) == "wrong_signature"


def test_a_key_in_lines_is_as_good(ebay: EbayServer, seller: Endpoint) -> None:
    key = public_key()
    key["key"] = key["key"].replace("KEY-----", "KEY-----\n").replace("-----END", "\n-----END")
    ebay.keys = {KID: key}
    Ebay().verify(Request(signed(BODY), BODY, NOW), seller)


@pytest.mark.parametrize("alg", ["ECDSA", None])
def test_the_algorithm_may_be_in_capitals_or_unsaid(seller: Endpoint, alg: str | None) -> None:
    signature = base64.b64decode(json.loads(base64.b64decode(signed(BODY)["X-EBAY-SIGNATURE"]))["signature"])
    Ebay().verify(Request(header(signature, alg=alg, digest=None), BODY, NOW), seller)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text('aé€😀"\\/<>&\n ', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc é", max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    payload=st.dictionaries(st.text("xyz", max_size=3), values, max_size=3),
    indent=st.none() | st.integers(0, 3),
)
def test_a_signature_over_the_shortest_form_holds_for_the_same_json_laid_out_otherwise(
    unchanging: Endpoint, payload: Payload, indent: int | None
) -> None:
    headers = signed(compact(payload))
    for ensure_ascii in (True, False):
        body = json.dumps(payload, indent=indent, ensure_ascii=ensure_ascii).encode()
        Ebay().verify(Request(headers, body, NOW), unchanging)


# What does not


@given(sent=st.binary(max_size=100), made_for=st.binary(max_size=100))
def test_a_signature_holds_for_its_own_bytes_only(unchanging: Endpoint, sent: bytes, made_for: bytes) -> None:
    body, other = b"x" + sent, b"x" + made_for  # neither is JSON, nor XML
    if body == other:
        Ebay().verify(Request(signed(other), body, NOW), unchanging)
    else:
        assert refused(signed(other), unchanging, body) == "wrong_signature"


@pytest.mark.parametrize("headers", [{}, {"X-EBAY-SIGNATURE": ""}, {"X-EBAY-SIGNATURE": "  "}])
def test_a_request_without_a_signature_is_refused(
    ebay: EbayServer, seller: Endpoint, headers: dict[str, str]
) -> None:
    assert refused(headers, seller) == "missing_signature"
    assert ebay.calls == []


MALFORMED: list[dict[str, str]] = [
    {"X-EBAY-SIGNATURE": "not base64!"},
    {"X-EBAY-SIGNATURE": "é"},
    {"X-EBAY-SIGNATURE": base64.b64encode(b"{").decode()},
    {"X-EBAY-SIGNATURE": base64.b64encode(b"[]").decode()},
    {"X-EBAY-SIGNATURE": base64.b64encode(b"\xff").decode()},
    header(b"x", kid=None),
    header(b"x", kid=7),
    header(b"x", kid=""),
    header(b"x", kid="x" * 101),
    header(b"x", kid=".."),
    header(b"x", kid="../../../sell/fulfillment/v1/order"),
    header(b"x", kid=f"{KID}?x=1"),
    header(b"x", kid=f"{KID}#x"),
    header(b"x", kid=f"{KID}%2F"),
    header(b"x", kid=f"{KID}\n"),
    header(b"x", kid="@evil.example"),
    header(b"x", signature=None),
    header(b"x", signature="not base64!"),
    header(b"x", signature="é"),
    header(b"x", alg="none"),
    header(b"x", alg="hmac"),
]


@pytest.mark.parametrize("headers", MALFORMED)
def test_a_malformed_signature_is_refused_before_ebay_is_asked_anything(
    ebay: EbayServer, seller: Endpoint, headers: dict[str, str]
) -> None:
    assert refused(headers, seller) == "wrong_signature"
    assert ebay.calls == []


@pytest.mark.parametrize("signature", [b"", b"x", b"\x30\x06\x02\x01\x01\x02\x01\x01"])
def test_what_is_no_signature_of_the_key_is_refused(seller: Endpoint, signature: bytes) -> None:
    assert refused(header(signature), seller) == "wrong_signature"


def test_json_laid_out_otherwise_must_say_the_same(seller: Endpoint) -> None:
    twice = BODY.replace(b'"orderId":', b'"orderId":"13-00000-00000", "orderId":')
    Ebay().verify(Request(signed(BODY), twice, NOW), seller)
    assert Ebay().read(Request({}, twice, NOW), seller) == Ebay().read(Request({}, BODY, NOW), seller)
    other = BODY.replace(ORDER.encode(), b"13-00000-00000")
    assert refused(signed(BODY), seller, other) == "wrong_signature"


def test_another_key_than_ebays_is_refused(seller: Endpoint) -> None:
    assert refused(signed(BODY, key=ec.generate_private_key(ec.SECP256R1())), seller) == "wrong_signature"


def test_a_key_that_ebay_does_not_know_is_refused(ebay: EbayServer, seller: Endpoint) -> None:
    ebay.keys = {}
    assert refused(signed(BODY), seller) == "unknown_key"


# Keys


def test_token_and_key_are_asked_for_once(ebay: EbayServer, seller: Endpoint) -> None:
    for topic in DATA:
        body = compact(notification(topic))
        Ebay().verify(Request(signed(body), body, NOW), seller)
    assert ebay.calls == [TOKEN_PATH, KEY_PATH]


def test_what_ebay_refuses_to_one_application_it_does_not_refuse_to_another(
    ebay: EbayServer, seller: Endpoint
) -> None:
    other = replace(seller, credentials={"client_id": "Another", "client_secret": "wrong"})
    Ebay().verify(Request(signed(BODY), BODY, NOW), seller)
    assert "401" in unjudged(other)
    ebay.token_status = HTTPStatus.BAD_REQUEST
    assert "client_id" in unjudged(other)
    Ebay().verify(Request(signed(BODY), BODY, NOW), seller)


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
def test_without_a_token_nothing_is_said_of_a_signature(
    ebay: EbayServer, seller: Endpoint, status: int
) -> None:
    ebay.token_status = HTTPStatus(status)
    unjudged(seller)
    assert ebay.calls == [TOKEN_PATH]


def test_a_kept_token_that_ebay_takes_no_longer_says_nothing_of_a_signature(
    ebay: EbayServer, seller: Endpoint
) -> None:
    Ebay().verify(Request(signed(BODY), BODY, NOW), seller)
    ebay.token = "another"
    with pytest.raises(KeyUnreachableError, match="401"):
        Ebay().verify(Request(header(b"x", kid="a-new-key"), BODY, NOW), seller)


@pytest.mark.parametrize("token", [b"", b"{", b"[]", b"{}", b'{"access_token":5}', b"\xff"])
def test_a_token_that_is_none_says_nothing_of_a_signature(
    ebay: EbayServer, seller: Endpoint, token: bytes
) -> None:
    ebay.token_answer = token
    assert "not an application token" in unjudged(seller)


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"{",
        {},
        [],
        {"key": 5, "digest": "SHA1"},
        public_key() | {"digest": None},
        public_key(digest="MD5"),
        public_key() | {"key": "-----BEGIN PUBLIC KEY-----not base64-----END PUBLIC KEY-----"},
        public_key() | {"key": "-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----"},
        public_key(ed25519.Ed25519PrivateKey.generate()),
        public_key(rsa.generate_private_key(65537, 2048)),
    ],
)
def test_a_key_that_is_of_no_use_says_nothing_of_a_signature(
    ebay: EbayServer, seller: Endpoint, key: object
) -> None:
    ebay.keys = {KID: key}
    assert "not a key this service can use" in unjudged(seller)


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_an_account_without_an_application_cannot_judge(
    ebay: EbayServer, seller: Endpoint, missing: str
) -> None:
    credentials = {name: text for name, text in CLIENT.items() if name != missing}
    assert "client_id" in unjudged(replace(seller, credentials=credentials))
    assert ebay.calls == []


# Whose it is


def push(topic: str, user: object) -> bytes:
    data = DATA[topic] | (user if topic == "AUTHORIZATION_REVOCATION" else {"user": user})  # type: ignore[operator] # a dict there
    return compact(notification(topic, data))


SUBSCRIBED = sorted(set(DATA) - {"MARKETPLACE_ACCOUNT_DELETION"})


@pytest.mark.parametrize("topic", SUBSCRIBED)
@pytest.mark.parametrize(
    "user", [{"userId": "another", "username": "another"}, {"username": "another", "userId": None}]
)
def test_a_push_for_another_seller_is_refused_though_ebay_signed_it(
    seller: Endpoint, topic: str, user: Payload
) -> None:
    body = push(topic, user)
    assert refused(signed(body), seller, body) == "wrong_shop"


@pytest.mark.parametrize("topic", SUBSCRIBED)
@pytest.mark.parametrize(
    ("user", "credentials"),
    [
        ({"userId": "any", "username": SELLER.upper()}, {}),
        ({"userId": SELLER_ID, "username": "renamed"}, {"user_id": SELLER_ID}),
        ({"userId": SELLER_ID, "username": SELLER_ID}, {"user_id": SELLER_ID, "username": "x"}),
        ({"userId": "any", "username": "by-another-name"}, {"username": "By-Another-Name"}),
    ],
)
def test_the_seller_is_known_by_storefront_id_name_or_user_id(
    seller: Endpoint, topic: str, user: Payload, credentials: Payload
) -> None:
    body = push(topic, user)
    endpoint = replace(seller, credentials={**CLIENT, **credentials})
    Ebay().verify(Request(signed(body), body, NOW), endpoint)


@pytest.mark.parametrize(
    "body",
    [
        compact(notification("ORDER_CONFIRMATION", {"order": {"orderId": "123-123-4435"}})),
        compact(notification("ORDER_CONFIRMATION", {"user": "example-seller"})),
        compact(notification("ORDER_CONFIRMATION", [])),
        compact(notification("MARKETPLACE_ACCOUNT_DELETION")),
        compact({"metadata": []}),
        b"[]",
        b"not JSON",
        b'{"n":1e400,"s":"\\ud800"}',
        b"",
    ],
)
def test_a_signed_push_that_names_no_subscriber_is_ebays_all_the_same(seller: Endpoint, body: bytes) -> None:
    Ebay().verify(Request(signed(body), body, NOW), seller)
