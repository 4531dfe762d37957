"""The overview: what needs a person now, what flowed, how the accounts do, and who works."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

from ledger import overview, queries, spans, workforce
from ledger.flow import flow
from ledger.models import DeliveryState, Poll, Role
from ledger.overview import Stuck, Unread
from ledger.states import State
from webhooks.portal import charts, context, health, needs, span_chart
from webhooks.portal.access import Section
from webhooks.portal.navigation import url_if

pages = Section("overview")


@dataclass(frozen=True, slots=True)
class Count:
    """One number that calls for a person.

    Attributes:
        tone: `bad` or `warn` while there is something, `good` while there is nothing.
        url: Where the rows behind it are; empty while there is no such page.
    """

    label: str
    number: int
    tone: str
    url: str

    @property
    def text(self) -> str:
        """Return the number as it is shown: exact up to what is counted."""
        return needs.shown(self.number)


@pages.page("/", Role.VIEWER)
def show() -> ResponseReturnValue:
    """Show how things stand."""
    portal = context.current()
    with portal.database.read() as session:
        stuck, unread = overview.stuck(session), overview.unread(session)
        failing = overview.failing_polls(session)
        accounts, books = queries.storefront_accounts(session), queries.netsuite_accounts(session)
        flowed = flow(session, now=portal.clock())
    paused = health.paused(accounts, books)
    names = {account.id: account.slug for account in accounts}
    hours = [hour.strftime("%H:%M") for hour in flowed.hours]
    return render_template(
        "overview.html",
        counts=_counts(stuck, unread, failing, len(paused)),
        needs=(
            *needs.of_accounts(paused),
            *needs.of_refunds(stuck, names),
            *needs.of_deliveries(unread),
            *needs.of_polls(failing, names, {each.id: each.slug for each in books}),
        ),
        healths=health.of_accounts(accounts, stuck, failing),
        flow=flowed,
        exactness=spans.PROMISE,
        accepted=charts.bars(flowed.accepted, hours, tick_every=4),
        posted=charts.bars(flowed.posted, hours, tick_every=4),
        took=span_chart.draw(
            [(spans.within(each, 50), spans.within(each, 99)) for each in flowed.took], hours, tick_every=4
        ),
        workforce=workforce.look(portal.redis),
    )


def _counts(
    stuck: Sequence[Stuck], unread: Sequence[Unread], failing: Sequence[Poll], paused: int
) -> Sequence[Count]:
    of_state = dict.fromkeys((State.ERROR, State.DISCREPANCY, State.HELD), 0)
    for each in stuck:
        of_state[each.state] += each.count
    of_deliveries = dict.fromkeys((DeliveryState.QUARANTINED, DeliveryState.FAILED), 0)
    for row in unread:
        of_deliveries[row.state] += row.count
    refunds = {state: url_if("refunds.index", state=state.value) for state in of_state}
    deliveries = {state: url_if("deliveries.index", state=state.value) for state in of_deliveries}
    return [
        _count("Errors", of_state[State.ERROR], "bad", refunds[State.ERROR]),
        _count("Discrepancies", of_state[State.DISCREPANCY], "bad", url_if("discrepancies.index")),
        _count("Held for review", of_state[State.HELD], "warn", refunds[State.HELD]),
        _count("Paused accounts", paused, "bad", url_if("syncs.index")),
        _count(
            "Quarantined deliveries",
            of_deliveries[DeliveryState.QUARANTINED],
            "warn",
            deliveries[DeliveryState.QUARANTINED],
        ),
        _count(
            "Failed deliveries", of_deliveries[DeliveryState.FAILED], "bad", deliveries[DeliveryState.FAILED]
        ),
        _count("Failed polls", len(failing), "bad", "#all-needs"),
    ]


def _count(label: str, number: int, tone: str, url: str) -> Count:
    return Count(label, number, tone if number else "good", url if number else "")
