import pytest

from tests.workers.platforms.shop import DOMAIN, TOKEN, Shop
from tests.workers.platforms.wire import answer, saying, wire
from workers.platforms.errors import CredentialsError, PlatformError
from workers.platforms.http import Http
from workers.platforms.shopify_auth import access, validate_credentials

APP = {"client_id": "my-app", "client_secret": "s3cr3t-0123456789"}


def test_a_fixed_token_is_used_as_it_is(shop: Shop, http: Http) -> None:
    shop.client(http).check()
    assert shop.operations() == ["graphql:query"]


def test_a_fixed_token_that_is_refused_is_the_end(shop: Shop, http: Http) -> None:
    with pytest.raises(PlatformError) as caught:
        shop.client(http, {"access_token": "shpat_wrong"}).check()
    assert caught.value.reason == "BAD_CREDENTIALS"
    assert "Invalid API key or access token" in caught.value.detail
    assert shop.operations() == ["graphql:query"]


def test_an_app_gets_a_token_once_for_all_its_clients(shop: Shop, http: Http) -> None:
    shop.client(http, shop.app).check()
    shop.client(http, shop.app).check()
    assert shop.operations() == ["token", "graphql:query", "graphql:query"]


def test_a_token_shopify_forgot_is_renewed_once(shop: Shop, http: Http) -> None:
    client = shop.client(http, shop.app)
    client.check()
    shop.fault("graphql:query", "status", status=401)
    client.check()
    assert shop.operations() == ["token", "graphql:query", "graphql:query", "token", "graphql:query"]


def test_a_new_token_that_is_refused_too_is_the_end(shop: Shop, http: Http) -> None:
    shop.fault("graphql:query", "status", status=401, times=5)
    with pytest.raises(PlatformError) as caught:
        shop.client(http, shop.app).check()
    assert caught.value.reason == "BAD_CREDENTIALS"
    assert shop.operations() == ["token", "graphql:query", "token", "graphql:query"]


def test_a_write_that_was_refused_for_its_token_is_made_with_the_new_one(shop: Shop, http: Http) -> None:
    order = shop.order()
    client = shop.client(http, shop.app)
    client.check()
    shop.fault("graphql:refundCreate", "status", status=401)
    client.create_refund({"orderId": str(order["id"]), "note": "x"}, idempotency_key="key-1")
    assert shop.made() == 1


@pytest.mark.parametrize("field", ["client_id", "client_secret"])
def test_a_wrong_app_is_refused(shop: Shop, http: Http, field: str) -> None:
    with pytest.raises(PlatformError) as caught:
        shop.client(http, shop.app | {field: "wrong"}).check()
    assert caught.value.reason == "BAD_CREDENTIALS"
    assert shop.operations() == ["token"]


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        ("400 Bad Request", b'{"error":"app_not_installed"}', "APP_UNINSTALLED"),
        ("400 Bad Request", b'{"error":"invalid_client"}', "BAD_CREDENTIALS"),
        ("400 Bad Request", b'{"error":"unsupported_grant_type"}', "REFUSED"),
        ("401 Unauthorized", b"", "BAD_CREDENTIALS"),
        ("402 Payment Required", b'{"errors":"Unavailable Shop"}', "SHOP_INACTIVE"),
        ("423 Locked", b"", "SHOP_INACTIVE"),
        ("429 Too Many Requests", b"", "RATE_LIMITED"),
        ("503 Service Unavailable", b"", "TRANSIENT"),
        ("200 OK", b"<html>", "TRANSIENT"),
        ("200 OK", b'{"scope":"read_orders"}', "TRANSIENT"),
    ],
)
def test_a_refused_token_has_a_reason(http: Http, status: str, body: bytes, reason: str) -> None:
    refusing = saying(answer(body, status, "Retry-After: 3\r\n"))
    with wire(refusing) as server, pytest.raises(PlatformError) as caught:
        access(APP, base_url=server.url, http=http).token()
    assert (caught.value.reason, caught.value.outcome_unknown) == (reason, False)
    assert caught.value.retry_after == 3.0


def test_the_token_request_is_a_form_and_its_secret_is_not_written_down(http: Http) -> None:
    with wire(saying(answer(b'{"access_token":"shpat_abc","expires_in":86399}'))) as server:
        assert access(APP, base_url=server.url, http=http).token() == "shpat_abc"
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    assert head.startswith("POST /admin/oauth/access_token HTTP/1.1")
    assert body == "grant_type=client_credentials&client_id=my-app&client_secret=s3cr3t-0123456789"
    (entry,) = http.journal.entries()
    assert "s3cr3t" not in str(entry)
    assert "shpat_abc" not in str(entry)


def test_requests_carry_the_token_and_nothing_else_that_is_secret(shop: Shop, http: Http) -> None:
    empty = b'{"data":{"shop":{"name":"x"},"orders":{"nodes":[]}}}'
    with wire(saying(answer(empty))) as server:
        client = shop.client(http)
        client._url = f"{server.url}/admin/api/2026-10/graphql.json"  # noqa: SLF001 - to see the request itself
        client.check()
    head = server.requests[0].decode().partition("\r\n\r\n")[0]
    assert f"X-Shopify-Access-Token: {TOKEN}" in head
    assert "\r\nContent-Type: application/json" in head
    assert TOKEN not in str(http.journal.entries())


@pytest.mark.parametrize(
    ("credentials", "sentence"),
    [
        ({}, "either access_token, or client_id and client_secret"),
        ({"client_id": "a"}, "either access_token, or client_id and client_secret"),
        ({"access_token": "a", "client_id": "b", "client_secret": "c"}, "either access_token, or"),
        ({"access_token": "a", "shop": DOMAIN}, "either access_token, or"),
        ({"access_token": " "}, "a text for access_token"),
        ({"access_token": 5}, "a text for access_token"),
        ({"client_id": "", "client_secret": None}, "a text for client_id, client_secret"),
        ({"access_token": "shpat_ä"}, "characters that no token has in access_token"),
        ({"access_token": "shpat_a\nX-Other: b"}, "characters that no token has in access_token"),
    ],
)
def test_credentials_of_another_shape_are_refused_with_a_sentence(
    credentials: dict[str, object], sentence: str
) -> None:
    with pytest.raises(CredentialsError) as caught:
        validate_credentials(credentials)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("credentials", [{"access_token": TOKEN}, APP])
def test_credentials_of_either_shape_are_accepted(credentials: dict[str, str]) -> None:
    validate_credentials(credentials)


def test_a_client_cannot_be_made_with_unfit_credentials(shop: Shop, http: Http) -> None:
    with pytest.raises(CredentialsError):
        shop.client(http, {"token": "a"})
