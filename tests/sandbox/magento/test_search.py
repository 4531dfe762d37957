"""Searches by criteria, and answers cut down to some fields."""

import pytest

from sandbox.magento.errors import MagentoError
from sandbox.magento.search import Criteria, Filter, Row, chosen, find, holds, read_criteria
from tests.sandbox.magento.client import Client
from tests.support.sandboxed_magento import Store

NAMES = [
    ("a", 1, "2026-01-01 00:00:00"),
    ("B", 2, "2026-01-02 00:00:00"),
    ("c", 10, "2026-01-03 00:00:00"),
    (None, 3, ""),
]
ROWS: list[Row] = [{"name": name, "number": number, "at": at} for name, number, at in NAMES]


@pytest.mark.parametrize(
    ("condition", "value", "text", "answer"),
    [
        ("eq", 5, "5", True),
        ("eq", 5, "5.0", True),
        ("eq", "A", "a", True),
        ("eq", None, "", False),
        ("neq", 5, "6", True),
        ("neq", None, "6", False),
        ("gt", 10, "9", True),
        ("gt", "10", "9", False),
        ("gt", 9, "9", False),
        ("gteq", 9, "9", True),
        ("moreq", 9, "9", True),
        ("from", 8, "9", False),
        ("lt", "2026-01-01", "2026-01-02", True),
        ("lteq", 9, "9", True),
        ("to", 10, "9", False),
        ("like", "Pending", "pen%", True),
        ("like", "Pen", "p_n", True),
        ("like", "Pen", "p", False),
        ("like", None, "%", False),
        ("nlike", "Pen", "x%", True),
        ("nlike", None, "x%", False),
        ("in", 3, "1, 3", True),
        ("in", "c", "a,b", False),
        ("nin", 3, "1,2", True),
        ("nin", None, "1", False),
        ("finset", "a,b", "b", True),
        ("finset", None, "b", False),
        ("null", None, "", True),
        ("null", 1, "", False),
        ("notnull", 1, "", True),
        ("nonsense", 1, "1", True),
    ],
)
def test_conditions_hold_as_in_sql(
    condition: str,
    value: str | int | None,
    text: str,
    answer: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    assert holds(value, Filter("x", text, condition)) is answer


def test_groups_must_all_hold_and_filters_of_a_group_need_not() -> None:
    either = [Filter("name", "a"), Filter("number", "10")]
    assert find(ROWS, Criteria([either])) == ([0, 2], 2)
    assert find(ROWS, Criteria([either, [Filter("number", "5", "gt")]])) == ([2], 1)


def test_rows_are_sorted_by_several_fields_numbers_as_numbers() -> None:
    assert find(ROWS, Criteria(sorts=[("number", "DESC")]))[0] == [2, 3, 1, 0]
    assert find(ROWS, Criteria(sorts=[("name", "ASC")]))[0] == [3, 0, 1, 2]


@pytest.mark.parametrize(
    ("page", "indices"), [(None, [0, 1, 2]), (1, [0, 1, 2]), (2, [3]), (3, [3]), (99, [3]), (0, [0, 1, 2])]
)
def test_a_page_beyond_the_last_is_the_last(page: int | None, indices: list[int]) -> None:
    assert find(ROWS, Criteria(page_size=3, current_page=page)) == (indices, 4)


def test_nothing_is_found_among_nothing() -> None:
    assert find([], Criteria([[Filter("nope", "1")]], page_size=5)) == ([], 0)


def test_an_unknown_field_is_a_mistake_inside() -> None:
    with pytest.raises(MagentoError, match="Report ID: webapi-"):
        find(ROWS, Criteria([[Filter("nope", "1")]]))


@pytest.mark.parametrize("snake", [True, False])
def test_names_may_be_in_snake_or_camel_case(
    snake: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    groups, kind, size, page, sorts = (
        ("filter_groups", "condition_type", "page_size", "current_page", "sort_orders")
        if snake
        else ("filterGroups", "conditionType", "pageSize", "currentPage", "sortOrders")
    )
    query = [
        (f"searchCriteria[{groups}][0][filters][0][field]", "name"),
        (f"searchCriteria[{groups}][0][filters][0][value]", "a%"),
        (f"searchCriteria[{groups}][0][filters][0][{kind}]", "like"),
        (f"searchCriteria[{sorts}][0][field]", "number"),
        (f"searchCriteria[{sorts}][0][direction]", "desc"),
        (f"searchCriteria[{size}]", "2"),
        (f"searchCriteria[{page}]", "3"),
        ("searchCriteria[whatever]", "x"),
        (f"searchCriteria[{groups}][0][filters][0][whatever]", "x"),
    ]
    assert read_criteria(query, None).as_json() == {
        "filter_groups": [{"filters": [{"field": "name", "value": "a%", "condition_type": "like"}]}],
        "sort_orders": [{"field": "number", "direction": "DESC"}],
        "page_size": 2,
        "current_page": 3,
    }


def test_pages_have_a_number() -> None:
    with pytest.raises(MagentoError, match="type was expected") as caught:
        read_criteria([("searchCriteria[pageSize]", "many")], None)
    assert caught.value.parameters == {"value": "many", "type": "int"}


def test_a_search_without_criteria_is_refused(client: Client) -> None:
    answer = client.call("GET", "orders")
    assert answer.status_code == 400
    assert answer.json() == {
        "message": '"%fieldName" is required. Enter and try again.',
        "parameters": {"fieldName": "searchCriteria"},
    }


def test_pages_may_be_limited(store: Store, client: Client) -> None:
    store.change(most_per_page=300)
    assert client.call("GET", "orders?searchCriteria[pageSize]=300").status_code == 200
    answer = client.call("GET", "orders?searchCriteria[pageSize]=301")
    assert answer.json() == {
        "message": "Maximum SearchCriteria pageSize is %max",
        "parameters": {"max": 300},
    }


def test_orders_and_memos_are_found_by_what_they_say(store: Store, client: Client) -> None:
    first, second = store.order(increment_id="M-7"), store.order()
    found = client.find("orders", ("increment_id", "eq", "M-7"))
    assert [each["entity_id"] for each in found["items"]] == [first["entity_id"]]
    assert found["total_count"] == 1
    client.refund(first, 1)
    client.refund(second, 1)
    memos = client.find("creditmemos", ("order_id", "eq", second["entity_id"]))
    assert [each["entity_id"] for each in memos["items"]] == [2]
    assert client.find("creditmemos", ("invoice_id", "null", ""))["total_count"] == 2
    since = memos["items"][0]["updated_at"]
    assert client.find("creditmemos", ("updated_at", "gt", since))["total_count"] == 0
    assert client.find("creditmemos", ("updated_at", "gteq", since))["total_count"] >= 1
    assert client.call("GET", "orders?searchCriteria[sortOrders][0][field]=nope").status_code == 500


def test_lists_may_come_without_comments(store: Store, client: Client) -> None:
    memo = client.refund(store.order(), 1, comment={"comment": "rs-1", "is_visible_on_front": 0})
    path = "creditmemos?searchCriteria="
    assert client.get(path)["items"][0]["comments"] == memo["comments"]
    store.change(listed_comments=False)
    assert client.get(path)["items"][0]["comments"] == []
    assert client.get(f"creditmemo/{memo['entity_id']}") == memo


def test_answers_may_be_cut_down(store: Store, client: Client) -> None:
    store.order()
    path = "orders?searchCriteria=&fields=items[increment_id,items[sku,qty_ordered]],total_count"
    assert client.get(path) == {
        "items": [{"increment_id": "000000001", "items": [{"sku": "TSHIRT-M", "qty_ordered": 5}]}],
        "total_count": 1,
    }
    assert chosen({"a": 1, "b": 2}, "b,]c[d]") == {"b": 2}
    assert chosen({"a": 1}, "") == {"a": 1}
    assert chosen(3, "a") == 3
