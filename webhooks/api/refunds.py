"""Refunds: look, and act."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from ledger import actions, bulk, queries, search
from ledger.actions import ACTIONS, Action
from ledger.bulk import Outcome
from ledger.details import refund_detail
from ledger.models import Refund, Role
from ledger.search import Wanted
from ledger.states import State
from ledger.views import View, refund_view
from webhooks.api import cursors
from webhooks.api.operations import NUMBER, Operations
from webhooks.api.schemas import refunds as shapes
from webhooks.api.tools import Tools, caller

_REACH: Final = 5_000
"""On how many refunds filters are tried for one page; a client waits longer than somebody at the portal."""

_FIRST: Final = datetime.min.replace(tzinfo=UTC)


def operations(tools: Tools) -> Operations:
    """Return the operations on refunds."""
    found = Refunds(tools)
    made = Operations("refunds", "Refunds, as they are carried from one side to the other.")
    made.get("/refunds", found.page, role=Role.VIEWER, query=shapes.RefundQuery, answers=shapes.RefundPage)
    made.get(f"/refunds/{NUMBER}", found.one, role=Role.VIEWER, answers=shapes.RefundDetailSchema)
    for name, action in ACTIONS.items():
        made.post(
            f"/refunds/{NUMBER}/{name}",
            found.acting(name, action),
            role=Role.OPERATOR,
            body=shapes.ActionBody,
            answers=shapes.RefundSchema,
        )
    made.post(
        f"/refunds/{NUMBER}/resolve",
        found.resolve,
        role=Role.OPERATOR,
        body=shapes.ResolveBody,
        answers=shapes.RefundSchema,
    )
    made.post(
        "/refunds/bulk",
        found.act_on_many,
        role=Role.OPERATOR,
        body=shapes.BulkBody,
        answers=shapes.BulkSchema,
    )
    return made


class Refunds:
    """What can be looked at and done."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def page(self, query: dict[str, Any]) -> View:
        """List refunds, newest first."""
        since, before = query.get("since"), query.get("until")
        wanted = Wanted(
            states=tuple(State(each) for each in query.get("state", ())),
            account=query.get("account", ""),
            source_channel=query.get("source_channel", ""),
            transaction_type=query.get("transaction_type", ""),
            reason=query.get("reason", ""),
            order=query.get("order", ""),
            text=query.get("q", ""),
            since=since,
            until=before and _until(before),
        )
        cursor, by_time = query.get("cursor"), since is not None or before is not None
        with self._tools.database.read() as session:
            found = search.find(
                session,
                wanted,
                after=cursor and cursors.read_place(cursor, by_time=by_time),
                limit=query["limit"],
                reach=_REACH,
                is_whole=True,
            )
            return {
                "items": [refund_view(each) for each in found.rows],
                "next_cursor": found.next and cursors.write_place(found.next),
            }

    def one(self, number: int) -> View:
        """Show everything about a refund."""
        with self._tools.database.read() as session:
            return refund_detail(session, queries.refund(session, number))

    def acting(self, name: str, action: Action) -> Callable[..., View]:
        """Return the view that does something with a refund."""

        def act(number: int, body: dict[str, str]) -> View:
            return self._act_on_one(number, self._by_caller(action, body["note"]))

        first = " ".join((action.__doc__ or name).split("\n\n", maxsplit=1)[0].split())
        act.__doc__ = first
        return act

    def resolve(self, number: int, body: dict[str, str]) -> View:
        """Close a refund that a person settled, optionally linking the record made by hand."""
        return self._act_on_one(number, self._resolving(**body))

    def act_on_many(self, body: dict[str, Any]) -> View:
        """Do one thing with many refunds; what cannot be done with one holds up no other."""
        name: str = body["action"]
        act = (
            self._resolving(body["note"])
            if name == "resolve"
            else self._by_caller(ACTIONS[name], body["note"])
        )
        return {"items": [_item(each) for each in self._each(body["ids"], act)]}

    def _by_caller(self, action: Action, note: str) -> bulk.Act:
        def act(session: Session, number: int) -> Refund:
            return action(session, number, now=self._tools.clock(), actor=caller().actor, note=note)

        return act

    def _resolving(self, note: str, target_id: str = "") -> bulk.Act:
        def act(session: Session, number: int) -> Refund:
            now, actor = self._tools.clock(), caller().actor
            return actions.resolve(session, number, now=now, actor=actor, note=note, target_id=target_id)

        return act

    def _act_on_one(self, number: int, act: bulk.Act) -> View:
        (outcome,) = self._each([number], act)
        if outcome.error is not None:
            raise outcome.error
        return outcome.view

    def _each(self, ids: list[int], act: bulk.Act) -> list[Outcome]:
        outcomes = list(bulk.each(self._tools.database, ids, act))
        self._tools.waker.due_refunds([due for outcome in outcomes for due in outcome.due])
        return outcomes


def _until(before: datetime) -> datetime:
    """Return the last moment before one."""
    return before - timedelta(microseconds=1) if before > _FIRST else before


def _item(outcome: Outcome) -> View:
    view = outcome.view
    is_done = outcome.error is None
    return {
        "id": outcome.refund_id,
        "refund": view if is_done else None,
        "error": None if is_done else view["error"],
    }
