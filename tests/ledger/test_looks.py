"""Two looks at one source: what was overtaken is thrown away, whatever the clocks say."""

from datetime import datetime, timedelta

import pytest

from ledger import looks
from ledger.database import Database
from ledger.looks import Look, StaleLookError
from ledger.models import Account, Refund
from ledger.refunds import record
from ledger.secrets import Vault
from tests.support.ledger import TRACE, make_account, make_seen

MINUTE = timedelta(minutes=1)


@pytest.fixture
def account(database: Database, vault: Vault) -> Account:
    with database.write() as session:
        return make_account(session, vault)


def begin(database: Database, account: Account, now: datetime, refund_id: str = "509562969") -> Look:
    with database.read() as session:
        return looks.begin(session, [account.id], "shopify", refund_id, now=now)


def take(database: Database, account: Account, look: Look | None, name: str, now: datetime) -> Refund:
    """Take over that the order is called so."""
    with database.write() as session:
        owner = session.get_one(Account, account.id)
        seen = make_seen(order_name=name)
        return record(session, owner, seen, None, now=now, trace_id=TRACE, look=look)[0]


def test_a_look_that_nothing_overtook_is_taken_over_and_its_time_kept(
    database: Database, account: Account, now: datetime
) -> None:
    first = begin(database, account, now)
    assert first == Look(now, None)
    assert take(database, account, first, "#1", now + MINUTE).facts_at == now
    second = begin(database, account, now + MINUTE)
    assert second == Look(now + MINUTE, now)
    refund = take(database, account, second, "#2", now + 2 * MINUTE)
    assert (refund.storefront_order_name, refund.facts_at) == ("#2", now + MINUTE)


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("ahead", [-MINUTE, timedelta(0), MINUTE], ids=["behind", "even", "ahead"])
def test_of_two_looks_at_once_the_one_that_comes_later_is_thrown_away(
    database: Database,
    account: Account,
    now: datetime,
    ahead: timedelta,
    is_known: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    if is_known:
        take(database, account, None, "#0", now - 9 * MINUTE)
    one, other = begin(database, account, now), begin(database, account, now + ahead + MINUTE / 2)
    take(database, account, other, "#new", now + 2 * MINUTE)
    with pytest.raises(StaleLookError) as caught:
        take(database, account, one, "#old", now + 3 * MINUTE)
    assert caught.value.reason == "stale_look"
    again = begin(database, account, now + 4 * MINUTE)
    assert take(database, account, again, "#newest", now + 5 * MINUTE).storefront_order_name == "#newest"


def test_without_a_look_news_counts_as_it_comes(database: Database, account: Account, now: datetime) -> None:
    assert take(database, account, None, "#1", now).facts_at == now
    assert take(database, account, None, "#2", now + MINUTE).facts_at == now + MINUTE


def test_a_look_is_at_one_refund_of_some_accounts(
    database: Database, account: Account, now: datetime
) -> None:
    take(database, account, None, "#1", now)
    assert begin(database, account, now, "2").known is None
    with database.read() as session:
        assert looks.begin(session, [account.id], "netsuite", "509562969", now=now).known is None
        assert looks.begin(session, [account.id + 1], "shopify", "509562969", now=now).known is None
        assert looks.begin(session, [], "shopify", "509562969", now=now).known is None
