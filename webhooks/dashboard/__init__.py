"""RQ's dashboard at `/rq`: rq-dashboard's pages over a reading of Redis that trusts nothing.

rq-dashboard 0.9 has no login and no protection against forged requests, changes state on GET, unpickles
what it finds, puts it into pages unescaped, and asks for lists of any length
(https://github.com/Parallels/rq-dashboard). So its blueprint is not registered. Its pages, scripts and
counts are served by one of ours, which has only the routes that an operator needs:

* `views` are these routes, and `safety` what every request to them has to pass;
* `looking` reads from Redis, a bounded piece at a time; `stored` understands what it reads, loads nothing,
  and says `unreadable` where that fails;
* `templates/` holds its pages in the portal's look, with all from Redis escaped and a nonce for scripts.

Deleting, emptying, compacting and requeueing all at once do not exist here: the ledger decides what is due,
and a job in Redis is only a call to look.
"""

from collections.abc import Callable
from typing import Final

from flask import Flask, Response
from redis import Redis

from webhooks.dashboard import views

NAME: Final = views.NAME
"""The blueprint's name, for whoever has to tell its requests from others."""

Guard = Callable[[str], Response | None]
"""From the least role that may do this, `viewer` or `operator`, to a refusal; None lets the request pass."""


def mount(app: Flask, redis: Redis, guard: Guard, *, frame: str = views.FRAME, public_url: str = "") -> None:
    """Serve the dashboard below `/rq`.

    A policy for the whole application's content must leave a `Content-Security-Policy` alone that an answer
    has already: below the prefix scripts need more than elsewhere.

    Args:
        app: The web process' application; may be one of several in this process.
        redis: The queue's connection, whose calls have a timeout.
        guard: Asked before every request below the prefix, static files included.
        frame: The template that the pages are set in, with blocks `title` and `content`.
        public_url: Where people reach the web process; empty where nobody said.
    """
    app.register_blueprint(
        views.blueprint(redis, guard, frame=frame, public_url=public_url), url_prefix="/rq"
    )
