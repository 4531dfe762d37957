"""One line of the log for each delivery, each working off of one, each attempt and each call; one trace."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ledger import attempts, log, refunds
from ledger.clock import utcnow
from ledger.events import OrderTouched, SubscriptionOffered
from ledger.models import Delivery
from ledger.refunds import LEASE
from ledger.schedule import TRIES
from ledger.states import State
from tests.support.ledger import SECRET, make_seen
from tests.support.sandboxed import SHIRT, Books, Shop
from tests.support.waiting import until
from tests.support.world import World, changed, while_held
from tests.webhooks.test_http import served
from tests.workers.conftest import Work
from webhooks.app import create_app

ONE = [{"sku": SHIRT, "quantity": 1}]


def told(world: World, event: str) -> list[tuple[str, str]]:
    """Return outcome and reason of each line of a kind."""
    return [(line["outcome"], line["reason"]) for line in world.log if line["event"] == event]


def written(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]


def test_one_trace_leads_from_the_delivery_to_the_write(
    world: World, netsuite: Books, shop: Shop, work: Work, capfd: pytest.CaptureFixture[str]
) -> None:
    log.configure("json")
    order = shop.order()
    netsuite.order(order["name"])
    with served(create_app(world.runtime.settings, database=world.database)) as port:
        shop.change(webhook={"url": f"http://127.0.0.1:{port}/webhooks/shopify/shop", "secret": SECRET})
        shop.refund(order, lines=ONE)
        until(lambda: webhooks(shop) and all(each["attempts"] for each in webhooks(shop)))
        work()
    refund = world.only_refund()
    assert refund.state is State.POSTED
    lines = [line for line in written(capfd) if line.get("trace_id") == refund.trace_id]
    delivery, worked_off, *asked, read, write, attempt = lines
    calls = ["call"] * len(
        [*asked, read, write]
    )  # the shop is asked for the order's name if it has not told yet
    assert [line["event"] for line in lines] == ["delivery", "worked_off", *calls, "attempt"]
    assert (delivery["outcome"], worked_off["outcome"], attempt["outcome"]) == (
        "accepted",
        "processed",
        "post",
    )
    assert delivery["delivery_id"] == worked_off["delivery"]
    assert worked_off["refunds"] == [attempt["refund"]] == [refund.id]
    assert (read["platform"], read["account"], read["status"]) == ("netsuite", "books", 200)
    assert read["url"].partition("?")[0].endswith("/suiteql")
    assert (write["method"], write["status"]) == ("POST", 204)
    assert "!transform" in write["url"]
    assert attempt["calls"] == len(calls)


def webhooks(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.control.get(f"{shop.path}/webhooks")
    return found


def test_every_ending_of_an_attempt_has_its_line(world: World, netsuite: Books, shop: Shop) -> None:
    world.tell(shop, make_seen())
    refund_id = world.only_refund().id
    netsuite.fault("suiteql", "throttle")
    world.carry(refund_id)
    order = netsuite.order(billed="")
    world.carry(refund_id)
    netsuite.bill(order)
    netsuite.fault("record:transform", "reset", when="after")
    world.carry(refund_id)
    world.carry(refund_id)
    world.tell(shop, make_seen(refund_id="2", mark="rs-shop-1"))
    world.tell(shop, make_seen(refund_id="3"))
    rows = [(each.outcome, each.reason) for row in world.refunds() for each in world.attempts(row.id)]
    assert told(world, "attempt") == rows
    assert rows[:6] == [
        ("wait", "ORDER_NOT_SYNCED"),
        ("retry_later", "RATE_LIMITED"),
        ("wait", "NOT_BILLED"),
        ("retry_later", "UNKNOWN_OUTCOME"),
        ("post", "ALREADY_POSTED"),
        ("ignore", "ECHO"),
    ]
    traces = {row.id: row.trace_id for row in world.refunds()}
    lines = [line for line in world.log if line["event"] == "attempt"]
    assert [line["trace_id"] for line in lines] == [traces[line["refund"]] for line in lines]
    assert {line["log_level"] for line in lines} == {"info"}


def test_an_attempt_whose_worker_was_killed_has_its_line_once_it_is_found(
    world: World, netsuite: Books, shop: Shop
) -> None:
    world.tell(shop, make_seen())
    refund_id = world.only_refund().id
    world.change(refund_id, not_before=None)
    with world.database.write() as session:
        claimed = refunds.claim(session, refund_id, now=utcnow() - LEASE)
        assert claimed is not None
        attempts.begin(session, claimed, now=utcnow())
    netsuite.order()
    world.carry(refund_id)
    assert told(world, "attempt")[1:] == [("abandoned", "INTERNAL"), ("post", "POSTED")]


def test_a_refund_that_is_given_up_has_its_line(world: World, shop: Shop) -> None:
    world.tell(shop, make_seen())
    refund_id = world.only_refund().id
    world.change(refund_id, tries=TRIES)
    assert world.carry(refund_id).state is State.ERROR
    assert told(world, "attempt")[1:] == [("fail", "INTERNAL")]


def test_an_attempt_that_lost_its_claim_has_its_line(world: World, netsuite: Books, shop: Shop) -> None:
    netsuite.order()
    delivery_id = world.deliver(shop, make_seen())
    with while_held(netsuite, "suiteql", lambda: world.process(delivery_id), after=0):
        world.change(world.only_refund().id, lease_token=7)
    assert told(world, "attempt") == [("reconsider", "FACTS_CHANGED")]


def gone(world: World, table: str) -> None:
    """Do away with a table, as if the ledger could not be written to any more."""
    with world.database.write() as session:
        session.execute(text(f"ALTER TABLE {table} RENAME TO {table}_gone"))


def test_an_attempt_that_cannot_be_recorded_has_its_line(world: World, netsuite: Books, shop: Shop) -> None:
    netsuite.order()
    delivery_id = world.deliver(shop, make_seen())
    with (
        pytest.raises(SQLAlchemyError),
        while_held(netsuite, "suiteql", lambda: world.process(delivery_id), after=0),
    ):
        gone(world, "audit_entries")
    assert told(world, "worked_off") == [("processed", "")]
    assert told(world, "attempt") == [("unrecorded", "ledger_unreachable")]


def test_a_delivery_that_cannot_be_taken_over_has_its_line(world: World, netsuite: Books, shop: Shop) -> None:
    memo = netsuite.refund(netsuite.order())
    delivery_id = world.deliver(netsuite, changed("creditmemo", memo))
    with (
        pytest.raises(SQLAlchemyError),
        while_held(netsuite, "suiteql", lambda: world.process(delivery_id), after=0),
    ):
        gone(world, "deliveries")
    assert told(world, "worked_off") == [("unrecorded", "ledger_unreachable")]


def test_every_ending_of_a_delivery_has_its_line(world: World, netsuite: Books, shop: Shop) -> None:
    order = shop.order()
    netsuite.order(order["name"])
    late = world.deliver(shop, OrderTouched(str(order["id"]), expected_at=utcnow()))
    world.process(late)
    shop.refund(order, lines=ONE)
    world.process(late)
    netsuite.fault("suiteql", "throttle")
    memo = world.deliver(netsuite, changed("creditmemo", netsuite.refund(netsuite.order("#2"))))
    world.process(memo)
    world.process(memo)
    world.tell(shop, SubscriptionOffered("https://sns.eu-west-1.amazonaws.com/?Token=1"))
    hopeless = world.deliver(shop, make_seen(refund_id="9"))
    with world.database.write() as session:
        session.get_one(Delivery, hopeless).attempts = TRIES
    world.process(hopeless)
    lines = [line for line in world.log if line["event"] == "worked_off"]
    assert [(line["outcome"], line["reason"], line["log_level"]) for line in lines] == [
        ("late", "ROWS_LATE", "info"),
        ("processed", "", "info"),
        ("postponed", "RATE_LIMITED", "warning"),
        ("processed", "", "info"),
        ("failed", "REFUSED", "warning"),
        ("failed", "INTERNAL", "warning"),
    ]
    assert [line["calls"] for line in lines[:2]] == [1, 2]
    assert [len(line["refunds"]) for line in lines[:2]] == [0, 1]
    for line in lines:
        assert line["trace_id"] == world.delivery(line["delivery"]).trace_id
