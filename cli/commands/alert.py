"""Alerts: who is told when something comes to need a person."""

from typing import Final, TextIO

import click

from cli.context import App, pass_app
from cli.inputs import read_secret
from cli.output import example, json_option, show_json, show_table
from cli.trial import outcome_of
from ledger import alert_channels, queries
from ledger.alert_channels import Ground, Wishes
from ledger.clock import utcnow
from ledger.models import AlertChannel, ChannelKind, News
from ledger.views import View, moment

_COLUMNS: Final = ("name", "kind", "target", "is_on", "told_at", "failures", "detail")


@click.group(epilog=example("refund-sync alert list"))
def alert() -> None:
    """Say who is told when something needs a person."""


@alert.command(
    epilog=example(
        "refund-sync alert add finance --email anna@example.com --email otto@example.com",
        "refund-sync alert add slack --webhook-file slack.txt --news error --news paused",
    )
)
@click.argument("name")
@click.option("--email", "addresses", multiple=True, help="Address to tell; may be repeated.")
@click.option(
    "--webhook-file",
    type=click.File(encoding="utf-8"),
    help="File with the address of a webhook to tell; - reads standard input.",
)
@click.option(
    "--news",
    multiple=True,
    type=click.Choice([each.value for each in News]),
    help="What to tell of; may be repeated.  [default: everything]",
)
@click.option(
    "--account", "slugs", multiple=True, help="Account to tell of; may be repeated.  [default: all]"
)
@click.option(
    "--cleared/--no-cleared",
    default=True,
    show_default=True,
    help="Whether to tell, too, once it needs nobody any more.",
)
@click.option(
    "--digest",
    type=click.IntRange(0, alert_channels.MOST_DIGEST_MINUTES),
    default=0,
    show_default=True,
    help="Minutes to gather news for one message.",
)
@click.option(
    "--hourly",
    type=click.IntRange(1, alert_channels.MOST_HOURLY),
    default=alert_channels.USUAL_HOURLY,
    show_default=True,
    help="Messages an hour, at most.",
)
@json_option
@pass_app
def add(
    app: App,
    *,
    name: str,
    addresses: tuple[str, ...],
    webhook_file: TextIO | None,
    news: tuple[str, ...],
    slugs: tuple[str, ...],
    cleared: bool,
    digest: int,
    hourly: int,
    as_json: bool,
) -> None:
    """Tell somebody of alerts, by e-mail or by webhook.

    A webhook's messages are signed with a secret that is shown once. Its address is read from a file, since
    whoever knows it may write to it.
    """
    if bool(addresses) is (webhook_file is not None):
        raise click.UsageError("name either --email or --webhook-file")
    kind = ChannelKind.EMAIL if addresses else ChannelKind.WEBHOOK
    wishes = Wishes(
        name=name,
        target=" ".join(addresses) or read_secret(webhook_file),
        news=frozenset(News(each) for each in news) or frozenset(News),
        accounts=slugs,
        tells_cleared=cleared,
        digest_minutes=digest,
        hourly_cap=hourly,
    )
    settings = app.settings
    ground = Ground(can_mail=bool(settings.smtp_url), allow_private=settings.allow_private_urls)
    with app.database.write() as session:
        made = alert_channels.add(
            session, app.vault, kind, wishes, ground=ground, now=utcnow(), actor=app.actor
        )
    secret = alert_channels.secret_of(app.vault, made)
    if as_json:
        view = _view(app, made, dict(zip(made.account_ids, sorted(set(slugs)), strict=True)))
        show_json({**view, **({"secret": secret} if secret else {})})
        return
    if secret:
        click.echo(f"Secret: {secret}")
        click.echo(
            "It is not shown again. Programs check the signature of messages with it; Slack needs none."
        )
    click.echo(f"{name} is told from now on; `refund-sync alert test {name}` tries it out.")


@alert.command("list", epilog=example("refund-sync alert list"))
@json_option
@pass_app
def show_all(app: App, *, as_json: bool) -> None:
    """List who is told, and whether that works."""
    with app.database.read() as session:
        slugs = {account.id: account.slug for account in queries.storefront_accounts(session)}
        views = [_view(app, each, slugs) for each in alert_channels.channels(session)]
    if as_json:
        show_json(views)
        return
    show_table(
        [name.replace("_", " ") for name in _COLUMNS],
        [[view[name] for name in _COLUMNS] for view in views],
        empty="Nobody is told of alerts yet; `refund-sync alert add` adds somebody.",
    )


@alert.command(epilog=example("refund-sync alert test slack"))
@click.argument("name")
@click.option("--wait", type=click.FloatRange(0), default=60.0, show_default=True, help="Seconds to wait.")
@pass_app
def test(app: App, *, name: str, wait: float) -> None:
    """Send a test, the way that alerts go: the scheduler must be running."""
    with app.database.write() as session:
        channel = alert_channels.by_name(session, name)
        message = alert_channels.ask_test(session, channel, now=utcnow(), actor=app.actor)
    message = outcome_of(app, message, patience=wait)
    click.echo(f"The test was sent.{f' But {message.detail}.' if message.detail else ''}")


@alert.command(epilog=example("refund-sync alert remove slack"))
@click.argument("name")
@pass_app
def remove(app: App, *, name: str) -> None:
    """Tell somebody no more."""
    with app.database.write() as session:
        channel = alert_channels.by_name(session, name)
        alert_channels.remove(session, channel, now=utcnow(), actor=app.actor)
    click.echo(f"{name} is told no more.")


def _view(app: App, channel: AlertChannel, slugs: dict[int, str]) -> View:
    return {
        "id": channel.id,
        "name": channel.name,
        "kind": channel.kind.value,
        "target": alert_channels.shown_target(app.vault, channel),
        "is_on": channel.is_on,
        "news": channel.news,
        "accounts": [slugs.get(number, str(number)) for number in channel.account_ids],
        "tells_cleared": channel.tells_cleared,
        "digest_minutes": channel.digest_minutes,
        "hourly_cap": channel.hourly_cap,
        "told_at": moment(channel.told_at),
        "failures": channel.failures,
        "reason": channel.reason,
        "detail": channel.detail,
    }
