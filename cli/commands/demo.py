"""`refund-sync demo`: every scenario over real HTTP with real signatures, and a table of what came out."""

import sys
import tempfile
import threading
from pathlib import Path
from typing import Final

import click

from cli.demo.play import play
from cli.demo.stage import Stage
from cli.demo.verdict import Verdict, latencies
from cli.demo.watch import DemoError
from cli.demo.world import World, world
from ledger import people
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Refund, Role

LOGIN: Final = "demo@example.com"
"""Who may sign in to the demo's portal."""

_COLUMNS: Final = ("channel", "order", "refund", "direction", "type", "state", "reason", "target")


@click.command(epilog="Example: refund-sync demo --once")
@click.option("--once", is_flag=True, help="End after the table, also on a terminal.")
@click.option("--port", type=int, default=None, help="Port of the web process; a free one by default.")
def demo(*, once: bool, port: int | None) -> None:
    """Show refunds crossing between simulated storefronts and a simulated NetSuite."""
    try:
        with (
            tempfile.TemporaryDirectory(prefix="refund-sync-demo-") as directory,
            world(Path(directory), port) as running,
        ):
            verdict = play(running.stage)
            _report(running.stage, verdict)
            if not verdict.wrong and not once and sys.stdin.isatty() and sys.stdout.isatty():
                _stay(running)
    except DemoError as error:
        raise click.ClickException(str(error)) from error
    if verdict.wrong:
        sys.exit(1)


def _report(stage: Stage, verdict: Verdict) -> None:
    rows = [_COLUMNS, *(_cells(row) for row in verdict.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    for number, row in enumerate(rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            click.echo("  ".join("-" * width for width in widths))
    click.echo()
    for sentence in verdict.wrong:
        click.echo(f"not as expected: {sentence}", err=True)
    p50, p99, number = latencies(stage)
    click.echo(f"from accepted delivery to record: p50 {p50:.3f} s, p99 {p99:.3f} s ({number} refunds)")
    click.echo(f"demo: {len(verdict.rows)} refunds, {verdict.expected} as expected")


def _cells(row: Refund) -> tuple[str, ...]:
    order = row.storefront_order_name or row.storefront_order_id
    if row.order_link is not None:
        order = row.order_link.storefront_order_name or order
    return (
        row.origin,
        order,
        row.source_refund_id,
        row.direction.value,
        row.transaction_type or "-",
        row.state.value,
        row.reason,
        row.target_id or "-",
    )


def let_in(database: Database) -> str:
    """Let somebody sign in to the portal as an administrator, `LOGIN`; return the password."""
    password = people.new_password()
    with database.write() as session:
        people.add_user(session, LOGIN, Role.ADMIN, password, now=utcnow(), actor="demo")
    return password


def _stay(running: World) -> None:
    """Stay up until the terminal says stop."""
    password = let_in(running.stage.database)
    click.echo()
    click.echo("The service stays up. Look around in the portal:")
    click.echo(f"  {running.web_url}/")
    click.echo(f"  sign in as {LOGIN} with the password {password}")
    click.echo("or in another terminal:")
    for command in ("refund list", "refund show 1", "doctor"):
        click.echo(f"  REFUND_SYNC_DATA_DIR={running.data_dir} {sys.argv[0]} {command}")
    click.echo("Ctrl-C stops it and removes everything.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("Stopping.")
