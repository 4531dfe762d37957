"""`refund-sync reseal`: the last step of replacing REFUND_SYNC_SECRET_KEY."""

import click

from cli.context import App, pass_app
from cli.output import example
from ledger import resealing
from ledger.clock import utcnow


@click.command(epilog=example("refund-sync reseal"))
@pass_app
def reseal(app: App) -> None:
    """Encrypt every stored secret anew with the first of REFUND_SYNC_SECRET_KEY.

    Those behind it can then be taken away, once every process has the new one in front.
    """
    with app.database.write() as session:
        number = resealing.reseal(session, app.vault, now=utcnow(), actor=app.actor)
    click.echo(f"{number} secrets are sealed with the newest key; no other one is needed for them any more.")
