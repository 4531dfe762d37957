"""Deliveries: look at webhooks as they came, and replay them."""

from typing import Any

from ledger import deliveries, queries
from ledger.details import delivery_detail
from ledger.models import DeliveryState, Role
from ledger.queries import DeliveryFilter
from ledger.views import View, delivery_view
from webhooks.api import cursors
from webhooks.api.operations import NUMBER, Operations
from webhooks.api.schemas import deliveries as shapes
from webhooks.api.schemas.common import page
from webhooks.api.tools import Tools, caller
from webhooks.replay import reread


def operations(tools: Tools) -> Operations:
    """Return the operations on deliveries."""
    found = Deliveries(tools)
    made = Operations("deliveries", "Webhook requests, as they came.")
    made.get(
        "/deliveries",
        found.page,
        role=Role.VIEWER,
        query=shapes.DeliveryQuery,
        answers=shapes.DeliveryPage,
    )
    made.get(f"/deliveries/{NUMBER}", found.one, role=Role.VIEWER, answers=shapes.DeliveryDetailSchema)
    made.post(
        f"/deliveries/{NUMBER}/replay",
        found.replay,
        role=Role.OPERATOR,
        answers=shapes.DeliveryDetailSchema,
    )
    return made


class Deliveries:
    """What can be looked at and done."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def page(self, query: dict[str, Any]) -> View:
        """List deliveries, newest first."""
        limit: int = query["limit"]
        wanted = DeliveryFilter(
            states=tuple(DeliveryState(each) for each in query.get("state", ())),
            account=query.get("account", ""),
            source=query.get("source", ""),
            topic=query.get("topic", ""),
            limit=limit + 1,
            after=cursors.read(query["cursor"]) if "cursor" in query else 0,
        )
        with self._tools.database.read() as session:
            names = queries.owners(session)
            rows = queries.delivery_page(session, wanted)
            views = [delivery_view(each, names[each.netsuite_account_id, each.account_id]) for each in rows]
        return page(views, limit)

    def one(self, number: int) -> View:
        """Show a delivery: its headers, what was understood of it, and, to operators, its body."""
        with self._tools.database.read() as session:
            found = queries.delivery(session, number)
            may_read = caller().role.may(Role.OPERATOR)
            body = found.body.decode("utf-8", "replace") if may_read else None
            return {**delivery_detail(session, found), "body": body}

    def replay(self, number: int) -> View:
        """Read a delivery again as this version understands it, and have it worked off."""
        with self._tools.database.write() as session:
            found = queries.delivery(session, number)
            events = reread(queries.owner_of(session, found), found)
            deliveries.replay(session, found, events, now=self._tools.clock(), actor=caller().actor)
            source = found.source
        self._tools.waker.deliveries(source, [number])
        return self.one(number)
