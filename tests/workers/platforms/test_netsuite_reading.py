from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money, total
from workers.platforms.errors import PlatformError
from workers.platforms.netsuite_reading import documents, facts_from_rows, refund_from_rows

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
CASH_SALE = {
    "docid": "61",
    "recordtype": "cashsale",
    "tranid": "CS61",
    "docstatus": "C",
    "voided": "F",
    "doctotal": "57.7",
    "currency": "USD",
    "entered": "2026-03-14T08:00:00",
    "asked": "2026-03-14T08:09:26",
    "createdfrom": "60",
}
CREDIT = {
    "docid": "70",
    "recordtype": "creditmemo",
    "tranid": "CM70",
    "externalid": "rs-myshop-1",
    "docstatus": "A",
    "voided": "F",
    "doctotal": "-21.6",
    "currency": "USD",
    "createdfrom": "62",
}


def usd(amount: str) -> Money:
    return Money.parse(amount, "USD")


def main(head: dict[str, str], **more: str) -> dict[str, str]:
    """Return a transaction's main line as NetSuite gives it: texts, and nothing for what is null."""
    return {**head, "lineid": "0", "mainline": "T", "taxline": "F", "amount": head["doctotal"], **more}


def line(head: dict[str, str], number: int, amount: str, **more: str) -> dict[str, str]:
    row = {**head, "lineid": str(number), "mainline": "F", "taxline": "F", "amount": amount}
    return row | {"item": "5", "sku": "MUG", "itemtype": "InvtPart", "quantity": "-1"} | more


def shipping(head: dict[str, str], number: int, amount: str) -> dict[str, str]:
    row = {**head, "lineid": str(number), "mainline": "F", "taxline": "F", "amount": amount}
    return row | {"itemtype": "ShipItem"}


def tax(head: dict[str, str], number: int, amount: str) -> dict[str, str]:
    return shipping(head, number, amount) | {"taxline": "T", "itemtype": "TaxItem"}


SALE_ROWS = [
    main(CASH_SALE, location="2"),
    line(CASH_SALE, 1, "-40", sku="TSHIRT-M", item="4", quantity="-2"),
    line(CASH_SALE, 2, "-9.5"),
    shipping(CASH_SALE, 3, "-5"),
    tax(CASH_SALE, 4, "-3.2"),
]


def test_a_sale_is_read_with_its_lines_shipping_and_tax() -> None:
    (sale,) = documents(SALE_ROWS, now=NOW)
    assert (sale.id, sale.record_type, sale.number, sale.external_id) == ("61", "cashsale", "CS61", "")
    assert (sale.status, sale.voided, sale.location_id) == ("C", False, "2")
    assert sale.created_from == frozenset({"60"})
    assert (sale.total, sale.tax, sale.shipping) == (usd("57.70"), usd("3.20"), usd("5.00"))
    assert [(each.line, each.item_id, each.sku, each.item_type) for each in sale.lines] == [
        (1, "4", "TSHIRT-M", "InvtPart"),
        (2, "5", "MUG", "InvtPart"),
    ]
    assert [(each.quantity, each.amount) for each in sale.lines] == [
        (Decimal(2), usd("40.00")),
        (Decimal(1), usd("9.50")),
    ]


def test_a_credit_is_read_with_the_other_signs() -> None:
    rows = [main(CREDIT), line(CREDIT, 1, "20", quantity="1"), tax(CREDIT, 2, "1.6")]
    (memo,) = documents(rows)
    assert (memo.total, memo.tax, memo.shipping) == (usd("21.60"), usd("1.60"), None)
    assert (memo.lines[0].quantity, memo.lines[0].amount) == (Decimal(1), usd("20.00"))
    assert (memo.status, memo.external_id) == ("A", "rs-myshop-1")


def test_a_discount_lowers_what_the_lines_add_up_to() -> None:
    rows = [
        main(CASH_SALE | {"doctotal": "36"}),
        line(CASH_SALE, 1, "-40"),
        line(CASH_SALE, 2, "4", sku="10 % off", itemtype="Discount", quantity=""),
    ]
    (sale,) = documents(rows)
    assert [each.amount for each in sale.lines] == [usd("40.00"), usd("-4.00")]
    assert (sale.total, sale.tax) == (usd("36.00"), usd("0.00"))


def test_a_sale_that_a_discount_makes_free_keeps_its_signs() -> None:
    rows = [
        main(CASH_SALE | {"doctotal": "0"}),
        line(CASH_SALE, 1, "-40"),
        line(CASH_SALE, 2, "40", sku="Gift", itemtype="Discount"),
    ]
    (sale,) = documents(rows)
    assert [each.amount for each in sale.lines] == [usd("40.00"), usd("-40.00")]


def test_tax_without_a_line_of_its_own_is_what_the_lines_leave_over() -> None:
    (sale,) = documents(SALE_ROWS[:-1])
    assert sale.tax == usd("3.20")


def test_tax_in_several_lines_is_added_up() -> None:
    rows = [*SALE_ROWS[:-1], tax(CASH_SALE, 4, "-2"), tax(CASH_SALE, 5, "-1.2")]
    assert documents(rows)[0].tax == usd("3.20")


def test_tax_is_never_negative_where_the_lines_are_more_than_the_total() -> None:
    rows = [main(CASH_SALE | {"doctotal": "10"}), line(CASH_SALE, 1, "-12")]
    assert documents(rows)[0].tax == usd("0.00")


@pytest.mark.parametrize(
    "itemtype", ["Subtotal", "Description", "Group", "EndGroup", "TaxItem", "TaxGroup", "Payment"]
)
def test_lines_that_only_structure_a_transaction_are_no_items(itemtype: str) -> None:
    rows = [*SALE_ROWS, line(CASH_SALE, 9, "-49.5", itemtype=itemtype)]
    assert documents(rows) == documents(SALE_ROWS)


def test_a_line_without_an_item_is_no_item() -> None:
    row = line(CASH_SALE, 9, "-1")
    del row["item"]
    assert len(documents([*SALE_ROWS, row])[0].lines) == 2


@pytest.mark.parametrize(
    ("head", "voided"),
    [
        ({"docstatus": "V"}, True),
        ({"docstatus": "CustCred:V"}, True),
        ({"voided": "T"}, True),
        ({"docstatus": "B"}, False),
    ],
)
def test_a_voided_record_is_known_by_status_or_by_flag(head: dict[str, str], voided: bool) -> None:  # noqa: FBT001 - an expectation
    assert documents([main(CREDIT | head)])[0].voided is voided


def test_a_sales_orders_letter_v_voids_nothing() -> None:
    head = CASH_SALE | {"recordtype": "salesorder", "docstatus": "V"}
    assert not documents([main(head)])[0].voided


def test_a_cash_refund_has_no_status() -> None:
    head = {name: value for name, value in CREDIT.items() if name != "docstatus"}
    assert documents([main(head | {"recordtype": "cashrefund"})])[0].status == ""


def test_a_record_without_lines_is_read() -> None:
    (memo,) = documents([main(CREDIT)])
    assert (memo.lines, memo.shipping, memo.tax) == ((), None, usd("0.00"))


def test_a_location_may_stand_on_the_lines_only() -> None:
    (memo,) = documents([main(CREDIT), line(CREDIT, 1, "20", location="3")])
    assert memo.location_id == "3"


@pytest.mark.parametrize(
    ("text", "amount"),
    [("12", "12"), (".5", "0.50"), ("-.5", "0.50"), ("1E2", "100"), ("1.5E+01", "15"), ("10.005", "10.01")],
)
def test_a_number_is_read_in_every_form_oracle_writes(text: str, amount: str) -> None:
    assert documents([main(CREDIT | {"doctotal": text})])[0].total == usd(amount)


@pytest.mark.parametrize("text", ["abc", "1,000", "NaN", "Infinity", "1E999999", "--1", "٣"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(PlatformError) as caught:
        documents([main(CREDIT | {"doctotal": text})])
    assert caught.value.reason == "REFUSED"


@pytest.mark.parametrize(("amount", "currency"), [("1E99", "USD"), ("12", "US$"), ("12", "Euro")])
def test_what_is_no_amount_of_money_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(PlatformError) as caught:
        documents([main(CREDIT | {"doctotal": amount, "currency": currency})])
    assert caught.value.reason == "REFUSED"


def test_without_a_currency_the_role_is_to_blame() -> None:
    head = {name: value for name, value in CREDIT.items() if name != "currency"}
    with pytest.raises(PlatformError) as caught:
        documents([main(head)])
    assert caught.value.reason == "NO_PERMISSION"
    assert "transaction 70 has no currency" in caught.value.detail


def test_a_currency_without_decimals_is_read() -> None:
    head = CREDIT | {"currency": "JPY", "doctotal": "-1200"}
    assert documents([main(head)])[0].total == Money.parse("1200", "JPY")


def test_when_a_document_was_entered_does_not_depend_on_netsuites_time_zone() -> None:
    # Nine minutes and 26 seconds ago, by whatever clock NetSuite has.
    assert documents(SALE_ROWS, now=NOW)[0].created_at == NOW - timedelta(minutes=9, seconds=26)
    assert documents(SALE_ROWS)[0].created_at is None


@pytest.mark.parametrize("entered", ["", "3/14/2026", "2026-03-14T09:00:00"])
def test_a_document_was_never_entered_in_the_future(entered: str) -> None:
    created_at = documents([main(CASH_SALE | {"entered": entered})], now=NOW)[0].created_at
    assert created_at in {None, NOW}


def test_documents_are_sorted_into_what_they_are() -> None:
    rows = [
        main({**CASH_SALE, "docid": str(number), "recordtype": kind})
        for number, kind in enumerate(
            ["salesorder", "cashsale", "invoice", "cashrefund", "creditmemo", "returnauthorization"], 60
        )
    ]
    order = facts_from_rows(rows, linked_id="60")
    assert [each.id for each in order.orders] == ["60"]
    assert [each.id for each in order.billed] == ["61", "62"]
    assert [each.id for each in order.refunds] == ["63", "64"]
    assert [each.id for each in order.returns] == ["65"]
    assert order.linked_exists is True


def test_a_linked_record_that_is_gone_is_told_from_one_that_was_never_linked() -> None:
    assert facts_from_rows(SALE_ROWS, linked_id="99").linked_exists is False
    assert facts_from_rows(SALE_ROWS).linked_exists is None
    assert facts_from_rows([], linked_id="99").linked_exists is False


ORDER = {**CASH_SALE, "docid": "60", "recordtype": "salesorder", "otherrefnum": "#1001", "externalid": "SO-1"}
SALE = CASH_SALE | {"otherrefnum": "#1001-B", "custbody_shop": "4501"}
REFUND = {**CREDIT, "docid": "80", "recordtype": "cashrefund", "createdfrom": "61", "otherrefnum": "other"}
REFUND_ROWS = [main(ORDER), main(SALE), main(REFUND), line(REFUND, 1, "20")]
FIELDS = ("other_ref_num", "external_id", "custbody_shop")


def read(rows: list[dict[str, str]], **more: Any) -> Any:  # noqa: ANN401 - arguments as they are given
    wanted = {"record_type": "cashrefund", "record_id": "80", "match_fields": FIELDS}
    return refund_from_rows(rows, **{**wanted, **more})


def test_a_refund_is_read_with_what_it_goes_back_to() -> None:
    refund = read(REFUND_ROWS)
    assert refund.document.id == "80"
    assert refund.document.lines[0].sku == "MUG"
    assert (refund.order_id, refund.order_type) == ("60", "salesorder")
    assert (refund.billed_id, refund.billed_type) == ("61", "cashsale")


def test_an_orders_number_comes_from_the_order_first_and_never_from_the_refund() -> None:
    assert read(REFUND_ROWS).order_numbers == {
        "other_ref_num": "#1001",
        "external_id": "SO-1",
        "custbody_shop": "4501",
    }


def test_an_order_entered_as_a_cash_sale_is_its_own_order() -> None:
    refund = read([main(SALE), main(REFUND)])
    assert (refund.order_id, refund.order_type) == ("61", "cashsale")
    assert refund.order_numbers["other_ref_num"] == "#1001-B"
    assert refund.order_numbers["external_id"] == ""


def test_a_standalone_refund_goes_back_to_nothing() -> None:
    refund = read([main(REFUND)])
    assert (refund.order_id, refund.billed_id) == ("", "")
    assert set(refund.order_numbers.values()) == {""}


@pytest.mark.parametrize(
    ("rows", "more"),
    [
        ([], {}),
        (REFUND_ROWS, {"record_id": "81"}),
        (REFUND_ROWS, {"record_type": "creditmemo"}),
    ],
)
def test_a_refund_that_is_not_there_has_no_document(rows: list[dict[str, str]], more: dict[str, str]) -> None:
    assert read(rows, **more).document is None


_PRICES = st.decimals("0.01", "99999.99", places=2)


@given(
    st.sampled_from(["salesorder", "cashsale", "invoice", "cashrefund", "creditmemo", "returnauthorization"]),
    st.lists(_PRICES, min_size=1),
    _PRICES,
    _PRICES,
    st.booleans(),
)
def test_whatever_the_signs_the_parts_add_up_to_the_total(
    kind: str,
    prices: list[Decimal],
    freight: Decimal,
    taxes: Decimal,
    flipped: bool,  # noqa: FBT001 - given by name
) -> None:
    sign = Decimal(-1 if flipped else 1)
    whole = sum(prices) + freight + taxes
    head = CASH_SALE | {"recordtype": kind, "doctotal": str(-sign * whole)}
    rows = [
        main(head),
        *(line(head, number, str(sign * price)) for number, price in enumerate(prices, 1)),
        shipping(head, 900, str(sign * freight)),
        tax(head, 901, str(sign * taxes)),
    ]
    (document,) = documents(rows)
    assert [each.amount.amount for each in document.lines] == prices
    assert document.shipping is not None
    parts = [*(each.amount for each in document.lines), document.shipping, document.tax]
    assert total(parts, "USD") == document.total == Money(Decimal(whole), "USD")
