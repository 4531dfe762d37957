"""Wake workers for what a person asked for; where that fails, the scheduler does it."""

from collections.abc import Iterable

import click

from cli.context import App


def wake_refunds(app: App, due: Iterable[tuple[int, str]]) -> None:
    """Wake workers for refunds, given as (id, platform)."""
    if not app.waker.due_refunds(due):
        _say_so()


def wake_deliveries(app: App, source: str, ids: Iterable[int]) -> None:
    """Wake a worker for deliveries of one source."""
    if not app.waker.deliveries(source, ids):
        _say_so()


def _say_so() -> None:
    click.echo("No worker could be woken, since Redis does not answer; the scheduler will do it.", err=True)
