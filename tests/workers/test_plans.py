"""What a ledger is asked while refunds are carried is found by an index, however many there are."""

import re
from datetime import timedelta

import pytest

from ledger import due
from ledger.clock import utcnow
from ledger.models.accounts import Direction
from ledger.states import State
from tests.support.explaining import explained
from tests.support.ledger import make_seen
from tests.support.sandboxed import Books, Shop
from tests.support.world import World, changed, storefront_order
from workers.carry import carry
from workers.process import process

# Those of which there are more with every order and refund.
WHOLE = re.compile(
    r"(?:Seq Scan on|SCAN) "
    r"(?:deliveries|order_links|order_tombstones|refunds|refund_lines|attempts|audit_entries|alerts)\b"
)


def whole(plans: list[str]) -> list[str]:
    """Return the plans that read all of a table that grows."""
    assert plans
    return [plan for plan in plans if WHOLE.search(plan)]


def carried(world: World, *delivery_ids: int) -> list[str]:
    """Work deliveries off, and carry the refund that they tell of; return what was asked for it."""
    plans: list[str] = []
    with explained(world.database.engine, plans):
        for each in delivery_ids:
            process(world.runtime, each)
    refund_id = world.only_refund().id
    with explained(world.database.engine, plans):
        carry(world.runtime, refund_id)
    assert world.only_refund().state is State.POSTED
    return plans


def test_a_refund_on_its_way_to_netsuite_is_found_by_indices(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order()
    assert whole(carried(world, world.deliver(shop, make_seen()))) == []


def test_a_refund_on_its_way_from_netsuite_is_found_by_indices(world: World, netsuite: Books) -> None:
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE)
    order = shop.order()
    memo = netsuite.refund(netsuite.order(order["name"]))
    news = changed("creditmemo", memo)
    told = world.deliver(shop, storefront_order(order)), world.deliver(netsuite, news)
    assert whole(carried(world, *told)) == []


@pytest.mark.parametrize("what", ["salesorder", "invoice"])
def test_news_of_orders_and_bills_is_found_by_indices(
    world: World, netsuite: Books, shop: Shop, what: str
) -> None:
    assert shop.id
    order = netsuite.order()
    delivery_id = world.deliver(
        netsuite, changed(what, order.id if what == "salesorder" else order.billed_id)
    )
    plans: list[str] = []
    with explained(world.database.engine, plans):
        process(world.runtime, delivery_id)
    assert whole(plans) == []


def test_what_is_due_is_found_by_indices(world: World) -> None:
    plans: list[str] = []
    with explained(world.database.engine, plans), world.database.write() as session:
        due.deliveries(session, now=utcnow(), limit=500)
        due.refunds(session, now=utcnow() + timedelta(days=1), limit=500)
    assert whole(plans) == []
