"""What storefront and NetSuite accounts have in common: how they are connected, paused, given new secrets."""

from collections.abc import Callable
from typing import TypeVar

import click
from sqlalchemy.orm import Session

from cli.context import App
from cli.output import plain
from ledger import accounts, pausing
from ledger.clock import utcnow
from ledger.models import Account, NetSuiteAccount
from ledger.settings import Settings
from webhooks.endpoints import path_of

AnyAccount = TypeVar("AnyAccount", Account, NetSuiteAccount)

Find = Callable[[Session, str], AnyAccount]
"""Finds an account by its name; raises `ledger.accounts.AccountError`."""

api_url_option = click.option(
    "--api-url", default="", help="Another API address than the platform's own; for development."
)


def webhook_url(settings: Settings, source: str, slug: str) -> str:
    """Return where an account's webhooks are received; empty while no public address is set."""
    return settings.public_url and settings.public_url + path_of(source, slug)


def show_webhook_url(settings: Settings, source: str, slug: str) -> None:
    """Tell a person where the platform has to send its webhooks."""
    if url := webhook_url(settings, source, slug):
        click.echo(f"Webhook URL: {url}")
    else:
        click.echo(
            f"Webhook path: {path_of(source, slug)}, below the address at which the platform reaches "
            "this service; set REFUND_SYNC_PUBLIC_URL to it"
        )


def show_new_secret(secret: str) -> None:
    """Show a secret that was just made; it cannot be shown again."""
    click.echo(f"Webhook secret: {secret}")
    click.echo("It is not shown again: keep it until both sides have it.")


def pause(app: App, find: Find[AnyAccount], slug: str, note: str) -> None:
    """Pause an account because a person wants it."""
    with app.database.write() as session:
        account = find(session, slug)
        paused = pausing.pause(session, account, "ACCOUNT_PAUSED", note, now=utcnow(), actor=app.actor)
        reason = account.paused_reason
    if paused:
        click.echo(f"{slug} is paused; its refunds wait until `resume`.")
    else:
        click.echo(f"{slug} was paused already ({reason}).")


def resume(app: App, find: Find[AnyAccount], slug: str) -> None:
    """Let an account carry on."""
    with app.database.write() as session:
        woken = pausing.resume(session, find(session, slug), now=utcnow(), actor=app.actor)
    click.echo(f"{slug} carries on; {woken} refunds and deliveries waited for it.")


def rotate_secret(app: App, find: Find[AnyAccount], slug: str, secret: str, *, live: int = 2) -> None:
    """Make a secret an account's newest."""
    with app.database.write() as session:
        account = find(session, slug)
        accounts.rotate_secret(session, app.vault, account, secret, now=utcnow(), actor=app.actor, live=live)
    click.echo(f"{plain(slug)} has a new webhook secret; the newest {live} of its secrets are good.")
