"""`refund-sync netsuite` and `refund-sync account`: connecting both sides, and changing how."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from ledger.models import Account, NetSuiteAccount
from ledger.models.accounts import Direction
from ledger.refunds import claim, move
from ledger.states import Transition
from tests.cli.installation import Installation
from tests.support.ledger import NOW, make_refund

TBA = {
    "auth": "tba",
    "consumer_key": "ck-1",
    "consumer_secret": "consumer-secret-1",
    "token_id": "tid-1",
    "token_secret": "token-secret-1",
}
SHOPIFY = {"client_id": "client-1", "client_secret": "shpss_0123456789abcdef0123456789abcdef"}
ADD_BOOKS = ("netsuite", "add", "books", "--account-id", "1234567_sb1", "--credentials-file", "-")
ADD_SHOP = (
    *("account", "add", "my-shop", "--platform", "shopify", "--storefront", "my-shop.myshopify.com"),
    *("--netsuite", "books", "--credentials-file", "-"),
)


def _books(installation: Installation) -> NetSuiteAccount:
    with installation.database.read() as session:
        return session.scalars(select(NetSuiteAccount)).one()


def _shop(installation: Installation) -> Account:
    with installation.database.read() as session:
        return session.scalars(select(Account)).one()


@pytest.fixture
def connected(installation: Installation) -> Installation:
    """An installation with a shop joined to NetSuite."""
    installation.run(*ADD_BOOKS, typed=json.dumps(TBA))
    installation.run(*ADD_SHOP, typed=json.dumps(SHOPIFY))
    return installation


def test_a_netsuite_account_is_added_with_a_secret_made_and_shown_once(installation: Installation) -> None:
    said = installation.json(*ADD_BOOKS, "--concurrency", "3", typed=json.dumps(TBA))

    books = _books(installation)
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


def test_without_a_public_address_the_path_and_the_setting_are_named(installation: Installation) -> None:
    said = installation.run(*ADD_BOOKS, typed=json.dumps(TBA)).stdout

    assert "/webhooks/netsuite/books" in said
    assert "REFUND_SYNC_PUBLIC_URL" in said
    assert installation.json("netsuite", "list")[0]["slug"] == "books"


def test_a_given_webhook_secret_is_not_shown(installation: Installation) -> None:
    path = installation.file("secret.txt", "a-secret-of-our-own-0123456789\n")

    said = installation.run(*ADD_BOOKS, "--webhook-secret-file", path, typed=json.dumps(TBA)).output

    assert "a-secret-of-our-own" not in said
    assert installation.vault.open(_books(installation).webhook_secrets) == ["a-secret-of-our-own-0123456789"]


def test_credentials_come_from_the_environment_and_the_key_from_its_own_file(
    installation: Installation, private_key: str
) -> None:
    path = installation.file("key.pem", private_key)
    installation.env["REFUND_SYNC_CREDENTIALS"] = json.dumps(
        {"auth": "oauth2", "client_id": "c", "certificate_id": "x"}
    )

    installation.run("netsuite", "add", "books", "--account-id", "1234567", "--private-key-file", path)

    kept = installation.vault.open(_books(installation).credentials)
    assert kept["private_key"] == private_key
    assert kept["client_id"] == "c"


@pytest.mark.parametrize(
    ("credentials", "said"),
    [
        ("", "is empty"),
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
    shop = _shop(connected)

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


def test_accounts_are_listed_with_what_is_under_way(connected: Installation) -> None:
    with connected.database.write() as session:
        make_refund(session, session.merge(_shop(connected)))

    listed = connected.json("account", "list")
    table = connected.run("account", "list").stdout

    assert listed[0]["under_way"] == 1
    assert listed[0]["netsuite"] == "books"
    assert SHOPIFY["client_secret"] not in json.dumps(listed)
    assert "my-shop.myshopify.com" in table
    assert "1234567_SB1" in connected.run("netsuite", "list").stdout


def test_an_empty_list_says_how_to_fill_it(installation: Installation) -> None:
    assert "account add" in installation.run("account", "list").stdout
    assert "netsuite add" in installation.run("netsuite", "list").stdout
    assert installation.json("account", "list") == []


def test_settings_are_changed_all_or_none(connected: Installation) -> None:
    connected.run("account", "set", "my-shop", "review=yes", "sync=off", "direction=to_netsuite")
    shop = _shop(connected)

    said = connected.refused("account", "set", "my-shop", "review=no", "restock=sometimes")

    assert (shop.settings, shop.sync_enabled, shop.direction) == (
        {"review": True},
        False,
        Direction.TO_NETSUITE,
    )
    assert "restock must be one of never, always, follow" in said
    assert _shop(connected).settings == {"review": True}
    assert [note for action, note in connected.audit("account") if action == "set"] == [
        "review False -> True",
        "sync on -> off",
    ]


def test_settings_can_be_looked_at(connected: Installation) -> None:
    shown = connected.json("account", "set", "my-shop")

    assert shown["order_match"] == "other_ref_num"
    assert shown["sync"] == "on"
    assert "order_match" in connected.run("account", "set", "my-shop").stdout


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("review", "is not of the form name=value"),
        ("=yes", "is not of the form name=value"),
        ("colour=red", "there is no setting 'colour'"),
        ("direction=sideways", "direction must be to_netsuite or from_netsuite"),
        ("sync=maybe", "sync must be on or off"),
        ("item_shipping=shipping", "item_shipping must be a NetSuite internal id"),
    ],
)
def test_a_refused_setting_is_named_with_its_mend(connected: Installation, word: str, said: str) -> None:
    assert said in connected.refused("account", "set", "my-shop", word)


def test_one_setting_twice_is_refused(connected: Installation) -> None:
    assert "set twice" in connected.refused("account", "set", "my-shop", "review=yes", "review=no")


def test_a_direction_does_not_change_while_refunds_are_under_way(connected: Installation) -> None:
    with connected.database.write() as session:
        number = make_refund(session, session.merge(_shop(connected))).id

    said = connected.refused("account", "set", "my-shop", "direction=to_netsuite")
    with connected.database.write() as session:
        claimed = claim(session, number, now=NOW)
        assert claimed
        move(session, claimed, Transition.IGNORE, "ECHO", now=NOW)
    connected.run("account", "set", "my-shop", "direction=to_netsuite")

    assert f"({number})" in said
    assert _shop(connected).direction is Direction.TO_NETSUITE


def test_credentials_are_replaced(connected: Installation) -> None:
    renewed = {"client_id": "client-2", "client_secret": "shpss_second"}
    connected.run("account", "set", "my-shop", "--credentials-file", "-", typed=json.dumps(renewed))
    connected.run(
        *("netsuite", "set", "books", "--credentials-file", "-"),
        typed=json.dumps({**TBA, "token_id": "tid-2"}),
    )

    assert connected.vault.open(_shop(connected).credentials) == renewed
    assert connected.vault.open(_books(connected).credentials)["token_id"] == "tid-2"
    assert ("set", "credentials") in connected.audit("account")
    assert "shpss_second" not in connected.run("account", "list", "--json").stdout


def test_credentials_of_another_shape_do_not_replace_good_ones(connected: Installation) -> None:
    connected.refused("account", "set", "my-shop", "--credentials-file", "-", typed='{"password": "x"}')
    connected.refused("netsuite", "set", "books", "--credentials-file", "-", typed='{"auth": "tba"}')

    assert connected.vault.open(_shop(connected).credentials) == SHOPIFY
    assert connected.vault.open(_books(connected).credentials) == TBA


def test_the_concurrency_is_changed(connected: Installation) -> None:
    shown = connected.json("netsuite", "set", "books", "concurrency=10")

    assert shown["concurrency"] == _books(connected).concurrency == 10
    assert "concurrency" in connected.run("netsuite", "set", "books").stdout


@pytest.mark.parametrize("word", ["concurrency=0", "concurrency=201", "concurrency=five", "colour=red"])
def test_a_refused_concurrency_is_named(connected: Installation, word: str) -> None:
    assert "concurrency" in connected.refused("netsuite", "set", "books", word)
    assert _books(connected).concurrency == 5


def test_the_secret_before_stays_good_until_the_next_rotation(connected: Installation) -> None:
    first = connected.vault.open(_books(connected).webhook_secrets)
    second = (
        connected.run("netsuite", "rotate-secret", "books").stdout.split("Webhook secret: ")[1].split()[0]
    )

    assert connected.vault.open(_books(connected).webhook_secrets) == [second, *first]

    path = connected.file("third.txt", "the-third-secret-0123456789")
    said = connected.run("netsuite", "rotate-secret", "books", "--webhook-secret-file", path).output

    assert connected.vault.open(_books(connected).webhook_secrets) == ["the-third-secret-0123456789", second]
    assert "the-third-secret" not in said


def test_a_shops_new_secret_comes_from_its_platform(connected: Installation) -> None:
    said = connected.refused("account", "rotate-secret", "my-shop")
    connected.run(
        *("account", "rotate-secret", "my-shop", "--webhook-secret-file", "-"), typed="shpss_the_second_one\n"
    )

    assert "--webhook-secret-file" in said
    secrets: list[Any] = connected.vault.open(_shop(connected).webhook_secrets)
    assert secrets == ["shpss_the_second_one", SHOPIFY["client_secret"]]


@pytest.mark.parametrize(("group", "slug"), [("account", "my-shop"), ("netsuite", "books")])
def test_an_account_pauses_and_carries_on(connected: Installation, group: str, slug: str) -> None:
    connected.run(group, "pause", slug, "--note", "stocktaking")
    paused = connected.json(group, "list")[0]
    again = connected.run(group, "pause", slug).stdout
    connected.run(group, "resume", slug)

    assert (paused["paused"], paused["paused_detail"]) == ("ACCOUNT_PAUSED", "stocktaking")
    assert "was paused already (ACCOUNT_PAUSED)" in again
    assert connected.json(group, "list")[0]["paused"] == ""


@pytest.mark.parametrize(
    "words",
    [
        *(("account", name, "nobody") for name in ("set", "pause", "resume", "test")),
        *(("netsuite", name, "nobody") for name in ("set", "pause", "resume", "test", "rotate-secret")),
    ],
)
def test_an_account_that_is_not_there_is_named(installation: Installation, words: tuple[str, ...]) -> None:
    assert "'nobody'" in installation.refused(*words)
