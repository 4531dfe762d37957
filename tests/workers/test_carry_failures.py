"""Platforms that fail, throttle and refuse, and code that breaks: nothing is lost, doubled or endless."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from ledger import actions, attempts, installation, pausing, refunds
from ledger.clock import utcnow
from ledger.models.accounts import Direction
from ledger.refunds import LEASE
from ledger.schedule import TRIES
from ledger.states import State
from tests.support.ledger import make_part, make_seen
from tests.support.sandboxed import TBA, Books, Shop
from tests.support.world import World, changed, storefront_order
from workers.carry import carry


def test_a_write_that_is_not_answered_is_found_and_linked_and_not_written_again(
    world: World, netsuite: Books, shop: Shop
) -> None:
    with world.database.write() as session:
        installation.store(session, "read_timeout_seconds", "1")
    netsuite.order()
    netsuite.fault("record:transform", "stall", when="after")
    world.tell(shop, make_seen())
    unknown = world.only_refund()
    assert (unknown.state, unknown.reason, unknown.tries) == (State.RETRYING, "UNKNOWN_OUTCOME", 1)
    refund = world.carry(unknown.id)
    assert (refund.state, refund.reason) == (State.POSTED, "ALREADY_POSTED")
    assert netsuite.operations() == ["suiteql", "suiteql"]  # the stalled call has not ended
    assert netsuite.writes() == {"creditMemo": 1}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["reset", "status"])
def test_a_write_that_fails_on_the_way_takes_effect_once(
    world: World, netsuite: Books, shop: Shop, kind: str, when: str
) -> None:
    netsuite.order()
    netsuite.fault("record:transform", kind, when=when)
    world.tell(shop, make_seen())
    assert world.only_refund().reason == "UNKNOWN_OUTCOME"
    refund = world.carry(world.only_refund().id)
    assert (refund.state, refund.reason) == (
        State.POSTED,
        "POSTED" if when == "before" else "ALREADY_POSTED",
    )
    assert netsuite.writes() == {"creditMemo": 1}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["reset", "status", "internal_error"])
def test_a_write_to_the_shop_that_fails_on_the_way_takes_effect_once(
    world: World, netsuite: Books, kind: str, when: str
) -> None:
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE)
    order = shop.order()
    world.tell(shop, storefront_order(order))
    memo = netsuite.refund(netsuite.order(order["name"]))
    shop.fault("graphql:refundCreate", kind, when=when)
    world.tell(netsuite, changed("creditmemo", memo))
    refund = world.carry_through(world.only_refund().id)
    assert refund.state is State.POSTED
    (made,) = shop.refunds(order)
    assert refund.target_id == str(made["id"])


@pytest.mark.parametrize("kind", ["reset", "status"])
def test_a_read_that_fails_is_tried_again(world: World, netsuite: Books, shop: Shop, kind: str) -> None:
    netsuite.order()
    netsuite.fault("suiteql", kind)
    world.tell(shop, make_seen())
    refund = world.only_refund()
    assert (refund.state, refund.reason, refund.tries) == (State.RETRYING, "TRANSIENT", 1)
    assert refund.due_at is not None
    assert refund.due_at <= utcnow() + timedelta(seconds=30)
    assert world.carry(refund.id).state is State.POSTED


def test_netsuites_limit_is_tried_again_soon(world: World, netsuite: Books, shop: Shop) -> None:
    netsuite.order()
    netsuite.fault("suiteql", "throttle")
    netsuite.fault("record:transform", "throttle")
    world.tell(shop, make_seen())
    for longest in (2, 4):
        refund = world.only_refund()
        assert (refund.state, refund.reason) == (State.RETRYING, "RATE_LIMITED")
        assert refund.due_at is not None
        assert refund.due_at <= utcnow() + timedelta(seconds=longest)
        world.carry(refund.id)
    assert world.only_refund().state is State.POSTED
    assert netsuite.writes() == {"creditMemo": 1}


def test_shopifys_limit_is_tried_again_once_the_points_are_back(world: World, netsuite: Books) -> None:
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE)
    order = shop.order()
    world.tell(shop, storefront_order(order))
    memo = netsuite.refund(netsuite.order(order["name"]))
    shop.fault("graphql:refundCreate", "throttle", times=2)
    world.tell(netsuite, changed("creditmemo", memo))
    assert world.only_refund().reason == "RATE_LIMITED"
    assert world.carry_through(world.only_refund().id).state is State.POSTED
    assert shop.writes() == {"refundCreate": 1}


def test_tries_that_are_used_up_make_an_error_that_keeps_its_reason(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order()
    netsuite.fault("suiteql", "status", times=TRIES)
    world.tell(shop, make_seen())
    refund = world.carry_through(world.only_refund().id)
    assert (refund.state, refund.reason) == (State.ERROR, "TRANSIENT")
    assert refund.detail.startswith("gave up after 12 tries: 503")
    assert len(netsuite.operations()) == len(world.attempts(refund.id)) == TRIES
    world.act(actions.retry, refund.id)
    assert world.carry(refund.id).state is State.POSTED


@pytest.mark.parametrize("broken", ["settings", "facts", "quantity"])
def test_a_refund_over_which_the_code_breaks_each_time_is_given_to_a_person(
    world: World, netsuite: Books, shop: Shop, broken: str
) -> None:
    order = netsuite.order(billed="")
    world.tell(shop, make_seen())
    refund_id = world.only_refund().id
    netsuite.bill(order)
    if broken == "settings":  # of a later version, say
        world.set(shop, settings={"of_a_later_version": True})
    elif broken == "facts":
        world.change(refund_id, source_facts={"event": "refund_seen"})
    else:
        odd = make_seen(parts=(replace(make_part(), quantity=Decimal("NaN")),))
        world.change(refund_id, source_facts=odd.to_json())
    refund = world.carry_through(refund_id)
    assert (refund.state, refund.reason) == (State.ERROR, "INTERNAL")
    assert refund.detail.startswith("gave up after 12 tries: ")
    outcomes = [attempt.outcome for attempt in world.attempts(refund_id)]
    assert outcomes == ["wait", *["retry_later"] * (TRIES - 1), "fail"]
    assert [line["event"] for line in world.log if line["log_level"] == "error"] == ["crash"] * TRIES
    assert netsuite.writes() == {}


def test_credentials_that_no_key_opens_pause_the_account(world: World, netsuite: Books, shop: Shop) -> None:
    netsuite.order()
    world.set(netsuite, credentials=b"sealed with another key")
    world.tell(shop, make_seen())
    refund = world.only_refund()
    assert (refund.state, refund.reason, refund.detail) == (
        State.WAITING,
        "ACCOUNT_PAUSED",
        "BAD_CREDENTIALS",
    )
    assert world.account(netsuite).paused_reason == "BAD_CREDENTIALS"
    assert netsuite.operations() == []


def test_a_refund_that_kills_its_worker_each_time_is_given_to_a_person(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order(billed="")
    world.tell(shop, make_seen())
    refund_id = world.only_refund().id
    world.change(refund_id, not_before=None)
    for number in range(TRIES, 0, -1):
        at = utcnow() - LEASE * number
        with world.database.write() as session:
            claimed = refunds.claim(session, refund_id, now=at)
            assert claimed is not None
            claimed.tries += attempts.abandon(session, refund_id, now=at)
            attempts.begin(session, claimed, now=at)
    calls = netsuite.operations()
    refund = world.carry(refund_id)
    assert (refund.state, refund.reason) == (State.ERROR, "INTERNAL")
    assert refund.key in refund.detail
    assert netsuite.operations() == calls


def test_without_redis_nothing_is_written_and_nothing_lost(world: World, netsuite: Books, shop: Shop) -> None:
    netsuite.order(billed="")
    world.tell(shop, make_seen())
    refund_id = world.only_refund().id
    calls = netsuite.operations()
    world.change(refund_id, not_before=None)
    carry(world.another(redis_url="redis://127.0.0.1:1/0"), refund_id)
    refund = world.refund(refund_id)
    assert (refund.state, refund.reason) == (State.RETRYING, "TRANSIENT")
    assert netsuite.operations() == calls


def test_netsuites_refusal_of_credentials_pauses_that_account_alone(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order()
    others = world.add_books("other-books")
    other_shop = world.add_shop(others, "other-shop")
    others.order()
    netsuite.change(tba=dict.fromkeys(TBA, "revoked"))
    world.tell(shop, make_seen())
    world.tell(other_shop, make_seen())
    paused, posted = world.refunds()
    assert (paused.state, paused.reason, paused.detail) == (
        State.WAITING,
        "ACCOUNT_PAUSED",
        "BAD_CREDENTIALS",
    )
    assert paused.tries == 0
    assert posted.state is State.POSTED
    assert world.account(netsuite).paused_reason == "BAD_CREDENTIALS"
    assert world.account(others).paused_reason == world.account(shop).paused_reason == ""
    assert [entry.action for entry in world.audit("netsuite_account")] == ["add", "add", "pause"]


def test_a_shops_refusal_of_credentials_pauses_that_shop_alone(world: World, netsuite: Books) -> None:
    shops = [world.add_shop(netsuite, slug, direction=Direction.FROM_NETSUITE) for slug in ("one", "two")]
    shops[0].change(access_token="shpat_new")
    for number, shop in enumerate(shops):
        order = shop.order(name=f"#{number}")
        world.tell(shop, storefront_order(order))
        world.tell(netsuite, changed("creditmemo", netsuite.refund(netsuite.order(order["name"]))))
    paused, posted = world.refunds()
    assert (paused.reason, posted.reason) == ("ACCOUNT_PAUSED", "POSTED")
    assert [world.account(shop).paused_reason for shop in shops] == ["BAD_CREDENTIALS", ""]
    assert world.account(netsuite).paused_reason == ""


def test_a_shop_that_refuses_to_name_an_order_is_paused_and_netsuite_is_not(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order()
    shop.change(access_token="shpat_new")
    world.tell(shop, make_seen(order_name=""))
    assert world.only_refund().reason == "ACCOUNT_PAUSED"
    assert (world.account(shop).paused_reason, world.account(netsuite).paused_reason) == (
        "BAD_CREDENTIALS",
        "",
    )


@pytest.mark.parametrize("which", ["shop", "books"])
def test_refunds_of_a_paused_account_wait_and_are_woken_when_it_is_resumed(
    world: World, netsuite: Books, shop: Shop, which: str
) -> None:
    netsuite.order()
    owner = shop if which == "shop" else netsuite
    with world.database.write() as session:
        account = session.merge(world.account(owner))
        pausing.pause(session, account, "BAD_CREDENTIALS", "", now=utcnow(), actor="cli:ada")
    world.tell(shop, make_seen())
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.WAITING, "ACCOUNT_PAUSED")
    assert refund.due_at is not None
    assert refund.due_at > utcnow() + timedelta(minutes=59)
    assert netsuite.operations() == []
    with world.database.write() as session:
        account = session.merge(world.account(owner))
        assert pausing.resume(session, account, now=utcnow(), actor="cli:ada") == 1
    woken = world.refund(refund.id).due_at
    assert woken is not None
    assert woken <= utcnow()
    assert world.carry(refund.id).state is State.POSTED


def test_a_refusal_is_an_error_with_the_platforms_words(world: World, netsuite: Books, shop: Shop) -> None:
    netsuite.order()
    netsuite.change(closed_until="2099-12-31")
    world.tell(shop, make_seen())
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.ERROR, "PERIOD_CLOSED")
    assert "period" in refund.detail.lower()
    assert netsuite.writes() == {}
