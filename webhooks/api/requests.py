"""What only a worker can do, since the web process speaks to no platform: asked for here, answered later."""

import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from sqlalchemy.orm import Session

from ledger import accounts, requests
from ledger.models import Request, Role
from ledger.run_views import request_view
from ledger.views import View
from webhooks.api.errors import PREFIX
from webhooks.api.operations import NUMBER, Operations
from webhooks.api.schemas import requests as shapes
from webhooks.api.tools import Tools, caller

Accepted = tuple[View, HTTPStatus, dict[str, str]]
"""What is answered to something that a worker does: the request, and where its answer will be."""


def operations(tools: Tools) -> Operations:
    """Return the operations that a worker does."""
    found = Requests(tools)
    made = Operations("requests", "What a worker is asked for, and its answers.")
    made.get(f"/requests/{NUMBER}", found.one, role=Role.VIEWER, answers=shapes.RequestSchema)
    for path, view, body in (
        ("/accounts/<slug>/retrieve", found.retrieve, shapes.RetrieveBody),
        ("/accounts/<slug>/check", found.check, None),
        (f"/refunds/{NUMBER}/dry-run", found.dry_run, None),
    ):
        made.post(
            path,
            view,
            role=Role.OPERATOR,
            body=body,
            answers=shapes.RequestSchema,
            status=HTTPStatus.ACCEPTED,
        )
    return made


class Requests:
    """What can be asked for."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def one(self, number: int) -> View:
        """Show what a worker was asked for, and its answer once there is one."""
        with self._tools.database.read() as session:
            return request_view(requests.get(session, number))

    def retrieve(self, slug: str, body: dict[str, Any]) -> Accepted:
        """Ask a worker to read the refunds of an order and take them over as if they had just been made."""

        def ask(session: Session, trace_id: str) -> Request:
            account = accounts.by_slug(session, slug)
            return requests.retrieve(session, account, body["order"], body["side"], **self._who(trace_id))

        return self._ask(ask)

    def check(self, slug: str) -> Accepted:
        """Ask a worker to try out an account's credentials."""

        def ask(session: Session, trace_id: str) -> Request:
            return requests.check(session, accounts.by_slug(session, slug), **self._who(trace_id))

        return self._ask(ask)

    def dry_run(self, number: int) -> Accepted:
        """Ask a worker what would be done with a refund now; nothing is written anywhere."""

        def ask(session: Session, trace_id: str) -> Request:
            return requests.dry_run(session, number, **self._who(trace_id))

        return self._ask(ask)

    def _who(self, trace_id: str) -> dict[str, Any]:
        return {"now": self._tools.clock(), "actor": caller().actor, "trace_id": trace_id}

    def _ask(self, ask: Callable[[Session, str], Request]) -> Accepted:
        with self._tools.database.write() as session:
            asked = ask(session, uuid.uuid4().hex)
            view = request_view(requests.get(session, asked.id))
            source = asked.source
        self._tools.waker.requests(source, [view["id"]])
        return view, HTTPStatus.ACCEPTED, {"Location": f"{PREFIX}/requests/{view['id']}"}
