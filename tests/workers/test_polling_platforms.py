"""What no webhook told of on Amazon, eBay and Magento, found by asking; and webhooks that come after all."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import pytest
from flask.testing import FlaskClient

from bench.chaos.servers import free_port
from ledger.clock import utcnow
from ledger.models import DeliveryState
from ledger.polls import JITTER
from ledger.states import State
from tests.support.ledger import SECRET
from tests.support.readers import begin_polls, deliveries_of, poll_now, work_off
from tests.support.sandboxed import Books, Tenant
from tests.support.selling import PLATFORMS, opened, refunded, sold, soon
from tests.support.waiting import until
from tests.support.world import World
from webhooks.app import create_app

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
QUARTER: Final = timedelta(minutes=15)
PUSHES: Final[Mapping[str, Mapping[str, Any]]] = {
    "amazon": {"via": "bare", "secret": SECRET},
    "ebay": {"verification_token": SECRET, "challenge": False},
    "magento": {"via": "mageplaza", "headers": {"x-refund-sync-secret": SECRET}},
}
"""How each platform tells."""


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    soon(monkeypatch)


@pytest.fixture
def web(world: World) -> FlaskClient:
    """A client of the web process."""
    runtime = world.runtime
    return create_app(runtime.settings, database=runtime.database, vault=runtime.vault).test_client()


def pushed(tenant: Tenant) -> list[dict[str, Any]]:
    """Return what the platform has sent, or tried to, once it has signed all of it."""

    def sent() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = tenant.control.get(f"{tenant.path}/webhooks")
        return found if all(each["headers"] for each in found) else []

    return until(sent)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_webhook_that_comes_after_the_poll_that_found_its_refund_doubles_nothing(
    world: World, netsuite: Books, web: FlaskClient, platform: str
) -> None:
    tenant = opened(world, netsuite, platform)
    # For now, nobody is there to receive it.
    tenant.change(push={"url": f"http://127.0.0.1:{free_port()}", **PUSHES[platform]})
    sale = sold(tenant)
    netsuite.order(sale.number, silent=True)
    begin_polls(world)
    refund_id = refunded(tenant, sale, silent=False)
    assert poll_now(world, tenant).found == 1
    work_off(world)
    found = world.only_refund()
    assert (found.source_refund_id, found.state) == (refund_id, State.POSTED)

    late = pushed(tenant)
    answers = [
        web.post(f"/webhooks/{platform}/{tenant.slug}", data=push["body"].encode(), headers=push["headers"])
        for push in late
    ]

    assert answers
    assert {answer.status_code for answer in answers} <= {200, 204}
    told = [each for each in deliveries_of(world) if each.topic != "poll"]
    assert len(told) == len(late)
    work_off(world)
    assert {each.state for each in deliveries_of(world)} == {DeliveryState.PROCESSED}
    again = world.only_refund()
    assert (again.id, again.state) == (found.id, State.POSTED)
    assert netsuite.writes() == {"creditMemo": 1}
    assert poll_now(world, tenant).found == 0


@pytest.mark.parametrize(("minutes", "interval"), [(0, QUARTER), (1, QUARTER / 15)])
def test_an_account_is_asked_every_quarter_of_an_hour_or_as_often_as_it_says(
    world: World, netsuite: Books, minutes: int, interval: timedelta
) -> None:
    tenant = opened(world, netsuite, "magento")
    if minutes:
        world.set(tenant, settings={"poll_minutes": minutes})
    begin_polls(world)
    before = utcnow()
    done = poll_now(world, tenant)
    after = utcnow()
    assert done.reason == ""
    assert done.due_at is not None
    assert before + interval * (1 - JITTER) <= done.due_at <= after + interval * (1 + JITTER)


def test_what_amazon_shows_up_to_49_hours_late_is_found_behind_the_last_poll(
    world: World, netsuite: Books
) -> None:
    seller = opened(world, netsuite, "amazon", ago=9 * DAY)
    earlier, late = sold(seller), sold(seller)
    begin_polls(world, since=utcnow() - HOUR)
    refunded(seller, earlier, ago=51 * HOUR)
    refund_id = refunded(seller, late, ago=49 * HOUR)
    done = poll_now(world, seller)
    assert (done.found, done.reason) == (1, "")
    work_off(world)
    assert world.only_refund().source_refund_id == refund_id
