"""`refund-sync restored`: say that the ledger was put back to an old backup."""

from datetime import datetime

import click

from cli.context import App, pass_app
from cli.inputs import MOMENT
from cli.output import example, json_option, show_json, show_table
from ledger import restoring
from ledger.clock import utcnow
from ledger.views import moment


@click.command(epilog=example("refund-sync restored --from 2026-11-20T03:00Z", "refund-sync restored"))
@click.option(
    "--from", "backup_at", type=MOMENT, help="When the backup was begun, with its time zone; earlier is safe."
)
@json_option
@pass_app
def restored(app: App, *, backup_at: datetime | None, as_json: bool) -> None:
    """Say that the ledger was restored from a backup, or show it.

    Say it before any worker starts; without --from, what was said is shown. NetSuite's refunds from before
    now are then looked for in the storefront since the backup, and what nobody can tell is given to a person.
    docs/deploy.md has every step of a restore.
    """
    if backup_at is not None:
        with app.database.write() as session:
            restoring.tell(session, backup_at, now=utcnow(), actor=app.actor)
    with app.database.read() as session:
        known = [(moment(gap.since), moment(gap.until)) for gap in restoring.gaps(session)]
    if as_json:
        show_json([{"restored_from": since, "restored_at": until} for since, until in known])
        return
    show_table(["restored from", "restored at"], known, empty="This ledger was never restored.")
