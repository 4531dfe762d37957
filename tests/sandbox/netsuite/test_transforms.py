"""Transforms: what follows from what, with which defaults, within which limits."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.netsuite.model import Currency, line_tax
from tests.sandbox.helpers import Books, Control
from tests.support.racing import race

EURO = Currency("4", "EUR", "Euro", 2)
YEN = Currency("5", "JPY", "Japanese Yen", 0)


def invoice(books: Books, **more: object) -> str:
    return f"invoice/{books.order(billed='invoice', **more)['billed']['id']}"


def cash_sale(books: Books, **more: object) -> str:
    return f"cashSale/{books.order(billed='cashSale', **more)['billed']['id']}"


def returned(books: Books, source: str, **more: object) -> str:
    kind, _, internal_id = source.partition("/")
    made = books.control.post(
        f"{books.path}/returnauthorizations", {"from": {"type": kind, "id": internal_id}, **more}
    )
    return f"returnAuthorization/{made['id']}"


def credit(
    books: Books, source: str, body: object = None, target: str = "creditMemo", query: str = ""
) -> Any:  # noqa: ANN401  # JSON
    return books.get(books.make(f"{source}/!transform/{target}{query}", body or {}))


def refusal(books: Books, path: str, body: object = None) -> Any:  # noqa: ANN401  # JSON
    status, detail = books.detail("POST", path, body or {})
    assert status == 400
    return detail


def items(*lines: dict[str, object]) -> dict[str, object]:
    return {"item": {"items": list(lines)}}


def test_an_empty_body_credits_all_there_is(books: Books) -> None:
    source = invoice(books, shippingCost="5.00", shippingTaxRate="0.1")
    made = credit(books, source)
    assert [(line["quantity"], line["amount"], line["tax1Amt"]) for line in made["item"]["items"]] == [
        (3, 30, 3),
        (1, 4.99, 0),
    ]
    assert (made["shippingCost"], made["taxTotal"], made["total"]) == (5, 3.5, 43.49)
    assert made["createdFrom"]["id"] == source.partition("/")[2]
    assert (made["entity"]["id"], made["currency"]["id"], made["otherRefNum"]) == ("501", "1", "#1001")
    assert [(line["orderDoc"]["id"], line["orderLine"]) for line in made["item"]["items"]] == [
        (source.partition("/")[2], 1),
        (source.partition("/")[2], 2),
    ]


def test_lines_are_merged_by_order_line(books: Books) -> None:
    made = credit(books, invoice(books), items({"orderLine": 1, "quantity": 1}))
    assert [(line["orderLine"], line["quantity"], line["amount"]) for line in made["item"]["items"]] == [
        (1, 1, 10),
        (2, 1, 4.99),
    ]


def test_lines_are_replaced_where_asked(books: Books) -> None:
    body = items(
        {"orderLine": 1, "quantity": 2, "price": {"id": "-1"}, "location": {"id": "3"}},
        {"item": {"id": "900"}, "amount": 1.5, "description": "goodwill"},
    )
    made = credit(books, invoice(books), body, query="?replace=item")
    first, added = made["item"]["items"]
    assert (first["line"], first["orderLine"], first["quantity"], first["amount"]) == (1, 1, 2, 20)
    assert (first["tax1Amt"], first["location"]["refName"]) == (2, "Returns")
    assert (added["line"], added["amount"], added["tax1Amt"], added["description"]) == (2, 1.5, 0, "goodwill")
    assert "orderLine" not in added
    assert made["total"] == 23.5


def test_the_head_is_overridden_by_the_body(books: Books) -> None:
    body = {
        "externalId": "rs-1",
        "memo": "by refund-sync",
        "otherRefNum": "#2",
        "tranDate": "2026-11-05",
        "location": {"id": "2"},
        "shippingCost": 0,
    }
    made = credit(books, invoice(books, shippingCost="5.00"), body)
    assert {
        name: made[name] for name in ("externalId", "memo", "otherRefNum", "tranDate", "shippingCost")
    } == {
        "externalId": "rs-1",
        "memo": "by refund-sync",
        "otherRefNum": "#2",
        "tranDate": "2026-11-05",
        "shippingCost": 0,
    }
    assert made["location"]["id"] == "2"


@pytest.mark.parametrize(
    ("line", "amount", "rate"),
    [
        ({"quantity": 2}, 20, 10),
        ({"quantity": 2, "rate": 7}, 14, 7),
        ({"quantity": 2, "amount": 15}, 15, 7.5),
        ({"quantity": 2, "amount": 15, "rate": 9}, 15, 9),
        ({"amount": 100}, 100, 33.33),
    ],
)
def test_an_amount_beats_a_rate_and_may_be_any(
    books: Books, line: dict[str, object], amount: float, rate: float
) -> None:
    made = credit(books, invoice(books), items({"orderLine": 1, **line}), query="?replace=item")
    (only,) = made["item"]["items"]
    assert (only["amount"], only["rate"]) == (amount, pytest.approx(rate, abs=0.01))
    assert only["tax1Amt"] == pytest.approx(amount / 10)


@given(st.decimals(min_value=0, max_value=10**6, places=2), st.decimals(min_value=0, max_value=1, places=4))
def test_tax_is_rounded_half_up_to_the_currency(amount: Decimal, rate: Decimal) -> None:
    for currency, unit in ((EURO, Decimal("0.01")), (YEN, Decimal(1))):
        tax = line_tax(amount, rate, currency)
        assert tax == tax.quantize(unit)
        assert -unit / 2 < tax - amount * rate <= unit / 2


def test_tax_is_worked_out_line_by_line(books: Books) -> None:
    lines = [{"sku": f"S{number}", "quantity": 1, "rate": "0.05", "taxRate": "0.10"} for number in range(3)]
    made = credit(books, invoice(books, lines=lines))
    assert (made["taxTotal"], made["total"]) == (0.03, 0.18)


def test_more_than_a_line_has_left_is_refused(books: Books) -> None:
    source = invoice(books)
    credit(books, source, items({"orderLine": 1, "quantity": 2}), query="?replace=item")
    detail = refusal(
        books, f"{source}/!transform/creditMemo?replace=item", items({"orderLine": 1, "quantity": 2})
    )
    assert (detail["o:errorCode"], detail["o:errorPath"]) == ("USER_ERROR", "item.items[0].quantity")
    assert "The quantity 2 is more than the 1 left of line 1." in detail["detail"]
    rest = credit(books, source, items({"orderLine": 1}), query="?replace=item")
    assert rest["item"]["items"][0]["quantity"] == 1
    detail = refusal(books, f"{source}/!transform/creditMemo?replace=item", items({"orderLine": 1}))
    assert detail["o:errorCode"] == "USER_ERROR"


def test_what_was_fully_refunded_cannot_be_refunded_again(books: Books) -> None:
    source = cash_sale(books)
    credit(books, source, target="cashRefund")
    detail = refusal(
        books, f"{source}/!transform/cashRefund?replace=item", items({"item": {"id": "900"}, "amount": 1})
    )
    assert detail["detail"].endswith("has already been fully refunded.")


def test_a_deleted_or_voided_credit_gives_its_quantity_back(control: Control, books: Books) -> None:
    source = invoice(books)
    first = credit(books, source)
    assert books.call("DELETE", f"creditMemo/{first['id']}").status_code == 204
    second = credit(books, source)
    control.post(f"{books.path}/records/creditMemo/{second['id']}/edit", {"fields": {"voided": True}})
    assert books.get(f"creditMemo/{second['id']}")["status"]["id"] == "V"
    credit(books, source)


def test_shipping_is_taken_over_once(books: Books) -> None:
    source = invoice(books, shippingCost="5.00")
    first = credit(
        books, source, items({"orderLine": 1, "quantity": 1}) | {"shippingCost": 3}, query="?replace=item"
    )
    second = credit(books, source, items({"orderLine": 1, "quantity": 1}), query="?replace=item")
    assert (first["shippingCost"], second["shippingCost"]) == (3, 2)


def test_wrong_lines_are_refused_with_their_path(books: Books) -> None:
    source = f"{invoice(books)}/!transform/creditMemo"
    assert refusal(books, source, items({"orderLine": 9}))["o:errorPath"] == "item.items[0].orderLine"
    zero = refusal(books, source, items({"orderLine": 1, "quantity": 0}))
    assert zero["o:errorPath"] == "item.items[0].quantity"
    other = refusal(books, source, items({"orderLine": 1, "item": {"id": "900"}}))
    assert other["o:errorPath"] == "item.items[0].item"


def test_a_total_must_not_be_negative(books: Books) -> None:
    body = items({"orderLine": 2}, {"item": {"id": "900"}, "amount": -5})
    detail = refusal(books, f"{invoice(books)}/!transform/creditMemo?replace=item", body)
    assert detail["detail"].endswith("Transaction amount must not be negative.")
    made = credit(
        books,
        invoice(books),
        items({"orderLine": 1}, {"item": {"id": "900"}, "amount": -5}),
        query="?replace=item",
    )
    assert made["total"] == 28


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("invoice", "cashRefund"),
        ("cashSale", "creditMemo"),
        ("salesOrder", "creditMemo"),
        ("creditMemo", "invoice"),
    ],
)
def test_only_documented_transforms_are_offered(books: Books, source: str, target: str) -> None:
    billed = invoice(books)
    sources = {
        "salesOrder": f"salesOrder/{books.order()['salesOrder']['id']}",
        "invoice": billed,
        "cashSale": cash_sale(books),
        "creditMemo": f"creditMemo/{credit(books, billed)['id']}",
    }
    assert refusal(books, f"{sources[source]}/!transform/{target}")["o:errorCode"] == "INVALID_REQUEST"


def test_a_deleted_source_does_not_exist(books: Books) -> None:
    source = invoice(books)
    books.call("DELETE", source)
    status, detail = books.detail("POST", f"{source}/!transform/creditMemo", {})
    assert (status, detail["o:errorCode"]) == (404, "NONEXISTENT_ID")


def test_a_source_may_be_named_by_its_external_id(books: Books) -> None:
    order = books.order(externalId="so-1")["salesOrder"]
    made = books.get(books.make("salesOrder/eid:so-1/!transform/invoice", {}))
    assert made["createdFrom"]["id"] == order["id"]


def test_an_order_is_billed_once(books: Books) -> None:
    order = books.order()["salesOrder"]
    path = f"salesOrder/{order['id']}"
    assert books.get(path)["status"] == {"id": "F", "refName": "Pending Billing"}
    books.make(f"{path}/!transform/cashSale", items({"orderLine": 1, "quantity": 2}))
    assert books.get(path)["status"]["id"] == "F"
    books.make(f"{path}/!transform/invoice", {})
    assert books.get(path)["status"]["id"] == "G"
    assert refusal(books, f"{path}/!transform/invoice")["detail"].endswith("has the status Billed.")


@pytest.mark.parametrize("status", ["A", "C", "H"])
def test_orders_not_open_cannot_be_billed(control: Control, books: Books, status: str) -> None:
    order = books.order()["salesOrder"]
    control.post(
        f"{books.path}/records/salesOrder/{order['id']}/edit", {"fields": {"orderStatus": {"id": status}}}
    )
    assert refusal(books, f"salesOrder/{order['id']}/!transform/invoice")["o:errorCode"] == "USER_ERROR"


@pytest.mark.parametrize("status", ["D", "E", "F"])
def test_a_received_return_is_refunded_and_then_closed(books: Books, status: str) -> None:
    source = returned(books, cash_sale(books), lines=[{"sku": "PEN", "quantity": 2}], status=status)
    made = credit(books, source, items({"orderLine": 1, "quantity": 1}), "cashRefund")
    assert made["total"] == 11
    assert books.get(source)["orderStatus"]["id"] == status
    credit(books, source, target="cashRefund")
    assert books.get(source)["orderStatus"] == {"id": "G", "refName": "Refunded"}
    assert refusal(books, f"{source}/!transform/cashRefund")["detail"].endswith("has the status Refunded.")


@pytest.mark.parametrize("status", ["A", "B", "C", "G", "H"])
def test_a_return_not_received_cannot_be_refunded(books: Books, status: str) -> None:
    source = returned(books, invoice(books), status=status)
    assert refusal(books, f"{source}/!transform/creditMemo")["o:errorCode"] == "USER_ERROR"


def test_a_return_may_be_refunded_in_advance_where_the_account_says_so(
    control: Control, books: Books
) -> None:
    control.patch(books.path, {"refund_in_advance": True})
    source = returned(books, invoice(books), status="B")
    assert credit(books, source)["total"] == 37.99
    assert refusal(books, f"{returned(books, invoice(books), status='A')}/!transform/creditMemo")


def test_a_return_made_through_the_api_waits_for_its_goods(books: Books) -> None:
    made = credit(books, invoice(books), target="returnAuthorization")
    assert made["orderStatus"] == {"id": "B", "refName": "Pending Receipt"}
    assert "shippingCost" not in made


def test_a_return_is_refunded_as_its_origin_was_paid(books: Books) -> None:
    assert refusal(books, f"{returned(books, invoice(books))}/!transform/cashRefund")
    assert refusal(books, f"{returned(books, cash_sale(books))}/!transform/creditMemo")
    order = books.order()["salesOrder"]
    credit(books, returned(books, f"salesOrder/{order['id']}"), target="cashRefund")


def test_a_credit_by_way_of_a_return_counts_against_the_line_sold(books: Books) -> None:
    source = invoice(books)
    path = returned(books, source, lines=[{"sku": "PEN", "quantity": 2}])
    credit(books, path)
    detail = refusal(
        books, f"{source}/!transform/creditMemo?replace=item", items({"orderLine": 1, "quantity": 2})
    )
    assert "more than the 1 left" in detail["detail"]
    credit(books, source)
    assert books.get(source)["amountRemaining"] == 0


def test_an_open_return_does_not_stop_a_direct_credit(books: Books) -> None:
    source = invoice(books)
    returned(books, source)
    assert credit(books, source)["total"] == 37.99


def test_a_credit_is_applied_to_its_open_invoice(books: Books) -> None:
    source = invoice(books)
    made = credit(books, source, items({"orderLine": 1, "quantity": 1}), query="?replace=item")
    assert (made["applied"], made["unapplied"], made["status"]["id"]) == (11, 0, "B")
    assert made["apply"]["items"][0]["amount"] == 11
    assert books.get(source)["amountRemaining"] == 26.99


def test_a_credit_of_a_paid_invoice_stays_open_until_it_is_refunded(books: Books) -> None:
    source = invoice(books, paid=True)
    assert books.get(source)["status"]["id"] == "B"
    made = credit(books, source)
    assert (made["unapplied"], made["status"]["id"]) == (37.99, "A")
    refund = credit(books, f"creditMemo/{made['id']}", {"externalId": "rs-2"}, "customerRefund")
    assert (refund["total"], refund["status"]["id"], refund["customer"]["id"]) == (37.99, "R", "501")
    assert refund["apply"]["items"][0]["doc"]["id"] == made["id"]
    assert books.get(f"creditMemo/{made['id']}")["status"]["id"] == "B"
    detail = refusal(books, f"creditMemo/{made['id']}/!transform/customerRefund")
    assert detail["detail"].endswith("has no amount left to refund.")
    rows = books.query("SELECT type, status, foreigntotal FROM transaction WHERE type = 'CustRfnd'")
    assert rows == [{"type": "CustRfnd", "status": "R", "foreigntotal": "-37.99"}]


def test_what_a_refund_is_applied_to_can_be_said(books: Books) -> None:
    memo = credit(books, invoice(books, paid=True))
    part = {"apply": {"items": [{"doc": {"id": memo["id"]}, "apply": True, "amount": 10}]}}
    head = {"customer": {"id": "501"}}
    made = books.get(books.make("customerRefund", head | part))
    assert made["total"] == 10
    assert books.get(f"creditMemo/{memo['id']}")["unapplied"] == 27.99
    too_much = {"apply": {"items": [{"doc": {"id": memo["id"]}, "amount": 28}]}}
    assert (
        books.detail("POST", "customerRefund", head | too_much)[1]["o:errorPath"] == "apply.items[0].amount"
    )
    assert books.detail("POST", "customerRefund", head)[1]["o:errorPath"] == "apply"
    assert books.detail("POST", "customerRefund", {})[1]["o:errorPath"] == "customer"


def test_a_credit_is_not_applied_where_the_body_says_so(books: Books) -> None:
    made = credit(books, invoice(books), {"apply": {"items": []}})
    assert (made["applied"], made["status"]["id"]) == (0, "A")


def test_of_two_writers_with_one_external_id_one_wins(books: Books) -> None:
    source = invoice(books)
    body = items({"orderLine": 1, "quantity": 1}) | {"externalId": "rs-1"}
    path = f"{source}/!transform/creditMemo?replace=item"
    statuses = race(*[lambda: books.call("POST", path, body).status_code] * 4)
    assert sorted(statuses) == [204, 400, 400, 400]
    assert len(books.records("creditMemo")) == 1


def test_what_a_credit_is_applied_to_can_be_changed_within_its_worth(books: Books) -> None:
    source = invoice(books)
    made = credit(books, source, items({"orderLine": 1, "quantity": 1}), query="?replace=item")
    path = f"creditMemo/{made['id']}"

    def part(**more: object) -> dict[str, object]:
        return {"apply": {"items": [{"doc": {"id": source.partition("/")[2]}, **more}]}}

    assert books.call("PATCH", path, part(amount=5)).status_code == 204
    assert (books.get(path)["applied"], books.get(path)["status"]["id"]) == (5, "A")
    assert books.call("PATCH", path, part(apply=False)).status_code == 204
    assert books.get(path)["applied"] == 0
    assert books.detail("PATCH", path, part(amount=11.01))[1]["detail"].endswith(
        "More is applied than the credit memo is worth."
    )


def test_what_was_voided_gives_nothing_back(control: Control, books: Books) -> None:
    source = invoice(books)
    control.post(f"{books.path}/records/{source}/edit", {"fields": {"voided": True}})
    assert refusal(books, f"{source}/!transform/creditMemo")["detail"].endswith("is voided.")
