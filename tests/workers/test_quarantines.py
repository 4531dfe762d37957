"""A refund that one way cannot read comes in by the other, once: Shopify's webhook and the poll."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from ledger.clock import utcnow
from ledger.models.deliveries import DeliveryState
from ledger.states import State
from tests.support.readers import begin_polls, deliveries_of, poll_now, work_off
from tests.support.sandboxed import Books, Shop
from tests.support.world import World
from tests.workers.hearing import hear, odd, refunded, unheard_shop
from webhooks.app import create_app
from webhooks.replay import reread
from webhooks.sources.protocol import UnreadableError

pytestmark = pytest.mark.usefixtures("soon_over")


@pytest.fixture
def shop(world: World, netsuite: Books) -> Shop:
    """A shop whose refunds go to NetSuite, connected for an hour; nobody listens to its webhooks."""
    return unheard_shop(world, netsuite)


@pytest.fixture
def web(world: World) -> FlaskClient:
    """The web process."""
    return create_app(world.runtime.settings, database=world.database).test_client()


def posted_once(world: World, netsuite: Books) -> bool:
    refund = world.only_refund()
    return refund.state is State.POSTED and netsuite.writes() == {"creditMemo": 1}


def test_what_a_webhook_could_not_say_is_found_by_the_poll_once(
    world: World, netsuite: Books, shop: Shop, web: FlaskClient
) -> None:
    begin_polls(world)
    body = refunded(netsuite, shop)
    assert hear(web, shop, odd(body)) == "accepted"
    work_off(world)
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
