"""What the commands that begin runs have in common: the period, following a run, and what it found."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import click

from cli.context import App
from cli.output import moment
from ledger import runs
from ledger.clock import utcnow
from ledger.models import Run, RunItem, RunState
from ledger.money import Money
from workers import running

_DATES: Final = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


class RunFailedError(Exception):
    """Raised when a run that was followed did not come to its end.

    Attributes:
        reason: Always `run_failed`.
    """

    reason = "run_failed"


def period(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--from` and `--to`, as the arguments `since` and `until`, in UTC."""
    since = click.option(
        "--from", "since", type=_DATES, required=True, help="First day, or moment, of the period; UTC."
    )
    until = click.option(
        "--to", "until", type=_DATES, default=None, help="End of the period, not part of it.  [default: now]"
    )
    return since(until(command))


def utc(value: datetime | None) -> datetime:
    """Return a moment that was typed, now where none was."""
    return utcnow() if value is None else value.replace(tzinfo=UTC)


def follow(app: App, run: Run, *, is_quiet: bool) -> Run:
    """Work on a run in this process until it has ended, and say how far it is.

    Workers may work on it at the same time: each bit goes to one of them, with or without this command.

    Raises:
        RunFailedError: If it failed, was stopped, or has to wait; it then goes on by itself later.
    """
    while True:
        running.work(app.runtime, run.id)
        with app.database.read() as session:
            run = runs.get(session, run.id)
        if not is_quiet:
            click.echo(f"{moment(run.done_until)}  {run.found} found", err=True)
        if run.state is RunState.DONE:
            return run
        if run.state is not RunState.RUNNING:
            raise RunFailedError(f"run {run.id} {run.state.value}: {run.reason} {run.detail}".strip())
        if run.reason:
            raise RunFailedError(
                f"run {run.id} has to wait ({run.reason} {run.detail}); the workers will go on with it"
            )


def run_view(run: Run) -> dict[str, Any]:
    """Return a run as JSON values."""
    return {
        "id": run.id,
        "kind": run.kind.value,
        "account": run.account.slug,
        "from": moment(run.since),
        "to": moment(run.until),
        "state": run.state.value,
        "done_until": moment(run.done_until),
        "found": run.found,
        "taken": run.taken,
        "reason": run.reason,
        "detail": run.detail,
        "actor": run.actor,
        "created_at": moment(run.created_at),
        "ended_at": moment(run.ended_at) or None,
    }


def item_view(item: RunItem) -> dict[str, Any]:
    """Return what a run found as JSON values."""
    return {
        "finding": item.finding.value,
        "order": item.order_name or item.order_id,
        "occurred_at": moment(item.occurred_at) or None,
        "storefront_refund_id": item.storefront_refund_id,
        "storefront_amount": _money(item, item.storefront_minor),
        "netsuite_type": item.netsuite_type,
        "netsuite_id": item.netsuite_id,
        "netsuite_number": item.netsuite_number,
        "netsuite_amount": _money(item, item.netsuite_minor),
        "refund": item.refund_id,
        "note": item.note,
    }


def _money(item: RunItem, minor: int | None) -> dict[str, str] | None:
    if minor is None:
        return None
    return Money.from_minor(minor, item.currency, item.currency_exponent).to_json()
