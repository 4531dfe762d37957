from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from ledger import polls
from ledger.database import Database
from ledger.events import MoneyState, OrderTouched, RecordChanged, event_from_json
from ledger.keys import key_of
from ledger.models import Account, Delivery, DeliveryState, NetSuiteAccount, Poll
from ledger.models.accounts import Direction
from ledger.platforms import Platform
from ledger.polls import JITTER, LEASE, Found
from ledger.reasons import UnknownReasonError
from ledger.secrets import Vault
from tests.support.ledger import (
    TRACE,
    make_account,
    make_netsuite_account,
    make_payment,
    make_refund,
    make_seen,
)
from tests.support.racing import race
from tests.support.reading import make_poll

INTERVAL = timedelta(minutes=15)
SECOND = timedelta(seconds=1)


@pytest.fixture
def poll_id(database: Database, shop: Account) -> int:
    """The id of the shop's poll."""
    with database.write() as session:
        return make_poll(session, shop).id


@pytest.fixture
def claimed(database: Database, poll_id: int, now: datetime) -> Poll:
    """The shop's poll, claimed by a worker."""
    return claim(database, poll_id, now)


def claim(database: Database, poll_id: int, now: datetime) -> Poll:
    with database.write() as session:
        poll = polls.claim(session, poll_id, now=now)
    assert poll is not None
    return poll


def may_claim(database: Database, poll_id: int, now: datetime) -> bool:
    with database.write() as session:
        return polls.claim(session, poll_id, now=now) is not None


def stored(database: Database, poll_id: int) -> Poll:
    with database.read() as session:
        return session.get_one(Poll, poll_id)


def take(database: Database, poll: Poll, *found: Found, now: datetime) -> list[int]:
    with database.write() as session:
        return polls.take(session, poll, found, topic="poll", trace_id=TRACE, now=now)


def test_every_account_and_netsuite_itself_is_polled_from_its_connection_on(
    database: Database, vault: Vault, shop: Account, books: NetSuiteAccount, now: datetime
) -> None:
    later = now + timedelta(days=3)
    with database.write() as session:
        seller = make_account(session, vault, platform=Platform.EBAY, now=now + timedelta(days=1))
        assert polls.ensure(session, now=later) == 3
        assert polls.ensure(session, now=later) == 0
        made = {poll.source: poll for poll in session.scalars(select(Poll))}
    assert {source: poll.account_id for source, poll in made.items()} == {
        "shopify": shop.id,
        "ebay": seller.id,
        "netsuite": None,
    }
    assert {poll.netsuite_account_id for poll in made.values()} == {books.id}
    assert {poll.due_at for poll in made.values()} == {later}
    assert made["shopify"].watermark == made["netsuite"].watermark == now
    assert made["ebay"].watermark == now + timedelta(days=1)


def test_an_account_that_is_added_later_is_polled_too(
    database: Database, vault: Vault, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        polls.ensure(session, now=now)
        make_account(session, vault, platform=Platform.AMAZON)
        assert polls.ensure(session, now=now) == 1


def test_schedulers_that_begin_polls_at_once_begin_each_once(
    database: Database, shop: Account, now: datetime
) -> None:
    def ensure() -> int:
        with database.write() as session:
            return polls.ensure(session, now=now)

    assert sum(race(*[ensure] * 4)) == 2
    with database.read() as session:
        assert len(session.scalars(select(Poll)).all()) == 2


def test_a_poll_is_one_workers_until_its_lease_is_over(
    database: Database, poll_id: int, now: datetime
) -> None:
    first = claim(database, poll_id, now)
    assert (first.lease_until, first.due_at) == (now + LEASE, now + LEASE)
    assert not may_claim(database, poll_id, now + LEASE - SECOND)
    assert claim(database, poll_id, now + LEASE).lease_token == first.lease_token + 1


def test_of_workers_that_begin_a_poll_at_once_one_does(
    database: Database, poll_id: int, now: datetime
) -> None:
    assert sorted(race(*[lambda: may_claim(database, poll_id, now)] * 4)) == [False, False, False, True]


def test_a_poll_that_is_done_is_not_done_again_though_many_calls_wait_for_it(
    database: Database, claimed: Poll, now: datetime
) -> None:
    with database.write() as session:
        assert polls.finish(session, claimed, found=2, interval=INTERVAL, now=now)
    poll = stored(database, claimed.id)
    assert (poll.found, poll.failures, poll.reason, poll.ended_at) == (2, 0, "", now)
    assert poll.lease_until is None
    assert poll.due_at == poll.not_before
    assert poll.due_at is not None
    assert now + INTERVAL * (1 - JITTER) <= poll.due_at <= now + INTERVAL * (1 + JITTER)
    assert not may_claim(database, poll.id, poll.due_at - SECOND)
    assert may_claim(database, poll.id, poll.due_at)


def test_a_poll_with_more_to_read_comes_again_at_once(
    database: Database, claimed: Poll, now: datetime
) -> None:
    with database.write() as session:
        polls.finish(session, claimed, found=0, interval=INTERVAL, now=now, is_behind=True)
    assert stored(database, claimed.id).due_at == now
    assert may_claim(database, claimed.id, now)


def test_how_far_was_read_is_kept_and_the_lease_begins_anew(
    database: Database, claimed: Poll, now: datetime
) -> None:
    upto, later = now + timedelta(days=1), now + timedelta(minutes=4)
    with database.write() as session:
        assert polls.advance(session, claimed, upto, now=later)
    poll = stored(database, claimed.id)
    assert (poll.watermark, poll.lease_until, poll.due_at) == (upto, later + LEASE, later + LEASE)


def test_a_lease_may_begin_anew_without_anything_read(
    database: Database, claimed: Poll, now: datetime
) -> None:
    later = now + timedelta(minutes=4)
    with database.write() as session:
        assert polls.renew(session, claimed, now=later)
    poll = stored(database, claimed.id)
    assert (poll.watermark, poll.lease_until) == (claimed.watermark, later + LEASE)


def test_a_worker_whose_poll_was_taken_over_changes_nothing_of_it(
    database: Database, claimed: Poll, now: datetime
) -> None:
    later = now + LEASE
    other = claim(database, claimed.id, later)
    with database.write() as session:
        assert not polls.renew(session, claimed, now=later)
        assert not polls.advance(session, claimed, later, now=later)
        assert not polls.finish(session, claimed, found=1, interval=INTERVAL, now=later)
        assert not polls.fail(session, claimed, "TRANSIENT", "503", interval=INTERVAL, now=later)
    poll = stored(database, claimed.id)
    assert (poll.watermark, poll.lease_until) == (claimed.watermark, later + LEASE)
    assert (poll.found, poll.failures, poll.lease_token) == (0, 0, other.lease_token)


def test_a_poll_that_fails_says_why_and_comes_later_each_time(
    database: Database, poll_id: int, now: datetime
) -> None:
    at, longest = now, timedelta(hours=6)
    for failures in range(1, 12):
        with database.write() as session:
            poll = polls.claim(session, poll_id, now=at)
            assert poll is not None
            assert polls.fail(
                session, poll, "TRANSIENT", "503 Service Unavailable", interval=INTERVAL, now=at
            )
        failed = stored(database, poll_id)
        assert (failed.failures, failed.reason, failed.ended_at) == (failures, "TRANSIENT", at)
        assert failed.detail == "503 Service Unavailable"
        assert failed.due_at is not None
        wait = min(longest, INTERVAL * 2 ** (failures - 1))
        assert wait * (1 - JITTER) <= failed.due_at - at <= wait * (1 + JITTER)
        assert not may_claim(database, poll_id, failed.due_at - SECOND)
        at = failed.due_at
    with database.write() as session:
        poll = polls.claim(session, poll_id, now=at)
        assert poll is not None
        polls.finish(session, poll, found=0, interval=INTERVAL, now=at)
    assert (stored(database, poll_id).failures, stored(database, poll_id).reason) == (0, "")


@given(asked=st.floats(0, 10**6), failures=st.integers(0, 20))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_poll_never_comes_before_the_platform_wants_it(
    database: Database, poll_id: int, now: datetime, asked: float, failures: int
) -> None:
    with database.write() as session:
        poll = session.get_one(Poll, poll_id)
        poll.failures = failures
        session.flush()
        polls.fail(session, poll, "RATE_LIMITED", "", interval=INTERVAL, now=now, retry_after=asked)
    due = stored(database, poll_id).due_at
    assert due is not None
    assert due - now >= max(timedelta(seconds=asked), INTERVAL * (1 - JITTER)) - timedelta(milliseconds=1)


def test_a_reason_nobody_knows_is_refused(database: Database, claimed: Poll, now: datetime) -> None:
    with pytest.raises(UnknownReasonError), database.write() as session:
        polls.fail(session, claimed, "MOON_PHASE", "", interval=INTERVAL, now=now)


def test_what_a_poll_found_becomes_deliveries_of_its_account(
    database: Database, shop: Account, claimed: Poll, now: datetime
) -> None:
    (made,) = take(database, claimed, Found(OrderTouched("450789469"), "450789469", "v1"), now=now)
    with database.read() as session:
        delivery = session.get_one(Delivery, made)
    assert (delivery.source, delivery.account_id) == ("shopify", shop.id)
    assert delivery.netsuite_account_id == shop.netsuite_account_id
    assert (delivery.topic, delivery.order_ref, delivery.trace_id) == ("poll", "450789469", TRACE)
    assert (delivery.body, delivery.headers, delivery.state) == (b"", {}, DeliveryState.RECEIVED)
    assert [event_from_json(each) for each in delivery.events] == [OrderTouched("450789469")]


def test_what_netsuites_own_poll_found_belongs_to_no_storefront(
    database: Database, books: NetSuiteAccount, now: datetime
) -> None:
    with database.write() as session:
        poll = make_poll(session, books)
    event = RecordChanged("creditmemo", "77", "edit")
    (made,) = take(database, poll, Found(event, "creditmemo/77", "v1"), now=now)
    with database.read() as session:
        delivery = session.get_one(Delivery, made)
    assert (delivery.source, delivery.account_id, delivery.order_ref) == ("netsuite", None, "")


def test_the_same_change_is_taken_once_and_the_next_one_again(
    database: Database, claimed: Poll, now: datetime
) -> None:
    touched = OrderTouched("1")
    assert len(take(database, claimed, Found(touched, "1", "v1"), Found(touched, "1", "v1"), now=now)) == 1
    assert take(database, claimed, Found(touched, "1", "v1"), now=now) == []
    assert len(take(database, claimed, Found(touched, "1", "v2"), Found(touched, "2", "v1"), now=now)) == 2


def test_refunds_are_known_once_all_are_there_and_their_money_is_settled(
    database: Database, vault: Vault, shop: Account
) -> None:
    with database.write() as session:
        other = make_account(session, vault, slug="other", storefront_id="other.myshopify.com")
        make_refund(session, shop, make_seen(refund_id="1"))
        pending = (make_payment(state=MoneyState.PENDING),)
        make_refund(session, shop, make_seen(refund_id="2", payments=pending))
        make_refund(session, shop, make_seen(refund_id="3", origin="netsuite"))
        make_refund(session, other, make_seen(refund_id="4"))
        assert polls.knows_all(session, shop, ["1"])
        assert polls.knows_all(session, shop, ["1", "1"])
        for unknown in (["2"], ["3"], ["4"], ["5"], ["1", "5"], []):
            assert not polls.knows_all(session, shop, unknown)


def test_a_netsuite_record_is_known_if_it_was_read_since_it_changed_or_is_ours(
    database: Database, vault: Vault, shop: Account, books: NetSuiteAccount, now: datetime
) -> None:
    with database.write() as session:
        make_netsuite_account(session, vault, slug="others", account_id="7654321")
        stranger = make_account(
            session, vault, slug="stranger", storefront_id="s.myshopify.com", netsuite_slug="others"
        )
        theirs = session.get_one(NetSuiteAccount, stranger.netsuite_account_id)
        make_refund(session, shop, make_seen(origin="netsuite", refund_id="77"), now=now)
        ours = make_refund(session, shop, make_seen(refund_id="5"), now=now)

        def knows(owner: NetSuiteAccount, record_id: str, external_id: str, at: datetime) -> bool:
            return polls.knows_record(session, owner, record_id, external_id, at)

        assert knows(books, "77", "", now)
        assert not knows(books, "77", "", now + SECOND)
        assert not knows(books, "78", "", now)
        assert not knows(theirs, "77", "", now)
        assert knows(books, "78", ours.key, now + SECOND)
        assert not knows(theirs, "78", ours.key, now)
        assert not knows(books, "5", "", now)
        echo = key_of(shop.slug, "77")  # the key of a refund from NetSuite is nobody's external id
        assert not knows(books, "78", echo, now)


def test_netsuites_refunds_are_wanted_if_a_joined_account_carries_them(
    database: Database, vault: Vault, shop: Account, books: NetSuiteAccount
) -> None:
    with database.write() as session:
        make_netsuite_account(session, vault, slug="others", account_id="7654321")
        stranger = make_account(
            session, vault, slug="stranger", storefront_id="s.myshopify.com", netsuite_slug="others"
        )
        stranger.direction = Direction.FROM_NETSUITE
        session.flush()
        session.merge(shop).direction = Direction.TO_NETSUITE
        session.flush()
        assert not polls.wants_netsuite_refunds(session, books)
        session.merge(shop).direction = Direction.FROM_NETSUITE
        session.flush()
        assert polls.wants_netsuite_refunds(session, books)
        session.merge(shop).sync_enabled = False
        session.flush()
        assert not polls.wants_netsuite_refunds(session, books)


def hurry(database: Database, owner: Account | NetSuiteAccount, now: datetime) -> Poll:
    with database.write() as session:
        return polls.hurry(session, owner, now=now)


def test_an_account_that_is_hurried_is_asked_at_once_whenever_it_was_due(
    database: Database, claimed: Poll, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        polls.fail(session, claimed, "RATE_LIMITED", "", interval=INTERVAL, now=now, retry_after=3600)
    poll = hurry(database, shop, now + SECOND)
    assert (poll.id, poll.due_at, poll.not_before) == (claimed.id, now + SECOND, None)
    assert may_claim(database, poll.id, now + SECOND)


def test_one_that_could_not_be_asked_is_spared_where_that_is_wanted(
    database: Database, claimed: Poll, shop: Account, now: datetime
) -> None:
    def hurry_gently() -> Poll:
        with database.write() as session:
            return polls.hurry(session, shop, now=now + SECOND, spares_failed=True)

    with database.write() as session:
        polls.fail(session, claimed, "RATE_LIMITED", "", interval=INTERVAL, now=now, retry_after=3600)
    spared = hurry_gently().due_at
    assert spared is not None
    assert spared >= now + timedelta(hours=1)
    assert not may_claim(database, claimed.id, now + SECOND)
    with database.write() as session:
        again = polls.claim(session, claimed.id, now=now + timedelta(hours=6))
        assert again is not None
        polls.finish(session, again, found=0, interval=INTERVAL, now=now)
    assert hurry_gently().due_at == now + SECOND


def test_an_account_that_was_never_asked_can_be_hurried_from_its_connection_on(
    database: Database, shop: Account, books: NetSuiteAccount, now: datetime
) -> None:
    later = now + timedelta(days=3)
    its, netsuites = hurry(database, shop, later), hurry(database, books, later)
    assert (its.account_id, its.watermark) == (shop.id, now)
    assert (netsuites.account_id, netsuites.netsuite_account_id) == (None, books.id)
    with database.write() as session:
        assert polls.ensure(session, now=later) == 0


def test_hurrying_leaves_a_poll_that_is_under_way_to_its_worker(
    database: Database, claimed: Poll, shop: Account, now: datetime
) -> None:
    poll = hurry(database, shop, now + SECOND)
    assert (poll.lease_until, poll.due_at) == (now + LEASE, now + LEASE)
    assert not may_claim(database, poll.id, now + SECOND)
    with database.write() as session:
        assert polls.finish(session, claimed, found=0, interval=INTERVAL, now=now + SECOND)
