"""Deliveries: every webhook request that was accepted, as it came."""

import json
from typing import Final

import click

from cli.context import App, pass_app
from cli.inputs import ID
from cli.output import example, json_option, plain, show_heading, show_json, show_record, show_table
from cli.waking import wake_deliveries
from ledger import deliveries, queries
from ledger.clock import utcnow
from ledger.details import delivery_detail
from ledger.models import DeliveryState
from ledger.queries import DeliveryFilter, DeliveryNotFoundError
from ledger.queue import QUEUES
from ledger.reasons import reason
from ledger.views import delivery_view
from webhooks.endpoints import NoSuchEndpointError
from webhooks.replay import ErasedError, reread
from webhooks.sources.protocol import UnreadableError

_COLUMNS: Final = ("id", "source", "account", "topic", "state", "reason", "received_at", "attempts", "bytes")
_FACTS: Final = (
    *("id", "source", "account", "topic", "delivery_key", "state", "reason", "detail", "order_ref"),
    *("received_at", "processed_at", "attempts", "bytes", "trace_id"),
)


@click.group(epilog=example("refund-sync delivery list --state quarantined"))
def delivery() -> None:
    """Look at webhooks as they came, and replay them."""


@delivery.command("list", epilog=example("refund-sync delivery list --state quarantined --account my-shop"))
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([each.value for each in DeliveryState]),
    help="May be repeated.",
)
@click.option("--account", default="", help="Name of a storefront or NetSuite account.")
@click.option("--source", type=click.Choice(QUEUES), default=None)
@click.option("--topic", default="", help="Such as refunds/create.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option(
    "--after", type=ID, default=None, help="Go on after this delivery: the last of the page before."
)
@json_option
@pass_app
def show_all(
    app: App,
    *,
    states: tuple[str, ...],
    account: str,
    source: str | None,
    topic: str,
    limit: int,
    after: int | None,
    as_json: bool,
) -> None:
    """List deliveries, newest first."""
    wanted = DeliveryFilter(
        states=tuple(DeliveryState(each) for each in states),
        account=account,
        source=source or "",
        topic=topic,
        limit=limit,
        after=after or 0,
    )
    with app.database.read() as session:
        names = queries.owners(session)
        views = [
            delivery_view(each, names[each.netsuite_account_id, each.account_id])
            for each in queries.delivery_page(session, wanted)
        ]
    after_next = views[-1]["id"] if len(views) == limit else None
    if as_json:
        show_json({"deliveries": views, "after": after_next})
        return
    show_table(
        [name.replace("_", " ") for name in _COLUMNS],
        [[view[name] for name in _COLUMNS] for view in views],
        empty="There are no such deliveries.",
    )
    if after_next is not None:
        click.echo(f"There may be more: --after {after_next}", err=True)


@delivery.command(epilog=example("refund-sync delivery show 42"))
@click.argument("number", metavar="ID", type=ID)
@json_option
@pass_app
def show(app: App, *, number: int, as_json: bool) -> None:
    """Show a delivery: what is known of it, its headers, its body, and what was understood of it."""
    with app.database.read() as session:
        found = queries.delivery(session, number)
        view = delivery_detail(session, found)
    body = found.body.decode("utf-8", "replace")
    if as_json:
        show_json({**view, "body": body})
        return
    what = {"what": reason(found.reason).what, "what to do": reason(found.reason).fix} if found.reason else {}
    show_record({**{name.replace("_", " "): view[name] for name in _FACTS}, **what})
    show_heading("Headers")
    show_record(dict(found.headers))
    show_heading("Understood as")
    for event in found.events:
        click.echo(plain(json.dumps(event, ensure_ascii=False)))
    show_heading("Body")
    click.echo(plain(body))


@delivery.command(epilog=example("refund-sync delivery replay 42 43"))
@click.argument("ids", metavar="ID...", type=ID, nargs=-1, required=True)
@pass_app
def replay(app: App, *, ids: tuple[int, ...]) -> None:
    """Read deliveries again as this version understands them, and have them worked off.

    Refunds that they tell of are not carried twice: what is known already stays as it is.
    """
    failed = False
    for number in dict.fromkeys(ids):
        try:
            _replay(app, number)
        except (DeliveryNotFoundError, ErasedError, NoSuchEndpointError, UnreadableError) as error:
            failed = True
            click.echo(f"Error: delivery {number}: {error}", err=True)
    if failed:
        raise SystemExit(1)


def _replay(app: App, number: int) -> None:
    with app.database.write() as session:
        found = queries.delivery(session, number)
        events = reread(queries.owner_of(session, found), found)
        deliveries.replay(session, found, events, now=utcnow(), actor=app.actor)
    click.echo(f"delivery {number} is worked off again; it tells of {len(events)} events.")
    wake_deliveries(app, found.source, [number])
