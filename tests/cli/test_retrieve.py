"""`refund-sync refund retrieve`: refunds that no webhook told of, read from either side over real HTTP."""

import pytest

from ledger import orders
from ledger.states import State
from tests.cli.installation import Installation
from tests.cli.platforms import DOMAIN, TENANT, Platforms, connect
from tests.support.ledger import NOW, make_account
from tests.workers.platforms.world import Control


@pytest.fixture
def shop(control: Control, installation: Installation) -> Platforms:
    """A shop whose refunds are carried to NetSuite."""
    return connect(control, installation)


@pytest.fixture
def books(control: Control, installation: Installation) -> Platforms:
    """A shop that NetSuite's refunds are carried to."""
    return connect(control, installation, "from_netsuite")


@pytest.mark.parametrize("number", ["1001", "#1001", "id"])
def test_a_storefronts_refunds_are_taken_over_once(shop: Platforms, number: str) -> None:
    order = shop.order()
    refund_id = shop.refund(order)
    words = ("refund", "retrieve", "my-shop", str(order["id"]) if number == "id" else number)

    first = shop.installation.json(*words)
    second = shop.installation.json(*words)

    (refund,) = first["refunds"]
    assert (refund["source_refund_id"], refund["source_channel"]) == (refund_id, "shopify")
    assert refund["amount"] == {"amount": "20.00", "currency": "USD"}
    assert refund["order"] == "#1001"
    assert (first["new"], second["new"]) == ([refund["id"]], [])
    assert second["refunds"][0]["id"] == refund["id"]
    assert shop.installation.woken("shopify")[0] == ("carry_refund", refund["id"])
    assert shop.installation.audit("order_link") == [("retrieve", "#1001")] * 2


def test_what_was_retrieved_is_said_in_a_line_each(shop: Platforms) -> None:
    order = shop.order()
    shop.refund(order)
    shop.refund(order)

    said = shop.installation.run("refund", "retrieve", "my-shop", "1001").stdout.splitlines()

    assert len(said) == 2
    assert all("is scheduled (new)" in line for line in said)
    assert "(known already)" in shop.installation.run("refund", "retrieve", "my-shop", "1001").stdout


def test_refunds_older_than_the_connection_are_taken_over_because_a_person_asked(
    control: Control, installation: Installation
) -> None:
    control.post("shopify/shops", {"domain": "older.myshopify.com"})
    platforms = connect(control, installation)
    platforms.refund(platforms.order())

    assert platforms.installation.json("refund", "retrieve", "my-shop", "1001")["new"]


def test_an_order_without_refunds_says_so(shop: Platforms) -> None:
    shop.order()

    assert shop.installation.refused("refund", "retrieve", "my-shop", "1001") == (
        "order #1001 of my-shop has no refund"
    )


@pytest.mark.parametrize("side", ["storefront", "netsuite"])
def test_an_order_that_nobody_has_is_named(shop: Platforms, side: str) -> None:
    said = shop.installation.refused("refund", "retrieve", "my-shop", "4711", "--from", side)

    assert said == "my-shop has no order '4711'"


def test_netsuites_refunds_are_taken_over_once(books: Platforms) -> None:
    order = books.order()
    record_id = books.refund_in_netsuite(order)

    first = books.installation.json("refund", "retrieve", "my-shop", "1001")
    second = books.installation.json("refund", "retrieve", "my-shop", "#1001")

    (refund,) = first["refunds"]
    assert (refund["source_refund_id"], refund["source_channel"]) == (record_id, "netsuite")
    assert refund["transaction_type"] == "cash_refund"
    assert (refund["order"], refund["order_id"]) == ("#1001", str(order["id"]))
    assert (first["new"], second["new"]) == ([refund["id"]], [])
    assert books.installation.woken("shopify")[0] == ("carry_refund", refund["id"])
    link = books.installation.json("refund", "show", str(refund["id"]))["order_link"]
    assert link["billed_type"] == "cashsale"


def test_the_second_time_the_order_is_found_in_the_ledger(books: Platforms) -> None:
    order = books.order()
    books.refund_in_netsuite(order)
    books.installation.run("refund", "retrieve", "my-shop", "1001")
    books.control.delete("calls")

    books.installation.run("refund", "retrieve", "my-shop", str(order["id"]))

    assert books.control.operations("shopify") == []
    assert books.control.operations("netsuite") == ["suiteql", "suiteql"]


def test_either_side_can_be_asked_whatever_the_direction(shop: Platforms) -> None:
    shop.refund_in_netsuite(shop.order())

    found = shop.installation.json("refund", "retrieve", "my-shop", "1001", "--from", "netsuite")

    assert found["refunds"][0]["source_channel"] == "netsuite"


def test_the_step_that_an_order_stands_at_is_named(books: Platforms) -> None:
    books.order("#1", netsuite=False)
    books.order("#2", billed=False)
    books.order("#3")

    said = [books.installation.refused("refund", "retrieve", "my-shop", number) for number in "123"]

    assert said == [
        "order #1 is not in NetSuite; import it first",
        "order #2 is not billed in NetSuite yet",
        "order #3 has no cash refund or credit memo in NetSuite",
    ]


def test_an_order_that_was_linked_and_is_gone_is_called_deleted(books: Platforms) -> None:
    order = books.order()
    record_id = books.refund_in_netsuite(order)
    books.installation.run("refund", "retrieve", "my-shop", "1001")
    linked = books.installation.json("refund", "list")["refunds"][0]["id"]
    netsuite_id = books.installation.json("refund", "show", str(linked))["order_link"]["netsuite_id"]
    sale_id = order["netsuite"]["billed"]["id"]
    for kind, number in (("cashRefund", record_id), ("cashSale", sale_id), ("salesOrder", netsuite_id)):
        books.control.delete(f"netsuite/{TENANT}/records/{kind}/{number}")

    said = books.installation.refused("refund", "retrieve", "my-shop", "1001")

    assert "was deleted in NetSuite" in said
    assert netsuite_id in said
    assert "relink" in said


def test_of_several_netsuite_orders_with_one_number_none_is_taken(books: Platforms) -> None:
    books.refund_in_netsuite(books.order())
    books.refund_in_netsuite({"netsuite": books.import_order("#1001")})

    said = books.installation.refused("refund", "retrieve", "my-shop", "1001")

    assert "several orders called #1001" in said
    assert books.installation.json("refund", "list")["refunds"] == []


def test_an_order_that_two_accounts_may_own_is_given_to_neither(books: Platforms) -> None:
    books.refund_in_netsuite(books.order())
    books.import_order("#1001")
    with books.installation.database.write() as session:
        other = make_account(session, books.installation.vault, slug="other", storefront_id="o.myshopify.com")
        orders.ensure(session, other.id, "4711", now=NOW, name="#1001")

    said = books.installation.refused("refund", "retrieve", "my-shop", "1001")

    assert "several orders called #1001" in said
    assert books.installation.json("refund", "list")["refunds"] == []


def test_a_record_that_this_service_made_comes_back_as_its_echo(shop: Platforms) -> None:
    order = shop.order()
    shop.refund(order)
    (ours,) = shop.installation.json("refund", "retrieve", "my-shop", "1001")["refunds"]
    key = shop.installation.json("refund", "show", str(ours["id"]))["key"]
    record_id = shop.refund_in_netsuite(order)
    path = f"netsuite/{TENANT}/records/cashRefund/{record_id}/edit"
    shop.control.post(path, {"fields": {"externalId": key}})
    shop.control.delete("calls")

    (echo,) = shop.installation.json("refund", "retrieve", "my-shop", "1001", "--from", "netsuite")["refunds"]

    assert (echo["source_channel"], echo["source_refund_id"]) == ("netsuite", record_id)
    assert shop.control.operations("netsuite") == ["suiteql"]


def test_a_platform_that_refuses_is_told_with_its_mend(books: Platforms) -> None:
    books.order()
    books.control.patch(f"shopify/{DOMAIN}", {"access_token": "shpat_another"})

    said = books.installation.refused("refund", "retrieve", "my-shop", "1001")

    assert "refused the credentials" in said
    assert "Renew the account's credentials" in said


def test_an_unknown_account_is_named(installation: Installation) -> None:
    assert "no account 'nobody'" in installation.refused("refund", "retrieve", "nobody", "1001")


def test_what_was_taken_over_waits_for_a_worker(shop: Platforms) -> None:
    shop.refund(shop.order())

    (refund,) = shop.installation.json("refund", "retrieve", "my-shop", "1001")["refunds"]

    assert refund["state"] == State.SCHEDULED
    assert shop.control.writes("netsuite", TENANT) == {}
