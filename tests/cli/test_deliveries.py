"""`refund-sync delivery list|show|replay`."""

import json

import pytest
from sqlalchemy import delete, update

from ledger import deliveries
from ledger.deliveries import NewDelivery
from ledger.models import Account, Delivery, DeliveryState
from tests.cli.installation import Installation
from tests.support.ledger import NOW, make_account, make_delivery
from tests.webhooks.platforms import ORDER_ID, refund

KNOWN = {"x-shopify-topic": "refunds/create", "x-shopify-shop-domain": "example.myshopify.com"}


def _shop(installation: Installation, slug: str = "my-shop") -> Account:
    with installation.database.write() as session:
        shop = make_account(session, installation.vault, slug=slug)
        assert shop.netsuite.slug == "books"  # loads it
        return shop


def _keep(installation: Installation, *new: NewDelivery) -> list[int]:
    with installation.database.write() as session:
        kept = [deliveries.accept(session, each, now=NOW) for each in new]
    return [number for number in kept if number is not None]


@pytest.fixture
def shop(installation: Installation) -> Account:
    """A shop that sends webhooks."""
    return _shop(installation)


def _quarantined(shop: Account) -> NewDelivery:
    return make_delivery(
        shop,
        headers=KNOWN,
        body=json.dumps(refund()).encode(),
        reason="NOT_OF_SCHEMA",
        detail="x-shopify-api-version is missing",
    )


def test_a_list_is_newest_first_and_read_page_by_page(either: Installation) -> None:
    shop = _shop(either)
    ids = _keep(either, *(make_delivery(shop, key=str(number)) for number in range(3)))

    first = either.json("delivery", "list", "--limit", "2")
    second = either.json("delivery", "list", "--limit", "2", "--after", str(first["after"]))

    assert [each["id"] for each in first["deliveries"] + second["deliveries"]] == ids[::-1]
    assert second["after"] is None


def test_a_list_is_narrowed_down(either: Installation) -> None:
    shop = _shop(either)
    processed, quarantined, books = _keep(
        either,
        make_delivery(shop, key="1"),
        make_delivery(shop, key="2", reason="NOT_JSON", topic="orders/create"),
        make_delivery(shop.netsuite, key="3", topic="creditmemo.create"),
    )
    with either.database.write() as session:
        processed_now = update(Delivery).where(Delivery.id == processed)
        session.execute(processed_now.values(state=DeliveryState.PROCESSED))

    def found(*words: str) -> list[int]:
        return [each["id"] for each in either.json("delivery", "list", *words)["deliveries"]]

    assert found("--state", "quarantined", "--state", "received") == [books, quarantined]
    assert found("--account", "my-shop") == [quarantined, processed]
    assert found("--account", "books") == [books]
    assert found("--account", "books", "--source", "netsuite") == [books]
    assert found("--source", "shopify") == [quarantined, processed]
    assert found("--topic", "orders/create") == [quarantined]


def test_one_name_for_both_kinds_of_account_is_told_apart_by_the_source(installation: Installation) -> None:
    shop = _shop(installation, slug="books")
    from_shop, from_books = _keep(installation, make_delivery(shop), make_delivery(shop.netsuite))

    def found(*words: str) -> list[int]:
        return [each["id"] for each in installation.json("delivery", "list", *words)["deliveries"]]

    assert found("--account", "books") == [from_shop]
    assert found("--account", "books", "--source", "netsuite") == [from_books]


def test_an_empty_list_and_an_unknown_account_are_said(installation: Installation) -> None:
    assert installation.run("delivery", "list").stdout == "There are no such deliveries.\n"
    assert "no account 'nobody'" in installation.refused("delivery", "list", "--account", "nobody")


def test_a_full_page_says_how_to_go_on(installation: Installation, shop: Account) -> None:
    (number,) = _keep(installation, make_delivery(shop))

    said = installation.run("delivery", "list", "--limit", "1")

    assert "refunds/create" in said.stdout
    assert f"--after {number}" in said.stderr


def test_a_delivery_is_shown_with_headers_body_and_what_is_wrong(
    installation: Installation, shop: Account
) -> None:
    (number,) = _keep(installation, _quarantined(shop))

    shown = installation.json("delivery", "show", str(number))
    page = installation.run("delivery", "show", str(number)).stdout

    assert shown["headers"] == KNOWN
    assert json.loads(shown["body"])["order_id"] == ORDER_ID
    assert shown["account"] == "my-shop"
    for words in ("x-shopify-topic", str(ORDER_ID), "not of the platform's documented shape", "replay"):
        assert words in page


def test_a_body_cannot_move_the_cursor(installation: Installation, shop: Account) -> None:
    (number,) = _keep(installation, make_delivery(shop, body=b"\x1b[2J\xff", reason="NOT_JSON"))

    assert "\x1b" not in installation.run("delivery", "show", str(number), color=True).stdout


def test_a_replayed_delivery_is_understood_anew_and_wakes_a_worker(either: Installation) -> None:
    (number,) = _keep(either, _quarantined(_shop(either)))

    said = either.run("delivery", "replay", str(number), str(number)).stdout

    shown = either.json("delivery", "show", str(number))
    assert said == f"delivery {number} is worked off again; it tells of 1 events.\n"
    assert (shown["state"], shown["reason"]) == ("received", "")
    assert [event["event"] for event in shown["events"]] == ["refund_seen"]
    assert [entry["action"] for entry in shown["audit"]] == ["replay"]
    assert either.woken("shopify") == [("process_delivery", number)]
    assert "refund_seen" in either.run("delivery", "show", str(number)).stdout


def test_what_cannot_be_replayed_is_said_and_the_rest_is_done(
    installation: Installation, shop: Account
) -> None:
    erased, unreadable, good = _keep(
        installation,
        make_delivery(shop, key="1", body=b""),
        make_delivery(shop, key="2", headers=KNOWN, body=b"{}"),
        make_delivery(shop, key="3", headers=KNOWN, body=json.dumps(refund()).encode()),
    )

    said = installation.run("delivery", "replay", str(erased), str(unreadable), "77", str(good), code=1)

    assert f"delivery {erased}: the body of delivery {erased} was erased" in said.stderr
    assert f"delivery {unreadable}: " in said.stderr
    assert "delivery 77: there is no delivery 77" in said.stderr
    assert f"delivery {good} is worked off again" in said.stdout
    assert installation.woken("shopify") == [("process_delivery", good)]


def test_without_redis_the_replay_holds_and_the_scheduler_is_named(
    installation: Installation, shop: Account
) -> None:
    (number,) = _keep(installation, _quarantined(shop))
    installation.env["REDIS_URL"] = f"unix://{installation.home / 'nobody.sock'}"

    said = installation.run("delivery", "replay", str(number))

    assert "the scheduler will do it" in said.stderr
    assert installation.json("delivery", "show", str(number))["state"] == "received"


def test_a_delivery_that_is_not_there_is_named(installation: Installation, shop: Account) -> None:
    (number,) = _keep(installation, make_delivery(shop))
    with installation.database.write() as session:
        session.execute(delete(Delivery))

    assert "there is no delivery" in installation.refused("delivery", "show", str(number))
