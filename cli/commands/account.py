"""Storefront accounts: add, list, change, try out, pause."""

from dataclasses import asdict
from typing import Any, TextIO

import click

from cli import changes, connecting
from cli.asking import ask_now
from cli.context import App, pass_app
from cli.inputs import (
    InputError,
    credentials_options,
    need_credentials,
    read_assignments,
    read_credentials,
    read_secret,
    secret_option,
)
from cli.output import example, json_option, show_json, show_record, show_table
from ledger import accounts, changing, queries
from ledger.accounts import NewAccount
from ledger.clock import utcnow
from ledger.models import Account
from ledger.models.accounts import Direction
from ledger.platforms import Platform
from ledger.policy import Policy
from ledger.views import View, account_view
from webhooks.subscriptions import SUBSCRIPTIONS
from workers.platforms.storefronts import STOREFRONTS


@click.group(epilog=example("refund-sync account list"))
def account() -> None:
    """Connect storefronts, and set their rules."""


@account.command(
    epilog=example(
        "refund-sync account add my-shop --platform shopify --storefront my-shop.myshopify.com \\",
        "    --netsuite books --direction to_netsuite --credentials-file shopify.json \\",
        "    --set item_shipping=1201 --set item_adjustment_positive=1202",
    )
)
@click.argument("slug")
@click.option("--platform", type=click.Choice([each.value for each in STOREFRONTS]), required=True)
@click.option(
    "--storefront",
    required=True,
    help="The platform's name of it: a domain, an address or a seller id.",
)
@click.option("--netsuite", "books", required=True, help="The NetSuite account it is joined to.")
@click.option(
    "--direction",
    type=click.Choice([each.value for each in Direction]),
    help="Which way its refunds are carried.  [default: from_netsuite for carts]",
)
@click.option("--set", "words", multiple=True, metavar="NAME=VALUE", help="A setting; may be repeated.")
@credentials_options
@secret_option
@connecting.api_url_option
@json_option
@pass_app
def add(
    app: App,
    *,
    slug: str,
    platform: str,
    storefront: str,
    books: str,
    direction: str | None,
    words: tuple[str, ...],
    credentials_file: TextIO | None,
    private_key_file: TextIO | None,
    webhook_secret_file: TextIO | None,
    api_url: str,
    as_json: bool,
) -> None:
    """Connect a storefront account called SLUG to a NetSuite account.

    Credentials for Shopify are {"client_id", "client_secret"} or {"access_token"}; those of the other
    platforms are in docs/setup.md. They are read from a file or from REFUND_SYNC_CREDENTIALS.
    """
    credentials = need_credentials(credentials_file, private_key_file, app.env)
    connector = STOREFRONTS[Platform(platform)]
    connector.validate_credentials(credentials)
    secret = read_secret(webhook_secret_file) or connector.webhook_secret(credentials)
    if not secret:
        hint = SUBSCRIPTIONS[Platform(platform)].secret
        raise InputError("no_secret", f"{hint}: give it with --webhook-secret-file")
    accounts.check_api_url(api_url, allow_private=app.settings.allow_private_urls)
    new = NewAccount(
        slug=slug,
        platform=Platform(platform),
        storefront_id=storefront,
        netsuite_slug=books,
        credentials=credentials,
        webhook_secret=secret,
        direction=Direction(direction) if direction else None,
        settings=_settings(read_assignments(words)),
        api_url=api_url,
    )
    with app.database.write() as session:
        added = accounts.add(session, app.vault, new, now=utcnow(), actor=app.actor)
        view = account_view(added, under_way={})
    _show_added(app, view, as_json=as_json)


def _settings(words: dict[str, str]) -> dict[str, Any]:
    return {name: Policy().changed(name, text)[1] for name, text in words.items()}


def _show_added(app: App, view: View, *, as_json: bool) -> None:
    source, slug = view["platform"], view["slug"]
    subscription = SUBSCRIPTIONS[Platform(source)]
    if as_json:
        url = connecting.webhook_url(app.settings, source, slug) or None
        show_json({**view, "webhook_url": url, "topics": list(subscription.topics)})
        return
    click.echo(f"{slug} carries refunds {view['direction'].replace('_', ' ')}.")
    connecting.show_webhook_url(app.settings, source, slug)
    click.echo(f"Subscribe to these topics, in {subscription.where}:")
    for topic in subscription.topics:
        click.echo(f"  {topic}")


@account.command("list", epilog=example("refund-sync account list --json"))
@json_option
@pass_app
def show_all(app: App, *, as_json: bool) -> None:
    """List the storefront accounts."""
    with app.database.read() as session:
        under_way = accounts.counts(session)
        views = [account_view(each, under_way=under_way) for each in queries.storefront_accounts(session)]
    if as_json:
        show_json(views)
        return
    columns = ("slug", "platform", "storefront", "netsuite", "direction", "sync", "paused", "under_way")
    show_table(
        [name.replace("_", " ") for name in columns],
        [[view[name] for name in columns] for view in views],
        empty="There are no accounts yet; `refund-sync account add` connects one.",
    )


@account.command("set", epilog=example("refund-sync account set my-shop direction=to_netsuite review=yes"))
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
    """Change settings of an account, all of them or none; without any, show them.

    Beside the settings of its rules an account has direction (to_netsuite or from_netsuite) and sync (on or
    off). A direction cannot change while refunds are under way.
    """
    credentials = read_credentials(credentials_file, private_key_file)
    with app.database.write() as session:
        found = accounts.by_slug(session, slug)
        now = utcnow()
        changes.change_account(session, found, read_assignments(words), now=now, actor=app.actor)
        if credentials:
            STOREFRONTS[found.platform].validate_credentials(credentials)
            changing.set_credentials(session, app.vault, found, credentials, now=now, actor=app.actor)
    settings = _all_settings(found)
    if as_json:
        show_json(settings)
    else:
        show_record({name: str(value) for name, value in settings.items()})


def _all_settings(found: Account) -> View:
    return {
        "direction": found.direction.value,
        "sync": "on" if found.sync_enabled else "off",
        **asdict(Policy.of(found.settings)),
    }


@account.command(epilog=example("refund-sync account rotate-secret my-shop --webhook-secret-file new.txt"))
@click.argument("slug")
@secret_option
@click.option(
    "--live",
    type=click.IntRange(1, accounts.MOST_SECRETS),
    default=2,
    show_default=True,
    help="How many of the newest secrets stay good.",
)
@pass_app
def rotate_secret(app: App, *, slug: str, webhook_secret_file: TextIO | None, live: int) -> None:
    """Give an account a new webhook secret; the one before stays good until the next rotation.

    The platform makes the secret, so it is read from a file.
    """
    secret = read_secret(webhook_secret_file)
    if not secret:
        raise InputError("no_secret", "the new secret is missing: give it with --webhook-secret-file")
    connecting.rotate_secret(app, accounts.by_slug, slug, secret, live=live)


@account.command(epilog=example("refund-sync account pause my-shop --note 'stocktaking'"))
@click.argument("slug")
@click.option("--note", default="", help="Why, for whoever looks at it.")
@pass_app
def pause(app: App, *, slug: str, note: str) -> None:
    """Stop carrying an account's refunds; webhooks are still received."""
    connecting.pause(app, accounts.by_slug, slug, note)


@account.command(epilog=example("refund-sync account resume my-shop"))
@click.argument("slug")
@pass_app
def resume(app: App, *, slug: str) -> None:
    """Carry on with a paused account's refunds."""
    connecting.resume(app, accounts.by_slug, slug)


@account.command(epilog=example("refund-sync account test my-shop"))
@click.argument("slug")
@pass_app
def test(app: App, *, slug: str) -> None:
    """Make a call that needs valid credentials."""
    with app.database.read() as session:
        found = accounts.by_slug(session, slug)
    app.runtime.storefront(found).check()
    click.echo(f"{found.storefront_id} accepts the credentials.")


@account.command(epilog=example("refund-sync account poll my-shop"))
@click.argument("slug")
@json_option
@pass_app
def poll(app: App, *, slug: str, as_json: bool) -> None:
    """Ask the storefront now for refunds that no webhook told of, rather than when it is due.

    What is found is worked off like a webhook. To read one order, whatever its age: `refund retrieve`.
    """
    ask_now(app, accounts.by_slug, slug, as_json=as_json)
