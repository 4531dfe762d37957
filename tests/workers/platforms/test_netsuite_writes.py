from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.waiting import until
from tests.workers.platforms.books import ACCOUNT, KEY, SIGNED, TENANT, Books, refund_body
from tests.workers.platforms.wire import answer, saying, wire
from tests.workers.platforms.world import usd
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http
from workers.platforms.netsuite import NetSuiteClient
from workers.platforms.slots import Slots


@pytest.mark.parametrize(
    ("billed", "source", "target"),
    [
        ("cashSale", "cashsale", "cashrefund"),
        ("invoice", "invoice", "creditmemo"),
    ],
)
def test_a_transform_writes_exactly_the_given_lines(
    books: Books, http: Http, billed: str, source: str, target: str
) -> None:
    made = books.order(billed=billed)
    client = books.client(http)
    new_id = client.transform(source, made["billed"]["id"], target, refund_body(books))
    (refund,) = client.order("#1001", match="other_ref_num", key=KEY).refunds
    assert (refund.id, refund.record_type, refund.external_id) == (new_id, target, KEY)
    assert [(each.sku, each.amount) for each in refund.lines] == [
        ("TSHIRT-M", usd("20.00")),
        ("Adjustment", usd("-1.25")),
    ]
    # 20.00 with 8 % tax, less 1.25; no shipping.
    assert (refund.total, refund.tax, refund.shipping) == (usd("20.35"), usd("1.60"), None)
    assert client.by_key(target, KEY) == new_id


def test_without_lines_a_transform_takes_netsuites_defaults(books: Books, http: Http) -> None:
    made = books.order()
    client = books.client(http)
    client.transform("cashsale", made["billed"]["id"], "cashrefund", {"externalId": KEY})
    (refund,) = client.order("#1001", match="other_ref_num", key=KEY).refunds
    assert refund.total == usd("57.70")


def test_a_return_authorization_is_made_and_refunded(books: Books, http: Http) -> None:
    made = books.order(billed="invoice")
    client = books.client(http)
    return_id = client.transform("invoice", made["billed"]["id"], "returnauthorization", {})
    books.control.post(
        f"netsuite/{TENANT}/records/returnAuthorization/{return_id}/edit",
        {"fields": {"orderStatus": {"id": "F"}}},
    )
    memo_id = client.transform("returnauthorization", return_id, "creditmemo", {"externalId": KEY})
    (refund,) = client.order("#1001", match="other_ref_num", key=KEY).refunds
    assert (refund.id, refund.created_from) == (memo_id, frozenset({return_id}))


def test_a_key_is_used_once(books: Books, http: Http) -> None:
    made = books.order()
    client = books.client(http)
    first = client.transform("cashsale", made["billed"]["id"], "cashrefund", refund_body(books))
    with pytest.raises(PlatformError) as caught:
        client.transform("cashsale", made["billed"]["id"], "cashrefund", refund_body(books))
    assert caught.value.reason == "DUPLICATE_RECORD"
    assert client.by_key("cashrefund", KEY) == first
    assert books.control.writes("netsuite", TENANT) == {"cashRefund": 1}


def test_more_than_is_left_is_not_refunded(books: Books, http: Http) -> None:
    made = books.order()
    with pytest.raises(PlatformError) as caught:
        books.client(http).transform(
            "cashsale", made["billed"]["id"], "cashrefund", refund_body(books, quantity=3)
        )
    assert (caught.value.reason, caught.value.outcome_unknown) == ("OVER_REFUND", False)


def test_what_a_record_comes_to_is_told_with_its_tax(books: Books, http: Http) -> None:
    made = books.order()
    client = books.client(http)
    new_id = client.transform("cashsale", made["billed"]["id"], "cashrefund", refund_body(books))
    assert client.total("cashrefund", new_id, currency="USD") == usd("20.35")
    with pytest.raises(PlatformError) as caught:
        client.total("cashrefund", "999999", currency="USD")
    assert caught.value.reason == "NONEXISTENT_RECORD"


@pytest.mark.parametrize("body", [b"{}", b'{"total": null}', b'{"total": true}', b'{"total": "21.60"}'])
def test_an_answer_without_a_total_tells_none(books: Books, http: Http, body: bytes) -> None:
    with wire(saying(answer(body))) as server:
        client = NetSuiteClient(ACCOUNT, server.url, SIGNED, http, Slots(books.redis, "odd", 5))
        with pytest.raises(PlatformError) as caught:
            client.total("cashrefund", "1", currency="USD")
    assert (caught.value.reason, caught.value.detail) == ("TRANSIENT", "NetSuite's answer has no total")


def test_a_misspelt_property_is_refused_not_ignored(books: Books, http: Http) -> None:
    made = books.order()
    with pytest.raises(PlatformError) as caught:
        books.client(http).transform("cashsale", made["billed"]["id"], "cashrefund", {"external_id": KEY})
    assert caught.value.reason == "REFUSED"
    assert "at external_id" in caught.value.detail
    assert books.control.writes("netsuite", TENANT) == {}


def test_a_record_that_is_gone_cannot_be_refunded(books: Books, http: Http) -> None:
    with pytest.raises(PlatformError) as caught:
        books.client(http).transform("cashsale", "999999", "cashrefund", {"externalId": KEY})
    assert caught.value.reason == "NONEXISTENT_RECORD"


def test_a_closed_period_is_a_persons_matter(books: Books, http: Http) -> None:
    made = books.order()
    books.control.patch(f"netsuite/{TENANT}", {"closed_until": "2999-12-31"})
    with pytest.raises(PlatformError) as caught:
        books.client(http).transform("cashsale", made["billed"]["id"], "cashrefund", {"externalId": KEY})
    assert caught.value.reason == "PERIOD_CLOSED"


@pytest.mark.parametrize("kind", ["stall", "reset"])
@pytest.mark.parametrize(("when", "writes"), [("before", {}), ("after", {"cashRefund": 1})])
def test_after_a_lost_answer_the_key_tells_whether_it_was_written(
    books: Books, http: Http, hasty: Http, kind: str, when: str, writes: dict[str, int]
) -> None:
    made = books.order()
    books.client(http).check()
    books.fault("record:transform", kind, when=when, seconds=5)
    client = books.client(hasty)
    with pytest.raises(PlatformError) as caught:
        client.transform("cashsale", made["billed"]["id"], "cashrefund", {"externalId": KEY})
    assert (caught.value.reason, caught.value.outcome_unknown) == ("UNKNOWN_OUTCOME", True)
    until(lambda: books.control.writes("netsuite", TENANT) == writes)
    assert (books.client(http).by_key("cashrefund", KEY) is not None) == bool(writes)


@pytest.mark.parametrize("kind", ["stall", "reset"])
def test_a_lost_query_can_be_repeated(books: Books, hasty: Http, http: Http, kind: str) -> None:
    books.client(http).check()
    books.fault("suiteql", kind, seconds=5)
    with pytest.raises(PlatformError) as caught:
        books.client(hasty).check()
    assert (caught.value.reason, caught.value.outcome_unknown) == ("TRANSIENT", False)


def test_a_token_that_cannot_be_fetched_leaves_nothing_open(books: Books, hasty: Http) -> None:
    books.fault("token", "reset")
    with pytest.raises(PlatformError) as caught:
        books.client(hasty).transform("cashsale", "1", "cashrefund", {})
    assert (caught.value.reason, caught.value.outcome_unknown) == ("TRANSIENT", False)


@pytest.mark.parametrize(
    "head",
    [
        "",
        "Location: https://x/services/rest/record/v1/cashRefund/\r\n",
        "Location: https://x/services/rest/async/v1/job/abc\r\n",
    ],
)
def test_without_the_new_records_address_the_outcome_is_unknown(books: Books, http: Http, head: str) -> None:
    with wire(saying(answer(b"", "204 No Content", head))) as server:
        client = NetSuiteClient(ACCOUNT, server.url, SIGNED, http, Slots(books.redis, "odd", 5))
        with pytest.raises(PlatformError) as caught:
            client.transform("cashsale", "1", "cashrefund", {})
    assert (caught.value.reason, caught.value.outcome_unknown) == ("UNKNOWN_OUTCOME", True)


def test_a_key_nobody_has_is_not_found(books: Books, http: Http) -> None:
    assert books.client(http).by_key("creditmemo", "rs-nobody-1") is None


def test_a_missing_service_is_not_taken_for_a_missing_record(books: Books, http: Http) -> None:
    client = books.client(http)
    books.fault("record:get", "status", status=404, body="<html>Not Found</html>")
    with pytest.raises(PlatformError) as caught:
        client.by_key("creditmemo", KEY)
    assert caught.value.reason == "REFUSED"


def test_a_record_without_an_id_is_not_found(books: Books, http: Http) -> None:
    with wire(saying(answer(b'{"links": []}'))) as server:
        client = NetSuiteClient(ACCOUNT, server.url, SIGNED, http, Slots(books.redis, "odd", 5))
        assert client.by_key("creditmemo", KEY) is None


def test_what_netsuite_refuses_for_its_concurrency_was_not_done(books: Books, http: Http) -> None:
    made = books.order()
    books.fault("record:transform", "throttle")
    with pytest.raises(PlatformError) as caught:
        books.client(http).transform("cashsale", made["billed"]["id"], "cashrefund", {"externalId": KEY})
    assert (caught.value.reason, caught.value.outcome_unknown) == ("RATE_LIMITED", False)
    assert books.control.writes("netsuite", TENANT) == {}


def test_with_slots_netsuite_is_never_asked_too_much(books: Books, http: Http) -> None:
    books.order()
    books.control.patch(f"netsuite/{TENANT}", {"concurrency": 2})
    books.control.post("settings", {"latency_ms": 20})
    client = books.client(http, limit=2, timeout=60)
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(client.order, "#1001", match="other_ref_num", key=KEY) for _ in range(24)]
    assert all(len(each.result().billed) == 1 for each in done)
    assert books.control.get(f"netsuite/{TENANT}")["max_in_flight"] == 2


def test_without_a_free_slot_nothing_is_sent(books: Books, http: Http) -> None:
    client = books.client(http, limit=1, timeout=0.05)
    client.check()
    books.control.delete("calls")
    with Slots(books.redis, f"netsuite:{ACCOUNT}", 1).slot(0), pytest.raises(PlatformError) as caught:
        client.transform("cashsale", "1", "cashrefund", {})
    assert (caught.value.reason, caught.value.outcome_unknown) == ("CONCURRENCY", False)
    assert books.control.operations("netsuite") == []


def test_a_wrong_certificate_takes_no_slot(books: Books, http: Http) -> None:
    client = books.client(http, books.oauth2 | {"certificate_id": "nobody's"}, limit=1)
    with Slots(books.redis, f"netsuite:{ACCOUNT}", 1).slot(0), pytest.raises(PlatformError) as caught:
        client.check()
    assert caught.value.reason == "BAD_CREDENTIALS"


def test_every_call_is_in_the_journal(books: Books, http: Http) -> None:
    made = books.order()
    client = books.client(http)
    client.check()
    http.journal.clear()
    client.transform(
        "cashsale", made["billed"]["id"], "cashrefund", {"externalId": KEY, "item": {"items": []}}
    )
    (entry,) = http.journal.entries()
    assert entry["method"] == "POST"
    assert entry["url"].endswith(f"/cashSale/{made['billed']['id']}/!transform/cashRefund?replace=item")
    assert entry["status"] == 204
    assert entry["request"] == f'{{"externalId":"{KEY}","item":{{"items":[]}}}}'
    assert entry["request_id"]
