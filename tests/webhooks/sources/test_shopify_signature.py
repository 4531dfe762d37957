import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.policy import Policy
from tests.support.ledger import NOW, SECRET
from tests.webhooks.platforms import SHOP, encoded, refund, shopify_headers, shopify_signature
from webhooks.sources.protocol import Endpoint, Request, SignatureError
from webhooks.sources.shopify import Shopify

BODY = encoded(refund())


def request(body: bytes = BODY, **changes: str | None) -> Request:
    return Request(shopify_headers("refunds/create", BODY, changes), body, NOW)


def refused(request: Request, endpoint: Endpoint) -> str:
    with pytest.raises(SignatureError) as caught:
        Shopify().verify(request, endpoint)
    return caught.value.reason


def test_the_known_answer_of_shopifys_own_library_is_accepted(shop: Endpoint) -> None:
    body = b'{"id":890088186047892319,"order_id":820982911946154508}'
    headers = {
        "X-Shopify-Hmac-Sha256": "LP+k/iMJlezOSuAJBZlrZiUgkPay93BMvM8BGLV9Z+o=",
        "X-Shopify-Shop-Domain": SHOP,
    }
    Shopify().verify(Request(headers, body, NOW), replace(shop, secrets=("secret",)))


@pytest.mark.parametrize("prefix", ["X-Shopify-", "x-shopify-", "X-SHOPIFY-", "shopify-", "Shopify-"])
def test_a_signed_request_is_accepted_under_either_prefix_in_any_case(shop: Endpoint, prefix: str) -> None:
    Shopify().verify(Request(shopify_headers("refunds/create", BODY, prefix=prefix), BODY, NOW), shop)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_every_live_secret_is_accepted(shop: Endpoint, position: int) -> None:
    secrets = ["new-secret-of-32-bytes-0123456789", "old-secret-of-32-bytes-0123456789"]
    secrets.insert(position, SECRET)
    Shopify().verify(request(), replace(shop, secrets=tuple(secrets)))


def test_a_secret_that_is_live_no_longer_is_refused(shop: Endpoint) -> None:
    assert refused(request(), replace(shop, secrets=("another-secret",))) == "wrong_signature"


def test_without_any_secret_nothing_is_accepted(shop: Endpoint) -> None:
    assert refused(request(), replace(shop, secrets=())) == "wrong_signature"


@pytest.mark.parametrize("header", [None, "", " "])
def test_a_request_without_a_signature_is_refused(shop: Endpoint, header: str | None) -> None:
    assert refused(request(hmac_sha256=header), shop) == "missing_signature"


@pytest.mark.parametrize(
    "signature",
    [
        "not base64!",
        "AAAA",
        "=",
        "é",
        shopify_signature(BODY)[:-4],
        shopify_signature(BODY).rstrip("="),
        shopify_signature(BODY, "another-secret"),
        base64.b64decode(shopify_signature(BODY)).hex(),
    ],
)
def test_a_wrong_signature_is_refused(shop: Endpoint, signature: str) -> None:
    assert refused(request(hmac_sha256=signature), shop) == "wrong_signature"


@pytest.mark.parametrize("domain", [None, "", "another.myshopify.com", f"{SHOP}.evil.example"])
def test_a_request_of_another_shop_is_refused_though_the_app_secret_signed_it(
    shop: Endpoint, domain: str | None
) -> None:
    assert refused(request(shop_domain=domain), shop) == "wrong_shop"


def test_the_shop_is_compared_without_regard_to_case(shop: Endpoint) -> None:
    Shopify().verify(request(shop_domain=SHOP.upper()), shop)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_a_signature_holds_for_its_own_bytes_only(signed: bytes, sent: bytes) -> None:
    endpoint = Endpoint("shopify", "s", SHOP, 1, 1, secrets=(SECRET,), policy=Policy())
    headers = shopify_headers("refunds/create", signed)
    if sent == signed:
        Shopify().verify(Request(headers, sent, NOW), endpoint)
    else:
        assert refused(Request(headers, sent, NOW), endpoint) == "wrong_signature"
