"""A feed of which Amazon takes some lines only: what the worker, the portal and the API say of each line."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from ledger import actions, people, sessions
from ledger.clock import utcnow
from ledger.models import Refund, Role, User
from ledger.models.accounts import Direction
from ledger.states import State
from tests.support.sandboxed import SHIRT, Books
from tests.support.sandboxed_amazon import Seller
from tests.support.world import World, changed
from webhooks.app import create_app

Json = dict[str, Any]

WORDS = "18028 The amount exceeds what is left to refund."


@pytest.fixture
def refunder(world: World, netsuite: Books) -> Seller:
    """A seller whose refunds come from NetSuite, and whose feeds are processed at once."""
    seconds = {"feed_seconds": {"queue": 0, "process": 0}}
    return world.add_amazon(netsuite, direction=Direction.FROM_NETSUITE, seller=seconds)


@pytest.fixture
def order(netsuite: Books, refunder: Seller) -> Json:
    """An order of T-shirts and a mug."""
    mug = {"sku": "MUG", "quantity": 1}
    return refunder.order(lines=[{"sku": SHIRT, "quantity": 5, "price": "20.00"}, {**mug, "price": "9.50"}])


def refunded(world: World, netsuite: Books, refunder: Seller, order: Json, *skus: str) -> Refund:
    """Refund a T-shirt and the mug in NetSuite; Amazon refuses the lines of some of them."""
    lines = [{"sku": SHIRT, "quantity": 5, "rate": "20.00"}, {"sku": "MUG", "quantity": 1, "rate": "9.50"}]
    bill = netsuite.order(order["id"], lines=lines)
    body = {"from": bill.billed, "lines": [{"sku": SHIRT, "quantity": 1}, {"sku": "MUG", "quantity": 1}]}
    refunder.next_feed("IN_QUEUE")
    memo = netsuite.control.post(f"{netsuite.path}/refunds", body)
    world.tell(netsuite, changed("creditmemo", str(memo["id"])))
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.WAITING, "OUTCOME_PENDING")
    (feed,) = refunder.feeds()
    errors = [
        {"message_id": str(refund.id), "item": item_of(order, sku), "description": WORDS.partition(" ")[2]}
        for sku in skus
    ]
    refunder.end_feed(feed["feedId"], errors=errors)
    return world.carry(refund.id)


def item_of(order: Json, sku: str) -> str:
    (item,) = (each["order_item_id"] for each in order["lines"] if each["sku"] == sku)
    return str(item)


def person(world: World) -> FlaskClient:
    """Return a browser with which a viewer is signed in."""
    with world.database.write() as session:
        user = User(email="ada@example.com", role=Role.VIEWER, password_hash="", created_at=utcnow())
        session.add(user)
        session.flush()
        token = sessions.begin(session, user, now=utcnow(), awaits_code=False)
    app = create_app(world.runtime.settings, database=world.database, vault=world.runtime.vault)
    client = app.test_client()
    client.set_cookie("refund-sync", token)
    return client


def program(world: World, path: str) -> Json:
    """Return what the API tells a program that may look."""
    with world.database.write() as session:
        _, token = people.add_token(
            session, "books", Role.VIEWER, timedelta(days=1), now=utcnow(), actor="cli:ada"
        )
    app = create_app(world.runtime.settings, database=world.database, vault=world.runtime.vault)
    answer = app.test_client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    told: Json = answer.get_json()
    return told


def row_of(page: str, sku: str) -> str:
    """Return the words of a line's row on the page of a transaction."""
    (row,) = (each for each in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if f"<td>{sku}</td>" in each)
    return " ".join(re.sub(r"<[^>]+>", " ", row).split())


def test_each_line_that_amazon_refused_is_shown_with_its_error(
    world: World, netsuite: Books, refunder: Seller, order: Json
) -> None:
    refund = refunded(world, netsuite, refunder, order, "MUG")
    mug, shirt = item_of(order, "MUG"), item_of(order, SHIRT)
    (feed,) = refunder.feeds()
    detail = f"refund feed:{feed['feedId']}: item {mug}: {WORDS}"
    assert (refund.state, refund.reason, refund.detail) == (State.DISCREPANCY, "PARTLY_DONE", detail)
    attempt = world.attempts(refund.id)[-1]
    assert (attempt.outcome, attempt.reason, attempt.detail) == ("dispute", "PARTLY_DONE", detail)
    assert mug in attempt.calls[-1]["response"]
    assert WORDS.partition(" ")[2] in attempt.calls[-1]["response"]
    (row,) = refunder.transactions(order)
    assert [each["contexts"][0]["sku"] for each in row["items"]] == [SHIRT]

    mapped = {SHIRT: f"order line {shirt} x 1", "MUG": f"order line {mug} x 1, which was refused: {WORDS}"}
    page = person(world).get(f"/refunds/{refund.id}").text
    assert mapped["MUG"] in row_of(page, "MUG")
    assert row_of(page, SHIRT).endswith(mapped[SHIRT])
    assert f'PARTLY_DONE</code> <span class="detail">{detail}' in page

    told = program(world, f"/refunds/{refund.id}")
    assert (told["state"], told["reason"], told["detail"]) == ("discrepancy", "PARTLY_DONE", detail)
    assert {line["sku"]: line["mapped"] for line in told["lines"]} == mapped
    assert [each["detail"] for each in told["attempts"]][-1] == detail


def test_what_was_taken_in_part_is_not_sent_again(
    world: World, netsuite: Books, refunder: Seller, order: Json
) -> None:
    refund = refunded(world, netsuite, refunder, order, "MUG")
    world.act(actions.retry, refund.id)
    again = world.carry(refund.id)
    assert (again.state, again.reason) == (State.DISCREPANCY, "PARTLY_DONE")
    assert refunder.writes()["createFeed"] == 1
    assert len(refunder.transactions(order)) == 1


def test_where_every_line_was_refused_nothing_was_done(
    world: World, netsuite: Books, refunder: Seller, order: Json
) -> None:
    refund = refunded(world, netsuite, refunder, order, SHIRT, "MUG")
    assert (refund.state, refund.reason) == (State.DISCREPANCY, "REFUSED")
    assert refunder.transactions(order) == []
    told = program(world, f"/refunds/{refund.id}")
    assert all(line["mapped"].endswith(f"which was refused: {WORDS}") for line in told["lines"])
