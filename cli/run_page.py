"""What a run found, as its commands print it."""

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from cli.output import show_heading, show_table
from ledger import runs
from ledger.money import Money
from ledger.spreadsheets import RUN_HEADER

_COLUMNS: Final = ("finding", "order", "storefront refund", "amount", "netsuite record", "amount", "note")
_TOTALS: Final = ("finding", "currency", "number", "storefront_amount", "netsuite_amount")


def totals_of(session: Session, run_id: int) -> list[dict[str, Any]]:
    """Return what a run found in all, by finding and currency, as JSON values."""
    return [
        {
            "finding": finding.value,
            "currency": currency,
            "number": number,
            "storefront_amount": str(Money.from_minor(there, currency, exponent).amount),
            "netsuite_amount": str(Money.from_minor(here, currency, exponent).amount),
        }
        for finding, currency, exponent, number, there, here in runs.totals(session, run_id)
    ]


def write_csv(rows: Iterable[Sequence[str]]) -> None:
    """Print what a run found as CSV, with a name for each column in the first line."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(RUN_HEADER)
    writer.writerows(rows)


def show_findings(found: Sequence[Mapping[str, Any]], totals: Sequence[Mapping[str, Any]]) -> None:
    """Print the refunds that a run found, both sides of each, and their totals."""
    show_table(
        _COLUMNS,
        [
            [
                each["finding"],
                each["order"],
                each["storefront_refund_id"],
                amount(each["storefront_amount"]),
                f"{each['netsuite_type']} {each['netsuite_number'] or each['netsuite_id']}".strip(),
                amount(each["netsuite_amount"]),
                each["note"],
            ]
            for each in found
        ],
        empty="There is nothing to show.",
    )
    show_heading("Totals")
    show_table(
        ("finding", "currency", "number", "storefront", "netsuite"),
        [[each[name] for name in _TOTALS] for each in totals],
        empty="The period has no refunds.",
    )


def amount(value: Mapping[str, str] | None) -> str:
    """Return an amount as people read it; empty where there is none."""
    return f"{value['amount']} {value['currency']}" if value else ""
