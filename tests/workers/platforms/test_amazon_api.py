import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from tests.workers.platforms.amazon import APP, Amazon, open_seller
from tests.workers.platforms.wire import Script, Wire, answer, hang, saying, wire
from tests.workers.platforms.world import Control
from workers.platforms.amazon_api import USER_AGENT, AmazonApi, listed, understood
from workers.platforms.amazon_hosts import REGIONS
from workers.platforms.amazon_rates import Budget
from workers.platforms.errors import CredentialsError, PlatformError
from workers.platforms.http import Http

TOKEN = saying(answer(b'{"access_token":"Atza|token","token_type":"bearer","expires_in":3600}'))
GOOD = saying(answer(b'{"feedId":"1"}'))


@pytest.fixture
def seller(control: Control) -> Amazon:
    """A seller who authorised the app."""
    return open_seller(control)


@contextmanager
def served_by(http: Http, *scripts: Script) -> Iterator[tuple[AmazonApi, Wire]]:
    with wire(TOKEN, *scripts) as served:
        yield AmazonApi("A1", served.url, APP, http, budget=Budget()), served


def problem(code: str, status: str, headers: str = "") -> Script:
    body = json.dumps({"errors": [{"code": code, "message": "no", "details": ""}]}).encode()
    return saying(answer(body, status, headers))


def test_a_request_says_who_calls_and_with_which_token(http: Http) -> None:
    with served_by(http, GOOD) as (api, served):
        assert api.call("getFeed", id_="a/b c", params={"x": "1"}) == {"feedId": "1"}
    head = served.requests[1].decode().lower()
    assert head.startswith("get /feeds/2021-06-30/feeds/a%2fb%20c?x=1 ")
    assert "x-amz-access-token: atza|token\r\n" in head
    assert f"user-agent: {USER_AGENT.lower()}\r\n" in head
    assert "content-type" not in head


def test_a_write_sends_json(http: Http) -> None:
    with served_by(http, GOOD) as (api, served):
        api.call("createFeed", json={"feedType": "X"}, write=True)
    head, _, body = served.requests[1].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /feeds/2021-06-30/feeds ")
    assert b"Content-Type: application/json\r\n" in head
    assert json.loads(body) == {"feedType": "X"}


@pytest.mark.parametrize(
    ("region", "host"), [("na", REGIONS["na"]), ("eu", REGIONS["eu"]), ("fe", REGIONS["fe"])]
)
def test_a_seller_is_called_where_their_region_is(http: Http, region: str, host: str) -> None:
    api = AmazonApi("A1", "", {**APP, "region": region}, http)
    assert api._base == host  # noqa: SLF001 - the network is out of reach of tests
    assert AmazonApi("A1", "", APP, http)._base == REGIONS["na"]  # noqa: SLF001 - as above


def test_credentials_of_another_shape_are_refused(http: Http) -> None:
    with pytest.raises(CredentialsError):
        AmazonApi("A1", "", {}, http)


def test_what_is_not_there_is_none(http: Http) -> None:
    with served_by(http, problem("NotFound", "404 Not Found")) as (api, _):
        assert api.find("getFeed", id_="1") is None


def test_what_cannot_be_said_is_not_what_is_not_there(http: Http) -> None:
    with (
        served_by(http, problem("InternalFailure", "500 Internal Server Error")) as (api, _),
        pytest.raises(PlatformError) as caught,
    ):
        api.find("getFeed", id_="1")
    assert caught.value.reason == "TRANSIENT"


def test_a_call_that_the_usage_plan_has_no_room_for_is_not_made(http: Http) -> None:
    budget = Budget(lambda: 0.0)
    for _ in range(10):
        budget.spend("getFeeds")
    with wire(TOKEN, GOOD) as served:
        api = AmazonApi("A1", served.url, APP, http, budget=budget)
        with pytest.raises(PlatformError) as caught:
            api.find("getFeeds", id_="")
        assert len(served.requests) == 1
        with pytest.raises(PlatformError):
            api.need("getFeeds")
        api.need("createFeed")
    assert (caught.value.reason, caught.value.call) == ("RATE_LIMITED", None)


@pytest.mark.parametrize(("write", "reason"), [(False, "TRANSIENT"), (True, "UNKNOWN_OUTCOME")])
@pytest.mark.parametrize("body", [b"<html>", b"[]", b"null"])
def test_an_answer_that_is_no_object_is_none_of_amazons(
    http: Http,
    body: bytes,
    write: bool,  # noqa: FBT001 - a table
    reason: str,
) -> None:
    with served_by(http, saying(answer(body))) as (api, _), pytest.raises(PlatformError) as caught:
        api.call("createFeed", json={}, write=write)
    assert (caught.value.reason, caught.value.outcome_unknown) == (reason, write)


@pytest.mark.parametrize(("write", "reason"), [(False, "TRANSIENT"), (True, "UNKNOWN_OUTCOME")])
def test_after_a_failure_of_amazons_a_write_may_have_happened(
    http: Http,
    write: bool,  # noqa: FBT001 - a table
    reason: str,
) -> None:
    failed = problem("ServiceUnavailable", "503 Service Unavailable")
    with served_by(http, failed) as (api, _), pytest.raises(PlatformError) as caught:
        api.call("createFeed", json={}, write=write)
    assert (caught.value.reason, caught.value.outcome_unknown) == (reason, write)
    assert caught.value.call is not None
    assert caught.value.call.status == 503


def test_a_write_without_an_answer_may_have_happened(hasty: Http) -> None:
    with served_by(hasty, hang) as (api, _), pytest.raises(PlatformError) as caught:
        api.call("createFeed", json={}, write=True)
    assert (caught.value.reason, caught.value.outcome_unknown) == ("UNKNOWN_OUTCOME", True)


def test_after_a_refusal_for_haste_the_next_call_waits_for_its_turn(http: Http) -> None:
    busy = problem("QuotaExceeded", "429 Too Many Requests", "x-amzn-RateLimit-Limit: 0.25\r\n")
    with served_by(http, busy) as (api, served):
        with pytest.raises(PlatformError) as first:
            api.call("getOrder", id_="1")
        with pytest.raises(PlatformError) as second:
            api.call("getOrder", id_="1")
        assert len(served.requests) == 2
    assert first.value.reason == second.value.reason == "RATE_LIMITED"
    assert first.value.retry_after == pytest.approx(4.0, abs=0.1)


def test_an_expired_token_is_told_from_a_missing_permission_by_asking_again(http: Http) -> None:
    denied = problem("Unauthorized", "403 Forbidden")
    with served_by(http, denied, TOKEN, GOOD) as (api, served):
        assert api.call("getFeed", id_="1") == {"feedId": "1"}
        assert len(served.requests) == 4


def test_a_document_is_put_without_our_token(http: Http) -> None:
    with wire(saying(answer(b""))) as served:
        api = AmazonApi("A1", served.url, APP, http)
        api.upload(f"{served.url}/doc?X-Amz-Signature=1", "<xml/>", "text/xml; charset=UTF-8")
    head, _, body = served.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /doc?X-Amz-Signature=1 ")
    assert b"Content-Type: text/xml; charset=UTF-8\r\n" in head
    assert b"x-amz-access-token" not in head.lower()
    assert body == b"<xml/>"


def test_a_document_is_fetched_as_bytes(http: Http) -> None:
    with wire(saying(answer(b"\x1f\x8b\x00\xff", headers=""))) as served:
        assert AmazonApi("A1", served.url, APP, http).download(f"{served.url}/doc") == b"\x1f\x8b\x00\xff"
    assert b"x-amz-access-token" not in served.requests[0].lower()


@pytest.mark.parametrize("is_upload", [True, False])
@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        ("403 Forbidden", b"<Error><Code>AccessDenied</Code></Error>", "TRANSIENT"),
        ("403 Forbidden", b"<Error><Code>SignatureDoesNotMatch</Code></Error>", "REFUSED"),
        ("500 Internal Server Error", b"", "TRANSIENT"),
        ("302 Found", b"", "REFUSED"),
    ],
)
def test_a_document_that_is_refused_moves_nothing(
    http: Http,
    is_upload: bool,  # noqa: FBT001 - a table
    status: str,
    body: bytes,
    reason: str,
) -> None:
    with wire(saying(answer(body, status))) as served:
        api, url = AmazonApi("A1", served.url, APP, http), f"{served.url}/doc"
        call = partial(api.upload, url, "<xml/>", "text/xml") if is_upload else partial(api.download, url)
        with pytest.raises(PlatformError) as caught:
            call()
    assert (caught.value.reason, caught.value.outcome_unknown) == (reason, False)


def test_a_document_is_handed_to_nobody_else(http: Http) -> None:
    api = AmazonApi("A1", "http://127.0.0.1:9/amazon/A1", APP, http)
    for call in (
        lambda: api.upload("http://127.0.0.1:10/doc", "", ""),
        lambda: api.download("http://127.0.0.1:10/doc"),
    ):
        with pytest.raises(PlatformError) as caught:
            call()
        assert (caught.value.reason, caught.value.call) == ("REFUSED", None)


def test_a_call_to_amazon_has_the_id_that_its_support_asks_for(seller: Amazon, http: Http) -> None:
    seller.client(http).check()
    assert all(each["request_id"] for each in http.journal.entries()[1:])


def test_no_secret_is_written_down(seller: Amazon, http: Http) -> None:
    seller.client(http).check()
    shown = json.dumps(http.journal.entries())
    assert seller.credentials["client_secret"] not in shown
    assert "Atz" not in shown


@pytest.mark.parametrize("error", [KeyError("x"), TypeError("x"), ValueError("x"), AttributeError("x")])
@pytest.mark.parametrize(("write", "reason"), [(False, "TRANSIENT"), (True, "UNKNOWN_OUTCOME")])
def test_what_is_not_of_the_model_is_a_passing_failure(
    error: Exception,
    write: bool,  # noqa: FBT001 - a table
    reason: str,
) -> None:
    with pytest.raises(PlatformError) as caught, understood(write=write):
        raise error
    assert (caught.value.reason, caught.value.outcome_unknown) == (reason, write)


def test_null_and_nothing_are_empty_lists() -> None:
    assert listed({"a": None}, "a") == listed({}, "a") == []
    assert listed({"a": [{}]}, "a") == [{}]
