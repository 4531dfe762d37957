"""Several shops on one set of books: whose order stands behind a NetSuite refund."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ledger import orders, pausing
from ledger.clock import utcnow
from ledger.models import Account, OrderState
from ledger.models.accounts import Direction
from ledger.models.deliveries import DeliveryState
from ledger.schedule import TRIES
from ledger.states import State
from tests.support.ledger import NOW
from tests.support.rules import STOREFRONT_ORDER
from tests.support.sandboxed import Books, Shop
from tests.support.world import World, changed, storefront_order
from tests.workers.understanding.conftest import MakeShop, News
from workers.rules.facts import NetSuiteRefund
from workers.understanding.owner import Found, OwnerError, find

RECORD = NetSuiteRefund(
    None, "1201", "salesorder", "1302", "invoice", {"other_ref_num": "#1001", "custbody_shop_order": ""}
)


@pytest.fixture
def others(make_shop: MakeShop, news: News) -> list[Account]:
    """Two more shops on the books, refunded from NetSuite."""
    assert news.shop.slug == "shop"
    return [make_shop(slug, Direction.FROM_NETSUITE) for slug in ("second", "third")]


def link(news: News, account: Account, order_id: str, name: str = "#1001", record_id: str = "") -> int:
    with news.database.write() as session:
        made = orders.ensure(session, account.id, order_id, now=NOW, name=name)
        made.netsuite_order_id = record_id
        session.flush()
        return made.id


def owner(news: News, record: NetSuiteRefund = RECORD, asked: Sequence[Found] = ()) -> tuple[str, int | None]:
    """Return the owner's name and its link's number."""
    with news.database.write() as session:
        account, found = find(session, news.books, record, asked, now=NOW)
        return account.slug, found.id if found else None


def test_the_shop_whose_order_is_linked_to_the_record_is_the_owner(news: News, others: list[Account]) -> None:
    link_id = link(news, others[1], "3", record_id="1201")
    link(news, others[0], "2")  # of the same number, which the record outweighs
    assert owner(news) == ("third", link_id)


def test_an_order_is_known_by_its_bill_too(news: News, others: list[Account]) -> None:
    link_id = link(news, others[1], "3", name="", record_id="1302")
    assert owner(news) == ("third", link_id)


def test_the_only_shop_that_knows_the_number_is_the_owner(news: News, others: list[Account]) -> None:
    link_id = link(news, others[0], "2")
    link(news, others[1], "3", name="#1002")
    assert owner(news) == ("second", link_id)


def test_a_number_that_two_shops_know_is_ambiguous(news: News, others: list[Account]) -> None:
    link(news, others[0], "2")
    link(news, news.shop, "1")
    with pytest.raises(OwnerError) as caught:
        owner(news)
    assert (caught.value.reason, caught.value.detail) == (
        "AMBIGUOUS_ORDER",
        "the order's number is known to shop, second",
    )


def test_the_shop_that_said_it_has_the_order_is_the_owner_and_is_linked(
    news: News, others: list[Account]
) -> None:
    slug, link_id = owner(news, asked=[Found(others[1].id, STOREFRONT_ORDER)])
    (made,) = news.links()
    assert (slug, link_id) == ("third", made.id)
    assert (made.storefront_order_id, made.storefront_state) == (STOREFRONT_ORDER.id, OrderState.OPEN)


def test_a_number_that_two_shops_say_they_have_is_ambiguous(news: News, others: list[Account]) -> None:
    with pytest.raises(OwnerError, match="second, third"):
        owner(news, asked=[Found(each.id, STOREFRONT_ORDER) for each in others])


def test_a_cancelled_order_is_an_order(news: News, others: list[Account]) -> None:
    owner(news, asked=[Found(others[0].id, replace(STOREFRONT_ORDER, cancelled=True))])
    assert news.links()[0].storefront_state is OrderState.CANCELLED


def test_the_only_shop_that_is_refunded_from_netsuite_waits_for_an_order_nobody_has(
    news: News, make_shop: MakeShop
) -> None:
    make_shop("second", Direction.FROM_NETSUITE)
    assert owner(news) == ("second", None)


def test_an_order_nobody_has_may_be_anybodys(news: News, others: list[Account]) -> None:
    assert len(others) == 2
    with pytest.raises(OwnerError) as caught:
        owner(news)
    assert caught.value.reason == "ORDER_NOT_SYNCED"


def test_a_shop_whose_field_is_empty_cannot_be_the_owner(news: News, make_shop: MakeShop) -> None:
    make_shop("second", Direction.FROM_NETSUITE, order_match="custbody_shop_order")
    make_shop("third", Direction.FROM_NETSUITE)
    assert owner(news) == ("third", None)


def test_a_record_without_any_number_is_nobodys(news: News) -> None:
    with pytest.raises(OwnerError) as caught:
        owner(news, replace(RECORD, order_numbers={}))
    assert caught.value.reason == "ORDER_NOT_SYNCED"


# By asking the shops.


@pytest.fixture
def shops(world: World, netsuite: Books) -> list[Shop]:
    """Two shops on the books, refunded from NetSuite."""
    return [world.add_shop(netsuite, slug, direction=Direction.FROM_NETSUITE) for slug in ("one", "two")]


@pytest.fixture
def memo(netsuite: Books) -> str:
    """A credit memo of the order #1001."""
    return netsuite.refund(netsuite.order())


def test_every_shop_is_asked_for_an_order_the_ledger_does_not_know(
    world: World, netsuite: Books, shops: list[Shop], memo: str
) -> None:
    order = shops[1].order(name="#1001")
    world.tell(netsuite, changed("creditmemo", memo))
    refund = world.only_refund()
    assert (refund.state, refund.account_id) == (State.POSTED, shops[1].id)
    assert len(shops[1].refunds(order)) == 1
    assert shops[0].operations() == ["graphql:query"]


def test_no_shop_is_asked_for_an_order_the_ledger_knows(
    world: World, netsuite: Books, shops: list[Shop], memo: str
) -> None:
    world.tell(shops[1], storefront_order(shops[1].order(name="#1001")))
    world.tell(netsuite, changed("creditmemo", memo))
    assert world.only_refund().state is State.POSTED
    assert shops[0].operations() == []


def test_an_only_shop_is_not_asked_whether_it_is_the_one(
    world: World, netsuite: Books, shop: Shop, memo: str
) -> None:
    world.tell(netsuite, changed("creditmemo", memo))
    assert world.only_refund().reason == "WRONG_DIRECTION"
    assert shop.operations() == []


def test_a_number_that_two_shops_have_is_given_up_for_all_to_see_and_refunded_by_none(
    world: World, netsuite: Books, shops: list[Shop], memo: str
) -> None:
    for shop in shops:
        shop.order(name="#1001")
    delivery = world.tell(netsuite, changed("creditmemo", memo))
    assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, "AMBIGUOUS_ORDER")
    assert delivery.detail.endswith("one, two")
    assert world.refunds() == []


def test_an_order_nobody_has_is_looked_for_until_the_tries_are_used_up(
    world: World, netsuite: Books, shops: list[Shop], memo: str
) -> None:
    assert len(shops) == 2
    delivery_id = world.deliver(netsuite, changed("creditmemo", memo))
    for _ in range(TRIES - 1):
        assert world.process(delivery_id).state is DeliveryState.RECEIVED
    delivery = world.process(delivery_id)
    assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, "ORDER_NOT_SYNCED")


def test_a_shop_that_cannot_be_asked_just_now_is_asked_again_before_anybody_is_refunded(
    world: World, netsuite: Books, shops: list[Shop], memo: str
) -> None:
    shops[1].order(name="#1001")
    shops[0].fault("graphql:query", "status")
    world.runtime.breaker.clock = itertools.count(step=5).__next__  # five seconds until it fails
    delivery_id = world.deliver(netsuite, changed("creditmemo", memo))
    delivery = world.process(delivery_id)
    assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, "TRANSIENT")
    assert world.refunds() == []
    calls = shops[0].operations()
    postponed = world.process(delivery_id)  # too soon: a shop that hangs must not hold up the others' news
    assert (postponed.state, postponed.reason) == (DeliveryState.RECEIVED, "TRANSIENT")
    assert "not asked, since it failed a moment ago" in postponed.detail
    assert shops[0].operations() == calls
    world.runtime.breaker.clock = lambda: 600
    world.process(delivery_id)
    assert world.only_refund().state is State.POSTED


def test_a_shop_that_refuses_us_is_paused_and_asked_once_it_is_resumed_where_no_other_has_the_order(
    world: World, netsuite: Books, shops: list[Shop], memo: str
) -> None:
    shops[0].order(name="#1001")
    shops[0].change(access_token="shpat_new")
    delivery_id = world.deliver(netsuite, changed("creditmemo", memo))
    for _ in ("asked", "not asked again"):
        delivery = world.process(delivery_id)
        assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, "ACCOUNT_PAUSED")
    assert [world.account(each).paused_reason for each in (*shops, netsuite)] == ["BAD_CREDENTIALS", "", ""]
    assert shops[0].operations() == ["graphql:query"]
    shops[0].change(access_token="shpat_0123456789abcdef0123456789abcdef")
    with world.database.write() as session:
        account = session.get_one(Account, shops[0].id)
        assert pausing.resume(session, account, now=utcnow(), actor="cli:ada") == 1
    assert world.delivery(delivery_id).not_before is None
    world.process(delivery_id)
    assert world.only_refund().state is State.POSTED
