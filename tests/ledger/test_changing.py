from datetime import datetime

import pytest
from sqlalchemy import select

from ledger import changing
from ledger.accounts import AccountError
from ledger.database import Database
from ledger.models import Account, AuditEntry, NetSuiteAccount
from ledger.policy import PolicyError
from ledger.secrets import Vault


def notes(database: Database) -> list[str]:
    query = select(AuditEntry.note).where(AuditEntry.action == "set").order_by(AuditEntry.id)
    with database.read() as session:
        return list(session.scalars(query))


def test_rules_change_together_and_each_change_is_written_down(
    database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        account = session.get_one(Account, shop.id)
        words = {"review": "yes", "item_shipping": "1201", "restock": "follow"}
        assert changing.set_rules(session, account, words, now=now, actor="test") == [
            "review",
            "item_shipping",
        ]
    with database.read() as session:
        assert session.get_one(Account, shop.id).settings == {
            "review": True,
            "item_shipping": "1201",
            "restock": "follow",
        }
    assert notes(database) == ["review False -> True", "item_shipping '' -> '1201'"]


def test_a_refused_rule_keeps_all_from_changing(database: Database, shop: Account, now: datetime) -> None:
    def change() -> None:
        with database.write() as session:
            account = session.get_one(Account, shop.id)
            changing.set_rules(session, account, {"review": "yes", "restock": "maybe"}, now=now, actor="test")

    with pytest.raises(PolicyError):
        change()
    with database.read() as session:
        assert session.get_one(Account, shop.id).settings == {}
    assert notes(database) == []


def test_the_switch_is_written_down(database: Database, shop: Account, now: datetime) -> None:
    with database.write() as session:
        changing.switch(session, session.get_one(Account, shop.id), is_on=False, now=now, actor="test")
    with database.read() as session:
        assert not session.get_one(Account, shop.id).sync_enabled
    assert notes(database) == ["sync on -> off"]


def test_concurrency_is_a_number_within_bounds(
    database: Database, books: NetSuiteAccount, now: datetime
) -> None:
    with database.write() as session:
        account = session.get_one(NetSuiteAccount, books.id)
        changing.set_concurrency(session, account, "10", now=now, actor="test")
        for text in ("0", "201", "-1", "x", "", "9" * 5000):
            with pytest.raises(AccountError) as refused:
                changing.set_concurrency(session, account, text, now=now, actor="test")
            assert refused.value.reason == "bad_number"
    with database.read() as session:
        assert session.get_one(NetSuiteAccount, books.id).concurrency == 10


def test_credentials_are_sealed_and_not_written_down(
    database: Database, vault: Vault, shop: Account, now: datetime
) -> None:
    credentials = {"access_token": "shpat_0123456789abcdef"}
    with database.write() as session:
        account = session.get_one(Account, shop.id)
        changing.set_credentials(session, vault, account, credentials, now=now, actor="test")
    with database.read() as session:
        sealed = session.get_one(Account, shop.id).credentials
    assert vault.open(sealed) == credentials
    assert notes(database) == ["credentials"]


def test_new_secrets_are_long_and_differ() -> None:
    first, second = changing.new_secret(), changing.new_secret()
    assert first != second
    assert len(first) == len(second) == 43
