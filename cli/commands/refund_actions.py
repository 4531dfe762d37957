"""What a person may do with refunds; each is a named transition with an entry in the audit trail."""

import uuid
from collections.abc import Callable, Iterable
from typing import Final

import click
from sqlalchemy.orm import Session

from cli.context import App, pass_app
from cli.embedded import queue_server
from cli.inputs import ID
from cli.output import example, json_option, plain, show_json
from cli.waking import wake_refunds
from ledger import accounts, actions, bulk, queries, relinking
from ledger.actions import Action
from ledger.clock import utcnow
from ledger.models import Refund
from ledger.models.accounts import Direction
from ledger.orders import NetSuiteOrder
from ledger.reasons import reason
from ledger.views import View, refund_view
from workers import retrieve as retrieving

_ids = click.argument("ids", metavar="ID...", type=ID, nargs=-1, required=True)
_note = click.option("--note", default="", help="Why, for the audit trail.")
_FROM: Final = {
    "storefront": retrieving.from_storefront,
    "netsuite": retrieving.from_netsuite,
}


def _command(name: str, action: Action, what: str, line: str) -> click.Command:
    """Return the command that acts on refunds.

    Args:
        name: The command's name.
        action: What it does with each.
        what: Its help.
        line: Its example.
    """

    @click.command(name, help=what, epilog=example(line))
    @_ids
    @_note
    @json_option
    @pass_app
    def run(app: App, *, ids: tuple[int, ...], note: str, as_json: bool) -> None:
        def act(session: Session, number: int) -> Refund:
            return action(session, number, now=utcnow(), actor=app.actor, note=note)

        _each(app, ids, act, as_json=as_json)

    return run


post = _command(
    "post",
    actions.post,
    "Post refunds now, those held for review included; every other rule still holds.",
    "refund-sync refund post 17 18 --note 'checked with the shop'",
)
retry = _command(
    "retry",
    actions.retry,
    "Look at refunds again now, with all their tries before them.",
    "refund-sync refund retry 17",
)
cancel = _command(
    "cancel",
    actions.cancel,
    "Stop carrying refunds; their data stays, and `uncancel` brings them back.",
    "refund-sync refund cancel 17 --note 'settled by hand'",
)
uncancel = _command(
    "uncancel", actions.uncancel, "Bring cancelled refunds back.", "refund-sync refund uncancel 17"
)


@click.command(
    epilog=example("refund-sync refund resolve 17 --note 'credit memo made by hand' --target-id 4711")
)
@_ids
@click.option("--note", required=True, help="How it was settled.")
@click.option("--target-id", default="", help="Id of the record made by hand; for one refund only.")
@json_option
@pass_app
def resolve(app: App, *, ids: tuple[int, ...], note: str, target_id: str, as_json: bool) -> None:
    """Close refunds that a person settled."""
    if target_id and len(ids) > 1:
        raise click.UsageError("--target-id is the record of one refund; name one")

    def act(session: Session, number: int) -> Refund:
        return actions.resolve(session, number, now=utcnow(), actor=app.actor, note=note, target_id=target_id)

    _each(app, ids, act, as_json=as_json)


@click.command(epilog=example("refund-sync refund retrieve my-shop 1001 --from storefront"))
@click.argument("account")
@click.argument("order")
@click.option(
    "--from",
    "side",
    type=click.Choice(list(_FROM)),
    help="Which side's refunds.  [default: the side that the account carries refunds from]",
)
@json_option
@pass_app
def retrieve(app: App, *, account: str, order: str, side: str | None, as_json: bool) -> None:
    """Read the refunds of an order and take them over as if they had just been made.

    ORDER is the order's id or name in the storefront.
    """
    with app.database.read() as session:
        found = accounts.by_slug(session, account)
    usual = "storefront" if found.direction is Direction.TO_NETSUITE else "netsuite"
    request = retrieving.Request(found, order, actor=app.actor, trace_id=uuid.uuid4().hex)
    with queue_server(app.settings):
        retrieved = _FROM[side or usual](app.runtime, request, now=utcnow())
        wake_refunds(app, retrieved.due)
    with app.database.read() as session:
        views = [refund_view(queries.refund(session, number)) for number in retrieved.refund_ids]
    if as_json:
        show_json({"refunds": views, "new": list(retrieved.new_ids)})
        return
    for view in views:
        known = "new" if view["id"] in retrieved.new_ids else "known already"
        _say(view, known)


@click.command(epilog=example("refund-sync refund relink 17 --netsuite-order 60211"))
@click.argument("number", metavar="ID", type=ID)
@click.option("--netsuite-order", type=ID, required=True, help="Internal id of the NetSuite record.")
@click.option(
    "--type",
    "record_type",
    type=click.Choice(["salesorder", "cashsale", "invoice"]),
    default="salesorder",
    show_default=True,
    help="What kind of record that is; the last two where orders are entered without a sales order.",
)
@pass_app
def relink(app: App, *, number: int, netsuite_order: int, record_type: str) -> None:
    """Link the order of refund ID to another NetSuite record, because it was deleted and made again.

    Refunds that wait for the order are looked at again; those that became discrepancies can be retried.
    """
    order = NetSuiteOrder(record_id=str(netsuite_order), record_type=record_type)
    with app.database.write() as session:
        relinked = relinking.relink(session, number, order, now=utcnow(), actor=app.actor)
    wake_refunds(app, relinked.woken)
    name = plain(relinked.link.storefront_order_name)
    click.echo(f"Order {name} is linked to {record_type} {netsuite_order}.")
    if relinked.disputed:
        numbers = " ".join(map(str, relinked.disputed))
        click.echo(f"Its discrepancies can be posted now: refund-sync refund retry {numbers}")


def _each(app: App, ids: Iterable[int], act: Callable[[Session, int], Refund], *, as_json: bool) -> None:
    """Act on each refund in a transaction of its own, wake workers, and say what became of each.

    Raises:
        SystemExit: With code 1 if any could not be acted on.
    """
    views: list[View] = []
    due: list[tuple[int, str]] = []
    failed = False
    for outcome in bulk.each(app.database, ids, act):
        views.append(outcome.view)
        due += outcome.due
        if outcome.error is not None:
            failed = True
            click.echo(f"Error: refund {outcome.refund_id}: {outcome.error}", err=True)
        elif not as_json:
            _say(views[-1])
    if as_json:
        show_json(views)
    wake_refunds(app, due)
    if failed:
        raise SystemExit(1)


def _say(view: View, note: str = "") -> None:
    """Say in one line where a refund is."""
    amount = view["amount"]
    words = [
        f"refund {view['id']}: {amount['amount']} {amount['currency']} of order {plain(view['order'])}",
        f"is {view['state']}" + (f" ({note})" if note else ""),
        reason(view["reason"]).what + (f" {plain(view['detail'])}" if view["detail"] else ""),
    ]
    click.echo(", ".join(words[:2]) + f". {words[2]}")
