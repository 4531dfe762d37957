"""News of alerts, handed to the channels that want it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from ledger import accounts, alerts, pausing
from ledger.database import Database
from ledger.models import (
    Account,
    AlertChannel,
    AlertNotice,
    NetSuiteAccount,
    News,
)
from ledger.platforms import Platform
from ledger.secrets import Vault
from ledger.states import Transition
from tests.support.alerts import make_channel, move_refund, tell_all
from tests.support.ledger import make_account, make_netsuite_account
from tests.support.racing import race

MINUTE = timedelta(minutes=1)


def shared(database: Database, *, limit: int = 100) -> int:
    with database.write() as session:
        return alerts.share(session, limit=limit)


def notices(database: Database, name: str = "") -> list[tuple[int, str]]:
    """Return what a channel, or any, is to be told: alerts' ids and phases."""
    query = select(AlertNotice).join(AlertChannel, AlertChannel.id == AlertNotice.channel_id)
    query = query.where(AlertChannel.name == name) if name else query
    with database.read() as session:
        return [(each.alert_id, each.phase.value) for each in session.scalars(query.order_by(AlertNotice.id))]


def fail(database: Database, refund_id: int, now: datetime, *reasons: str) -> None:
    """Let a refund fail, again and again."""
    for reason in reasons or ("REFUSED",):
        move_refund(database, refund_id, Transition.FAIL, reason, now)
        move_refund(database, refund_id, Transition.RETRY, "REQUESTED_BY_PERSON", now, is_claimed=False)


def cancel(database: Database, refund_id: int, now: datetime) -> None:
    move_refund(database, refund_id, Transition.CANCEL, "CANCELLED_BY_PERSON", now, is_claimed=False)


def test_every_channel_that_wants_an_alert_is_handed_it_once(
    database: Database, vault: Vault, refund_id: int, now: datetime
) -> None:
    with database.write() as session:
        make_channel(session, vault, "errors", news=frozenset({News.ERROR}))
        make_channel(session, vault, "all")
        make_channel(session, vault, "pauses", news=frozenset({News.PAUSED}))
        make_channel(session, vault, "off").is_on = False
    fail(database, refund_id, now, "REFUSED", "MAPPING_MISSING", "NOT_BILLED")
    assert (shared(database), shared(database)) == (3, 0)
    assert notices(database, "errors") == [(1, "raised"), (2, "raised")]
    assert notices(database, "all") == [(1, "raised"), (2, "raised"), (3, "raised")]
    assert notices(database, "pauses") == notices(database, "off") == []


def test_news_is_handed_over_bit_by_bit(
    database: Database, vault: Vault, refund_id: int, now: datetime
) -> None:
    with database.write() as session:
        make_channel(session, vault)
    fail(database, refund_id, now, "REFUSED", "MAPPING_MISSING", "PERIOD_CLOSED")
    assert [shared(database, limit=2) for _ in range(3)] == [2, 1, 0]
    assert notices(database) == [(1, "raised"), (2, "raised"), (3, "raised")]


def test_a_channel_made_later_is_told_of_later_alerts_only(
    database: Database, vault: Vault, refund_id: int, now: datetime
) -> None:
    fail(database, refund_id, now, "REFUSED")
    shared(database)
    with database.write() as session:
        make_channel(session, vault)
    fail(database, refund_id, now, "MAPPING_MISSING")
    cancel(database, refund_id, now)
    shared(database)
    assert notices(database) == [(2, "raised")]


def test_a_channel_of_some_accounts_is_told_of_those_and_of_their_books(
    database: Database, vault: Vault, shop: Account, books: NetSuiteAccount, now: datetime
) -> None:
    with database.write() as session:
        make_netsuite_account(session, vault, slug="other", account_id="7")
        seller = make_account(session, vault, platform=Platform.EBAY, netsuite_slug="other")
        make_channel(session, vault, "shop", accounts=(shop.slug,))
        make_channel(session, vault, "seller", accounts=(seller.slug,))
        other = accounts.netsuite_by_slug(session, "other")
        for account in (shop, seller, books, other):
            known = session.merge(account)
            pausing.pause(session, known, "BAD_CREDENTIALS", "", now=now, actor="system")
    shared(database)
    assert notices(database, "shop") == [(1, "raised"), (3, "raised")]
    assert notices(database, "seller") == [(2, "raised"), (4, "raised")]


@pytest.mark.parametrize("tells_cleared", [True, False])
def test_that_it_is_cleared_is_told_once_to_those_who_were_told_of_it(
    database: Database, vault: Vault, refund_id: int, now: datetime, *, tells_cleared: bool
) -> None:
    with database.write() as session:
        make_channel(session, vault, "errors", news=frozenset({News.ERROR}), tells_cleared=tells_cleared)
        make_channel(session, vault, "pauses", news=frozenset({News.PAUSED}))
    fail(database, refund_id, now, "REFUSED", "MAPPING_MISSING", "NOT_BILLED")
    shared(database)
    tell_all(database, now)
    cancel(database, refund_id, now + MINUTE)
    shared(database)
    # Of the newest that the channel was told of; of the third, which is a wait, it never was.
    cleared = [(2, "cleared")] if tells_cleared else []
    assert notices(database) == [(1, "raised"), (2, "raised"), *cleared]


def test_what_is_cleared_before_it_was_told_is_told_once(
    database: Database, vault: Vault, refund_id: int, now: datetime
) -> None:
    with database.write() as session:
        make_channel(session, vault)
    fail(database, refund_id, now)
    cancel(database, refund_id, now)
    shared(database)
    assert notices(database) == [(1, "raised")]


def test_a_channel_that_is_off_meanwhile_is_not_told_that_it_is_cleared(
    database: Database, vault: Vault, refund_id: int, now: datetime
) -> None:
    with database.write() as session:
        channel_id = make_channel(session, vault).id
    fail(database, refund_id, now)
    shared(database)
    tell_all(database, now)
    with database.write() as session:
        session.get_one(AlertChannel, channel_id).is_on = False
    cancel(database, refund_id, now)
    shared(database)
    assert notices(database) == [(1, "raised")]


def test_two_who_hand_over_at_once_hand_each_over_once(
    database: Database, vault: Vault, shop: Account, now: datetime
) -> None:
    rows = [
        alerts.row(News.ERROR, "refund", each, "a refund", "REFUSED", "", now=now, account_id=shop.id)
        for each in range(1, 61)
    ]
    with database.write() as session:
        make_channel(session, vault)
        alerts.raise_all(session.connection(), rows)
    found = race(*[lambda: shared(database)] * 2)
    found.append(shared(database))
    assert sum(found) == 60
    assert sorted(notices(database)) == [(each, "raised") for each in range(1, 61)]


def test_old_alerts_are_forgotten_with_what_was_told_of_them(
    database: Database, vault: Vault, shop: Account, now: datetime
) -> None:
    def some(at: datetime, numbers: Sequence[int]) -> list[alerts.Row]:
        return [
            alerts.row(News.ERROR, "refund", each, "a refund", "REFUSED", "", now=at, account_id=shop.id)
            for each in numbers
        ]

    with database.write() as session:
        make_channel(session, vault)
        alerts.raise_all(session.connection(), [*some(now - MINUTE, [1, 2, 3]), *some(now, [4])])
        alerts.share(session, limit=9)
    with database.write() as session:
        assert [alerts.forget(session, now, limit=2) for _ in range(3)] == [2, 1, 0]
        assert [each.subject_id for each in alerts.latest(session, limit=9)] == [4]
    assert notices(database) == [(4, "raised")]
