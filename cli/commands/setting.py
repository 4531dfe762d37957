"""The settings that all accounts and all processes share."""

from dataclasses import asdict

import click

from cli.context import App, pass_app
from cli.inputs import read_assignments
from cli.output import example, json_option, show_json, show_table
from ledger import installation
from ledger.clock import utcnow
from ledger.installation import NAMES, Installation


@click.group(epilog=example("refund-sync setting list"))
def setting() -> None:
    """Say how long data is kept, and how fast things are tried again."""


@setting.command("list", epilog=example("refund-sync setting list"))
@json_option
@pass_app
def show_all(app: App, *, as_json: bool) -> None:
    """List the settings that all processes share, and what is usual."""
    with app.database.read() as session:
        known = installation.load(session)
    _show(known, as_json=as_json)


@setting.command(
    "set",
    epilog=example("refund-sync setting set keep_personal_days=14 poll_minutes=10"),
)
@click.argument("words", metavar="NAME=VALUE...", nargs=-1, required=True)
@json_option
@pass_app
def change(app: App, *, words: tuple[str, ...], as_json: bool) -> None:
    """Change settings, all of them or none; NAME= makes one as usual again.

    The processes take a change over within seconds. docs/setup.md says what each means.
    """
    values = read_assignments(words)
    with app.database.write() as session:
        installation.change(session, values, now=utcnow(), actor=app.actor)
        known = installation.load(session)
    _show(known, as_json=as_json)


def _show(known: Installation, *, as_json: bool) -> None:
    if as_json:
        show_json(asdict(known))
        return
    usual = Installation()
    show_table(
        ["name", "value", "usual"],
        [[name, installation.text_of(known, name), installation.text_of(usual, name)] for name in NAMES],
        empty="",
    )
