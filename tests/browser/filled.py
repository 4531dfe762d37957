"""A ledger in which every page has something to show, made by the processes themselves."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, TypedDict

from ledger import accounts, deliveries, pausing, people, requests, runs
from ledger.clock import utcnow
from ledger.models import Account, Request, RequestState, Role, Run, RunKind, RunState
from ledger.platforms import Platform
from ledger.queue import Waker, open_queue
from ledger.states import State
from tests.browser.installation import Installation, Place
from tests.browser.steps import carried, refund_shipping
from tests.support.alerts import make_channel
from tests.support.ledger import TRACE, make_account, make_delivery
from tests.support.waiting import until

_NAME: Final = "outdoor"
_ACTOR: Final = "cli:root"
_NOWHERE: Final = "http://127.0.0.1:9/hook"  # the port at which everything is discarded
_PATIENCE: Final = 60.0  # seconds until workers have done what was asked
_LAMP: Final = [{"sku": "LAMP", "quantity": 1}]


class _Asking(TypedDict):
    """Who asks, and when."""

    now: datetime
    actor: str
    trace_id: str


def fill(installation: Installation) -> Mapping[str, int | str]:
    """Fill the ledger; return the values that stand in the addresses of pages."""
    place = installation.place(_NAME, item_shipping="")
    with installation.database.write() as session:
        told = make_channel(session, installation.site.vault, target=_NOWHERE, now=utcnow())
    refunds = _refunds(installation, place)
    known: dict[str, int | str] = {**refunds}
    with installation.database.write() as session:
        account = accounts.by_slug(session, _NAME)
        for platform in (Platform.AMAZON, Platform.EBAY, Platform.MAGENTO):
            vault = installation.site.vault
            made = make_account(session, vault, platform=platform, netsuite_slug=place.books.slug)
            pausing.pause(
                session, made, "BAD_CREDENTIALS", "the token is revoked", now=utcnow(), actor=_ACTOR
            )
        unread = make_delivery(
            account, body=b"{", reason="NOT_OF_SCHEMA", detail="refund_line_items: not a list", key="unread"
        )
        number = deliveries.accept(session, unread, now=utcnow()) or 0
        token, _ = people.add_token(
            session, "report", Role.VIEWER, timedelta(days=9), now=utcnow(), actor=_ACTOR
        )
        known |= {"token": token.id, "user": installation.people[Role.OPERATOR].id}
    known |= {"channel": told.id, "slug": _NAME, "books": place.books.slug, "delivery": 1, "unread": number}
    known |= _asked(installation, account, refunds["wrong"])
    known["run"] = _compared(installation, account)
    Waker(installation.redis).deliveries("amazon", [number])  # nobody works that queue off here
    known["job"] = open_queue("amazon", installation.redis).job_ids[0]
    return known


def _refunds(installation: Installation, place: Place) -> Mapping[str, int]:
    """Let refunds be made that end in every way."""
    waiting = place.shop.refund(place.order("#2001", billed=""), lines=_LAMP)
    order = place.order("#2002", billed="")
    place.books.delete(place.imported["#2002"])
    disputed = place.shop.refund(order, lines=_LAMP)
    wrong = refund_shipping(place, "#2003")
    return {
        "posted": carried(installation, place, "#2004"),
        "waiting": installation.stands(place, waiting, State.WAITING),
        "disputed": installation.stands(place, disputed, State.DISCREPANCY),
        "wrong": installation.stands(place, wrong, State.ERROR),
    }


def _asked(installation: Installation, account: Account, refund_id: int) -> Mapping[str, int]:
    """Have workers asked for what only they can do; return the numbers of the requests once answered."""
    waker = Waker(installation.redis)
    asking = _Asking(now=utcnow(), actor=_ACTOR, trace_id=TRACE)
    with installation.database.write() as session:
        made = {
            "retrieved": requests.retrieve(session, account, "#2004", **asking),
            "not_found": requests.retrieve(session, account, "#9999", **asking),
            "planned": requests.dry_run(session, refund_id, **asking),
            "checked": requests.check(session, account, **asking),
        }
        numbers = {name: request.id for name, request in made.items()}
    waker.requests("shopify", numbers.values())

    def are_answered() -> bool:
        with installation.database.read() as session:
            return all(
                session.get_one(Request, number).state is not RequestState.QUEUED
                for number in numbers.values()
            )

    until(are_answered, _PATIENCE)
    return numbers


def _compared(installation: Installation, account: Account) -> int:
    """Have both sides compared; return the number of the run once it has ended."""
    now = utcnow()
    with installation.database.write() as session:
        run = runs.begin(
            session,
            account,
            RunKind.RECONCILE,
            now - timedelta(days=1),
            now,
            actor=_ACTOR,
            trace_id=TRACE,
            now=now,
        )
    Waker(installation.redis).runs(run.source, [run.id])

    def has_ended() -> bool:
        with installation.database.read() as session:
            return session.get_one(Run, run.id).state is not RunState.RUNNING

    until(has_ended, _PATIENCE)
    return run.id
