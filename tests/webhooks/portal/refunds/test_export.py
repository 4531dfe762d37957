"""The table that spreadsheets open: what is filtered, all of it, and nothing that is run."""

import csv
import io
from decimal import Decimal

from werkzeug.test import TestResponse

from ledger.models import Account
from ledger.refunds import load
from ledger.states import State
from tests.webhooks.portal.conftest import Browser
from tests.webhooks.portal.refunds.conftest import Make
from webhooks.portal.pages.refunds.export import HEADER


def table(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_an_empty_table_has_its_header(viewer: Browser) -> None:
    answer = viewer.get("/refunds/export.csv")
    assert table(answer) == []
    assert answer.text.strip() == ",".join(HEADER)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="transactions-20')


def test_what_is_filtered_is_exported_with_amounts_that_add_up(
    viewer: Browser, make: Make, auctions: Account
) -> None:
    first = make(1, state=State.ERROR, amount="12.30", detail="No item.")
    make(2, state=State.POSTED)
    third = make(3, auctions, state=State.ERROR, amount="700", currency="JPY")
    rows = table(viewer.get("/refunds/export.csv?state=error"))
    assert [row["id"] for row in rows] == [str(third), str(first)]
    assert sum(Decimal(row["amount"]) for row in rows) == Decimal("712.30")
    row = rows[1]
    assert (row["account"], row["order"], row["currency"], row["detail"]) == (
        "shop",
        "#1001",
        "USD",
        "No item.",
    )
    assert row["occurred_at"] == "2026-03-14T15:09:26Z"


def test_it_is_longer_than_a_page_of_the_ledger(viewer: Browser, make: Make) -> None:
    made = [make(number) for number in range(1, 503)]
    answer = viewer.get("/refunds/export.csv")
    assert answer.is_streamed
    assert [int(row["id"]) for row in table(answer)] == made[::-1]


def test_no_cell_is_a_formula(viewer: Browser, make: Make) -> None:
    number = make(state=State.ERROR, detail="-1+1|cmd")
    with viewer.database.write() as session:
        load(session, number).storefront_order_name = '=HYPERLINK("https://evil.example";"#1001")'
    (row,) = table(viewer.get("/refunds/export.csv"))
    assert row["order"] == '\'=HYPERLINK("https://evil.example";"#1001")'
    assert row["detail"] == "'-1+1|cmd"


def test_a_filter_that_is_not_understood_exports_nothing(viewer: Browser, make: Make) -> None:
    make()
    answer = viewer.get("/refunds/export.csv?since=yesterday")
    assert answer.status_code == 400
    assert "That is no day" in answer.text
