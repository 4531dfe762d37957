"""NetSuite accounts: add, list, change, try out, pause."""

from typing import TextIO

import click

from cli import changes, connecting
from cli.asking import ask_now
from cli.context import App, pass_app
from cli.embedded import queue_server
from cli.inputs import (
    credentials_options,
    need_credentials,
    read_assignments,
    read_credentials,
    read_secret,
    secret_option,
)
from cli.output import example, json_option, show_json, show_record, show_table
from ledger import accounts, changing, queries
from ledger.accounts import NewNetSuiteAccount
from ledger.clock import utcnow
from ledger.views import netsuite_view
from workers.platforms.netsuite import validate_credentials
from workers.understanding.netsuite import order_fields


@click.group(epilog=example("refund-sync netsuite list"))
def netsuite() -> None:
    """Connect NetSuite accounts, which keep the books."""


@netsuite.command(
    epilog=example(
        "refund-sync netsuite add books --account-id 1234567_SB1 \\",
        "    --credentials-file netsuite.json --private-key-file key.pem",
    )
)
@click.argument("slug")
@click.option("--account-id", required=True, help="NetSuite's own id, such as 1234567_SB1.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, changing.MOST_CONCURRENCY),
    default=5,
    show_default=True,
    help="Requests that may be in flight at once; leave some of the account's for its other integrations.",
)
@credentials_options
@secret_option
@connecting.api_url_option
@json_option
@pass_app
def add(
    app: App,
    *,
    slug: str,
    account_id: str,
    concurrency: int,
    credentials_file: TextIO | None,
    private_key_file: TextIO | None,
    webhook_secret_file: TextIO | None,
    api_url: str,
    as_json: bool,
) -> None:
    """Connect a NetSuite account called SLUG.

    Credentials are {"auth": "oauth2", "client_id", "certificate_id", "private_key"} or {"auth": "tba",
    "consumer_key", "consumer_secret", "token_id", "token_secret"}. They are read from a file or from the
    environment variable REFUND_SYNC_CREDENTIALS. Without a webhook secret one is made and
    shown once; it becomes the API secret that the NetSuite script signs with.
    """
    credentials = need_credentials(credentials_file, private_key_file, app.env)
    validate_credentials(credentials)
    accounts.check_api_url(api_url, allow_private=app.settings.allow_private_urls)
    given = read_secret(webhook_secret_file)
    made = "" if given else changing.new_secret()
    new = NewNetSuiteAccount(
        slug=slug,
        account_id=account_id,
        credentials=credentials,
        webhook_secret=given or made,
        concurrency=concurrency,
        api_url=api_url,
    )
    with app.database.write() as session:
        added = accounts.add_netsuite(session, app.vault, new, now=utcnow(), actor=app.actor)
    if as_json:
        url = connecting.webhook_url(app.settings, "netsuite", slug) or None
        show_json({**netsuite_view(added), "webhook_url": url, "webhook_secret": made or None})
        return
    click.echo(f"{slug} is NetSuite account {added.account_id}.")
    connecting.show_webhook_url(app.settings, "netsuite", slug)
    if made:
        connecting.show_new_secret(made)
    click.echo("Write the script that sends webhooks with `refund-sync suitescript`.")


@netsuite.command("list", epilog=example("refund-sync netsuite list --json"))
@json_option
@pass_app
def show_all(app: App, *, as_json: bool) -> None:
    """List the NetSuite accounts."""
    with app.database.read() as session:
        views = [netsuite_view(each) for each in queries.netsuite_accounts(session)]
    if as_json:
        show_json(views)
        return
    columns = ("slug", "account_id", "concurrency", "paused", "created_at")
    show_table(
        [name.replace("_", " ") for name in columns],
        [[view[name] for name in columns] for view in views],
        empty="There are no NetSuite accounts yet; `refund-sync netsuite add` connects one.",
    )


@netsuite.command("set", epilog=example("refund-sync netsuite set books concurrency=10"))
@click.argument("slug")
@click.argument("words", metavar="[NAME=VALUE]...", nargs=-1)
@credentials_options
@json_option
@pass_app
def change(
    app: App,
    *,
    slug: str,
    words: tuple[str, ...],
    credentials_file: TextIO | None,
    private_key_file: TextIO | None,
    as_json: bool,
) -> None:
    """Change the concurrency or the credentials of a NetSuite account; without any, show it."""
    credentials = read_credentials(credentials_file, private_key_file)
    with app.database.write() as session:
        found = accounts.netsuite_by_slug(session, slug)
        now = utcnow()
        changes.change_netsuite(session, found, read_assignments(words), now=now, actor=app.actor)
        if credentials:
            validate_credentials(credentials)
            changing.set_credentials(session, app.vault, found, credentials, now=now, actor=app.actor)
    view = netsuite_view(found)
    if as_json:
        show_json(view)
    else:
        show_record(view)


@netsuite.command(epilog=example("refund-sync netsuite rotate-secret books"))
@click.argument("slug")
@secret_option
@pass_app
def rotate_secret(app: App, *, slug: str, webhook_secret_file: TextIO | None) -> None:
    """Give a NetSuite account a new webhook secret; the one before stays good until the next rotation.

    Without a file the secret is made and shown once.
    """
    given = read_secret(webhook_secret_file)
    secret = given or changing.new_secret()
    connecting.rotate_secret(app, accounts.netsuite_by_slug, slug, secret)
    if not given:
        connecting.show_new_secret(secret)


@netsuite.command(epilog=example("refund-sync netsuite pause books --note 'year end'"))
@click.argument("slug")
@click.option("--note", default="", help="Why, for whoever looks at it.")
@pass_app
def pause(app: App, *, slug: str, note: str) -> None:
    """Stop carrying refunds from and to a NetSuite account; webhooks are still received."""
    connecting.pause(app, accounts.netsuite_by_slug, slug, note)


@netsuite.command(epilog=example("refund-sync netsuite resume books"))
@click.argument("slug")
@pass_app
def resume(app: App, *, slug: str) -> None:
    """Carry on with a paused NetSuite account."""
    connecting.resume(app, accounts.netsuite_by_slug, slug)


@netsuite.command(epilog=example("refund-sync netsuite test books"))
@click.argument("slug")
@pass_app
def test(app: App, *, slug: str) -> None:
    """Run the query that refunds need, for each field that a joined account keeps its order's number in."""
    with app.database.read() as session:
        found = accounts.netsuite_by_slug(session, slug)
        fields = order_fields(session, found) or ["other_ref_num"]
    with queue_server(app.settings):
        client = app.runtime.netsuite(found)
        for field in fields:
            client.check(match=field)
    click.echo(f"NetSuite account {found.account_id} accepts the credentials and knows {', '.join(fields)}.")


@netsuite.command(epilog=example("refund-sync netsuite poll books"))
@click.argument("slug")
@json_option
@pass_app
def poll(app: App, *, slug: str, as_json: bool) -> None:
    """Ask NetSuite now for refunds and deletions that no webhook told of, rather than when it is due."""
    ask_now(app, accounts.netsuite_by_slug, slug, as_json=as_json)
