"""Which hooks and extensions are believed, and which way counts where several are announced."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.ledger import SECRET
from tests.webhooks.magento_pushes import (
    CLIENT_ID,
    CREDIT_MEMO,
    cloud_event,
    credit_memo,
    event_headers,
    hook_headers,
    public_pem,
    secret_headers,
    signature,
)
from tests.webhooks.platforms import encoded
from tests.webhooks.sources.magento_endpoints import (
    VECTOR_KEY,
    OneKey,
    endpoint_of,
    refused,
    unreachable,
    verify,
)
from webhooks.sources.protocol import Endpoint

EVENT = encoded(cloud_event(CREDIT_MEMO, credit_memo()))
HOOK = encoded({"creditmemo": credit_memo()})
NOTICE = b'{"order_id": 5, "creditmemo_id": 7}'
VECTOR_HOOK = (
    "EOibvHeO91bNpsKaUnkNC2XWqQrzi1KNokITlln/QwlTE+7PEUBxl+ZuyrbkC8OUSMlfKnhNadlMHNM5o2APzLXfxUUUNuGbabHrX8Pi"
    "LIYRB2Vfzqu+h8DFz5wxidup8Mr37R5IXF5Rfn2TQh+UaHPPfB+BXANl8fLIFKt9Wc6F5e3Hd3f3e6rC+/sOpxUsJnU+Q+RjrjqxJcdC"
    "54XGq1K1RnMFGU7woRpF+cgsaDV5ZFFQYZIEz5zW1+24DKhJWKt6/cttf/VdQv/tZHTz/0Y0kUPGcsSoFrvrGcjQImWVIrZI8wmqVjqy"
    "5qjaHMyJsn2eLUEFyyTUQEUJjgwcFA=="
)


@pytest.fixture
def events() -> Endpoint:
    return endpoint_of(OneKey(public_pem(1)), adobe_client_id=CLIENT_ID)


@pytest.fixture
def hooks() -> Endpoint:
    return endpoint_of(commerce_public_key=public_pem(3).decode())


# Commerce Webhooks


def test_a_hook_of_the_shop_is_accepted(hooks: Endpoint) -> None:
    verify(hooks, hook_headers(HOOK), HOOK)


def test_the_own_known_answer_of_a_hook_is_accepted() -> None:
    headers = {"x-adobe-commerce-webhook-signature": VECTOR_HOOK}
    verify(endpoint_of(commerce_public_key=VECTOR_KEY), headers, b'{"creditmemo":{"order_id":5}}')


@pytest.mark.parametrize("text", ["AAAA", "not base64!", "é"])
def test_a_hook_with_a_wrong_signature_is_refused(hooks: Endpoint, text: str) -> None:
    assert refused(hooks, {"x-adobe-commerce-webhook-signature": text}, HOOK) == "wrong_signature"


def test_a_hook_has_to_be_signed_with_the_shops_key_over_its_base64(hooks: Endpoint) -> None:
    for text in (signature(3, HOOK), signature(1, base64.b64encode(HOOK))):
        assert refused(hooks, {"x-adobe-commerce-webhook-signature": text}, HOOK) == "wrong_signature"


def test_a_hook_with_another_body_is_refused(hooks: Endpoint) -> None:
    assert refused(hooks, hook_headers(HOOK), HOOK + b" ") == "wrong_signature"


def test_every_public_key_of_the_shop_is_tried() -> None:
    ours, another = public_pem(3).decode(), public_pem(1).decode()
    for keys in ([ours], [another, ours], [ours, another], ["no key", ours], [ours, "no key"]):
        verify(endpoint_of(commerce_public_key=keys), hook_headers(HOOK), HOOK)


def test_a_public_key_that_is_none_is_ours_to_mend() -> None:
    keys = ["no key", public_pem(1).decode()]
    told = unreachable(endpoint_of(commerce_public_key=keys), hook_headers(HOOK), HOOK)
    assert told == "commerce_public_key is no public RSA key in PEM"


# The secret in a header


def test_whoever_knows_the_secret_is_accepted() -> None:
    verify(endpoint_of(), secret_headers(), NOTICE)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_every_live_secret_is_accepted(position: int) -> None:
    secrets = ["new-secret-of-32-bytes-0123456789", "old-secret-of-32-bytes-0123456789"]
    secrets.insert(position, SECRET)
    verify(replace(endpoint_of(), secrets=tuple(secrets)), secret_headers(), NOTICE)


@pytest.mark.parametrize("secret", [SECRET[:-1], SECRET + "x", SECRET.upper(), "é", "\udcff"])
def test_a_wrong_secret_is_refused(secret: str) -> None:
    assert refused(endpoint_of(), secret_headers(secret), NOTICE) == "wrong_signature"


@pytest.mark.parametrize("secret", ["", "  "])
def test_no_secret_is_not_even_a_wrong_one(secret: str) -> None:
    assert (
        refused(replace(endpoint_of(), secrets=("",)), secret_headers(secret), NOTICE) == "missing_signature"
    )


def test_without_any_secret_nothing_is_accepted() -> None:
    assert refused(replace(endpoint_of(), secrets=()), secret_headers(), NOTICE) == "wrong_signature"


def test_the_account_names_the_header() -> None:
    endpoint = endpoint_of(secret_header="X-Hook-Token")
    verify(endpoint, secret_headers(name="x-hook-token"), NOTICE)
    assert refused(endpoint, secret_headers(), NOTICE) == "missing_signature"


# Which way


def test_a_way_that_is_not_set_up_is_not_open(events: Endpoint, hooks: Endpoint) -> None:
    assert refused(hooks, event_headers(EVENT), EVENT) == "unknown_key"
    assert refused(events, hook_headers(HOOK), HOOK) == "unknown_key"
    assert refused(endpoint_of(commerce_public_key=[]), hook_headers(HOOK), HOOK) == "unknown_key"
    assert refused(endpoint_of(), {}, NOTICE) == "missing_signature"


def test_a_secret_does_not_make_up_for_a_wrong_signature(events: Endpoint, hooks: Endpoint) -> None:
    assert refused(hooks, hook_headers(b"other") | secret_headers(), HOOK) == "wrong_signature"
    headers = event_headers(b"other") | secret_headers()
    assert refused(events, headers, EVENT) == "wrong_signature"


def test_a_signature_that_nobody_can_check_does_not_spoil_the_secret() -> None:
    verify(endpoint_of(), hook_headers(HOOK) | secret_headers(), HOOK)


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_a_signature_holds_for_its_own_bytes_only(signed: bytes, sent: bytes) -> None:
    endpoint = endpoint_of(commerce_public_key=public_pem(3).decode())
    if sent == signed:
        verify(endpoint, hook_headers(signed), sent)
    else:
        assert refused(endpoint, hook_headers(signed), sent) == "wrong_signature"


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_secret_is_that_secret_only(secret: str, shown: str) -> None:
    endpoint = replace(endpoint_of(), secrets=(secret,))
    if shown.strip() and shown.strip() == secret:
        verify(endpoint, secret_headers(shown), NOTICE)
    else:
        assert refused(endpoint, secret_headers(shown), NOTICE) in {"wrong_signature", "missing_signature"}
