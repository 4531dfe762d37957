"""Runs over the refunds of a period; reconciliations are runs that also have addresses of their own."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from marshmallow import Schema
from sqlalchemy.orm import Session

from ledger import accounts, runs
from ledger.models import Finding, Role, Run, RunKind
from ledger.run_views import item_view, run_view, totals_view
from ledger.runs import RunError
from ledger.views import View
from webhooks.api import cursors
from webhooks.api.errors import PREFIX
from webhooks.api.operations import NUMBER, Operations
from webhooks.api.schemas import runs as shapes
from webhooks.api.schemas.common import page
from webhooks.api.tools import Tools, caller

Accepted = tuple[View, HTTPStatus, dict[str, str]]
"""What is answered to something that workers do: the run, and where to look for how far it is."""


def operations(tools: Tools) -> Operations:
    """Return the operations on all runs."""
    made = Operations("runs", "Backfills, dry runs and reconciliations of a period.")
    _declare(made, Runs(tools, "/runs", tuple(RunKind)), shapes.RunQuery, shapes.RunBody)
    return made


def reconciliations(tools: Tools) -> Operations:
    """Return the same operations on reconciliations alone."""
    made = Operations("reconciliations", "Both sides' refunds of a period, compared.")
    found = Runs(tools, "/reconciliations", (RunKind.RECONCILE,))
    _declare(made, found, shapes.ReconciliationQuery, shapes.ReconciliationBody)
    return made


def _declare(made: Operations, found: "Runs", query: type[Schema], body: type[Schema]) -> None:
    one = f"{found.path}/{NUMBER}"
    made.get(found.path, found.page, role=Role.VIEWER, query=query, answers=shapes.RunPage)
    made.post(
        found.path,
        found.begin,
        role=Role.OPERATOR,
        body=body,
        answers=shapes.RunSchema,
        status=HTTPStatus.ACCEPTED,
    )
    made.get(one, found.one, role=Role.VIEWER, answers=shapes.RunDetailSchema)
    made.get(f"{one}/items", found.items, role=Role.VIEWER, query=shapes.ItemQuery, answers=shapes.ItemPage)
    made.post(f"{one}/stop", found.stop, role=Role.OPERATOR, answers=shapes.RunSchema)


@dataclass(frozen=True, slots=True)
class Runs:
    """What can be looked at and done.

    Attributes:
        path: Where these runs are, below the API's prefix.
        kinds: Which kinds of runs there are.
    """

    tools: Tools
    path: str
    kinds: Sequence[RunKind]

    def page(self, query: dict[str, Any]) -> View:
        """List runs, newest first."""
        limit: int = query["limit"]
        with self.tools.database.read() as session:
            rows = runs.latest(
                session,
                kinds=[RunKind(each) for each in query.get("kind", ())] or self.kinds,
                account_id=accounts.by_slug(session, query["account"]).id if "account" in query else None,
                before=cursors.read(query["cursor"]) if "cursor" in query else None,
                limit=limit + 1,
            )
            return page([run_view(each) for each in rows], limit)

    def begin(self, body: dict[str, Any]) -> Accepted:
        """Begin a run over the refunds of a period; workers do it bit by bit."""
        now = self.tools.clock()
        with self.tools.database.write() as session:
            run = runs.begin(
                session,
                accounts.by_slug(session, body["account"]),
                RunKind(body.get("kind", self.kinds[0])),
                body["since"],
                body["until"] or now,
                actor=caller().actor,
                trace_id=uuid.uuid4().hex,
                now=now,
            )
            source, view = run.source, run_view(runs.get(session, run.id))
        self.tools.waker.runs(source, [view["id"]])
        return view, HTTPStatus.ACCEPTED, {"Location": f"{PREFIX}{self.path}/{view['id']}"}

    def one(self, number: int) -> View:
        """Show a run with what it found in all."""
        with self.tools.database.read() as session:
            run = self._get(session, number)
            return {**run_view(run), "totals": totals_view(runs.totals(session, number))}

    def items(self, number: int, query: dict[str, Any]) -> View:
        """List the refunds that a run found, in the order it found them."""
        limit: int = query["limit"]
        with self.tools.database.read() as session:
            self._get(session, number)
            rows = runs.items(
                session,
                number,
                findings=[Finding(each) for each in query.get("finding", ())],
                after=cursors.read(query["cursor"]) if "cursor" in query else 0,
                limit=limit + 1,
            )
            return page([item_view(each) for each in rows], limit)

    def stop(self, number: int) -> View:
        """End a run; what it did stays."""
        with self.tools.database.write() as session:
            self._get(session, number)
            return run_view(runs.stop(session, number, now=self.tools.clock(), actor=caller().actor))

    def _get(self, session: Session, number: int) -> Run:
        run = runs.get(session, number)
        if run.kind not in self.kinds:
            raise RunError("not_found", f"there is no {self.kinds[0].value} {number}")
        return run
