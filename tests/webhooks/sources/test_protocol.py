from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.database import Database
from ledger.models import Account
from ledger.platforms import Platform
from ledger.policy import PolicyError
from ledger.secrets import Vault
from tests.support.ledger import NOW, make_account, make_netsuite_account
from webhooks.sources import SOURCES
from webhooks.sources.fields import moment_of
from webhooks.sources.protocol import Endpoint, Request
from webhooks.sources.signing import delivery_key, signed_by_any, unread_key


def test_every_source_is_found_by_its_own_name() -> None:
    assert {name: source.name for name, source in SOURCES.items()} == {name: name for name in SOURCES}


def test_headers_are_found_in_any_case() -> None:
    request = Request({"X-NS-Timestamp": " 1 "}, b"", NOW)
    assert [request.header(name) for name in ("x-ns-timestamp", "X-NS-TIMESTAMP", "other")] == ["1", "1", ""]


def test_an_endpoint_never_shows_its_secrets() -> None:
    endpoint = Endpoint.of(_stored_account(), secrets=("whsec-very-secret",))
    assert "very-secret" not in repr(endpoint)


def test_an_account_with_settings_of_another_version_has_no_endpoint() -> None:
    account = _stored_account()
    account.settings = {"from_the_future": "1"}
    with pytest.raises(PolicyError):
        Endpoint.of(account)


def _stored_account() -> Account:
    return Account(
        id=1,
        slug="shop",
        platform=Platform.SHOPIFY,
        storefront_id="example.myshopify.com",
        netsuite_account_id=2,
        settings={"currency_mode": "presentment"},
    )


def test_endpoints_are_made_of_either_kind_of_account(database: Database, vault: Vault) -> None:
    with database.write() as session:
        books = make_netsuite_account(session, vault)
        shop = make_account(session, vault, settings={"currency_mode": "presentment"})
        session.flush()
        of_shop, of_books = Endpoint.of(shop), Endpoint.of(books)
    assert (of_shop.source, of_shop.platform_id) == ("shopify", "example.myshopify.com")
    assert (of_shop.account_id, of_shop.netsuite_account_id) == (shop.id, books.id)
    assert of_shop.policy.currency_mode == "presentment"
    assert (of_books.source, of_books.platform_id) == ("netsuite", "1234567_SB1")
    assert (of_books.account_id, of_books.netsuite_account_id) == (None, books.id)


texts = st.text(max_size=40)


@given(st.lists(texts, min_size=1, max_size=3), st.lists(texts, min_size=1, max_size=3))
def test_different_parts_make_different_keys(one: list[str], other: list[str]) -> None:
    assert (delivery_key(*one) == delivery_key(*other)) == (one == other)


@given(st.lists(st.text(max_size=300), min_size=1, max_size=3))
def test_a_key_fits_its_column_and_every_database(parts: list[str]) -> None:
    key = delivery_key(*parts)
    assert len(key) <= 255
    assert key.isascii()
    assert key.isprintable()


@given(texts, texts, st.binary(max_size=20), texts, texts, st.binary(max_size=20))
def test_what_is_not_understood_has_a_key_of_all_it_is_known_by(
    topic: str, event: str, body: bytes, topic2: str, event2: str, body2: bytes
) -> None:
    same = (topic, event, body) == (topic2, event2, body2)
    assert (unread_key(topic, event, body) == unread_key(topic2, event2, body2)) == same


def test_no_secret_signs_nothing() -> None:
    assert not signed_by_any((), b"message", b"")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-14T10:09:20-05:00", datetime(2026, 3, 14, 15, 9, 20, tzinfo=UTC)),
        ("2026-03-14T15:09:20Z", datetime(2026, 3, 14, 15, 9, 20, tzinfo=UTC)),
        ("2026-03-14T15:09:20.123456789Z", datetime(2026, 3, 14, 15, 9, 20, 123456, tzinfo=UTC)),
        ("2026-03-14T15:09:20", None),
        ("2026-03-14", None),
        ("", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
    ],
)
def test_a_moment_is_read_with_its_zone_or_not_at_all(text: str, moment: datetime | None) -> None:
    assert moment_of(text) == moment
