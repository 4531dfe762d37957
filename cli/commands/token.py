"""The bearer tokens of the API."""

from datetime import timedelta

import click

from cli.context import App, pass_app
from cli.output import example, json_option, show_json, show_table
from ledger import people
from ledger.clock import utcnow
from ledger.models import Role
from ledger.views import token_view


@click.group(epilog=example("refund-sync token list"))
def token() -> None:
    """Say which programs may use the API."""


@token.command(epilog=example("refund-sync token add nightly-report --role viewer --days 90"))
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([each.value for each in Role]),
    required=True,
    help="viewer looks, operator acts on refunds, admin configures.",
)
@click.option(
    "--days",
    type=click.IntRange(1, people.LONGEST_TOKEN_LIFE.days),
    required=True,
    help="How long it lives.",
)
@json_option
@pass_app
def add(app: App, *, name: str, role: str, days: int, as_json: bool) -> None:
    """Make a token called NAME; it is shown once and kept nowhere."""
    with app.database.write() as session:
        added, text = people.add_token(
            session, name, Role(role), timedelta(days=days), now=utcnow(), actor=app.actor
        )
    view = token_view(added)
    if as_json:
        show_json({**view, "token": text})
        return
    click.echo(f"Token: {text}")
    click.echo(f"It is not shown again. It may what a {role} may until {view['expires_at']}.")


@token.command("list", epilog=example("refund-sync token list"))
@json_option
@pass_app
def show_all(app: App, *, as_json: bool) -> None:
    """List the tokens, expired and revoked ones included."""
    with app.database.read() as session:
        views = [token_view(each) for each in people.tokens(session)]
    if as_json:
        show_json(views)
        return
    columns = ("name", "role", "created_at", "expires_at", "revoked_at")
    show_table(
        [name.replace("_", " ") for name in columns],
        [[view[name] for name in columns] for view in views],
        empty="There are no tokens yet; `refund-sync token add` makes one.",
    )


@token.command(epilog=example("refund-sync token revoke nightly-report"))
@click.argument("name")
@pass_app
def revoke(app: App, *, name: str) -> None:
    """End a token now."""
    with app.database.write() as session:
        people.revoke_token(session, name, now=utcnow(), actor=app.actor)
    click.echo(f"Token {name} is revoked.")
