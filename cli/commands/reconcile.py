"""`refund-sync reconcile`: the refunds of both sides of a period, side by side."""

import csv
import sys
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import click

from cli.context import App, pass_app
from cli.embedded import queue_server
from cli.output import example, json_option, show_heading, show_json, show_table
from cli.runs import follow, period, utc
from ledger import accounts, runs
from ledger.clock import utcnow
from ledger.models import Finding, RunKind
from ledger.money import Money
from ledger.run_views import item_view, run_view
from ledger.spreadsheets import RUN_HEADER, run_row

_COLUMNS: Final = ("finding", "order", "storefront refund", "amount", "netsuite record", "amount", "note")


@click.command(epilog=example("refund-sync reconcile my-shop --from 2026-10-01 --to 2026-11-01"))
@click.argument("account")
@period
@click.option("--differences", is_flag=True, help="Leave out what matches.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@json_option
@pass_app
def reconcile(
    app: App,
    *,
    account: str,
    since: datetime,
    until: datetime | None,
    differences: bool,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Compare the refunds that the storefront and NetSuite have of a period, by currency.

    What one side lacks can then be taken over with `refund-sync refund retrieve`. A record in NetSuite counts
    as the account's where the ledger, or a refund of the period in the storefront, knows its order.
    """
    with queue_server(app.settings):
        with app.database.write() as session:
            run = runs.begin(
                session,
                accounts.by_slug(session, account),
                RunKind.RECONCILE,
                utc(since),
                utc(until),
                actor=app.actor,
                trace_id=uuid.uuid4().hex,
                now=utcnow(),
            )
        run = follow(app, run, is_quiet=as_json or as_csv)
    wanted = [each for each in Finding if each is not Finding.MATCHED] if differences else []
    with app.database.read() as session:
        items = runs.items(session, run.id, findings=wanted)
        rows, found = list(map(run_row, items)), list(map(item_view, items))
        totals = [
            {
                "finding": finding.value,
                "currency": currency,
                "number": number,
                "storefront_amount": str(Money.from_minor(there, currency, exponent).amount),
                "netsuite_amount": str(Money.from_minor(here, currency, exponent).amount),
            }
            for finding, currency, exponent, number, there, here in runs.totals(session, run.id)
        ]
    if as_json:
        show_json({**run_view(run), "totals": totals, "refunds": found})
    elif as_csv:
        write_csv(rows)
    else:
        _show(found, totals)


def write_csv(rows: Iterable[Sequence[str]]) -> None:
    """Print what a run found as CSV, with a name for each column in the first line."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(RUN_HEADER)
    writer.writerows(rows)


def _show(found: Sequence[Mapping[str, Any]], totals: Sequence[Mapping[str, Any]]) -> None:
    show_table(
        _COLUMNS,
        [
            [
                each["finding"],
                each["order"],
                each["storefront_refund_id"],
                _amount(each["storefront_amount"]),
                f"{each['netsuite_type']} {each['netsuite_number'] or each['netsuite_id']}".strip(),
                _amount(each["netsuite_amount"]),
                each["note"],
            ]
            for each in found
        ],
        empty="There is nothing to show.",
    )
    show_heading("Totals")
    show_table(
        ("finding", "currency", "number", "storefront", "netsuite"),
        [
            [
                *(
                    each[name]
                    for name in ("finding", "currency", "number", "storefront_amount", "netsuite_amount")
                )
            ]
            for each in totals
        ],
        empty="The period has no refunds.",
    )


def _amount(amount: Mapping[str, str] | None) -> str:
    return f"{amount['amount']} {amount['currency']}" if amount else ""
