"""`refund-sync netsuite` and `refund-sync account`: connecting both sides."""

import json

import pytest

from ledger.models.accounts import Direction
from tests.cli.connecting import ADD_BOOKS, ADD_SHOP, SHOPIFY, TBA, books_of, connect, shop_of
from tests.cli.installation import Installation


@pytest.fixture
def connected(installation: Installation) -> Installation:
    """An installation with a shop joined to NetSuite."""
    return connect(installation)


def test_a_netsuite_account_is_added_with_a_secret_made_and_shown_once(installation: Installation) -> None:
    said = installation.json(*ADD_BOOKS, "--concurrency", "3", typed=json.dumps(TBA))

    books = books_of(installation)
    assert (books.account_id, books.concurrency) == ("1234567_SB1", 3)
    assert installation.vault.open(books.credentials) == TBA
    assert installation.vault.open(books.webhook_secrets) == [said["webhook_secret"]]
    assert said["webhook_secret"] not in installation.run("netsuite", "list", "--json").stdout
    assert installation.audit("netsuite_account") == [("add", "")]


def test_the_webhook_address_is_below_the_public_one(installation: Installation) -> None:
    installation.env["REFUND_SYNC_PUBLIC_URL"] = "https://refunds.example.com/"

    said = installation.json(*ADD_BOOKS, typed=json.dumps(TBA))
    shop = installation.json(*ADD_SHOP, typed=json.dumps(SHOPIFY))

    assert said["webhook_url"] == "https://refunds.example.com/webhooks/netsuite/books"
    assert shop["webhook_url"] == "https://refunds.example.com/webhooks/shopify/my-shop"


def test_the_webhook_address_is_told_to_people_too(installation: Installation) -> None:
    installation.env["REFUND_SYNC_PUBLIC_URL"] = "https://refunds.example.com"

    said = installation.run(*ADD_BOOKS, typed=json.dumps(TBA)).stdout

    assert "Webhook URL: https://refunds.example.com/webhooks/netsuite/books\n" in said


def test_without_a_public_address_the_path_and_the_setting_are_named(installation: Installation) -> None:
    said = installation.run(*ADD_BOOKS, typed=json.dumps(TBA)).stdout

    assert "/webhooks/netsuite/books" in said
    assert "REFUND_SYNC_PUBLIC_URL" in said
    assert installation.json("netsuite", "list")[0]["slug"] == "books"


def test_a_given_webhook_secret_is_not_shown(installation: Installation) -> None:
    path = installation.file("secret.txt", "our-own-secret-0123456789\n")

    said = installation.run(*ADD_BOOKS, "--webhook-secret-file", path, typed=json.dumps(TBA)).output

    assert "our-own-secret" not in said
    assert installation.vault.open(books_of(installation).webhook_secrets) == ["our-own-secret-0123456789"]


def test_credentials_come_from_the_environment_and_the_key_from_its_own_file(
    installation: Installation, private_key: str
) -> None:
    path = installation.file("key.pem", private_key)
    installation.env["REFUND_SYNC_CREDENTIALS"] = json.dumps(
        {"auth": "oauth2", "client_id": "c", "certificate_id": "x"}
    )

    installation.run("netsuite", "add", "books", "--account-id", "1234567", "--private-key-file", path)

    kept = installation.vault.open(books_of(installation).credentials)
    assert kept["private_key"] == private_key
    assert kept["client_id"] == "c"


@pytest.mark.parametrize(
    ("credentials", "said"),
    [
        ("", "is not a JSON object"),
        ("{}", "is not a JSON object"),
        ("not json: hunter2", "is not a JSON object"),
        ("[1]", "is not a JSON object"),
        ('{"auth": "basic"}', '"oauth2" or "tba"'),
        ('{"auth": "tba", "consumer_key": "x"}', "consumer_secret"),
        ("x" * 70_000, "too large"),
    ],
)
def test_credentials_of_another_shape_are_refused_without_being_quoted(
    installation: Installation, credentials: str, said: str
) -> None:
    refusal = installation.refused(*ADD_BOOKS, typed=credentials)

    assert said in refusal
    assert "hunter2" not in refusal


def test_missing_credentials_name_both_ways_to_give_them(installation: Installation) -> None:
    said = installation.refused("netsuite", "add", "books", "--account-id", "1234567")

    assert "--credentials-file" in said
    assert "REFUND_SYNC_CREDENTIALS" in said


def test_a_key_alone_replaces_nothing(connected: Installation, private_key: str) -> None:
    path = connected.file("key.pem", private_key)

    assert "--credentials-file" in connected.refused("netsuite", "set", "books", "--private-key-file", path)


def test_credentials_in_the_environment_replace_nothing_by_accident(connected: Installation) -> None:
    connected.env["REFUND_SYNC_CREDENTIALS"] = '{"access_token": "shpat_2"}'
    connected.run("account", "set", "my-shop", "review=yes")

    assert connected.vault.open(shop_of(connected).credentials) == SHOPIFY


def test_no_option_takes_a_secret_itself(installation: Installation) -> None:
    installation.run(*ADD_BOOKS, "--webhook-secret", "hunter2", typed=json.dumps(TBA), code=2)
    installation.run(*ADD_BOOKS, "--credentials", json.dumps(TBA), typed=json.dumps(TBA), code=2)


@pytest.mark.parametrize("text", ["", "one\ntwo\n", "short"])
def test_a_secret_that_is_none_is_refused(installation: Installation, text: str) -> None:
    path = installation.file("secret.txt", text)

    installation.refused(*ADD_BOOKS, "--webhook-secret-file", path, typed=json.dumps(TBA))


def test_a_binary_file_is_no_secret(installation: Installation) -> None:
    path = installation.home / "secret.bin"
    path.write_bytes(b"\xff\xfe\x00")

    said = installation.refused(*ADD_BOOKS, "--webhook-secret-file", str(path), typed=json.dumps(TBA))

    assert "UTF-8" in said


@pytest.mark.parametrize(
    "words", [("--account-id", "no/such"), ("--account-id", "1234567", "--concurrency", "0")]
)
def test_what_cannot_be_an_account_is_refused(installation: Installation, words: tuple[str, ...]) -> None:
    said = installation.run(
        *("netsuite", "add", "books", "--credentials-file", "-", *words),
        code=1 if len(words) == 2 else 2,
        typed=json.dumps(TBA),
    )

    assert said.stderr


def test_another_api_address_is_for_development_only(installation: Installation) -> None:
    installation.env["REFUND_SYNC_ALLOW_PRIVATE_URLS"] = "0"
    words = ("--api-url", "http://127.0.0.1:9000/netsuite")

    assert "REFUND_SYNC_ALLOW_PRIVATE_URLS" in installation.refused(*ADD_BOOKS, *words, typed=json.dumps(TBA))


def test_a_shop_is_added_with_the_apps_secret_and_its_platforms_direction(connected: Installation) -> None:
    shop = shop_of(connected)

    assert shop.direction is Direction.FROM_NETSUITE
    assert connected.vault.open(shop.webhook_secrets) == [SHOPIFY["client_secret"]]
    assert connected.vault.open(shop.credentials) == SHOPIFY


def test_the_topics_to_subscribe_to_are_named(installation: Installation) -> None:
    installation.run(*ADD_BOOKS, typed=json.dumps(TBA))

    said = installation.run(*ADD_SHOP, typed=json.dumps(SHOPIFY)).stdout

    for topic in ("refunds/create", "orders/delete", "order_transactions/create", "customers/redact"):
        assert f"  {topic}\n" in said


def test_settings_and_direction_are_taken_when_an_account_is_added(installation: Installation) -> None:
    installation.run(*ADD_BOOKS, typed=json.dumps(TBA))

    words = ("--direction", "to_netsuite", "--set", "item_shipping=901", "--set", "review=yes")
    added = installation.json(*ADD_SHOP, *words, typed=json.dumps(SHOPIFY))

    assert added["direction"] == "to_netsuite"
    assert added["settings"] == {"item_shipping": "901", "review": True}


def test_a_shop_with_a_token_needs_the_secret_its_webhooks_are_signed_with(
    installation: Installation,
) -> None:
    installation.run(*ADD_BOOKS, typed=json.dumps(TBA))

    said = installation.refused(*ADD_SHOP, typed='{"access_token": "shpat_1"}')

    assert "client secret" in said
    assert "--webhook-secret-file" in said


def test_both_credentials_and_secret_cannot_come_from_nowhere(installation: Installation) -> None:
    assert "there is no NetSuite account 'books'" in installation.refused(
        *ADD_SHOP, typed=json.dumps(SHOPIFY)
    )


def test_an_account_is_added_once(connected: Installation) -> None:
    assert "exists already" in connected.refused(*ADD_SHOP, typed=json.dumps(SHOPIFY))
    assert "exists already" in connected.refused(*ADD_BOOKS, typed=json.dumps(TBA))
