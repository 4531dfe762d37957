"""Refunds: what there is to see, and what a person may do with them."""

from typing import Final

import click

from cli.commands import refund_actions
from cli.context import App, pass_app
from cli.inputs import ID
from cli.output import example, json_option, show_json, show_table
from cli.refund_page import show_refund
from ledger import queries
from ledger.details import refund_detail
from ledger.queries import RefundFilter
from ledger.queue import QUEUES
from ledger.reasons import REASONS
from ledger.states import State
from ledger.views import View, refund_view

_TYPES: Final = ("cash_refund", "credit_memo")
_COLUMNS: Final = (
    "id",
    "account",
    "source_channel",
    "order",
    "amount",
    "transaction_type",
    "state",
    "reason",
    "target_id",
)


@click.group(epilog=example("refund-sync refund list --state error --state discrepancy"))
def refund() -> None:
    """Look at refunds, and act on them."""


for _command in (
    refund_actions.retrieve,
    refund_actions.post,
    refund_actions.retry,
    refund_actions.cancel,
    refund_actions.uncancel,
    refund_actions.resolve,
    refund_actions.relink,
):
    refund.add_command(_command)


@refund.command("list", epilog=example("refund-sync refund list --state error --account my-shop"))
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([each.value for each in State]),
    help="May be repeated.",
)
@click.option("--account", default="", help="Name of a storefront account.")
@click.option("--source-channel", type=click.Choice(QUEUES), default=None)
@click.option("--transaction-type", type=click.Choice(_TYPES), default=None)
@click.option("--reason", "code", type=click.Choice(list(REASONS)), default=None, metavar="CODE")
@click.option("--order", default="", help="The order's id or name in the storefront.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", type=ID, default=None, help="Go on after this refund: the last of the page before.")
@json_option
@pass_app
def show_all(
    app: App,
    *,
    states: tuple[str, ...],
    account: str,
    source_channel: str | None,
    transaction_type: str | None,
    code: str | None,
    order: str,
    limit: int,
    after: int | None,
    as_json: bool,
) -> None:
    """List refunds, newest first."""
    wanted = RefundFilter(
        states=tuple(State(each) for each in states),
        account=account,
        source_channel=source_channel or "",
        transaction_type=transaction_type or "",
        reason=code or "",
        order=order,
        limit=limit,
        after=after or 0,
    )
    with app.database.read() as session:
        views = [refund_view(each) for each in queries.refund_page(session, wanted)]
    after_next = views[-1]["id"] if len(views) == limit else None
    if as_json:
        show_json({"refunds": views, "after": after_next})
        return
    show_table(
        [name.replace("_", " ") for name in _COLUMNS],
        [[_cell(view, name) for name in _COLUMNS] for view in views],
        empty="There are no such refunds.",
    )
    if after_next is not None:
        click.echo(f"There may be more: --after {after_next}", err=True)


def _cell(view: View, name: str) -> str:
    if name == "amount":
        return f"{view['amount']['amount']} {view['amount']['currency']}"
    return str(view[name])


@refund.command(epilog=example("refund-sync refund show 17"))
@click.argument("number", metavar="ID", type=ID)
@click.option("--calls", is_flag=True, help="Show what was asked and answered in each attempt, too.")
@json_option
@pass_app
def show(app: App, *, number: int, calls: bool, as_json: bool) -> None:
    """Show everything about a refund: facts, parts, attempts, audit trail, and the deliveries behind it."""
    with app.database.read() as session:
        view = refund_detail(session, queries.refund(session, number))
    if as_json:
        show_json(view)
    else:
        show_refund(view, calls=calls)
