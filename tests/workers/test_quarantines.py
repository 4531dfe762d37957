"""A refund that one way cannot read comes in by the other, once: Shopify's webhook and the poll."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from ledger.clock import utcnow
from ledger.models.deliveries import DeliveryState
from ledger.states import State
from tests.support.ledger import SECRET
from tests.support.readers import begin_polls, deliveries_of, poll_now, soon, work_off
from tests.support.sandboxed import SHIRT, Books, Shop
from tests.support.world import World
from tests.webhooks.platforms import encoded, shopify_headers
from webhooks.app import create_app
from webhooks.replay import reread
from webhooks.sources.protocol import UnreadableError

ONE = [{"sku": SHIRT, "quantity": 1}]
Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    soon(monkeypatch)


@pytest.fixture
def shop(world: World, netsuite: Books) -> Shop:
    """A shop whose refunds go to NetSuite, connected for an hour; nobody listens to its webhooks."""
    made = world.add_shop(netsuite, now=utcnow() - timedelta(hours=1))
    made.change(webhook={"url": f"{made.control.url}/nowhere", "secret": SECRET})
    return made


@pytest.fixture
def web(world: World) -> FlaskClient:
    """The web process."""
    return create_app(world.runtime.settings, database=world.database).test_client()


def refunded(netsuite: Books, shop: Shop) -> Json:
    """Give back a T-shirt of a billed order; return the webhook that tells of it, which nobody got."""
    order = shop.order(silent=True)
    netsuite.order(order["name"])
    shop.refund(order, lines=ONE)
    (told,) = [
        each for each in shop.control.get(f"{shop.path}/webhooks") if each["topic"] == "refunds/create"
    ]
    body: Json = json.loads(told["body"])
    return body


def hear(web: FlaskClient, shop: Shop, body: Json) -> str:
    """Deliver a webhook; return what became of it."""
    data = encoded(body)
    headers = shopify_headers("refunds/create", data, {"shop_domain": shop.tenant})
    answer = web.post(f"/webhooks/shopify/{shop.slug}", data=data, headers=headers)
    assert answer.status_code == 200
    said: Json = answer.get_json()
    return str(said["outcome"])


def odd(body: Json) -> Json:
    """Return a webhook whose line has more digits than its currency, which is not read as money."""
    found: Json = json.loads(json.dumps(body))
    found["refund_line_items"][0]["subtotal_set"]["shop_money"]["amount"] = "20.001"
    return found


def posted_once(world: World, netsuite: Books) -> bool:
    refund = world.only_refund()
    return refund.state is State.POSTED and netsuite.writes() == {"creditMemo": 1}


def test_what_a_webhook_could_not_say_is_found_by_the_poll_once(
    world: World, netsuite: Books, shop: Shop, web: FlaskClient
) -> None:
    begin_polls(world)
    body = refunded(netsuite, shop)
    assert hear(web, shop, odd(body)) == "quarantined"
    assert world.refunds() == []
    assert poll_now(world, shop).found == 1
    work_off(world)
    assert posted_once(world, netsuite)
    # Sent again as it should be, and replayed as it was: there is nothing more to find.
    assert hear(web, shop, body) == "accepted"
    work_off(world)
    (kept,) = deliveries_of(world, state=DeliveryState.QUARANTINED)
    with pytest.raises(UnreadableError):
        reread(world.account(shop), kept)
    assert posted_once(world, netsuite)
    assert poll_now(world, shop).found == 0


def test_what_the_poll_cannot_read_comes_by_the_webhook_once(
    world: World, netsuite: Books, shop: Shop, web: FlaskClient
) -> None:
    begin_polls(world)
    body = refunded(netsuite, shop)
    assert poll_now(world, shop).found == 1
    shop.fault("graphql:query", "status", status=400)
    work_off(world)
    (unread,) = deliveries_of(world, state=DeliveryState.FAILED)
    assert unread.reason == "REFUSED"
    assert world.refunds() == []
    assert hear(web, shop, body) == "accepted"
    work_off(world)
    assert posted_once(world, netsuite)
    assert poll_now(world, shop).found == 0


def test_both_at_once_make_one_refund_with_the_same_facts(
    world: World, netsuite: Books, shop: Shop, web: FlaskClient
) -> None:
    begin_polls(world)
    body = refunded(netsuite, shop)
    assert poll_now(world, shop).found == 1
    assert hear(web, shop, body) == "accepted"
    work_off(world)
    assert posted_once(world, netsuite)
    assert [entry.action for entry in world.audit("refund")] == ["record", "begin", "post"]


def test_a_refund_that_was_imported_with_an_old_date_is_new_to_the_webhook_and_to_the_poll(
    world: World, netsuite: Books, shop: Shop, web: FlaskClient
) -> None:
    begin_polls(world)
    body = refunded(netsuite, shop)
    assert hear(web, shop, body | {"processed_at": "2020-01-01T00:00:00Z"}) == "accepted"
    work_off(world)
    assert world.only_refund().occurred_at > utcnow() - timedelta(hours=1)
    assert poll_now(world, shop).found == 0
