from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import requests

from tests.sandbox.helpers import Books, Control, Shop
from tests.support.waiting import until


def test_every_platform_call_is_logged_with_what_it_was(control: Control, shop: Shop, books: Books) -> None:
    control.delete("calls")
    shop.graphql("{ shop { name } }")
    shop.graphql_response('mutation { refundCreate(input: {orderId: "x"}) { userErrors { message } } }')
    books.query("SELECT id FROM item")
    books.call("GET", "creditMemo/1")
    books.call("PUT", "creditMemo/eid:a", {})
    books.call("POST", "invoice/1/!transform/creditMemo", {})
    books.call("POST", "creditMemo", {})
    books.call("PATCH", "creditMemo/1", {})
    books.call("DELETE", "creditMemo/1")
    books.call("GET", "creditMemo")
    assert [call["operation"] for call in control.get("calls")] == [
        "graphql:query",
        "graphql:refundCreate",
        "suiteql",
        "record:get",
        "record:upsert",
        "record:transform",
        "record:create",
        "record:update",
        "record:delete",
        "record:list",
    ]
    assert len(control.get("calls?platform=shopify")) == 2
    assert control.get("calls?tenant=nobody") == []
    call = control.get("calls?platform=netsuite")[0]
    assert call["method"] == "POST"
    assert call["path"] == "/netsuite/1234567-sb1/services/rest/query/v1/suiteql"
    assert (call["status"], call["in_flight"], call["tenant"]) == (200, 1, "1234567-sb1")
    assert call["at"].endswith("Z")


def test_the_answer_carries_the_logged_request_id(control: Control, shop: Shop, books: Books) -> None:
    control.delete("calls")
    headers = [
        shop.graphql_response("{ shop { name } }").headers["X-Request-Id"],
        books.query_response("SELECT id FROM item").headers["X-N-OperationId"],
    ]
    assert [call["request_id"] for call in control.get("calls")] == headers


@contextmanager
def held(control: Control, books: Books, number: int) -> Iterator[None]:
    """Keep so many calls of an account in flight."""
    control.fault("netsuite", "suiteql", "stall", seconds=60, times=number)
    with ThreadPoolExecutor(number) as pool:
        calls = [pool.submit(books.query_response, "SELECT id FROM item") for _ in range(number)]
        until(lambda: control.get(books.path)["in_flight"] == number)
        yield
        control.delete("faults")
        assert all(isinstance(call.exception(), requests.ConnectionError) for call in calls)


def test_calls_in_flight_are_counted_and_the_most_is_kept(control: Control, books: Books) -> None:
    with held(control, books, 3):
        assert control.get(books.path)["in_flight"] == 3
    until(lambda: control.get(books.path)["in_flight"] == 0)
    assert control.get(books.path)["max_in_flight"] == 3
    control.delete("calls")
    assert control.get(books.path)["max_in_flight"] == 0


def test_more_calls_than_the_account_allows_are_refused(control: Control, books: Books) -> None:
    control.patch(books.path, {"concurrency": 2})
    with held(control, books, 2):
        refused = books.query_response("SELECT id FROM item")
        assert refused.status_code == 429
        assert refused.json()["o:errorDetails"] == [
            {
                "detail": "Concurrent request limit exceeded. Request blocked.",
                "o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED",
            }
        ]
        assert control.get("calls?platform=netsuite")[-1]["in_flight"] == 3
    assert books.query_response("SELECT id FROM item").status_code == 200


def test_token_requests_are_not_counted_as_in_flight(control: Control, books: Books) -> None:
    control.patch(books.path, {"concurrency": 1})
    with held(control, books, 1):
        token = requests.post(f"{books.rest}/auth/oauth2/v1/token", timeout=10)
        assert token.json() == {"error": "unsupported_grant_type"}
    assert control.get(books.path)["max_in_flight"] == 1


def test_latency_is_added_to_every_platform_call(control: Control, shop: Shop) -> None:
    control.post("settings", {"latency_ms": 60_000})
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(shop.graphql, "{ shop { name } }")
        until(lambda: control.get(shop.path)["in_flight"] == 1)
        control.delete("faults")
        assert call.result(10) == {"shop": {"name": "test"}}
    control.post("settings", {"latency_ms": 0})


def test_control_calls_are_not_logged_nor_counted_as_writes(control: Control, books: Books) -> None:
    control.delete("calls")
    books.order(billed="invoice")
    assert control.get("calls") == []
    assert not any(control.get("writes").values())


def test_writes_through_the_api_are_counted_by_what_they_made(control: Control, books: Books) -> None:
    billed = books.order(billed="cashSale")["billed"]
    books.make(f"cashSale/{billed['id']}/!transform/cashRefund", {})
    assert control.get("writes")["netsuite"] == {"1234567-sb1": {"cashRefund": 1}}
