import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.sandboxed_magento import OAUTH, Store
from tests.workers.platforms.magento import WHEN, client, opened, storefront
from tests.workers.platforms.wire import Script, answer, hang, saying, wire
from tests.workers.platforms.world import Control
from workers.platforms import magento_queries
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http
from workers.platforms.magento import MagentoClient, understood

Json = dict[str, Any]

START = datetime(2026, 10, 1, 12, tzinfo=UTC)


def said(body: object, status: str = "200 OK", headers: str = "") -> Script:
    return saying(answer(json.dumps(body).encode(), status, f"Content-Type: application/json\r\n{headers}"))


def page(*items: Json, total: int | None = None) -> Script:
    return said({"items": list(items), "total_count": len(items) if total is None else total})


def changed(number: int, at: str = WHEN) -> Json:
    return {"entity_id": number, "order_id": 5, "updated_at": at}


def speaker(url: str, http: Http) -> MagentoClient:
    return MagentoClient("shop", url, OAUTH, http)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two."""
    monkeypatch.setattr(magento_queries, "PAGE", 2)


def made(store: Store, times: int) -> Json:
    """Let the merchant make credit memos of a T-shirt each."""
    order = store.order()
    for _ in range(times):
        store.refund(order, lines=[{"sku": "TSHIRT-M", "qty": 1}])
    return order


@pytest.mark.usefixtures("small")
def test_a_search_is_read_to_its_last_page(control: Control, http: Http) -> None:
    with opened(control) as store:
        order = made(store, 5)
        found = client(store, http).memos(str(order["entity_id"]), comments=False)
        assert [each["entity_id"] for each in found] == [1, 2, 3, 4, 5]
        assert store.operations() == ["creditmemos:list"] * 3


def test_a_search_that_never_ends_is_given_up(http: Http) -> None:
    with wire(page({"entity_id": 1}, total=1000)) as served, pytest.raises(PlatformError) as refused:
        speaker(served.url, http).invoices("5")
    assert (refused.value.reason, refused.value.detail) == ("REFUSED", "/invoices has more than 100 pages")


@pytest.mark.parametrize("items", [[], None])
def test_a_search_that_finds_nothing_where_something_was_promised_ends(http: Http, items: object) -> None:
    with wire(said({"items": items, "total_count": 3})) as served:
        assert speaker(served.url, http).invoices("5") == []


def test_comments_that_a_search_does_not_show_are_asked_for(control: Control, http: Http) -> None:
    with opened(control, listed_comments=False) as store:
        order = store.order()
        store.refund(order, lines=[{"sku": "TSHIRT-M", "qty": 1}], comment="by hand")
        store.refund(order, lines=[{"sku": "TSHIRT-M", "qty": 1}])
        first, second = client(store, http).memos(str(order["entity_id"]))
        assert [each["comment"] for each in first["comments"]] == ["by hand"]
        assert second["comments"] == []
        assert store.operations() == ["creditmemos:list", *["creditmemo:comments"] * 2]


def test_comments_that_are_shown_or_not_needed_are_not_asked_for(control: Control, http: Http) -> None:
    with opened(control) as store:
        order = store.order()
        store.refund(order, lines=[{"sku": "TSHIRT-M", "qty": 1}], comment="by hand")
        (memo,) = client(store, http).memos(str(order["entity_id"]))
        assert memo["comments"] == [{"comment": "by hand"}]
        store.change(listed_comments=False)
        client(store, http).memos(str(order["entity_id"]), comments=False)
        assert store.operations() == ["creditmemos:list"] * 2


def test_no_customers_data_is_asked_for(control: Control, http: Http) -> None:
    with opened(control) as store:
        order = store.order()
        store.refund(order)
        storefront(store, http).order(str(order["entity_id"]))
        bodies = " ".join(call["response"]["body"] for call in store.calls())
        assert "TSHIRT-M" in bodies
        for private in ("jane@example.com", "Springfield", "Jane", "555-0100"):
            assert private not in bodies


@pytest.mark.usefixtures("small")
def test_changes_are_read_page_by_page_the_oldest_first(control: Control, http: Http) -> None:
    with opened(control) as store:
        made(store, 5)
        found = client(store, http).changed(START - timedelta(days=9999), START + timedelta(days=9999))
        assert [each["entity_id"] for each in found] == [1, 2, 3, 4, 5]
        assert set(store.operations()) == {"creditmemos:list"}


def test_only_what_changed_in_the_time_is_read(control: Control, http: Http) -> None:
    with opened(control) as store:
        made(store, 1)
        speaking = client(store, http)
        (memo,) = speaking.changed(START - timedelta(days=9999), START + timedelta(days=9999))
        at = datetime.strptime(memo["updated_at"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        assert len(list(speaking.changed(at, at))) == 1
        second = timedelta(seconds=1)
        assert list(speaking.changed(at - 2 * second, at - second)) == []
        assert list(speaking.changed(at + second, at + 2 * second)) == []


@pytest.mark.usefixtures("small")
def test_a_change_while_changes_are_read_hides_no_other(http: Http) -> None:
    later = "2026-10-01 12:00:01"
    scripts = (
        page(changed(1), changed(2, later), total=4),
        page(changed(2, later), changed(3, later), total=3),  # 1 was saved again, and is gone from here
        page(changed(4, "2026-10-01 12:00:02"), total=3),
        page(changed(4, "2026-10-01 12:00:02"), total=1),
    )
    with wire(*scripts) as served:
        found = list(speaker(served.url, http).changed(START, START + timedelta(hours=1)))
    assert [each["entity_id"] for each in found] == [1, 2, 3, 4]
    begun = [each.split(b"\r\n")[0].decode() for each in served.requests]
    assert ["12%3A00%3A00" in each for each in begun] == [True, False, False]
    assert ["currentPage%5D=2" in each for each in begun] == [False, False, True]


@pytest.mark.usefixtures("small")
def test_many_changes_of_one_moment_are_all_read(http: Http) -> None:
    scripts = (
        page(changed(1), changed(2), total=5),
        page(changed(3), changed(4), total=5),
        page(changed(5), total=5),
    )
    with wire(*scripts) as served:
        found = list(speaker(served.url, http).changed(START, START + timedelta(hours=1)))
    assert [each["entity_id"] for each in found] == [1, 2, 3, 4, 5]


def test_changes_without_end_are_given_up(http: Http) -> None:
    with wire(page(changed(1), total=10**6)) as served, pytest.raises(PlatformError) as refused:
        list(speaker(served.url, http).changed(START, START + timedelta(hours=1)))
    assert refused.value.reason == "REFUSED"
    assert "more than 100 pages" in refused.value.detail


@pytest.mark.parametrize(
    "body", [[], "text", None, {"items": 5}, {"items": []}, {"items": ["x"], "total_count": 1}]
)
def test_an_answer_of_another_shape_is_passing(http: Http, body: object) -> None:
    with wire(said(body)) as served, pytest.raises(PlatformError) as refused:
        storefront_at(served.url, http).order("5")
    assert (refused.value.reason, refused.value.outcome_unknown) == ("TRANSIENT", False)


def storefront_at(url: str, http: Http) -> Any:  # noqa: ANN401 - a storefront
    return storefront(_At(url), http)  # type: ignore[arg-type] # all that is needed of a store is its address


class _At:
    def __init__(self, url: str) -> None:
        self.url = url


@pytest.mark.parametrize("body", [None, True, "x", {}, [], 1.5])
def test_a_write_whose_answer_is_no_number_may_have_been_done(http: Http, body: object) -> None:
    with wire(said(body)) as served, pytest.raises(PlatformError) as refused:
        speaker(served.url, http).refund("/order/5/refund", {}, online=False)
    assert (refused.value.reason, refused.value.outcome_unknown) == ("UNKNOWN_OUTCOME", True)


def test_a_write_that_is_not_answered_may_have_been_done(hasty: Http) -> None:
    with wire(hang) as served, pytest.raises(PlatformError) as refused:
        speaker(served.url, hasty).refund("/order/5/refund", {}, online=False)
    assert refused.value.outcome_unknown


@pytest.mark.parametrize(
    ("status", "online", "reason", "unknown"),
    [
        ("500 Internal Server Error", True, "UNKNOWN_OUTCOME", True),
        ("504 Gateway Timeout", False, "UNKNOWN_OUTCOME", True),
        ("400 Bad Request", True, "OUTCOME_UNCLEAR", True),
        ("400 Bad Request", False, "REFUSED", False),
        ("404 Not Found", False, "NONEXISTENT_RECORD", False),
        ("429 Too Many Requests", True, "RATE_LIMITED", False),
    ],
)
def test_a_write_that_fails_says_whether_it_may_have_been_done(
    http: Http, status: str, reason: str, *, online: bool, unknown: bool
) -> None:
    with wire(said({"message": "No."}, status)) as served, pytest.raises(PlatformError) as refused:
        speaker(served.url, http).refund("/order/5/refund", {}, online=online)
    assert (refused.value.reason, refused.value.outcome_unknown) == (reason, unknown)
    assert refused.value.call is not None
    assert refused.value.call.status == int(status[:3])


def test_a_redirect_is_not_followed_but_told(http: Http) -> None:
    moved = said("", "301 Moved Permanently", "Location: https://www.example.com/\r\n")
    with wire(moved) as served, pytest.raises(PlatformError) as refused:
        speaker(served.url, http).check()
    assert refused.value.reason == "REFUSED"
    assert refused.value.detail == "redirected to https://www.example.com/"
    assert len(served.requests) == 1


def test_an_error_without_a_word_is_told_by_its_status(http: Http) -> None:
    silent = saying(answer(b"", "405 Method Not Allowed"))
    with wire(silent) as served, pytest.raises(PlatformError) as refused:
        speaker(served.url, http).check()
    assert refused.value.detail == "status 405"


def test_a_shop_that_asks_for_patience_is_not_called_until_then(control: Control, http: Http) -> None:
    with opened(control) as store:
        store.fault("creditmemos:list", "status", status=429, headers={"Retry-After": "7"})
        waits = []
        for _ in range(2):
            with pytest.raises(PlatformError) as refused:
                client(store, http).check()
            assert refused.value.reason == "RATE_LIMITED"
            waits.append(refused.value.retry_after)
        assert waits[0] == 7.0
        assert waits[1] is not None
        assert 1 < waits[1] <= 7
        assert store.operations() == ["creditmemos:list"]


def test_a_shop_that_is_down_for_a_moment_is_called_again_later(control: Control, http: Http) -> None:
    with opened(control) as store:
        store.fault("creditmemos:list", "status", status=503, headers={"Retry-After": "60"})
        with pytest.raises(PlatformError) as refused:
            client(store, http).check()
        assert (refused.value.reason, refused.value.retry_after) == ("TRANSIENT", 60.0)
        client(store, http).check()


def test_a_check_that_is_answered_with_a_page_is_no_success(http: Http) -> None:
    with wire(saying(answer(b"<html>Welcome</html>"))) as served, pytest.raises(PlatformError) as refused:
        speaker(served.url, http).check()
    assert refused.value.reason == "TRANSIENT"


def test_nothing_else_is_taken_for_a_strange_answer() -> None:
    with pytest.raises(PlatformError, match="BAD_CREDENTIALS"), understood():
        raise PlatformError("BAD_CREDENTIALS", "no")
