"""SuiteQL is executed: joins, functions, paging and values as NetSuite has them, and its refusals."""

from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from sandbox.netsuite.suiteql import shown
from sandbox.netsuite.suiteql_dialect import SuiteQLError, translate
from tests.sandbox.helpers import Books, Control

UNSUPPORTED = "Search error occurred: Invalid or unsupported search"


@pytest.fixture
def billed(books: Books) -> Any:  # noqa: ANN401  # JSON
    return books.order(billed="invoice", shippingCost="5.00", shippingTaxRate="0.1")


def test_one_query_joins_everything_of_an_order(books: Books, billed: Any) -> None:  # noqa: ANN401  # JSON
    rows = books.query(
        """
        SELECT t.id, t.type, t.recordtype, t.tranid, l.id AS line, l.mainline, l.taxline, i.itemid AS sku,
            l.itemtype, l.quantity, l.rate, l.foreignamount, l.createdfrom, c.symbol
        FROM transaction t
            INNER JOIN TransactionLine l ON l.transaction = t.id
            LEFT JOIN item i ON i.id = l.item
            LEFT JOIN currency c ON c.id = t.currency
        WHERE t.otherrefnum = ? AND t.type = 'CustInvc' ORDER BY l.linesequencenumber
        """,
        "#1001",
    )
    invoice, order = billed["billed"]["id"], billed["salesOrder"]["id"]
    head = {
        "id": invoice,
        "type": "CustInvc",
        "recordtype": "invoice",
        "tranid": f"INV{invoice}",
        "createdfrom": order,
        "symbol": "USD",
    }
    item = {"mainline": "F", "taxline": "F", "itemtype": "InvtPart"}
    assert rows == [
        head | {"line": "0", "mainline": "T", "taxline": "F", "foreignamount": "43.49"},
        head | item | {"line": "1", "sku": "PEN", "quantity": "-3", "rate": "10", "foreignamount": "-30"},
        head | item | {"line": "2", "sku": "INK", "quantity": "-1", "rate": "4.99", "foreignamount": "-4.99"},
        head | item | {"line": "3", "itemtype": "ShipItem", "foreignamount": "-5"},
        head | {"line": "4", "mainline": "F", "taxline": "T", "itemtype": "TaxItem", "foreignamount": "-3.5"},
    ]


def test_credits_have_the_opposite_signs(books: Books, billed: Any) -> None:  # noqa: ANN401  # JSON
    memo = books.make(f"invoice/{billed['billed']['id']}/!transform/creditMemo", {}).partition("/")[2]
    totals = books.query("SELECT type, foreigntotal, taxtotal FROM transaction ORDER BY id")
    assert totals == [
        {"type": "SalesOrd", "foreigntotal": "43.49", "taxtotal": "3.5"},
        {"type": "CustInvc", "foreigntotal": "43.49", "taxtotal": "3.5"},
        {"type": "CustCred", "foreigntotal": "-43.49", "taxtotal": "-3.5"},
    ]
    lines = books.query(
        "SELECT mainline, quantity, foreignamount FROM transactionline WHERE transaction = ? ORDER BY id",
        memo,
    )
    assert lines[0] == {"mainline": "T", "foreignamount": "-43.49"}
    assert lines[1] == {"mainline": "F", "quantity": "3", "foreignamount": "30"}
    assert [line["foreignamount"] for line in lines[3:]] == ["5", "3.5"]


def test_amounts_of_another_currency_are_converted_in_netamount(books: Books) -> None:
    books.order(currency="JPY", lines=[{"sku": "PEN", "quantity": 1, "rate": "1000"}], exchangeRate="0.0066")
    query = "SELECT foreignamount, netamount FROM transactionline WHERE mainline = 'T'"
    assert books.query(query) == [{"foreignamount": "1000", "netamount": "6.6"}]
    assert books.query("SELECT exchangerate FROM transaction") == [{"exchangerate": "0.0066"}]


def test_what_an_item_costs_is_booked_in_two_lines_of_its_own(control: Control, books: Books) -> None:
    control.patch(books.path, {"items": [{"itemid": "PEN", "itemtype": "InvtPart", "cost": "4"}]})
    books.order(billed="cashSale")
    rows = books.query(
        "SELECT l.foreignamount AS cost FROM transactionline l WHERE l.iscogs = 'T' ORDER BY l.id"
    )
    assert rows == [{"cost": "-12"}, {"cost": "12"}]


def test_links_lead_from_line_to_line(books: Books, billed: Any) -> None:  # noqa: ANN401  # JSON
    invoice = billed["billed"]["id"]
    memo = books.make(f"invoice/{invoice}/!transform/creditMemo", {}).partition("/")[2]
    query = """SELECT nl.nextdoc, nl.nexttype, nl.previousline, nl.nextline, nl.linktype, nl.foreignamount
        FROM NextTransactionLineLink nl WHERE nl.previousdoc = ? ORDER BY nl.previousline"""
    to = {"nextdoc": memo, "nexttype": "CustCred"}
    assert books.query(query, invoice) == [
        to | {"previousline": "0", "nextline": "0", "linktype": "Payment", "foreignamount": "43.49"},
        to | {"previousline": "1", "nextline": "1", "linktype": "SaleRet", "foreignamount": "30"},
        to | {"previousline": "2", "nextline": "2", "linktype": "SaleRet", "foreignamount": "4.99"},
    ]
    back = "SELECT DISTINCT previousdoc, previoustype FROM PreviousTransactionLineLink WHERE nextdoc = ?"
    assert books.query(back, memo) == [{"previousdoc": invoice, "previoustype": "CustInvc"}]
    documents = "SELECT nextdoc FROM NextTransactionLink WHERE previousdoc = ?"
    assert books.query(documents, billed["salesOrder"]["id"]) == [{"nextdoc": invoice}]


def test_a_deleted_record_leaves_a_trace(books: Books) -> None:
    order = books.order()["salesOrder"]
    assert books.call("DELETE", f"salesOrder/{order['id']}").status_code == 204
    rows = books.query(
        "SELECT name, recordid, type, scriptid, TO_CHAR(deleteddate, 'YYYY') AS y FROM DeletedRecord"
    )
    assert len(rows[0].pop("y")) == 4
    assert rows == [
        {
            "name": f"Sales Order #SO{order['id']}",
            "recordid": order["id"],
            "type": "Sales Order",
            "scriptid": "salesorder",
        }
    ]
    assert books.query("SELECT id FROM transaction") == []


def test_display_values_are_shown_by_builtin_df(books: Books, billed: Any) -> None:  # noqa: ANN401  # JSON
    rows = books.query(
        """SELECT BUILTIN.DF(t.status) AS status, BUILTIN.DF(t.type) AS type,
            BUILTIN.DF(t.currency) AS currency, BUILTIN.DF(t.entity) AS entity, BUILTIN.DF(l.item) AS item,
            BUILTIN.DF(l.createdfrom) AS source, BUILTIN.DF(l.subsidiary) AS subsidiary,
            BUILTIN.DF(l.location) AS place
        FROM transaction t JOIN transactionline l ON l.transaction = t.id
        WHERE t.type = 'CustInvc' AND l.id = 1"""
    )
    assert rows == [
        {
            "status": "Invoice : Open",
            "type": "Invoice",
            "currency": "US Dollar",
            "entity": "Web Customer",
            "item": "PEN",
            "source": f"Sales Order #SO{billed['salesOrder']['id']}",
            "subsidiary": "Parent company",
        }
    ]
    unaliased = """SELECT BUILTIN.DF(transaction.status) AS a, BUILTIN.DF(status) AS b
        FROM transaction WHERE type = 'SalesOrd'"""
    assert books.query(unaliased) == [{"a": "Sales Order : Billed", "b": "Sales Order : Billed"}]


def test_dates_are_compared_and_shown_as_oracle_does(control: Control, books: Books) -> None:
    books.order(otherRefNum="first")
    first = books.query("SELECT TO_CHAR(createddate, 'YYYY-MM-DD HH24:MI:SS') AS at FROM transaction")[0][
        "at"
    ]
    control.post("settings", {"advance_seconds": 60})
    books.order(otherRefNum="second")
    newer = "SELECT otherrefnum FROM transaction WHERE createddate > TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS')"
    assert books.query(newer, first) == [{"otherrefnum": "second"}]
    year, month, day = first[:10].split("-")
    shown_dates = books.query("SELECT trandate, createddate FROM transaction WHERE otherrefnum = 'first'")
    assert shown_dates == [dict.fromkeys(("trandate", "createddate"), f"{int(month)}/{int(day)}/{year}")]
    text = """SELECT TO_CHAR(createddate, 'YYYY-MM-DD"T"HH24:MI:SS') AS at,
        TO_CHAR(TRUNC(createddate), 'HH24') AS h, TO_CHAR(SYSDATE, 'YYYY') AS y
        FROM transaction WHERE otherrefnum = 'first'"""
    (row,) = books.query(text)
    assert (row["at"], row["h"], len(row["y"])) == (first.replace(" ", "T"), "00", 4)


def test_a_date_is_not_compared_with_mere_text(books: Books) -> None:
    books.order()
    assert UNSUPPORTED in books.query_error("SELECT id FROM transaction WHERE createddate > '2026-11-01'")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("NVL(TO_DATE(NULL, 'YYYY'), 'x')", "x"),
        ("NVL2(NULL, 'a', 'b')", "b"),
        ("COALESCE(NULL, 3)", "3"),
        ("DECODE(2, 1, 'one', 2, 'two', 'many')", "two"),
        ("DECODE(9, 1, 'one', 'many')", "many"),
        ("CASE WHEN 1 = 1 THEN 'yes' ELSE 'no' END", "yes"),
        ("UPPER('a') || LOWER('B')", "Ab"),
        ("CONCAT('a', NULL)", "a"),
        ("SUBSTR('abcdef', 2, 3)", "bcd"),
        ("ROUND(2.675, 1)", "2.7"),
        ("ABS(-2.50)", "2.5"),
        ("0.1 + 0.2", "0.3"),
        ("TO_NUMBER('12.50')", "12.5"),
        ("MOD(7, 3)", "1"),
        ("TRUNC(7.9)", "7"),
        ("GREATEST(1, 3, 2)", "3"),
        ("TO_CHAR(12)", "12"),
        ("REPLACE('it''s', '''', '-')", "it-s"),
        ("TO_CHAR(TO_DATE('11/02/2026', 'MM/DD/YYYY'), 'DD.MM.YYYY')", "02.11.2026"),
    ],
)
def test_oracle_s_functions_are_there(books: Books, expression: str, value: str) -> None:
    assert books.query("SELECT " + expression + " AS v FROM dual") == [{"v": value}]  # noqa: S608  # of the table above


def test_nothing_is_left_away_and_names_are_in_lower_case(books: Books) -> None:
    books.order()
    (row,) = books.query("SELECT ID AS TheId, memo, externalid FROM Transaction")
    assert list(row) == ["theid"]
    assert books.query("SELECT COUNT(*), 1 + 1 FROM transaction") == [{"expr1": "1", "expr2": "2"}]
    assert books.query('SELECT 1 AS "Quoted", 2 AS a, 3 AS a FROM dual') == [
        {"quoted": "1", "a": "2", "a_3": "3"}
    ]


def test_sets_groups_and_limits(books: Books) -> None:
    for number in range(4):
        books.order(otherRefNum=f"#{number % 2}")
    groups = """SELECT otherrefnum, COUNT(*) AS n FROM transaction
        GROUP BY otherrefnum HAVING COUNT(*) > 1 ORDER BY 1"""
    assert books.query(groups) == [{"otherrefnum": "#0", "n": "2"}, {"otherrefnum": "#1", "n": "2"}]
    union = "SELECT 1 AS a FROM dual UNION ALL SELECT 1 FROM dual"
    assert books.query(union) == [{"a": "1"}, {"a": "1"}]
    assert len(books.query("SELECT id FROM transaction ORDER BY id FETCH FIRST 3 ROWS ONLY")) == 3
    assert (
        len(
            books.query("SELECT id FROM transaction WHERE id IN (SELECT id FROM transaction WHERE id > 1001)")
        )
        == 3
    )
    assert books.query("WITH x AS (SELECT 1 AS a FROM dual) SELECT a FROM x") == [{"a": "1"}]
    exists = """SELECT COUNT(*) AS n FROM transaction t WHERE EXISTS
        (SELECT 1 FROM transactionline l WHERE l.transaction = t.id AND l.rate BETWEEN 4 AND 5)"""
    assert books.query(exists) == [{"n": "4"}]


def test_parameters_are_values_and_never_text_of_the_query(books: Books) -> None:
    books.order(otherRefNum="'; DROP TABLE item --")
    assert len(books.query("SELECT id FROM transaction WHERE otherrefnum = ?", "'; DROP TABLE item --")) == 1
    assert books.query("SELECT id FROM transaction WHERE id = ?", 1001) == [{"id": "1001"}]
    assert books.query("SELECT id FROM transaction WHERE id IN (?, ?)", "1001", 7.5) == [{"id": "1001"}]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT nope FROM transaction", "Search error occurred: Unknown identifier 'nope'."),
        ("SELECT t.nope FROM transaction t", "Search error occurred: Unknown identifier 'nope'."),
        ("SELECT id FROM nope", "Search error occurred: Record 'nope' was not found."),
        ("SELECT id FROM transaction LIMIT 5", UNSUPPORTED),
        ("SELECT id FROM transaction;", UNSUPPORTED),
        ("SELECT id FROM transaction FETCH FIRST ROWS ONLY", UNSUPPORTED),
        ("SELECT id FROM transaction WHERE ROWNUM < 3", UNSUPPORTED),
        ("SELECT `id` FROM transaction", UNSUPPORTED),
        ("SELECT [id] FROM transaction", UNSUPPORTED),
        ('SELECT "id" FROM transaction', "Search error occurred: Unknown identifier 'id'"),
        ("SELECT IFNULL(memo, '') FROM transaction", f"{UNSUPPORTED}: function IFNULL"),
        ("SELECT GROUP_CONCAT(id) FROM transaction", f"{UNSUPPORTED}: function GROUP_CONCAT"),
        ("SELECT BUILTIN.NOPE(id) FROM transaction", f"{UNSUPPORTED}: BUILTIN.NOPE"),
        ("SELECT BUILTIN.DF(id FROM transaction", UNSUPPORTED),
        ("SELECT BUILTIN.DF() FROM transaction", UNSUPPORTED),
        ("DELETE FROM transaction", UNSUPPORTED),
        ("UPDATE transaction SET memo = 'x'", UNSUPPORTED),
        ("PRAGMA table_info(item)", UNSUPPORTED),
        ("WITH x AS (SELECT 1) DELETE FROM item", UNSUPPORTED),
        ("", UNSUPPORTED),
    ],
)
def test_what_netsuite_refuses_is_refused(books: Books, query: str, reason: str) -> None:
    assert books.query_error(query) == reason


@pytest.mark.parametrize(
    "query",
    [
        "SELECT name FROM sqlite_master",
        "SELECT id FROM transaction WHERE id = ?",
        "SELECT TO_DATE('x', 'YYYY') FROM dual",
        "SELECT TO_DATE('2026', 'QQ') FROM dual",
        "SELECT TO_NUMBER('x') FROM dual",
        "SELECT id FROM transaction t JOIN transactionline l ON l.transaction = t.id",
        "SELECT FROM WHERE",
    ],
)
def test_what_cannot_be_run_is_an_invalid_search(books: Books, query: str) -> None:
    books.order()
    assert books.query_error(query).startswith("Search error occurred: ")


@given(st.text(max_size=60))
def test_no_text_gets_a_statement_that_changes_anything_through(text: str) -> None:
    for statement in (
        "DELETE FROM item",
        "DROP TABLE item",
        "INSERT INTO item VALUES (1)",
        "ATTACH 'x' AS y",
    ):
        for query in (f"{statement} {text}", f"SELECT 1; {statement} {text}"):
            with pytest.raises(SuiteQLError):
                translate(query)


@given(st.text(max_size=40))
def test_text_in_quotes_stays_as_it_is(text: str) -> None:
    literal = "'" + text.replace("'", "''") + "'"
    assert translate("SELECT " + literal) == "SELECT " + literal


@given(st.decimals(min_value=-(10**6), max_value=10**6, places=3))
def test_numbers_are_shown_without_needless_zeros(number: object) -> None:
    text = shown(float(str(number)))
    assert text is not None
    assert float(text) == float(str(number))
    assert not text.endswith(".0")
    assert "e" not in text.lower()


def test_answers_come_in_pages(books: Books) -> None:
    for _ in range(5):
        books.order()
    query = "SELECT id FROM transaction ORDER BY id"
    first = books.query_response(query, page="?limit=2").json()
    assert (first["count"], first["hasMore"], first["offset"], first["totalResults"]) == (2, True, 0, 5)
    assert {each["rel"] for each in first["links"]} == {"self", "next"}
    assert first["items"][0] == {"links": [], "id": "1001"}
    last = books.query_response(query, page="?limit=2&offset=4").json()
    assert (last["count"], last["hasMore"], last["offset"]) == (1, False, 4)
    assert {each["rel"] for each in last["links"]} == {"self", "previous"}


@pytest.mark.parametrize(
    ("page", "wrong"),
    [("?limit=0", "limit"), ("?limit=1001", "limit"), ("?limit=x", "limit"), ("?limit=2&offset=3", "offset")],
)
def test_pages_out_of_bounds_are_refused(books: Books, page: str, wrong: str) -> None:
    answer = books.query_response("SELECT id FROM item", page=page)
    (detail,) = answer.json()["o:errorDetails"]
    assert (answer.status_code, detail["o:errorQueryParam"]) == (400, wrong)


@pytest.mark.parametrize("prefer", [None, "respond-sync"])
def test_the_prefer_header_is_required(books: Books, prefer: str | None) -> None:
    answer = books.query_response("SELECT id FROM item", prefer=prefer)
    (detail,) = answer.json()["o:errorDetails"]
    assert (answer.status_code, detail["o:errorHeader"]) == (400, "Prefer")


@pytest.mark.parametrize("body", [{}, {"q": 1}, {"q": "SELECT 1", "limit": 1}, {"q": "x", "params": "y"}])
def test_the_body_is_a_query_and_its_parameters_and_no_more(books: Books, body: object) -> None:
    answer = requests.post(
        f"{books.rest}/query/v1/suiteql",
        json=body,
        headers={"Authorization": f"Bearer {books.token}", "Prefer": "transient"},
        timeout=10,
    )
    assert (answer.status_code, answer.json()["o:errorDetails"][0]["o:errorCode"]) == (400, "INVALID_CONTENT")


def test_custom_body_fields_are_columns_once_declared(control: Control, books: Books) -> None:
    assert "Unknown identifier" in books.query_error("SELECT custbody_shop FROM transaction")
    control.patch(books.path, {"custom_fields": ["custbody_shop"]})
    books.order(custom={"custbody_shop": "820982911946154508"})
    assert books.query(
        "SELECT custbody_shop FROM transaction WHERE custbody_shop = ?", "820982911946154508"
    ) == [{"custbody_shop": "820982911946154508"}]
