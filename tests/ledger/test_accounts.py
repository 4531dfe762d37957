from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import accounts, refunds
from ledger.accounts import AccountError, NewAccount, NewNetSuiteAccount
from ledger.database import Database
from ledger.models import Account, AuditEntry, NetSuiteAccount
from ledger.models.accounts import Direction
from ledger.platforms import Platform
from ledger.policy import PolicyError
from ledger.secrets import Vault
from ledger.states import Transition
from tests.support.ledger import SECRET, make_account, make_netsuite_account, make_refund, make_seen

BOOKS = NewNetSuiteAccount("books", "1234567_sb1", {"auth": "tba"}, SECRET, api_url="https://x.example/")
SHOP = NewAccount(
    "shop",
    Platform.SHOPIFY,
    "example.myshopify.com",
    "books",
    {"access_token": "shpat_1"},
    SECRET,
    settings={"review": True},
    api_url="https://x.example/",
)


def add_both(session: Session, vault: Vault, new: NewAccount, now: datetime) -> Account:
    accounts.add_netsuite(session, vault, BOOKS, now=now, actor="cli:anna")
    return accounts.add(session, vault, new, now=now, actor="cli:anna")


def trail(session: Session, subject: str) -> list[tuple[str, str, str]]:
    entries = session.scalars(select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.id))
    return [(entry.action, entry.actor, entry.note) for entry in entries]


def test_accounts_are_kept_as_they_were_added(database: Database, vault: Vault, now: datetime) -> None:
    with database.write() as session:
        add_both(session, vault, SHOP, now)
    with database.read() as session:
        shop = accounts.by_slug(session, "shop")
        books = accounts.netsuite_by_slug(session, "books")
        assert shop.netsuite is books
        assert list(accounts.joined_to(session, books.id)) == [shop]
        assert trail(session, "account") == [("add", "cli:anna", "direction from_netsuite")]
        assert trail(session, "netsuite_account") == [("add", "cli:anna", "")]
    assert (books.account_id, books.concurrency, books.api_url) == ("1234567_SB1", 5, "https://x.example")
    assert (shop.platform, shop.storefront_id) == (Platform.SHOPIFY, "example.myshopify.com")
    assert (shop.settings, shop.api_url, shop.sync_enabled) == ({"review": True}, "https://x.example", True)
    assert (shop.created_at, shop.paused_reason, shop.paused_at) == (now, "", None)
    assert vault.open(shop.credentials) == {"access_token": "shpat_1"}
    assert vault.open(books.credentials) == {"auth": "tba"}
    assert vault.open(shop.webhook_secrets) == vault.open(books.webhook_secrets) == [SECRET]


def test_credentials_are_not_shown() -> None:
    for new in (BOOKS, SHOP):
        assert SECRET not in repr(new)
        assert "shpat_1" not in repr(new)
        assert "tba" not in repr(new)


@pytest.mark.parametrize(
    ("platform", "direction"),
    [
        (Platform.SHOPIFY, Direction.FROM_NETSUITE),
        (Platform.MAGENTO, Direction.FROM_NETSUITE),
        (Platform.AMAZON, Direction.TO_NETSUITE),
        (Platform.EBAY, Direction.TO_NETSUITE),
    ],
)
def test_marketplaces_start_to_netsuite_and_carts_from_it(
    database: Database, vault: Vault, platform: Platform, direction: Direction
) -> None:
    with database.write() as session:
        assert make_account(session, vault, platform=platform).direction is direction


def test_an_account_may_start_in_the_other_direction(database: Database, vault: Vault) -> None:
    with database.write() as session:
        assert make_account(session, vault, direction=Direction.TO_NETSUITE).direction == "to_netsuite"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"slug": "Shop"}, "bad_slug"),
        ({"slug": ""}, "bad_slug"),
        ({"slug": "-shop"}, "bad_slug"),
        ({"slug": "shop-"}, "bad_slug"),
        ({"slug": "shop/../x"}, "bad_slug"),
        ({"slug": "s" * 41}, "bad_slug"),
        ({"webhook_secret": "fifteen-bytes!!"}, "weak_secret"),
        ({"storefront_id": "example.com"}, "bad_storefront_id"),
        ({"storefront_id": "https://example.myshopify.com"}, "bad_storefront_id"),
        ({"netsuite_slug": "other-books"}, "not_found"),
    ],
)
def test_an_account_that_will_not_do_is_refused(
    database: Database, vault: Vault, now: datetime, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(AccountError) as refused, database.write() as session:
        add_both(session, vault, replace(SHOP, **change), now)
    assert refused.value.reason == reason
    with database.read() as session:
        assert session.scalars(select(Account)).all() == []
        assert trail(session, "netsuite_account") == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"slug": "BOOKS"}, "bad_slug"),
        ({"webhook_secret": "short"}, "weak_secret"),
        ({"account_id": "1234567-SB1"}, "bad_netsuite_id"),
        ({"account_id": ""}, "bad_netsuite_id"),
        ({"account_id": "1234567.evil.example"}, "bad_netsuite_id"),
    ],
)
def test_a_netsuite_account_that_will_not_do_is_refused(
    database: Database, vault: Vault, now: datetime, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(AccountError) as refused, database.write() as session:
        accounts.add_netsuite(session, vault, replace(BOOKS, **change), now=now, actor="cli:anna")
    assert refused.value.reason == reason


def test_a_setting_that_will_not_do_is_refused(database: Database, vault: Vault, now: datetime) -> None:
    with pytest.raises(PolicyError), database.write() as session:
        add_both(session, vault, replace(SHOP, settings={"restock": "maybe"}), now)


@pytest.mark.parametrize(
    "change", [{"slug": "shop"}, {"slug": "shop-2", "storefront_id": SHOP.storefront_id}]
)
def test_no_account_is_added_twice(
    database: Database, vault: Vault, now: datetime, change: dict[str, Any]
) -> None:
    with database.write() as session:
        add_both(session, vault, SHOP, now)
    again = replace(SHOP, **({"storefront_id": "other.myshopify.com"} | change))
    with pytest.raises(AccountError) as refused, database.write() as session:
        accounts.add(session, vault, again, now=now, actor="cli:anna")
    assert refused.value.reason == "exists"


@pytest.mark.parametrize("change", [{"slug": "books", "account_id": "7"}, {"slug": "books-2"}])
def test_no_netsuite_account_is_added_twice(
    database: Database, vault: Vault, now: datetime, change: dict[str, Any]
) -> None:
    with database.write() as session:
        accounts.add_netsuite(session, vault, BOOKS, now=now, actor="cli:anna")
    with pytest.raises(AccountError) as refused, database.write() as session:
        accounts.add_netsuite(session, vault, replace(BOOKS, **change), now=now, actor="cli:anna")
    assert refused.value.reason == "exists"


def test_an_account_that_is_not_there_is_not_found(database: Database) -> None:
    with database.read() as session:
        for find in (accounts.by_slug, accounts.netsuite_by_slug):
            with pytest.raises(AccountError, match="'nobody'") as refused:
                find(session, "nobody")
            assert refused.value.reason == "not_found"


def test_joined_accounts_come_oldest_first_and_only_of_that_netsuite_account(
    database: Database, vault: Vault
) -> None:
    with database.write() as session:
        shop = make_account(session, vault)
        seller = make_account(session, vault, platform=Platform.EBAY)
        make_netsuite_account(session, vault, slug="other", account_id="7")
        make_account(session, vault, platform=Platform.AMAZON, netsuite_slug="other")
        assert list(accounts.joined_to(session, shop.netsuite_account_id)) == [shop, seller]


def test_a_direction_changes_and_the_trail_says_so(database: Database, shop: Account, now: datetime) -> None:
    with database.write() as session:
        account = accounts.by_slug(session, shop.slug)
        accounts.set_direction(session, account, Direction.FROM_NETSUITE, now=now, actor="cli:anna")
        assert len(trail(session, "account")) == 1  # it was so already
        accounts.set_direction(session, account, Direction.TO_NETSUITE, now=now, actor="cli:anna")
    with database.read() as session:
        assert accounts.by_slug(session, shop.slug).direction is Direction.TO_NETSUITE
        assert trail(session, "account")[1:] == [
            ("set_direction", "cli:anna", "from_netsuite -> to_netsuite")
        ]


def test_a_direction_does_not_change_while_refunds_are_under_way(
    database: Database, vault: Vault, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        other = make_account(session, vault, platform=Platform.EBAY)
        make_refund(session, other)
        numbers = [make_refund(session, shop, make_seen(refund_id=str(n))).id for n in range(6)]
        assert accounts.counts(session) == {other.id: 1, shop.id: 6}
        account = accounts.by_slug(session, shop.slug)
        with pytest.raises(AccountError) as refused:
            accounts.set_direction(session, account, Direction.TO_NETSUITE, now=now, actor="cli:anna")
    assert account.direction is Direction.FROM_NETSUITE
    assert refused.value.reason == "under_way"
    assert f"({', '.join(map(str, numbers[:5]))})" in str(refused.value)
    with database.write() as session:
        for number in numbers:
            refund = refunds.load(session, number)
            refunds.move(session, refund, Transition.CANCEL, "CANCELLED_BY_PERSON", now=now, actor="cli:anna")
        assert accounts.counts(session) == {other.id: 1}
        account = accounts.by_slug(session, shop.slug)
        accounts.set_direction(session, account, Direction.TO_NETSUITE, now=now, actor="cli:anna")


def test_the_secret_before_the_newest_stays_live_and_no_older_one(
    database: Database, vault: Vault, shop: Account, now: datetime
) -> None:
    first, second = "a-second-secret-of-this-shop", "a-third-secret-of-this-shop"
    for secret, live in ((first, [first, SECRET]), (second, [second, first]), (second, [second, first])):
        with database.write() as session:
            account = accounts.by_slug(session, shop.slug)
            accounts.rotate_secret(session, vault, account, secret, now=now, actor="cli:anna")
        with database.read() as session:
            assert vault.open(accounts.by_slug(session, shop.slug).webhook_secrets) == live
    with database.read() as session:
        assert [action for action, _, _ in trail(session, "account")] == ["add", *["rotate_secret"] * 3]


@pytest.mark.parametrize(("live", "kept"), [(1, 1), (3, 3), (4, 4)])
def test_as_many_secrets_stay_live_as_are_wanted(
    database: Database, vault: Vault, shop: Account, now: datetime, live: int, kept: int
) -> None:
    with database.write() as session:
        account = accounts.by_slug(session, shop.slug)
        for number in range(5):
            secret = f"secret-number-{number}-of-this-shop"
            accounts.rotate_secret(session, vault, account, secret, now=now, actor="cli:anna", live=live)
        assert len(vault.open(account.webhook_secrets)) == kept


@pytest.mark.parametrize("live", [0, accounts.MOST_SECRETS + 1])
def test_no_secret_and_too_many_are_refused(
    database: Database, vault: Vault, shop: Account, now: datetime, live: int
) -> None:
    with pytest.raises(AccountError) as caught, database.write() as session:
        accounts.rotate_secret(session, vault, shop, SECRET, now=now, actor="cli:anna", live=live)
    assert caught.value.reason == "bad_number"


def test_a_netsuite_accounts_secret_is_rotated_too(
    database: Database, vault: Vault, books: NetSuiteAccount, now: datetime
) -> None:
    with database.write() as session:
        account = accounts.netsuite_by_slug(session, books.slug)
        accounts.rotate_secret(session, vault, account, "another-secret-of-books", now=now, actor="cli:anna")
        assert vault.open(account.webhook_secrets) == ["another-secret-of-books", SECRET]
    with database.read() as session:
        assert trail(session, "netsuite_account")[-1] == ("rotate_secret", "cli:anna", "")


def test_a_weak_secret_does_not_replace_a_good_one(
    database: Database, vault: Vault, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        account = accounts.by_slug(session, shop.slug)
        with pytest.raises(AccountError) as refused:
            accounts.rotate_secret(session, vault, account, "weak", now=now, actor="cli:anna")
    assert refused.value.reason == "weak_secret"
    with database.read() as session:
        assert vault.open(accounts.by_slug(session, shop.slug).webhook_secrets) == [SECRET]


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:9000/shopify", "https://shop.example.com"])
def test_any_web_address_will_do_for_development(url: str) -> None:
    accounts.check_api_url(url, allow_private=True)


@pytest.mark.parametrize("url", ["https://shop.example.com", "http://10.0.0.1", "https://169.254.169.254/"])
def test_only_the_platforms_own_address_will_do_in_production(url: str) -> None:
    accounts.check_api_url("", allow_private=False)
    with pytest.raises(AccountError, match="REFUND_SYNC_ALLOW_PRIVATE_URLS=1") as refused:
        accounts.check_api_url(url, allow_private=False)
    assert refused.value.reason == "bad_url"


@pytest.mark.parametrize(
    "url",
    [
        "shop.example.com",
        "ftp://shop.example.com",
        "https://",
        "https://user:password@shop.example.com",
        "https://shop.example.com?x=1",
        "https://[::1",
        "https://shop.example.com:port",
    ],
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(AccountError) as refused:
        accounts.check_api_url(url, allow_private=True)
    assert refused.value.reason == "bad_url"
