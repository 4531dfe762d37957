"""What the commands that begin runs have in common: the period, following a run, and what it found."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import click

from cli.context import App
from ledger import runs
from ledger.clock import utcnow
from ledger.models import Run, RunState
from ledger.views import moment
from workers import running

_LOOK_EVERY: Final = 0.5  # seconds between two looks at a run that somebody else works on
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
    pause, said = threading.Event(), ""
    while True:
        if not running.work(app.runtime, run.id):
            pause.wait(_LOOK_EVERY)  # a worker has it
        with app.database.read() as session:
            run = runs.get(session, run.id)
        line = f"{moment(run.done_until)}  {run.found} found"
        if line != said and not is_quiet:
            click.echo(line, err=True)
        said = line
        if run.state is RunState.DONE:
            return run
        if run.state is not RunState.RUNNING:
            raise RunFailedError(f"run {run.id} {run.state.value}: {run.reason} {run.detail}".strip())
        if run.reason:
            raise RunFailedError(
                f"run {run.id} has to wait ({run.reason} {run.detail}); the workers will go on with it"
            )
