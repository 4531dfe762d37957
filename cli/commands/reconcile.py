"""`refund-sync reconcile`: the refunds of both sides of a period, side by side."""

import uuid
from datetime import datetime

import click

from cli.context import App, pass_app
from cli.embedded import queue_server
from cli.output import example, json_option, show_json
from cli.run_page import show_findings, totals_of, write_csv
from cli.runs import follow, period, utc
from ledger import accounts, runs
from ledger.clock import utcnow
from ledger.models import Finding, RunKind
from ledger.run_views import item_view, run_view
from ledger.spreadsheets import run_row


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
        totals = totals_of(session, run.id)
    if as_json:
        show_json({**run_view(run), "totals": totals, "refunds": found})
    elif as_csv:
        write_csv(rows)
    else:
        show_findings(found, totals)
