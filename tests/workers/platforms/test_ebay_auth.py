from typing import Any

import pytest

from tests.support.sandboxed_ebay import APP, EbaySeller
from tests.workers.platforms.ebay import open_seller, storefront
from tests.workers.platforms.wire import answer, saying, wire
from tests.workers.platforms.world import Control
from workers.platforms.ebay_auth import FINANCES, SCOPES, Access, scopes_of, validate_credentials
from workers.platforms.errors import CredentialsError, PlatformError
from workers.platforms.http import Http


@pytest.fixture
def seller(control: Control) -> EbaySeller:
    return open_seller(control)[0]


def test_a_token_is_had_once_for_all_clients_of_a_seller(seller: EbaySeller, http: Http) -> None:
    storefront(seller, http, dict(APP)).check()
    storefront(seller, http, dict(APP)).check()
    assert seller.operations() == ["token", "getOrders", "getOrders"]


def test_a_token_that_ebay_forgot_is_renewed_once(seller: EbaySeller, http: Http) -> None:
    client = storefront(seller, http, dict(APP))
    client.check()
    seller.refuse("getOrders", 1001)
    client.check()
    assert seller.operations() == ["token", "getOrders", "getOrders", "token", "getOrders"]


def test_a_new_token_that_is_refused_too_is_the_end(seller: EbaySeller, http: Http) -> None:
    seller.refuse("getOrders", 1001, times=5)
    with pytest.raises(PlatformError) as refused:
        storefront(seller, http, dict(APP)).check()
    assert refused.value.reason == "BAD_CREDENTIALS"
    assert seller.operations() == ["token", "getOrders", "token", "getOrders"]


@pytest.mark.parametrize("field", ["client_id", "client_secret", "refresh_token"])
def test_wrong_credentials_are_refused(seller: EbaySeller, http: Http, field: str) -> None:
    with pytest.raises(PlatformError) as refused:
        storefront(seller, http, {**APP, field: "wrong"}).check()
    assert refused.value.reason == "BAD_CREDENTIALS"
    assert seller.operations() == ["token"]


def test_a_seller_who_takes_the_consent_back_is_no_sellers_account_any_more(
    seller: EbaySeller, http: Http
) -> None:
    client = storefront(seller, http, dict(APP))
    client.check()
    seller.revoke()
    with pytest.raises(PlatformError, match="invalid_grant") as refused:
        client.check()
    assert refused.value.reason == "BAD_CREDENTIALS"


def test_scopes_beyond_the_consent_are_a_lack_of_permission(control: Control, http: Http) -> None:
    seller, credentials = open_seller(control, scopes=list(SCOPES[:2]))
    with pytest.raises(PlatformError, match="invalid_scope") as refused:
        storefront(seller, http, credentials).check()
    assert refused.value.reason == "NO_PERMISSION"
    storefront(seller, http, {**credentials, "scopes": list(SCOPES[:2])}).check()


def test_the_tokens_of_two_consents_are_two(control: Control, http: Http) -> None:
    seller, credentials = open_seller(control)
    storefront(seller, http, credentials).check()
    seller.change(refresh_token="v^1.1#r^1#another")
    storefront(seller, http, {**credentials, "refresh_token": "v^1.1#r^1#another"}).check()
    assert seller.operations().count("token") == 2


def test_scopes_are_those_the_credentials_list() -> None:
    assert scopes_of(APP) == SCOPES
    assert scopes_of({**APP, "scopes": [FINANCES]}) == (FINANCES,)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        ("400 Bad Request", b'{"error":"invalid_grant"}', "BAD_CREDENTIALS"),
        ("400 Bad Request", b'{"error":"unsupported_grant_type"}', "REFUSED"),
        ("401 Unauthorized", b"", "BAD_CREDENTIALS"),
        ("429 Too Many Requests", b"", "RATE_LIMITED"),
        ("503 Service Unavailable", b"", "TRANSIENT"),
        ("200 OK", b"<html>", "TRANSIENT"),
        ("200 OK", b'{"expires_in":7200}', "TRANSIENT"),
        ("302 Found", b"", "REFUSED"),
    ],
)
def test_a_refused_token_has_a_reason(http: Http, status: str, body: bytes, reason: str) -> None:
    refusing = saying(answer(body, status, "Retry-After: 3\r\n"))
    with wire(refusing) as server, pytest.raises(PlatformError) as refused:
        Access(APP, base_url=server.url, http=http).token()
    assert (refused.value.reason, refused.value.outcome_unknown) == (reason, False)
    assert refused.value.retry_after == 3.0


def test_secrets_go_to_ebay_and_are_not_written_down(http: Http) -> None:
    given = b'{"access_token":"v^1.1#i^1#secret-token","expires_in":7200,"token_type":"User Access Token"}'
    with wire(saying(answer(given))) as server:
        assert Access(APP, base_url=server.url, http=http).token() == "v^1.1#i^1#secret-token"
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    assert head.startswith("POST /identity/v1/oauth2/token HTTP/1.1")
    assert "\r\nAuthorization: Basic " in head
    assert body.startswith("grant_type=refresh_token&refresh_token=v%5E1.1%23r%5E1%23")
    assert body.endswith("sell.fulfillment+https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope%2Fsell.finances")
    (entry,) = http.journal.entries()
    assert "0123456789abcdef" not in str(entry)
    assert "secret-token" not in str(entry)


LEGACY = {"dev_id": "d", "app_id": "a", "cert_id": "c"}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"scopes": [FINANCES], "marketplace": "EBAY_DE"},
        {"username": "seller", "user_id": "x", "legacy": LEGACY},
    ],
)
def test_credentials_of_ebays_shape_are_taken(more: dict[str, Any]) -> None:
    validate_credentials({**APP, **more})


@pytest.mark.parametrize(
    ("credentials", "sentence"),
    [
        ({}, "a text for client_id, client_secret, refresh_token"),
        ({**APP, "client_id": " "}, "a text for client_id"),
        ({**APP, "client_secret": 5}, "a text for client_secret"),
        ({**APP, "refresh_token": "a\nb"}, "a text for refresh_token"),
        ({**APP, "refresh_token": "ä"}, "a text for refresh_token"),
        ({**APP, "access_token": "a"}, "know no access_token"),
        ({**APP, "scopes": []}, "a list of texts for scopes"),
        ({**APP, "scopes": "all"}, "a list of texts for scopes"),
        ({**APP, "scopes": [5]}, "a list of texts for scopes"),
        ({**APP, "marketplace": "US"}, "a marketplace such as EBAY_US"),
        ({**APP, "signing": {"jwe": "a"}}, "jwe and private_key"),
    ],
)
def test_credentials_of_another_shape_are_refused_with_a_sentence(
    credentials: dict[str, object], sentence: str
) -> None:
    with pytest.raises(CredentialsError) as refused:
        validate_credentials(credentials)
    assert sentence in str(refused.value)
    assert str(refused.value).endswith(".")


def test_a_client_cannot_be_made_with_unfit_credentials(seller: EbaySeller, http: Http) -> None:
    with pytest.raises(CredentialsError):
        storefront(seller, http, {"token": "a"})
