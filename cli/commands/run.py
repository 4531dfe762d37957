"""Runs: backfills, dry runs and reconciliations, whoever began them."""

from typing import Final

import click

from cli.context import App, pass_app
from cli.inputs import ID
from cli.output import example, json_option, show_heading, show_json, show_record, show_table
from cli.run_page import show_findings, totals_of, write_csv
from ledger import accounts, runs
from ledger.clock import utcnow
from ledger.models import Finding, RunKind
from ledger.run_views import item_view, run_view
from ledger.spreadsheets import run_row

_COLUMNS: Final = ("id", "kind", "account", "from", "to", "state", "done_until", "found", "taken", "reason")


@click.group(epilog=example("refund-sync run list"))
def run() -> None:
    """Look at backfills and reconciliations, and stop them."""


@run.command("list", epilog=example("refund-sync run list --kind reconcile --account my-shop"))
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([each.value for each in RunKind]),
    help="May be repeated.",
)
@click.option("--account", default="", help="Name of a storefront account.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", type=ID, default=None, help="Go on after this run: the last of the page before.")
@json_option
@pass_app
def show_all(
    app: App, *, kinds: tuple[str, ...], account: str, limit: int, after: int | None, as_json: bool
) -> None:
    """List runs, newest first, and how far each has come."""
    with app.database.read() as session:
        found = runs.latest(
            session,
            kinds=[RunKind(each) for each in kinds] or tuple(RunKind),
            account_id=accounts.by_slug(session, account).id if account else None,
            before=after,
            limit=limit,
        )
        views = [run_view(each) for each in found]
    after_next = views[-1]["id"] if len(views) == limit else None
    if as_json:
        show_json({"runs": views, "after": after_next})
        return
    show_table(
        [name.replace("_", " ") for name in _COLUMNS],
        [[view[name] for name in _COLUMNS] for view in views],
        empty="There are no such runs; `refund-sync backfill` and `refund-sync reconcile` begin them.",
    )
    if after_next is not None:
        click.echo(f"There may be more: --after {after_next}", err=True)


@run.command(epilog=example("refund-sync run show 7", "refund-sync run show 7 --differences --csv"))
@click.argument("number", metavar="ID", type=ID)
@click.option("--differences", is_flag=True, help="Leave out what matches.")
@click.option("--csv", "as_csv", is_flag=True, help="Print what it found as CSV.")
@json_option
@pass_app
def show(app: App, *, number: int, differences: bool, as_csv: bool, as_json: bool) -> None:
    """Show a run: how far it has come, and what it found."""
    wanted = [each for each in Finding if each is not Finding.MATCHED] if differences else []
    with app.database.read() as session:
        view = run_view(runs.get(session, number))
        items = runs.items(session, number, findings=wanted)
        rows, found = list(map(run_row, items)), list(map(item_view, items))
        totals = totals_of(session, number)
    if as_json:
        show_json({**view, "totals": totals, "refunds": found})
    elif as_csv:
        write_csv(rows)
    else:
        show_record({name.replace("_", " "): value for name, value in view.items()})
        show_heading("Found")
        show_findings(found, totals)


@run.command(epilog=example("refund-sync run stop 7"))
@click.argument("number", metavar="ID", type=ID)
@json_option
@pass_app
def stop(app: App, *, number: int, as_json: bool) -> None:
    """End a run that is under way; what it did stays, and it is not gone on with."""
    with app.database.write() as session:
        view = run_view(runs.stop(session, number, now=utcnow(), actor=app.actor))
    if as_json:
        show_json(view)
        return
    click.echo(f"Run {number} is stopped. It had come to {view['done_until']}: {view['found']} found.")
