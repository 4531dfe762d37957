"""`refund-sync backfill`: take over the refunds of a period that nothing told of."""

import uuid
from datetime import datetime
from typing import Final

import click

from cli.context import App, pass_app
from cli.embedded import queue_server
from cli.output import example, json_option, show_json, show_table
from cli.run_page import amount
from cli.runs import follow, period, utc
from ledger import accounts, runs
from ledger.clock import utcnow
from ledger.models import RunKind
from ledger.run_views import item_view, run_view

_COLUMNS: Final = ("finding", "order", "refund id", "amount", "note")


@click.command(
    epilog=example(
        "refund-sync backfill my-shop --from 2026-10-01 --to 2026-11-01 --dry-run",
        "refund-sync backfill my-shop --from 2026-10-01 --to 2026-11-01",
    )
)
@click.argument("account")
@period
@click.option("--dry-run", is_flag=True, help="List what would be posted, and change nothing.")
@json_option
@pass_app
def backfill(
    app: App, *, account: str, since: datetime, until: datetime | None, dry_run: bool, as_json: bool
) -> None:
    """Read the refunds of a period from the side that the account carries them from, and take them over.

    Those that are known already are left alone. What is interrupted goes on by itself in the workers.
    """
    kind = RunKind.DRY_RUN if dry_run else RunKind.BACKFILL
    with queue_server(app.settings):
        with app.database.write() as session:
            run = runs.begin(
                session,
                accounts.by_slug(session, account),
                kind,
                utc(since),
                utc(until),
                actor=app.actor,
                trace_id=uuid.uuid4().hex,
                now=utcnow(),
            )
        run = follow(app, run, is_quiet=as_json)
    with app.database.read() as session:
        found = [item_view(item) for item in runs.items(session, run.id)]
    if as_json:
        show_json({**run_view(run), "refunds": found})
        return
    rows = []
    for each in found:
        money = each["storefront_amount"] or each["netsuite_amount"]
        refund_id = each["storefront_refund_id"] or each["netsuite_id"]
        rows.append([each["finding"], each["order"], refund_id, amount(money), each["note"]])
    show_table(_COLUMNS, rows, empty="The period has no refunds.")
    click.echo(f"{run.found} found, {run.taken} taken over.")
