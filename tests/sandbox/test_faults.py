import pytest
import requests

from sandbox.faults import Fault, FaultBook
from sandbox.jsonish import ControlError, Fields
from tests.sandbox.helpers import Books, Control, Shop
from tests.support.racing import race
from tests.support.waiting import until

SHOP_NAME = "{ shop { name } }"
COUNT = "SELECT COUNT(*) AS n FROM transaction"


def fault(**more: object) -> dict[str, object]:
    return {"platform": "netsuite", "kind": "reset", **more}


def hits(book: FaultBook, operation: str, when: str = "before") -> Fault | None:
    return book.take("netsuite", "1234567-sb1", operation, when)


def test_a_fault_hits_as_often_as_asked() -> None:
    book = FaultBook()
    book.add(Fields(fault(operation="suiteql", times=2)))
    assert [hits(book, "suiteql") is not None for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("pattern", "operation", "hit"),
    [
        ("*", "token", True),
        ("record:*", "record:transform", True),
        ("record:*", "suiteql", False),
        ("graphql:refundCreate", "graphql:query", False),
    ],
)
def test_the_operation_is_a_glob(pattern: str, operation: str, *, hit: bool) -> None:
    book = FaultBook()
    book.add(Fields(fault(operation=pattern)))
    assert (hits(book, operation) is not None) is hit


def test_a_fault_may_be_limited_to_a_tenant_and_a_moment() -> None:
    book = FaultBook()
    book.add(Fields(fault(tenant="other", when="after")))
    assert hits(book, "suiteql", "after") is None
    assert book.take("netsuite", "other", "suiteql", "before") is None
    assert book.take("shopify", "other", "suiteql", "after") is None
    assert book.take("netsuite", "other", "suiteql", "after") is not None


@pytest.mark.parametrize(
    "wrong", [{"kind": "sulk"}, {"when": "never"}, {"headers": "x"}, {"tiems": 2}, {"status": 99}]
)
def test_a_fault_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ControlError):
        FaultBook().add(Fields(fault(**wrong)))


def test_faults_are_numbered_and_cleared(control: Control, books: Books) -> None:
    first = control.post("faults", fault(operation="suiteql"))["id"]
    assert control.post("faults", fault(operation="suiteql"))["id"] == first + 1
    control.delete("faults")
    assert books.query(COUNT) == [{"n": "0"}]


def test_a_reset_closes_the_connection_without_an_answer(control: Control, books: Books) -> None:
    control.fault("netsuite", "suiteql", "reset")
    with pytest.raises(requests.ConnectionError):
        books.query(COUNT)
    assert books.query(COUNT) == [{"n": "0"}]
    calls = control.get("calls?platform=netsuite&tenant=1234567-sb1")
    assert [call["status"] for call in calls if call["operation"] == "suiteql"] == [None, 200]


def test_a_stall_keeps_the_connection_open_until_the_client_gives_up(control: Control, shop: Shop) -> None:
    control.fault("shopify", "graphql:query", "stall", seconds=60)
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{control.url}/{shop.path}/admin/api/2026-10/graphql.json",
            json={"query": SHOP_NAME},
            headers={"X-Shopify-Access-Token": shop.token},
            timeout=0.2,
        )


def test_clearing_the_faults_lets_go_what_is_stalled(control: Control, shop: Shop) -> None:
    control.fault("shopify", "graphql:query", "stall", seconds=60)

    def clear() -> None:
        until(lambda: control.get(shop.path)["in_flight"] == 1)
        control.delete("faults")

    def ask() -> None:
        with pytest.raises(requests.ConnectionError):
            shop.graphql(SHOP_NAME)

    race(clear, ask)


def test_latency_delays_and_then_carries_out(control: Control, shop: Shop) -> None:
    control.fault("shopify", "graphql:query", "latency", seconds=0.05)
    control.fault("shopify", "graphql:query", "latency", seconds=0.05, when="after")
    assert shop.graphql(SHOP_NAME) == {"shop": {"name": "test"}}


@pytest.mark.parametrize(("when", "records"), [("before", 0), ("after", 1)])
def test_an_error_status_comes_without_or_with_the_effect(
    control: Control, books: Books, when: str, records: int
) -> None:
    billed = books.order(billed="invoice")["billed"]
    control.fault("netsuite", "record:transform", "status", status=500, when=when)
    path = f"invoice/{billed['id']}/!transform/creditMemo"
    assert books.detail("POST", path, {}) == (
        500,
        {"detail": "An unexpected error occurred. Error ID: sandbox", "o:errorCode": "UNEXPECTED_ERROR"},
    )
    assert len(books.records("creditMemo")) == records


def test_an_error_status_may_have_a_body_and_headers(control: Control, shop: Shop) -> None:
    control.fault(
        "shopify", "*", "status", status=429, body={"errors": "slow down"}, headers={"Retry-After": "2.0"}
    )
    answer = shop.graphql_response(SHOP_NAME)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2.0")
    assert answer.json() == {"errors": "slow down"}


def test_each_platform_words_throttling_and_failure_itself(
    control: Control, shop: Shop, books: Books
) -> None:
    control.fault("netsuite", "suiteql", "throttle")
    control.fault("shopify", "graphql:*", "throttle")
    throttled = books.query_response(COUNT)
    assert throttled.status_code == 429
    assert throttled.json()["o:errorDetails"][0]["o:errorCode"] == "CONCURRENCY_LIMIT_EXCEEDED"
    assert [each["extensions"]["code"] for each in shop.errors(SHOP_NAME)] == ["THROTTLED"]
    control.fault("shopify", "graphql:*", "status", status=502)
    assert shop.graphql_response(SHOP_NAME).json() == {"errors": "Bad Gateway"}
    control.fault("netsuite", "suiteql", "internal_error")
    assert books.query_response(COUNT).status_code == 500
