"""`refund-sync netsuite` and `refund-sync account`: looking at what is connected, and changing it."""

import json

import pytest

from ledger.models.accounts import Direction
from ledger.refunds import claim, move
from ledger.states import Transition
from tests.cli.connecting import SHOPIFY, TBA, books_of, connect, shop_of
from tests.cli.installation import Installation
from tests.support.ledger import NOW, make_refund


@pytest.fixture
def connected(installation: Installation) -> Installation:
    """An installation with a shop joined to NetSuite."""
    return connect(installation)


def test_accounts_are_listed_with_what_is_under_way(connected: Installation) -> None:
    with connected.database.write() as session:
        make_refund(session, session.merge(shop_of(connected)))

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
    shop = shop_of(connected)

    said = connected.refused("account", "set", "my-shop", "review=no", "restock=sometimes")

    assert (shop.settings, shop.sync_enabled, shop.direction) == (
        {"review": True},
        False,
        Direction.TO_NETSUITE,
    )
    assert "restock must be one of never, always, follow" in said
    assert shop_of(connected).settings == {"review": True}
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
        number = make_refund(session, session.merge(shop_of(connected))).id

    said = connected.refused("account", "set", "my-shop", "direction=to_netsuite")
    with connected.database.write() as session:
        claimed = claim(session, number, now=NOW)
        assert claimed
        move(session, claimed, Transition.IGNORE, "ECHO", now=NOW)
    connected.run("account", "set", "my-shop", "direction=to_netsuite")

    assert f"({number})" in said
    assert shop_of(connected).direction is Direction.TO_NETSUITE


def test_credentials_are_replaced(connected: Installation) -> None:
    renewed = {"client_id": "client-2", "client_secret": "shpss_second"}
    connected.run("account", "set", "my-shop", "--credentials-file", "-", typed=json.dumps(renewed))
    connected.run(
        *("netsuite", "set", "books", "--credentials-file", "-"),
        typed=json.dumps({**TBA, "token_id": "tid-2"}),
    )

    assert connected.vault.open(shop_of(connected).credentials) == renewed
    assert connected.vault.open(books_of(connected).credentials)["token_id"] == "tid-2"
    assert ("set", "credentials") in connected.audit("account")
    assert "shpss_second" not in connected.run("account", "list", "--json").stdout


def test_credentials_of_another_shape_do_not_replace_good_ones(connected: Installation) -> None:
    connected.refused("account", "set", "my-shop", "--credentials-file", "-", typed='{"password": "x"}')
    connected.refused("netsuite", "set", "books", "--credentials-file", "-", typed='{"auth": "tba"}')

    assert connected.vault.open(shop_of(connected).credentials) == SHOPIFY
    assert connected.vault.open(books_of(connected).credentials) == TBA


def test_the_concurrency_is_changed(connected: Installation) -> None:
    shown = connected.json("netsuite", "set", "books", "concurrency=10")

    assert shown["concurrency"] == books_of(connected).concurrency == 10
    assert "concurrency" in connected.run("netsuite", "set", "books").stdout


@pytest.mark.parametrize("word", ["concurrency=0", "concurrency=201", "concurrency=five", "colour=red"])
def test_a_refused_concurrency_is_named(connected: Installation, word: str) -> None:
    assert "concurrency" in connected.refused("netsuite", "set", "books", word)
    assert books_of(connected).concurrency == 5


def test_the_secret_before_stays_good_until_the_next_rotation(connected: Installation) -> None:
    first = connected.vault.open(books_of(connected).webhook_secrets)
    second = (
        connected.run("netsuite", "rotate-secret", "books").stdout.split("Webhook secret: ")[1].split()[0]
    )

    assert connected.vault.open(books_of(connected).webhook_secrets) == [second, *first]

    path = connected.file("third.txt", "third-secret-0123456789")
    said = connected.run("netsuite", "rotate-secret", "books", "--webhook-secret-file", path).output

    assert connected.vault.open(books_of(connected).webhook_secrets) == [
        "third-secret-0123456789",
        second,
    ]
    assert "third-secret" not in said


def test_a_shops_new_secret_comes_from_its_platform(connected: Installation) -> None:
    said = connected.refused("account", "rotate-secret", "my-shop")
    connected.run(
        *("account", "rotate-secret", "my-shop", "--webhook-secret-file", "-"), typed="shpss_the_second_one\n"
    )

    assert "--webhook-secret-file" in said
    assert connected.vault.open(shop_of(connected).webhook_secrets) == [
        "shpss_the_second_one",
        SHOPIFY["client_secret"],
    ]


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
