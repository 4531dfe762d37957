"""The people who may sign in."""

from typing import TextIO

import click

from cli.context import App, pass_app
from cli.inputs import read_secret
from cli.output import example, json_option, show_json, show_table
from ledger import people
from ledger.clock import utcnow
from ledger.models import Role
from ledger.views import user_view


@click.group(epilog=example("refund-sync user list"))
def user() -> None:
    """Say who may sign in."""


@user.command(epilog=example("refund-sync user add anna@example.com --role operator"))
@click.argument("email")
@click.option(
    "--role",
    type=click.Choice([each.value for each in Role]),
    required=True,
    help="viewer looks, operator acts on refunds, admin configures.",
)
@click.option(
    "--password-file",
    type=click.File(encoding="utf-8"),
    help="File with the password; - reads standard input. Without it, it is asked for twice.",
)
@pass_app
def add(app: App, *, email: str, role: str, password_file: TextIO | None) -> None:
    """Let a person sign in; somebody who was disabled comes back with the new role and password."""
    password = read_secret(password_file) or click.prompt(
        f"Password ({people.SHORTEST_PASSWORD} characters or more)",
        hide_input=True,
        confirmation_prompt=True,
        prompt_suffix=": ",
        err=True,
    )
    with app.database.write() as session:
        added = people.add_user(session, email, Role(role), password, now=utcnow(), actor=app.actor)
    click.echo(f"{added.email} may sign in as {added.role}.")


@user.command("list", epilog=example("refund-sync user list"))
@json_option
@pass_app
def show_all(app: App, *, as_json: bool) -> None:
    """List everybody who may sign in, or once might."""
    with app.database.read() as session:
        views = [user_view(each) for each in people.users(session)]
    if as_json:
        show_json(views)
        return
    columns = ("email", "role", "created_at", "disabled_at")
    show_table(
        [name.replace("_", " ") for name in columns],
        [[view[name] for name in columns] for view in views],
        empty="There are no users yet; `refund-sync user add` adds one.",
    )


@user.command(epilog=example("refund-sync user disable anna@example.com"))
@click.argument("email")
@pass_app
def disable(app: App, *, email: str) -> None:
    """Let a person sign in no more."""
    with app.database.write() as session:
        found = people.disable_user(session, email, now=utcnow(), actor=app.actor)
    click.echo(f"{found.email} may sign in no more.")
