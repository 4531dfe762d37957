"""What the control API lets people in the user interface do, and what it refuses."""

import pytest

from tests.sandbox.helpers import Books, Control


def total(books: Books, kind: str) -> float:
    (record,) = books.records(kind)
    return float(record["total"])


def test_an_order_is_entered_and_billed(books: Books) -> None:
    made = books.order(
        billed="cashSale", externalId="so-1", shippingCost="5", customer={"email": "jon@example.com"}
    )
    assert set(made) == {"salesOrder", "billed"}
    assert made["billed"]["type"] == "cashSale"
    order = books.get(f"salesOrder/{made['salesOrder']['id']}")
    assert (order["externalId"], order["otherRefNum"], order["total"]) == ("so-1", "#1001", 42.99)
    assert order["entity"]["refName"] == "jon@example.com"
    assert books.get("salesOrder/eid:so-1")["id"] == made["salesOrder"]["id"]
    assert set(books.order()) == {"salesOrder"}


def test_an_order_is_billed_later(control: Control, books: Books) -> None:
    order = books.order()["salesOrder"]
    bill = control.post(f"{books.path}/orders/{order['id']}/bill", {"as": "invoice", "silent": True})
    assert bill["type"] == "invoice"
    assert books.get(f"invoice/{bill['id']}")["createdFrom"]["id"] == order["id"]


@pytest.mark.parametrize(("billed", "kind"), [("invoice", "creditMemo"), ("cashSale", "cashRefund")])
def test_a_refund_is_of_the_kind_its_source_asks_for(
    control: Control, books: Books, billed: str, kind: str
) -> None:
    source = books.order(billed=billed)["billed"]
    made = control.post(f"{books.path}/refunds", {"from": source, "lines": [{"sku": "PEN", "quantity": 2}]})
    assert made["type"] == kind
    assert total(books, kind) == 22


@pytest.mark.parametrize(
    ("body", "amount"),
    [
        ({}, 43.49),
        ({"lines": [{"sku": "PEN", "quantity": 1, "amount": "4.00"}]}, 4.4),
        ({"lines": [{"sku": "PEN", "quantity": 1}], "shippingCost": "5.00"}, 16.5),
        ({"lines": [{"sku": "PEN", "quantity": 1}], "amount": "12.00"}, 12),
        ({"lines": [{"sku": "PEN", "quantity": 1}], "amount": "11.00"}, 11),
        ({"amount": "7.77"}, 7.77),
        ({"shippingCost": "99"}, 43.49),
        ({"shippingCost": "0"}, 37.99),
    ],
)
def test_a_refund_comes_to_what_was_said(
    control: Control, books: Books, body: dict[str, object], amount: float
) -> None:
    source = books.order(billed="invoice", shippingCost="5.00", shippingTaxRate="0.1")["billed"]
    made = control.post(f"{books.path}/refunds", {"from": source, **body})
    assert total(books, made["type"]) == amount


def test_a_return_is_refunded_as_its_origin_was(control: Control, books: Books) -> None:
    for billed, kind in (("invoice", "creditMemo"), ("cashSale", "cashRefund")):
        source = books.order(billed=billed)["billed"]
        back = control.post(f"{books.path}/returnauthorizations", {"from": source, "memo": "broken"})
        assert control.post(f"{books.path}/refunds", {"from": back})["type"] == kind


def test_refunds_can_carry_marks_and_a_type(control: Control, books: Books) -> None:
    order = books.order()["salesOrder"]
    back = control.post(f"{books.path}/returnauthorizations", {"from": order})
    made = control.post(
        f"{books.path}/refunds",
        {"from": back, "as": "cashRefund", "externalId": "rs-1", "memo": "m", "otherRefNum": "#9"},
    )
    record = control.get(f"{books.path}/records/cashRefund/{made['id']}")
    assert (record["type"], record["externalId"], record["memo"], record["otherRefNum"]) == (
        "cashRefund",
        "rs-1",
        "m",
        "#9",
    )


def test_a_standalone_credit_comes_from_nothing(control: Control, books: Books) -> None:
    made = control.post(f"{books.path}/standalonecreditmemo", {"amount": "9.99", "currency": "EUR"})
    record = books.get(f"creditMemo/{made['id']}")
    assert "createdFrom" not in record
    assert (record["total"], record["currency"]["refName"], record["unapplied"]) == (9.99, "Euro", 9.99)


def test_records_are_edited_by_their_property_names(control: Control, books: Books) -> None:
    order = books.order()["salesOrder"]
    path = f"{books.path}/records/salesOrder/{order['id']}/edit"
    edited = control.post(path, {"fields": {"otherRefNum": "#2", "orderStatus": {"id": "C"}}})
    assert (edited["otherRefNum"], edited["status"]) == ("#2", {"id": "C", "refName": "Cancelled"})
    assert control.refusal("POST", path, {"fields": {"otherrefnum": "#3"}}) == (
        "Unknown property 'otherrefnum' of the record type salesOrder."
    )
    assert control.refusal("POST", path, {"fields": {"orderStatus": {"id": "Z"}}}).endswith(
        "field: orderStatus"
    )
    assert control.refusal("POST", path, {"fields": 5}) == "The body: fields must be an object."


def test_deleting_with_what_depends_on_it(control: Control, books: Books) -> None:
    made = books.order(billed="invoice")
    control.post(f"{books.path}/refunds", {"from": made["billed"]})
    path = f"{books.path}/records/salesOrder/{made['salesOrder']['id']}"
    assert "dependent records" in control.refusal("DELETE", path)
    deleted = control.delete(f"{path}?cascade=true")["deleted"]
    assert [each["type"] for each in deleted] == ["creditMemo", "invoice", "salesOrder"]
    assert control.get(f"{books.path}/records") == []


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("orders", {"currency": "XYZ", "lines": []}, "The account has no currency XYZ"),
        ("orders", {"currency": "USD", "lines": [], "billed": "receipt"}, "The body: an order is billed as"),
        ("orders", {"currency": "USD", "colour": "red"}, "The body has unknown keys: colour."),
        (
            "orders",
            {"currency": "USD", "lines": [{"sku": "A", "quantity": 1, "rate": 1, "taxRate": 8}]},
            "The body: lines[0]: taxRate is a fraction",
        ),
        ("orders/1/bill", {"as": "invoice"}, "The record instance does not exist."),
        ("refunds", {}, "The body: from is missing."),
        ("refunds", {"from": {"type": "nope", "id": "1"}}, "There is no record type nope"),
        ("refunds", {"from": {"type": "invoice", "id": "1"}}, "The record instance does not exist."),
        ("standalonecreditmemo", {}, "The body: amount is missing."),
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_no_record(
    control: Control, books: Books, path: str, body: object, reason: str
) -> None:
    assert control.refusal("POST", f"{books.path}/{path}", body).startswith(reason)
    assert control.get(f"{books.path}/records") == []


def test_a_line_that_is_not_there_is_refused(control: Control, books: Books) -> None:
    source = books.order(billed="invoice")["billed"]
    body = {"from": source, "lines": [{"sku": "INC", "quantity": 1}]}
    assert control.refusal("POST", f"{books.path}/refunds", body) == (
        "The body: the invoice has no line with the SKU INC."
    )


def test_an_account_is_shown_with_what_it_has(control: Control, books: Books) -> None:
    books.order()
    shown = control.get(books.path)
    assert (shown["account_id"], shown["slug"], shown["concurrency"]) == ("1234567_SB1", "1234567-sb1", 5)
    assert [item["itemid"] for item in shown["items"]] == ["Adjustment", "PEN", "INK"]
    assert shown["currencies"]["KWD"] == "6"
    assert shown["customers"] == {"Web Customer": "501"}
    assert control.get("netsuite/1234567_SB1")["slug"] == "1234567-sb1"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"account_id": "2"}, "The body: an account's id cannot be changed."),
        ({"closed_until": "soon"}, "The body: closed_until must be a date, YYYY-MM-DD."),
        ({"custom_fields": ["shop"]}, "The body: shop is not the id of a custom transaction body field."),
        ({"items": [{"itemid": "x", "itemtype": "Nope"}]}, "The body: items[0]: itemtype must be one of"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    control: Control, books: Books, body: object, reason: str
) -> None:
    assert control.refusal("PATCH", books.path, body).startswith(reason)
    assert control.refusal("POST", "netsuite/accounts", {"account_id": books.account_id}).endswith(
        "exists already."
    )
    assert control.refusal("POST", "netsuite/accounts", {"account_id": "7", "nope": 1}).endswith(
        "keys: nope."
    )


def test_settings_are_changed_one_by_one(control: Control, books: Books) -> None:
    changed = control.patch(
        books.path,
        {
            "concurrency": 15,
            "locations": [{"id": "9", "name": "Outlet"}],
            "items": [{"id": "900", "itemid": "Goodwill", "itemtype": "NonInvt"}],
        },
    )
    assert (changed["concurrency"], changed["locations"]["9"]) == (15, "Outlet")
    assert changed["items"] == [{"id": "900", "itemid": "Goodwill", "itemtype": "NonInvtPart"}]
    assert books.query("SELECT itemid, itemtype, isinactive FROM item") == [
        {"itemid": "Goodwill", "itemtype": "NonInvtPart", "isinactive": "F"}
    ]


def test_an_item_s_chosen_id_is_not_given_to_another(control: Control, books: Books) -> None:
    control.patch(books.path, {"items": [{"id": "101", "itemid": "Chosen"}]})
    books.order()
    names = [item["itemid"] for item in control.get(books.path)["items"]]
    assert names == ["Adjustment", "Chosen", "PEN", "INK"]
