from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from ledger import accounts, deliveries, pausing, refunds, runs
from ledger.database import Database
from ledger.models import Account, AuditEntry, Delivery, NetSuiteAccount, Poll, Refund, Run, RunKind
from ledger.platforms import Platform
from ledger.secrets import Vault
from ledger.states import Transition
from tests.support.ledger import make_account, make_delivery, make_netsuite_account, make_refund, make_seen
from tests.support.racing import race
from tests.support.reading import make_poll, make_run


def pause(database: Database, slug: str, now: datetime) -> bool:
    with database.write() as session:
        is_books = slug == "books"
        account = accounts.netsuite_by_slug(session, slug) if is_books else accounts.by_slug(session, slug)
        return pausing.pause(session, account, "BAD_CREDENTIALS", "401", now=now, actor="system")


def test_a_pause_says_why_and_since_when(database: Database, shop: Account, now: datetime) -> None:
    assert pause(database, shop.slug, now)
    with database.read() as session:
        account = accounts.by_slug(session, shop.slug)
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (account.paused_reason, account.paused_detail) == ("BAD_CREDENTIALS", "401")
    assert account.paused_at == now
    assert (entry.subject, entry.action, entry.reason) == ("account", "pause", "BAD_CREDENTIALS")
    assert (entry.subject_id, entry.note, entry.actor) == (shop.id, "401", "system")


def test_a_paused_account_is_not_paused_again(database: Database, shop: Account, now: datetime) -> None:
    assert pause(database, shop.slug, now)
    assert not pause(database, shop.slug, now + timedelta(hours=1))
    with database.read() as session:
        assert accounts.by_slug(session, shop.slug).paused_at == now


def test_of_workers_that_fail_at_once_one_pauses_the_account(
    database: Database, shop: Account, now: datetime
) -> None:
    assert sorted(race(*[lambda: pause(database, shop.slug, now)] * 4)) == [False, False, False, True]


@pytest.fixture
def waiting(database: Database, vault: Vault, shop: Account, now: datetime) -> dict[str, int]:
    """Refunds that wait, by what account and what for; `seller` has the same books, `stranger` others."""
    later = now + timedelta(hours=1)
    with database.write() as session:
        seller = make_account(session, vault, platform=Platform.EBAY)
        make_netsuite_account(session, vault, slug="other", account_id="7")
        stranger = make_account(session, vault, platform=Platform.AMAZON, netsuite_slug="other")
        made = {}
        for account, name, reason in (
            (shop, "shop", "ACCOUNT_PAUSED"),
            (shop, "shop, unbilled", "NOT_BILLED"),
            (seller, "seller", "ACCOUNT_PAUSED"),
            (stranger, "stranger", "ACCOUNT_PAUSED"),
        ):
            refund = make_refund(session, account, make_seen(refund_id=name))
            refunds.move(session, refund, Transition.WAIT, reason, now=now, due_at=later)
            made[name] = refund.id
    return made


def due_now(database: Database, waiting: dict[str, int], now: datetime) -> set[str]:
    with database.read() as session:
        return {name for name, number in waiting.items() if session.get_one(Refund, number).due_at == now}


def test_resuming_a_shop_wakes_what_waited_for_it(
    database: Database, shop: Account, waiting: dict[str, int], now: datetime
) -> None:
    pause(database, shop.slug, now)
    with database.write() as session:
        account = accounts.by_slug(session, shop.slug)
        assert pausing.resume(session, account, now=now, actor="cli:anna") == 1
    assert due_now(database, waiting, now) == {"shop"}
    with database.read() as session:
        account = accounts.by_slug(session, shop.slug)
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (account.paused_reason, account.paused_detail, account.paused_at) == ("", "", None)
    assert (entry.action, entry.actor) == ("resume", "cli:anna")


def test_resuming_the_books_wakes_what_waited_for_any_of_its_accounts(
    database: Database, books: NetSuiteAccount, waiting: dict[str, int], now: datetime
) -> None:
    with database.write() as session:
        account = accounts.netsuite_by_slug(session, books.slug)
        assert pausing.pause(session, account, "NO_PERMISSION", "scope", now=now, actor="system")
        assert pausing.resume(session, account, now=now, actor="cli:anna") == 2
    assert due_now(database, waiting, now) == {"shop", "seller"}
    with database.read() as session:
        subjects = session.scalars(select(AuditEntry.subject).where(AuditEntry.action == "resume")).all()
    assert subjects == ["netsuite_account"]


@pytest.mark.parametrize("of_books", [True, False])
def test_resuming_wakes_postponed_deliveries_and_no_others(
    database: Database, shop: Account, now: datetime, *, of_books: bool
) -> None:
    later = now + timedelta(hours=1)
    with database.write() as session:
        made = {}
        for name in ("postponed", "fresh", "done"):
            number = deliveries.accept(session, make_delivery(shop, key=name), now=later)
            assert number is not None
            made[name] = deliveries.claim(session, number, now=later)
        for name, delivery in made.items():
            assert delivery is not None
            if name == "postponed":
                deliveries.postpone(session, delivery, later, reason="BAD_CREDENTIALS", detail="401")
            if name == "done":
                deliveries.finish(session, delivery, now=later, reason="TEST_DELIVERY")
    with database.write() as session:
        account = (
            accounts.netsuite_by_slug(session, "books") if of_books else accounts.by_slug(session, shop.slug)
        )
        assert pausing.resume(session, account, now=now, actor="cli:anna") == 1
    with database.read() as session:
        due = session.scalars(select(Delivery.delivery_key).where(Delivery.due_at == now)).all()
    assert due == ["postponed"]


@pytest.mark.parametrize("who", ["shop", "books"])
def test_resuming_lets_polls_and_runs_go_on_at_once(
    database: Database, vault: Vault, shop: Account, books: NetSuiteAccount, now: datetime, who: str
) -> None:
    later = now + timedelta(hours=1)
    with database.write() as session:
        seller = make_account(session, vault, platform=Platform.EBAY)
        read = [make_poll(session, owner) for owner in (shop, seller, books)]
        begun = [make_run(session, owner) for owner in (shop, seller)]
        for poll in read:
            poll.due_at = poll.not_before = later
        for run in begun:
            runs.postpone(session, run, later, "ACCOUNT_PAUSED", "", counts=False)
        other = make_run(session, shop, RunKind.RECONCILE)
    pause(database, shop.slug if who == "shop" else books.slug, now)
    with database.write() as session:
        account = accounts.by_slug(session, shop.slug)
        paused = account if who == "shop" else session.get_one(NetSuiteAccount, books.id)
        pausing.resume(session, paused, now=now, actor="cli:ada")
    with database.read() as session:
        polled = [session.get_one(Poll, poll.id).not_before for poll in read]
        gone_on = [session.get_one(Run, run.id).not_before for run in begun]
        left_alone = session.get_one(Run, other.id).due_at
    assert polled == ([None, later, later] if who == "shop" else [None, None, None])
    assert gone_on == ([None, later] if who == "shop" else [None, None])
    assert left_alone == now
