"""What was written down unread is read by a worker: understood, set aside, or left for one that can."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from ledger import deliveries, personal
from ledger.clock import utcnow
from ledger.events import Unread
from ledger.models import Alert, Delivery, DeliveryState, News
from ledger.states import State
from tests.support.readers import deliveries_of, work_off
from tests.support.sandboxed import Books, Shop
from tests.support.world import World
from tests.webhooks.platforms import compliance
from tests.workers.hearing import Json, hear, odd, refunded, unheard_shop
from webhooks.app import create_app
from workers import process

UNREAD = [Unread().to_json()]


@pytest.fixture
def shop(world: World, netsuite: Books) -> Shop:
    """A shop whose refunds go to NetSuite; nobody listens to its webhooks."""
    return unheard_shop(world, netsuite)


@pytest.fixture
def web(world: World) -> FlaskClient:
    """The web process."""
    return create_app(world.runtime.settings, database=world.database).test_client()


def the_delivery(world: World) -> Delivery:
    (delivery,) = deliveries_of(world)
    return delivery


def due_now(world: World) -> None:
    with world.database.write() as session:
        session.execute(update(Delivery).values(not_before=None, due_at=utcnow()))


def test_a_worker_reads_what_was_written_down_unread(
    world: World, netsuite: Books, shop: Shop, web: FlaskClient
) -> None:
    assert hear(web, shop, refunded(netsuite, shop)) == "accepted"
    assert the_delivery(world).events == UNREAD
    work_off(world)
    kept = the_delivery(world)
    assert (kept.state, kept.events[0]["event"]) == (DeliveryState.PROCESSED, "refund_seen")
    assert world.only_refund().state is State.POSTED


def test_what_is_not_understood_is_set_aside_with_an_alert(
    world: World, netsuite: Books, shop: Shop, web: FlaskClient
) -> None:
    hear(web, shop, odd(refunded(netsuite, shop)))
    key = the_delivery(world).delivery_key
    work_off(world)
    kept = the_delivery(world)
    assert (kept.state, kept.reason, kept.events) == (DeliveryState.QUARANTINED, "NOT_OF_SCHEMA", [])
    assert "20.001" in kept.detail
    assert kept.delivery_key != key
    with world.database.read() as session:
        (alert,) = session.query(Alert).all()
    assert (alert.kind, alert.subject_id, alert.reason) == (News.QUARANTINED, kept.id, "NOT_OF_SCHEMA")
    (line,) = [line for line in world.log if line["event"] == "worked_off"]
    assert (line["log_level"], line["outcome"]) == ("warning", "quarantined")


def test_what_is_not_understood_comes_again_as_it_should_be(
    world: World, netsuite: Books, shop: Shop, web: FlaskClient
) -> None:
    body = refunded(netsuite, shop)
    assert hear(web, shop, odd(body), event_id="e-1") == "accepted"
    work_off(world)
    assert hear(web, shop, body, event_id="e-1") == "accepted"
    work_off(world)
    assert world.only_refund().state is State.POSTED


def test_the_same_that_is_not_understood_is_set_aside_once(
    world: World, netsuite: Books, shop: Shop, web: FlaskClient
) -> None:
    body = odd(refunded(netsuite, shop))
    for _ in range(2):
        assert hear(web, shop, body, event_id="e-1") == "accepted"
        work_off(world)
    states = [delivery.state for delivery in deliveries_of(world)]
    assert states == [DeliveryState.QUARANTINED, DeliveryState.PROCESSED]
    with world.database.read() as session:
        assert session.query(Alert).count() == 1


def test_a_process_without_a_reader_leaves_it_for_another(
    world: World, netsuite: Books, shop: Shop, web: FlaskClient
) -> None:
    hear(web, shop, refunded(netsuite, shop))
    process.process(world.another(), the_delivery(world).id)
    kept = the_delivery(world)
    assert (kept.state, kept.reason, kept.events) == (DeliveryState.RECEIVED, "INTERNAL", UNREAD)
    due_now(world)
    work_off(world)
    assert world.only_refund().state is State.POSTED


def test_what_was_read_once_is_kept_however_it_ends(
    world: World, netsuite: Books, shop: Shop, web: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    hear(web, shop, refunded(netsuite, shop))

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("after reading")

    with monkeypatch.context() as patch:
        patch.setattr("workers.process.storefront.take", fail)
        world.process(the_delivery(world).id)
    kept = the_delivery(world)
    assert (kept.reason, kept.events[0]["event"]) == ("INTERNAL", "refund_seen")


def erasing(order_id: int) -> Json:
    return compliance(orders_to_redact=[order_id])


def test_what_is_to_be_erased_is_read_first(
    world: World, netsuite: Books, shop: Shop, web: FlaskClient
) -> None:
    body = refunded(netsuite, shop)
    hear(web, shop, body)
    wanted = erasing(body["order_id"]) | {"shop_domain": shop.tenant}
    hear(web, shop, wanted, topic="customers/redact")
    _, request = deliveries_of(world)
    world.process(request.id)
    assert [each.body for each in deliveries_of(world)] == [b"", b""]
    assert world.only_refund().state is State.POSTED


def test_what_another_worker_is_reading_is_erased_after_it(
    world: World, netsuite: Books, shop: Shop, web: FlaskClient
) -> None:
    body = refunded(netsuite, shop)
    hear(web, shop, body)
    hear(web, shop, erasing(body["order_id"]) | {"shop_domain": shop.tenant}, topic="customers/redact")
    refund, request = deliveries_of(world)
    with world.database.write() as session:
        assert deliveries.claim(session, refund.id, now=utcnow())
    world.process(request.id)
    refund, request = deliveries_of(world)
    assert refund.body
    assert (request.state, request.reason) == (DeliveryState.RECEIVED, "TRANSIENT")


def test_what_is_old_and_unread_is_not_emptied_by_age(
    world: World, netsuite: Books, shop: Shop, web: FlaskClient
) -> None:
    hear(web, shop, refunded(netsuite, shop))
    late = utcnow() + timedelta(days=60)
    with world.database.write() as session:
        assert personal.forget_deliveries(session, late, limit=10) == 0
    work_off(world)
    with world.database.write() as session:
        assert personal.forget_deliveries(session, late, limit=10) == 1
