import pytest

from ledger.models import Finding, RunItem
from ledger.spreadsheets import RUN_HEADER, harmless, run_row


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\tx", "\rx", "\nx", "＝1"])  # noqa: RUF001 - meant
def test_no_spreadsheet_takes_a_text_for_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


def test_other_cells_stay_as_they_are() -> None:
    assert [harmless(cell) for cell in ("#1001", None, 7, "")] == ["#1001", "", "7", ""]


def test_what_a_run_found_is_a_row() -> None:
    item = RunItem(
        id=1,
        finding=Finding.AMOUNT_DIFFERS,
        order_id="450789469",
        order_name="=HYPERLINK()",
        currency="USD",
        currency_exponent=2,
        storefront_refund_id="509562969",
        storefront_minor=-2000,
        netsuite_type="",
        netsuite_id="",
        netsuite_number="",
        netsuite_currency="",
        netsuite_exponent=0,
        note="",
    )
    row = dict(zip(RUN_HEADER, run_row(item), strict=True))
    assert row["order"] == "'=HYPERLINK()"
    assert (row["storefront_amount"], row["storefront_currency"]) == ("-20.00", "USD")
    assert (row["netsuite_amount"], row["netsuite_currency"], row["refund"]) == ("", "", "")
