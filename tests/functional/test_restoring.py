"""A ledger is put back to what it was: what was posted since is found and linked, and nothing doubled."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import cast

import pytest
import requests
from sqlalchemy import select

from bench.chaos.compare import Findings, Name
from bench.chaos.evidence import unsettled
from bench.chaos.servers import free_port
from cli.demo.control import Json
from ledger import accounts, polls
from ledger.clock import utcnow
from ledger.models import Account, Poll, Refund
from ledger.states import State
from tests.functional.ground import PATIENCE, Ground, findings, ground, worked_off
from tests.support.backups import back_up, restore
from tests.support.databases import Clone
from tests.support.waiting import until

CLEAN = Findings([], [], [])
SOURCES = ("shopify", "netsuite")

pytestmark = pytest.mark.xdist_group("processes")


def stop_everything(here: Ground) -> None:
    here.rest()
    here.fleet.stop()
    here.database.dispose()


def start_web(here: Ground) -> None:
    """Start the web process at a new address, as on another host."""
    port = free_port()
    here.web_url = f"http://127.0.0.1:{port}"
    here.fleet.start("web", "web", "--host", "127.0.0.1", "--port", str(port), "--processes", "1")
    until(lambda: is_ready(here), PATIENCE)


def is_ready(here: Ground) -> bool:
    try:
        return requests.get(f"{here.web_url}/readyz", timeout=10).ok
    except requests.ConnectionError:
        return False


def poll_for(here: Ground, names: Sequence[Name]) -> None:
    """Let the shop and NetSuite be asked for news, again and again until the ledger knows of these refunds.

    Once is not enough: what is new since a second is left to the next poll.
    """
    while not all(here.stand(each).state for each in names):
        asked_at = utcnow()
        with here.database.write() as session:
            shop = accounts.by_slug(session, here.shop_in.slug)
            books = accounts.netsuite_by_slug(session, here.books.slug)
            asked = {polls.hurry(session, each, now=asked_at).id for each in (shop, books)}
        until(partial(have_ended, here, asked, asked_at), PATIENCE)
        until(partial(nothing_is_due, here), PATIENCE)


def have_ended(here: Ground, asked: set[int], since: datetime) -> bool:
    with here.database.read() as session:
        ended = session.scalars(select(Poll.id).where(Poll.id.in_(asked), Poll.ended_at > since))
        return asked == set(ended)


def nothing_is_due(here: Ground) -> bool:
    with here.database.read() as session:
        return not unsettled(session)


def reasons(here: Ground, names: Iterable[Name]) -> set[str]:
    query = select(Account.slug, Refund.origin, Refund.source_refund_id, Refund.reason)
    with here.database.read() as session:
        found = session.execute(query.join(Account, Account.id == Refund.account_id)).all()
    wanted = set(names)
    return {reason for *name, reason in found if tuple(name) in wanted}


def tell(here: Ground, source: str) -> tuple[Name, Json]:
    name, webhook = here.refund(source)
    assert here.deliver(source, webhook) == requests.codes.ok
    return name, webhook


def is_posted(here: Ground, names: Iterable[Name]) -> bool:
    return all(here.stand(each).state is State.POSTED for each in names)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_after_an_old_backup_is_restored_everything_is_linked_and_nothing_doubled(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    clone = cast("Clone", request.getfixturevalue(database))
    with clone() as url, ground(tmp_path, url) as here:
        here.carry_on("shopify")
        before = here.tell("shopify")
        until(lambda: is_posted(here, [before]), PATIENCE)

        # The backup is taken in the middle: one refund is being written, another not even understood.
        held = {"platform": "netsuite", "operation": "record:transform", "kind": "latency", "seconds": 1.5}
        here.control.post("/faults", **held)
        writing = here.tell("shopify")
        unheard = here.tell("netsuite")
        until(lambda: here.stand(writing).state is State.POSTING, PATIENCE)
        back_up(url, tmp_path / "backup")
        assert here.stand(writing).state is State.POSTING

        here.fleet.start("worker-netsuite", "worker", "netsuite")
        later = {source: tell(here, source) for source in SOURCES}
        polled = [here.refund(source)[0] for source in SOURCES]  # no webhook tells of these
        poll_for(here, polled)
        worked_off(here)
        assert findings(here) == CLEAN

        stop_everything(here)
        restore(url, tmp_path / "backup")
        here.valkey.empty()
        since = [name for name, _ in later.values()] + polled
        assert here.stand(before).state is State.POSTED
        assert here.stand(writing).state is State.POSTING
        assert {here.stand(each).state for each in [unheard, *since]} == {None}

        start_web(here)
        for source, (_, webhook) in later.items():
            assert here.deliver(source, webhook) == requests.codes.ok
        here.carry_on(*SOURCES)
        anew = here.tell("shopify")
        poll_for(here, polled)
        worked_off(here)
        for source, (_, webhook) in later.items():
            assert here.deliver(source, webhook) == requests.codes.ok
        worked_off(here)
        assert findings(here) == CLEAN
        assert reasons(here, [writing, unheard, *since]) == {"ALREADY_POSTED"}
        assert reasons(here, [before, anew]) == {"POSTED"}
