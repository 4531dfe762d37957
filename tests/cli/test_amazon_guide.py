"""Connecting a seller on Amazon by `refund-sync account add`; Amazon is not called."""

import json

import pytest

from ledger.models.accounts import Direction
from tests.cli.connecting import ADD_BOOKS, TBA, shop_of
from tests.cli.installation import Installation

AMAZON = {"client_id": "amzn1.app", "client_secret": "amzn1.oa2-cs.v1.0123", "refresh_token": "Atzr|0123"}
ADD = (
    *("account", "add", "amazon", "--platform", "amazon", "--storefront", "A1SELLER", "--netsuite", "books"),
    *("--credentials-file", "-"),
)


@pytest.fixture
def with_books(installation: Installation) -> Installation:
    """An installation with a NetSuite account."""
    installation.run(*ADD_BOOKS, typed=json.dumps(TBA))
    return installation


def test_a_seller_is_added_with_the_relays_secret_and_a_marketplaces_direction(
    with_books: Installation,
) -> None:
    path = with_books.file("secret.txt", "relay-secret-0123456789\n")
    credentials = {**AMAZON, "region": "eu", "secret_header": "x-relay-key"}
    said = with_books.run(*ADD, "--webhook-secret-file", path, typed=json.dumps(credentials)).stdout
    account = shop_of(with_books)
    assert account.direction is Direction.TO_NETSUITE
    assert with_books.vault.open(account.credentials) == credentials
    assert with_books.vault.open(account.webhook_secrets) == ["relay-secret-0123456789"]
    for topic in ("TRANSACTION_UPDATE", "ORDER_CHANGE"):
        assert f"  {topic}\n" in said


def test_the_relays_secret_is_asked_for(with_books: Installation) -> None:
    said = with_books.refused(*ADD, typed=json.dumps(AMAZON))
    assert "API destination" in said
    assert "--webhook-secret-file" in said


def test_credentials_of_another_shape_are_refused_before_anything_is_added(with_books: Installation) -> None:
    said = with_books.refused(*ADD, typed='{"client_id": "amzn1.app"}')
    assert "Amazon credentials need client_secret, refresh_token" in said
    assert with_books.json("account", "list") == []
