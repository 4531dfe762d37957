"""Ask an account now for what no webhook told of: what `account poll` and `netsuite poll` have in common."""

import threading
from datetime import datetime
from typing import Final

import click

from cli.connecting import AnyAccount, Find
from cli.context import App
from cli.embedded import queue_server
from cli.output import plain, show_json
from ledger import polls
from ledger.clock import utcnow
from ledger.models import Poll
from ledger.views import moment
from workers import polling
from workers.platforms.errors import PlatformError

_LOOK_EVERY: Final = 0.2  # seconds between two looks at a poll that a worker does


def ask_now(app: App, find: Find[AnyAccount], slug: str, *, as_json: bool) -> None:
    """Poll an account now, and say what came of it.

    Raises:
        ledger.accounts.AccountError: If there is no such account.
        PlatformError: If the account is paused, or the platform does not say.
    """
    asked_at = utcnow()
    with queue_server(app.settings):
        with app.database.write() as session:
            owner = find(session, slug)
            if owner.paused_reason:
                raise PlatformError("ACCOUNT_PAUSED", f"{slug}, for {owner.paused_reason}")
            poll_id = polls.hurry(session, owner, now=asked_at).id
        poll = _follow(app, poll_id, asked_at)
    if poll.reason:
        raise PlatformError(poll.reason, poll.detail)
    read_until = moment(poll.watermark)
    if as_json:
        show_json({"account": slug, "found": poll.found, "read_until": read_until})
        return
    what = "1 change" if poll.found == 1 else f"{poll.found} changes"
    click.echo(f"{plain(slug)} was asked for news up to {read_until}: {what} found.")


def _follow(app: App, poll_id: int, asked_at: datetime) -> Poll:
    """Do a poll in this process, unless a worker has it; return it once it has ended."""
    pause = threading.Event()
    while True:
        polling.poll(app.runtime, poll_id)
        with app.database.read() as session:
            poll = session.get_one(Poll, poll_id)
        if poll.ended_at is not None and poll.ended_at >= asked_at:
            return poll
        pause.wait(_LOOK_EVERY)
