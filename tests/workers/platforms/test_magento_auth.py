import json
from typing import Any

import pytest

from tests.support.sandboxed_magento import OAUTH
from tests.workers.platforms.magento import client, opened
from tests.workers.platforms.wire import answer, saying, wire
from tests.workers.platforms.world import Control
from workers.platforms.errors import CredentialsError, PlatformError
from workers.platforms.http import Http, Journal
from workers.platforms.magento import MagentoClient
from workers.platforms.magento_auth import (
    ADOBE,
    Cloud,
    access,
    place,
    shipping_includes_tax,
    validate_credentials,
)

CLOUD = {"client_id": "cloud-client", "client_secret": "cloud-secret-0123456789"}
BEARER = {"access_token": OAUTH["access_token"]}


@pytest.mark.parametrize(
    "credentials",
    [
        OAUTH,
        BEARER,
        CLOUD,
        {**OAUTH, "store": "german_view", "shipping_includes_tax": True},
        {**CLOUD, "adobe_client_id": "events", "commerce_public_key": ["pem"], "secret_header": "x-ours"},
    ],
)
def test_each_way_in_is_taken(credentials: dict[str, Any]) -> None:
    validate_credentials(credentials)


@pytest.mark.parametrize(
    ("credentials", "said"),
    [
        ({}, "consumer_key"),
        ({"consumer_key": "key"}, "consumer_key"),
        ({**OAUTH, **CLOUD}, "access_token alone"),
        ({**BEARER, "username": "admin"}, "access_token alone"),
        ({"access_token": " "}, "text for access_token"),
        ({**OAUTH, "consumer_key": 5}, "text for consumer_key"),
        ({**CLOUD, "client_secret": "ü"}, "text for client_secret"),
        ({**CLOUD, "client_secret": "a\nb"}, "text for client_secret"),
        ({**BEARER, "store": "../admin"}, "store view's code"),
        ({**BEARER, "shipping_includes_tax": "yes"}, "true or false for shipping_includes_tax"),
    ],
)
def test_credentials_of_another_shape_are_refused(credentials: dict[str, Any], said: str) -> None:
    with pytest.raises(CredentialsError, match=said):
        validate_credentials(credentials)


def test_credentials_are_looked_at_before_anything_is_sent(http: Http) -> None:
    with pytest.raises(CredentialsError):
        access({}, api_url="", http=http)


@pytest.mark.parametrize(
    ("address", "credentials", "url", "headers"),
    [
        ("shop.example.com", OAUTH, "https://shop.example.com/rest/default/V1", {}),
        ("https://shop.example.com/", OAUTH, "https://shop.example.com/rest/default/V1", {}),
        (
            "example.com/shop",
            {**BEARER, "store": "de"},
            "https://example.com/shop/rest/de/V1",
            {},
        ),
        (
            "na1.api.commerce.adobe.com/AbC",
            CLOUD,
            "https://na1.api.commerce.adobe.com/AbC/V1",
            {"Store": "default"},
        ),
    ],
)
def test_the_api_is_at_the_shops_address(
    address: str, credentials: dict[str, Any], url: str, headers: dict[str, str]
) -> None:
    assert place(address, "", credentials) == (url, headers)


@pytest.mark.parametrize(
    "address",
    ["", "http://shop.example.com", "user@shop.example.com", "shop.example.com?x", "a b", "//x", "x/../y?"],
)
def test_what_is_no_shops_address_is_not_called(address: str, http: Http) -> None:
    with pytest.raises(CredentialsError, match="address such as"):
        MagentoClient(address, "", OAUTH, http)


def test_another_address_stands_for_all_of_the_platforms_hosts() -> None:
    assert (
        place("anything at all", "http://localhost:1/x/", OAUTH)[0] == "http://localhost:1/x/rest/default/V1"
    )
    assert place("anything at all", "http://localhost:1/x", CLOUD)[0] == "http://localhost:1/x/V1"


def test_adobes_own_host_is_asked_for_tokens(http: Http) -> None:
    found = access(CLOUD, api_url="", http=http)
    assert isinstance(found, Cloud)
    assert found._url == f"{ADOBE}/ims/token/v3"  # noqa: SLF001 - it cannot be called in a test


@pytest.mark.parametrize(("value", "expected"), [(True, True), (False, False), ("yes", False), (None, False)])
def test_shipping_is_with_tax_only_where_that_is_said(*, value: object, expected: bool) -> None:
    assert shipping_includes_tax({"shipping_includes_tax": value}) is expected
    assert shipping_includes_tax({}) is False


def test_no_two_requests_have_a_nonce_in_common(control: Control, http: Http) -> None:
    with opened(control) as store:
        speaker = client(store, http)
        for _ in range(3):
            speaker.check()
        assert store.operations() == ["creditmemos:list"] * 3


@pytest.mark.parametrize("field", sorted(OAUTH))
def test_a_wrong_credential_is_refused(control: Control, http: Http, field: str) -> None:
    with opened(control) as store:
        with pytest.raises(PlatformError) as refused:
            client(store, http, {**OAUTH, field: "wrong" * 6 + "00"}).check()
        assert refused.value.reason == "BAD_CREDENTIALS"


def test_the_access_token_alone_is_enough_where_the_shop_allows_it(control: Control, http: Http) -> None:
    with opened(control, bearer=True) as store:
        client(store, http, BEARER).check()
        store.change(bearer=False)
        with pytest.raises(PlatformError) as refused:
            client(store, http, BEARER).check()
        assert refused.value.reason == "NO_PERMISSION"  # a token it does not take is none to Magento
        assert store.operations() == ["creditmemos:list"] * 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_resource_that_the_integration_lacks_is_a_lack_of_permission(
    control: Control, http: Http, status: int
) -> None:
    with opened(control, acl=["Magento_Sales::actions_view"], forbidden_status=str(status)) as store:
        with pytest.raises(PlatformError, match="Magento_Sales::sales_creditmemo") as refused:
            client(store, http).check()
        assert refused.value.reason == "NO_PERMISSION"


def cloud(number: int) -> dict[str, str]:
    """Return credentials that no other test uses, since tokens are shared by all of the process."""
    return {**CLOUD, "client_id": f"cloud-client-{number}"}


def test_a_token_of_adobes_is_had_once(control: Control, http: Http) -> None:
    with opened(control, ims=cloud(1)) as store:
        client(store, http, cloud(1)).check()
        client(store, http, cloud(1)).check()
        assert store.operations() == ["token", "creditmemos:list", "creditmemos:list"]
        (_, first, _) = store.calls()
        assert first["request"]["headers"]["store"] == "default"


def test_a_token_that_was_refused_is_had_anew_once(control: Control, http: Http) -> None:
    with opened(control, ims=cloud(2)) as store:
        speaker = client(store, http, cloud(2))
        store.fault("creditmemos:list", "status", status=401)
        speaker.check()
        assert store.operations() == ["token", "creditmemos:list", "token", "creditmemos:list"]
        store.fault("creditmemos:list", "status", status=401, times=9)
        with pytest.raises(PlatformError) as refused:
            speaker.check()
        assert refused.value.reason == "BAD_CREDENTIALS"
        assert store.operations()[4:] == ["creditmemos:list", "token", "creditmemos:list"]


def test_no_secret_is_written_down(control: Control, http: Http, journal: Journal) -> None:
    with opened(control, ims=cloud(5)) as store:
        client(store, http, cloud(5)).check()
        client(store, http).check()
        (token, *_) = store.calls()
        kept = str(journal.entries())
        given = json.loads(token["response"]["body"])["access_token"]
        for secret in (given, CLOUD["client_secret"], *OAUTH.values()):
            assert secret not in kept


def test_wrong_credentials_of_adobes_are_refused(control: Control, http: Http) -> None:
    with opened(control, ims=cloud(3)) as store:
        for wrong in ({"client_id": "other"}, {"client_secret": "other-secret-0123456789"}):
            with pytest.raises(PlatformError) as refused:
                client(store, http, {**cloud(3), **wrong}).check()
            assert refused.value.reason == "BAD_CREDENTIALS"
        assert store.operations() == ["token", "token"]


@pytest.mark.parametrize("body", [b"[]", b'{"access_token": 5}', b"<html>"])
def test_an_answer_that_is_no_token_is_passing(http: Http, body: bytes) -> None:
    with wire(saying(answer(body))) as served:
        speaker = MagentoClient("shop", served.url, cloud(4), http)
        with pytest.raises(PlatformError) as refused:
            speaker.check()
    assert refused.value.reason == "TRANSIENT"
