"""The record service: create, read, change, upsert and delete, and its refusals."""

from typing import Any

import pytest
import requests

from tests.sandbox.helpers import Books, Control

STRICT = {"X-NetSuite-PropertyNameValidation": "Error"}
LINES = {"items": [{"item": {"id": "900"}, "amount": 12.5}]}


def memo(**more: object) -> dict[str, object]:
    return {"entity": {"id": "501"}, "item": LINES} | more


def test_a_record_is_made_and_read_back(books: Books) -> None:
    path = books.make(
        "creditMemo",
        memo(
            externalId="mine-1",
            memo="hello",
            otherRefNum="#7",
            tranDate="2026-11-02",
            currency={"id": "4"},
            exchangeRate=1.25,
            location={"id": "2"},
            account={"id": "119"},
            department={"id": "3"},
            toBeEmailed=False,
            shippingCost=2,
        ),
    )
    body = books.get(path)
    assert (body["id"], body["tranId"]) == (path.partition("/")[2], f"CM{path.partition('/')[2]}")
    assert (body["externalId"], body["memo"], body["otherRefNum"]) == ("mine-1", "hello", "#7")
    assert (body["tranDate"], body["exchangeRate"], body["toBeEmailed"]) == ("2026-11-02", 1.25, False)
    assert (body["currency"]["refName"], body["location"]["refName"]) == ("Euro", "Store")
    assert (body["account"], body["department"]) == ({"id": "119"}, {"id": "3"})
    assert (body["subtotal"], body["shippingCost"], body["taxTotal"], body["total"]) == (12.5, 2, 0, 14.5)
    assert (body["unapplied"], body["applied"], body["status"]["id"]) == (14.5, 0, "A")
    (line,) = body["item"]["items"]
    assert (line["line"], line["quantity"], line["rate"], line["amount"]) == (1, 1, 12.5, 12.5)
    assert line["item"]["refName"] == "Adjustment"
    assert body["links"] == [{"rel": "self", "href": f"{books.rest}/record/v1/{path}"}]


def test_sublists_are_linked_unless_expanded(books: Books) -> None:
    path = books.make("creditMemo", memo())
    body = books.call("GET", path).json()
    assert body["item"] == {"links": [{"rel": "self", "href": f"{books.rest}/record/v1/{path}/item"}]}
    listed = books.call("GET", f"{path}/item").json()
    assert (listed["count"], listed["totalResults"], listed["hasMore"]) == (1, 1, False)
    assert books.call("GET", f"{path}/item/1").json()["amount"] == 12.5
    assert books.call("GET", f"{path}/item/2").status_code == 404
    assert books.call("GET", f"{path}/nope").status_code == 404
    assert set(books.call("GET", f"{path}?fields=memo,total").json()) == {"links", "total"}


def test_records_are_found_by_external_id(books: Books) -> None:
    path = books.make("creditMemo", memo(externalId="rs-shop-1"))
    assert books.get("creditMemo/eid:rs-shop-1")["id"] == path.partition("/")[2]
    assert books.call("GET", "creditMemo/eid:rs-shop-2").status_code == 404
    assert books.call("GET", "cashRefund/eid:rs-shop-1").status_code == 404


def test_upsert_makes_a_record_and_then_changes_it(control: Control, books: Books) -> None:
    first = books.make("creditMemo/eid:rs-1", memo(memo="one"))
    second = books.make("creditMemo/eid:rs-1", {"memo": "two"})
    assert first == second
    assert books.get(first)["memo"] == "two"
    assert books.get(first)["externalId"] == "rs-1"
    assert control.get("writes")["netsuite"][books.slug] == {"creditMemo": 1}
    assert books.detail("PUT", "creditMemo/eid:a b", memo())[1]["o:errorCode"] == "INVALID_PARAMETER"
    assert books.detail("PUT", "creditMemo/77", memo())[0] == 404


def test_an_external_id_is_good_once_for_a_record_type(books: Books) -> None:
    books.make("creditMemo", memo(externalId="rs-1"))
    status, detail = books.detail("POST", "creditMemo", memo(externalId="rs-1"))
    assert (status, detail["o:errorCode"]) == (400, "USER_ERROR")
    assert "This entity/record already exists." in detail["detail"]
    books.make("cashRefund", memo(externalId="rs-1"))
    other = books.make("creditMemo", memo(externalId="rs-2"))
    assert books.detail("PATCH", other, {"externalId": "rs-1"})[1]["o:errorCode"] == "USER_ERROR"
    assert books.get(other)["externalId"] == "rs-2"


def test_a_record_is_changed_field_by_field_and_line_by_line(books: Books) -> None:
    path = books.make("creditMemo", memo(memo="one", otherRefNum="#1"))
    assert books.call("PATCH", path, {"memo": "two"}).status_code == 204
    change = {"item": {"items": [{"line": 1, "amount": 10}, {"item": {"id": "900"}, "amount": 1}]}}
    assert books.call("PATCH", path, change).status_code == 204
    body = books.get(path)
    assert (body["memo"], body["otherRefNum"], body["total"]) == ("two", "#1", 11)
    assert [line["line"] for line in body["item"]["items"]] == [1, 2]
    replaced = {"item": {"items": [{"line": 2}]}}
    assert books.call("PATCH", f"{path}?replace=item", replaced).status_code == 204
    assert books.get(path)["total"] == 1
    assert books.call("PATCH", path, {"memo": None}).status_code == 204
    assert "memo" not in books.get(path)


def test_a_refused_change_changes_nothing(books: Books) -> None:
    path = books.make("creditMemo", memo(memo="one"))
    before = books.get(path)
    bad = {"memo": "two", "item": {"items": [{"line": 1, "amount": -1}]}}
    assert books.detail("PATCH", path, bad)[1]["detail"].endswith("Transaction amount must not be negative.")
    assert books.get(path) == before


def test_a_record_is_deleted_unless_others_depend_on_it(books: Books) -> None:
    billed = books.order(billed="invoice")["billed"]
    path = books.make(f"invoice/{billed['id']}/!transform/creditMemo", {})
    status, detail = books.detail("DELETE", f"invoice/{billed['id']}")
    assert (status, detail["o:errorCode"]) == (400, "USER_ERROR")
    assert books.get(f"invoice/{billed['id']}")["status"]["id"] == "B"
    answer = books.call("DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert books.detail("GET", path) == (
        404,
        {
            "detail": "The record instance does not exist. Provide a valid record instance ID.",
            "o:errorCode": "NONEXISTENT_ID",
        },
    )
    assert books.get(f"invoice/{billed['id']}")["status"]["id"] == "A"


def test_records_of_a_type_are_listed_and_searched(books: Books) -> None:
    first = books.make("creditMemo", memo(externalId="a b", memo="x"))
    books.make("creditMemo", memo(externalId="c", memo="x"))

    def found(query: str) -> list[str]:
        return [each["id"] for each in books.call("GET", f"creditMemo?q={query}").json()["items"]]

    assert len(found("")) == 2
    assert found('externalId IS "a b"') == [first.partition("/")[2]]
    assert found('externalId IS "a b" AND memo EQUAL x') == found('externalId IS "a b"')
    assert found('memo IS "y"') == []
    assert books.detail("GET", "creditMemo?q=memo LIKE x")[1]["o:errorQueryParam"] == "q"
    assert books.detail("GET", "creditMemo?q=colour IS x")[1]["o:errorQueryParam"] == "q"


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        (STRICT, ["nope", "item.items[0].nopeToo", "custbody_nope"]),
        ({}, []),
        ({"X-NetSuite-PropertyNameValidation": "Ignore"}, []),
    ],
)
def test_unknown_names_are_ignored_unless_asked_not_to(
    books: Books, headers: dict[str, str], names: list[str]
) -> None:
    body = memo(nope=1, custbody_nope=1, item={"items": [{"item": {"id": "900"}, "amount": 1, "nopeToo": 2}]})
    answer = books.call("POST", "creditMemo", body, headers)
    if not names:
        assert answer.status_code == 204
        return
    details = answer.json()["o:errorDetails"]
    assert answer.status_code == 400
    assert sorted(each["o:errorPath"] for each in details) == sorted(names)
    assert {each["o:errorCode"] for each in details} == {"INVALID_CONTENT"}
    assert books.records("creditMemo") == []


def test_a_name_validation_that_is_none_is_refused(books: Books) -> None:
    _, detail = books.detail("POST", "creditMemo", memo(), {"X-NetSuite-PropertyNameValidation": "Loose"})
    assert detail["o:errorHeader"] == "X-NetSuite-PropertyNameValidation"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"entity": {"id": "1"}}, "entity"),
        ({"entity": "501"}, "entity"),
        ({"currency": {"id": "99"}}, "currency"),
        ({"location": {"id": "99"}}, "location"),
        ({"subsidiary": {"id": "99"}}, "subsidiary"),
        ({"memo": 5}, "memo"),
        ({"tranDate": "yesterday"}, "tranDate"),
        ({"exchangeRate": "1.5"}, "exchangeRate"),
        ({"toBeEmailed": "yes"}, "toBeEmailed"),
        ({"item": []}, "item"),
        ({"item": {"items": ["x"]}}, "item.items[0]"),
        ({"item": {"items": [{"item": {"id": "9999"}, "amount": 1}]}}, "item.items[0].item"),
        ({"item": {"items": [{"item": {"id": "900"}, "amount": "1"}]}}, "item.items[0].amount"),
        ({"item": {"items": [{"item": {"id": "900"}, "orderLine": 1}]}}, "item.items[0].orderLine"),
        ({"apply": {"items": [{"doc": {"id": "1"}}]}}, "apply.items[0].doc"),
    ],
)
def test_values_that_cannot_be_are_refused_with_their_path(
    books: Books, body: dict[str, object], path: str
) -> None:
    status, detail = books.detail("POST", "creditMemo", memo() | body)
    assert (status, detail["o:errorCode"], detail["o:errorPath"]) == (400, "INVALID_CONTENT", path)
    assert "You have entered an Invalid Field Value" in detail["detail"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"item": LINES}, "entity"),
        ({"entity": {"id": "501"}}, "item"),
        (memo(item={"items": [{"amount": 1}]}), "item.items[0].item"),
        (memo(item={"items": [{"item": {"id": "900"}}]}), "item.items[0].amount"),
    ],
)
def test_missing_values_are_asked_for(books: Books, body: dict[str, object], path: str) -> None:
    _, detail = books.detail("POST", "creditMemo", body)
    assert (detail["o:errorCode"], detail["o:errorPath"]) == ("USER_ERROR", path)


@pytest.mark.parametrize("item", [{"itemtype": "Description"}, {"itemtype": "OthCharge", "isinactive": True}])
def test_only_active_items_that_are_sold_can_be_added(
    control: Control, books: Books, item: dict[str, object]
) -> None:
    control.patch(books.path, {"items": [{"id": "901", "itemid": "Other"} | item]})
    body = memo(item={"items": [{"item": {"id": "901"}, "amount": 1}]})
    assert books.detail("POST", "creditMemo", body)[1]["o:errorPath"] == "item.items[0].item"


def test_nothing_is_saved_in_a_closed_period(control: Control, books: Books) -> None:
    control.patch(books.path, {"closed_until": "2026-10-31"})
    _, detail = books.detail("POST", "creditMemo", memo(tranDate="2026-10-31"))
    assert (detail["o:errorCode"], detail["o:errorPath"]) == ("USER_ERROR", "tranDate")
    books.make("creditMemo", memo(tranDate="2026-11-01"))


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "nope/1", 404, "NONEXISTENT_RECORD_TYPE"),
        ("GET", "creditMemo/1", 404, "NONEXISTENT_ID"),
        ("PUT", "creditMemo", 405, "INVALID_METHOD"),
        ("POST", "creditMemo/1", 405, "INVALID_METHOD"),
        ("GET", "invoice/1/!transform/creditMemo", 405, "INVALID_METHOD"),
        ("POST", "invoice/1/!transform/creditMemo", 404, "NONEXISTENT_ID"),
    ],
)
def test_what_is_not_there_or_not_possible_is_said_so(
    books: Books, method: str, path: str, status: int, code: str
) -> None:
    found, detail = books.detail(method, path)
    assert (found, detail["o:errorCode"]) == (status, code)


@pytest.mark.parametrize(
    ("data", "content_type", "code"),
    [
        (b"{", "application/json", "INVALID_CONTENT"),
        (b"[]", "application/vnd.oracle.resource+json", "INVALID_CONTENT"),
        (b"{}", "text/plain", "INVALID_HEADER"),
    ],
)
def test_bodies_must_be_json_objects_and_say_so(
    books: Books, data: bytes, content_type: str, code: str
) -> None:
    answer = requests.post(
        f"{books.rest}/record/v1/creditMemo",
        data=data,
        headers={"Authorization": f"Bearer {books.token}", "Content-Type": content_type},
        timeout=10,
    )
    assert (answer.status_code, answer.json()["o:errorDetails"][0]["o:errorCode"]) == (400, code)


def test_asynchronous_processing_is_not_pretended(books: Books) -> None:
    _, detail = books.detail("POST", "creditMemo", memo(), {"Prefer": "respond-async"})
    assert detail["o:errorHeader"] == "Prefer"


def test_errors_have_the_documented_envelope(books: Books) -> None:
    answer: Any = books.call("GET", "creditMemo/1").json()
    assert set(answer) == {"type", "title", "status", "o:errorDetails"}
    assert (answer["title"], answer["status"]) == ("Not Found", 404)
    bad: Any = books.call("POST", "creditMemo", {}).json()
    assert bad["type"] == "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4.1"
    assert bad["title"] == "Bad Request"


def test_custom_fields_are_kept_once_declared(control: Control, books: Books) -> None:
    control.patch(books.path, {"custom_fields": ["custbody_shop"]})
    line = {"item": {"id": "900"}, "amount": 1, "custcol_note": "n"}
    path = books.make("creditMemo", memo(custbody_shop="7", item={"items": [line]}), STRICT)
    body = books.get(path)
    assert (body["custbody_shop"], body["item"]["items"][0]["custcol_note"]) == ("7", "n")
    books.call("PATCH", path, {"custbody_shop": None})
    assert "custbody_shop" not in books.get(path)
    bill = books.order(billed="invoice", custom={"custbody_shop": "8"})["billed"]
    assert books.get(f"invoice/{bill['id']}")["custbody_shop"] == "8"


def test_a_line_that_is_not_there_cannot_be_changed(books: Books) -> None:
    path = books.make("creditMemo", memo())
    _, detail = books.detail("PATCH", path, {"item": {"items": [{"line": 9, "amount": 1}]}})
    assert detail["o:errorPath"] == "item.items[0].line"


def test_a_subsidiary_and_an_empty_location_can_be_set(books: Books) -> None:
    body = books.get(books.make("creditMemo", memo(subsidiary={"id": "1"}, location=None)))
    assert body["subsidiary"]["refName"] == "Parent company"
    assert "location" not in body


def test_reading_ignores_what_cannot_be_written(books: Books) -> None:
    path = books.make("creditMemo", memo(total=99, createdDate="2020-01-01T00:00:00Z", links=[]))
    assert books.get(path)["total"] == 12.5


def test_a_body_may_be_missing_where_defaults_do(books: Books) -> None:
    bill = books.order(billed="cashSale")["billed"]
    answer = requests.post(
        f"{books.rest}/record/v1/cashSale/{bill['id']}/!transform/cashRefund",
        headers={"Authorization": f"Bearer {books.token}"},
        timeout=10,
    )
    assert answer.status_code == 204
