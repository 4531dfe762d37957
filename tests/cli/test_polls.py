"""`refund-sync account poll` and `netsuite poll`: asking now for what no webhook told of, over real HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from ledger import polls
from ledger.clock import utcnow
from ledger.models import Account, NetSuiteAccount, Poll
from tests.cli.installation import Installation
from tests.cli.platforms import DOMAIN, Platforms, connect
from tests.support.waiting import until
from tests.workers.platforms.world import Control


@pytest.fixture
def shop(control: Control, installation: Installation) -> Platforms:
    """A shop whose refunds are carried to NetSuite, connected a day ago."""
    return age(connect(control, installation))


@pytest.fixture
def books(control: Control, installation: Installation) -> Platforms:
    """A shop that NetSuite's refunds are carried to, connected a day ago."""
    return age(connect(control, installation, "from_netsuite"))


def age(platforms: Platforms) -> Platforms:
    """Let a day pass since the accounts were connected."""
    with platforms.installation.database.write() as session:
        for table in (Account, NetSuiteAccount):
            session.execute(update(table).values(created_at=utcnow() - timedelta(days=1)))
    return platforms


def ask_until_found(platforms: Platforms, *words: str) -> dict[str, Any]:
    """Ask until there is news: platforms tell of the last second only in the next."""

    def found() -> dict[str, Any]:
        said: dict[str, Any] = platforms.installation.json(*words)
        return said if said["found"] else {}

    return until(found)


def finish_all(installation: Installation) -> None:
    """Let every account have been asked a moment ago, so that none is due."""
    with installation.database.write() as session:
        polls.ensure(session, now=utcnow())
        for number in session.scalars(select(Poll.id)).all():
            claimed = polls.claim(session, number, now=utcnow())
            assert claimed is not None
            polls.finish(session, claimed, found=0, interval=timedelta(hours=1), now=utcnow())


def test_a_refund_that_no_webhook_told_of_is_found_at_once(shop: Platforms) -> None:
    finish_all(shop.installation)
    shop.refund(shop.order())

    assert ask_until_found(shop, "account", "poll", "my-shop")["found"] == 1

    ((job, _),) = shop.installation.woken("shopify")
    assert job == "process_delivery"


def test_what_netsuite_has_is_found_at_once(books: Platforms) -> None:
    order = books.order()
    books.refund_in_netsuite(order)
    finish_all(books.installation)

    said = ask_until_found(books, "netsuite", "poll", "books")

    assert (said["account"], said["found"]) == ("books", 1)
    assert [job for job, _ in books.installation.woken("netsuite")] == ["process_delivery"]


def test_asking_again_finds_nothing_twice_and_says_so(shop: Platforms) -> None:
    shop.refund(shop.order())
    ask_until_found(shop, "account", "poll", "my-shop")

    said = shop.installation.run("account", "poll", "my-shop").stdout

    assert said.startswith("my-shop was asked for news up to 20")
    assert said.endswith(": 0 changes found.\n")


def test_the_next_time_stays_as_far_away_as_it_was(shop: Platforms) -> None:
    shop.installation.run("account", "poll", "my-shop")

    with shop.installation.database.read() as session:
        poll = session.scalars(select(Poll).join(Account, Account.id == Poll.account_id)).one()
    assert poll.due_at is not None
    assert poll.due_at > utcnow() + timedelta(minutes=10)


def test_a_paused_account_is_not_asked(shop: Platforms) -> None:
    shop.installation.run("account", "pause", "my-shop", "--note", "stocktaking")

    assert shop.installation.refused("account", "poll", "my-shop") == (
        "The account is paused: my-shop, for ACCOUNT_PAUSED. Mend what paused it, then resume the account."
    )
    with shop.installation.database.read() as session:
        assert session.scalars(select(Poll)).all() == []


def test_what_the_platform_refuses_is_said(shop: Platforms, control: Control) -> None:
    control.fault("shopify", "graphql:query", "status", tenant=DOMAIN, status=500)

    said = shop.installation.run("account", "poll", "my-shop", code=1).stderr.splitlines()[-1]

    assert said.startswith("Error: The platform failed for a moment")
    with shop.installation.database.read() as session:
        assert session.scalars(select(Poll.failures)).all() == [1]


@pytest.mark.parametrize("words", [("account", "poll", "nobody"), ("netsuite", "poll", "nobody")])
def test_an_account_that_is_not_there_is_named(installation: Installation, words: tuple[str, ...]) -> None:
    installation.run("migrate")

    assert "'nobody'" in installation.refused(*words)


def test_netsuites_own_poll_is_not_that_of_an_account(books: Platforms) -> None:
    books.installation.run("netsuite", "poll", "books")

    with books.installation.database.read() as session:
        (poll,) = session.scalars(select(Poll)).all()
        assert poll.account_id is None
        assert poll.netsuite_account_id == session.scalars(select(NetSuiteAccount.id)).one()
