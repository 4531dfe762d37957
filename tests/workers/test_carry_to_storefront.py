from decimal import Decimal
from typing import Any

import pytest

from ledger import actions
from ledger.models import OrderState
from ledger.models.accounts import Direction
from ledger.states import State
from tests.support.ledger import make_seen
from tests.support.sandboxed import SHIRT, Books, Shop
from tests.support.world import World, changed, storefront_order, while_held

Json = dict[str, Any]


@pytest.fixture
def shop(world: World, netsuite: Books) -> Shop:
    """A shop whose refunds come from NetSuite."""
    return world.add_shop(netsuite, direction=Direction.FROM_NETSUITE)


def amounts(refund: Json) -> list[Decimal]:
    return [Decimal(str(each["amount"])) for each in refund["transactions"]]


def test_a_credit_memo_becomes_a_refund_by_one_read_a_suggestion_and_one_write(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = shop.order()
    memo = netsuite.refund(netsuite.order(order["name"]), quantity=2)
    world.tell(netsuite, changed("creditmemo", memo))
    refund = world.only_refund()
    assert (refund.state, refund.reason, refund.detail) == (State.POSTED, "POSTED", "")
    assert netsuite.operations() == ["suiteql"]
    (made,) = shop.refunds(order)
    assert refund.target_id == str(made["id"])
    assert refund.key in made["note"].split()
    assert amounts(made) == [Decimal("40.00")]
    assert [line["quantity"] for line in made["refund_line_items"]] == [2]
    # One call more finds the order by its name, since no webhook told of it.
    assert shop.operations()[-2:] == ["graphql:query", "graphql:refundCreate"]
    assert len(shop.operations()) == 4


def test_a_cash_refund_of_a_known_order_takes_three_calls(world: World, netsuite: Books, shop: Shop) -> None:
    order = shop.order()
    world.tell(shop, storefront_order(order))
    refund_id = netsuite.refund(netsuite.order(order["name"], billed="cashSale"))
    world.tell(netsuite, changed("cashrefund", refund_id))
    refund = world.only_refund()
    assert (refund.state, refund.transaction_type) == (State.POSTED, "cash_refund")
    assert shop.operations() == ["graphql:query", "graphql:query", "graphql:refundCreate"]


def test_an_order_that_is_found_by_its_number_is_linked(world: World, netsuite: Books, shop: Shop) -> None:
    order = shop.order()
    world.tell(netsuite, changed("creditmemo", netsuite.refund(netsuite.order(order["name"]))))
    refund = world.only_refund()
    (link,) = world.links()
    assert refund.order_link_id == link.id
    assert (link.storefront_order_id, link.storefront_order_name) == (str(order["id"]), order["name"])
    assert link.storefront_state is OrderState.OPEN


def test_an_order_is_found_by_its_id_where_netsuite_has_that(world: World, netsuite: Books) -> None:
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE, order_match_value="id")
    order = shop.order()
    world.tell(netsuite, changed("creditmemo", netsuite.refund(netsuite.order(str(order["id"])))))
    assert world.only_refund().state is State.POSTED


def test_a_refund_of_an_order_the_shop_never_had_waits_and_is_posted_once_it_has(
    world: World, netsuite: Books, shop: Shop
) -> None:
    world.tell(netsuite, changed("creditmemo", netsuite.refund(netsuite.order("#1001"))))
    waiting = world.only_refund()
    assert (waiting.state, waiting.reason) == (State.WAITING, "ORDER_NOT_SYNCED")
    shop.order(name="#1001")
    assert world.carry(waiting.id).state is State.POSTED


def test_an_order_that_is_gone_is_a_discrepancy_and_known_to_be_gone(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = shop.order()
    world.tell(shop, storefront_order(order))
    shop.delete(order)
    world.tell(netsuite, changed("creditmemo", netsuite.refund(netsuite.order(order["name"]))))
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.DISCREPANCY, "ORDER_DELETED")
    assert world.links()[0].storefront_state is OrderState.DELETED
    assert shop.writes() == {}


def test_money_is_given_as_store_credit_where_the_account_wants_it(world: World, netsuite: Books) -> None:
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE, refund_method="store_credit")
    order = shop.order(customer={"email": "ada@example.com"})
    world.tell(netsuite, changed("creditmemo", netsuite.refund(netsuite.order(order["name"]))))
    assert world.only_refund().state is State.POSTED
    (made,) = shop.refunds(order)
    assert [each["gateway"] for each in made["transactions"]] == ["shopify_store_credit"]
    assert amounts(made) == [Decimal("20.00")]


@pytest.mark.parametrize(("restock", "types"), [("always", ["return"]), ("never", ["no_restock"])])
def test_goods_go_back_into_stock_where_the_account_wants_it(
    world: World, netsuite: Books, restock: str, types: list[str]
) -> None:
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE, restock=restock)
    location = shop.location
    world.set(shop, settings={"restock": restock, "return_location": location})
    order = shop.order()
    world.tell(netsuite, changed("creditmemo", netsuite.refund(netsuite.order(order["name"]))))
    (made,) = shop.refunds(order)
    assert [line["restock_type"] for line in made["refund_line_items"]] == types
    places = [str(line["location_id"]) for line in made["refund_line_items"] if line["location_id"]]
    assert places == ([location] if restock == "always" else [])


def test_restocking_without_a_place_is_refused_before_any_write(world: World, netsuite: Books) -> None:
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE, restock="always")
    order = shop.order()
    world.tell(netsuite, changed("creditmemo", netsuite.refund(netsuite.order(order["name"]))))
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.ERROR, "MAPPING_MISSING")
    assert "return_location" in refund.detail
    assert shop.writes() == {}


def test_a_refund_in_the_shops_currency_is_made_in_the_buyers(
    world: World, netsuite: Books, shop: Shop
) -> None:
    # 22.00 USD for 20.00 EUR.
    order = shop.order(presentment_currency="EUR", exchange_rate="1.10")
    lines = [{"sku": SHIRT, "quantity": 5, "rate": "22.00"}]
    world.tell(netsuite, changed("creditmemo", netsuite.refund(netsuite.order(order["name"], lines=lines))))
    refund = world.only_refund()
    assert (refund.state, str(refund.amount)) == (State.POSTED, "22.00 USD")
    (made,) = shop.refunds(order)
    assert amounts(made) == [Decimal("20.00")]
    assert [each["currency"] for each in made["transactions"]] == ["EUR"]


def test_a_refund_in_the_buyers_currency_is_made_as_it_is(world: World, netsuite: Books) -> None:
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE, currency_mode="presentment")
    order = shop.order(presentment_currency="EUR", exchange_rate="1.10")
    imported = netsuite.order(order["name"], currency="EUR")
    world.tell(netsuite, changed("creditmemo", netsuite.refund(imported)))
    assert str(world.only_refund().amount) == "20.00 EUR"
    (made,) = shop.refunds(order)
    assert amounts(made) == [Decimal("20.00")]


def test_a_currency_without_decimals_stays_without(world: World, netsuite: Books) -> None:
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE, currency="JPY")
    lines = [{"sku": SHIRT, "quantity": 5, "price": "1500"}]
    order = shop.order(lines=lines)
    books = [{"sku": SHIRT, "quantity": 5, "rate": "1500"}]
    imported = netsuite.order(order["name"], currency="JPY", lines=books)
    world.tell(netsuite, changed("creditmemo", netsuite.refund(imported)))
    assert str(world.only_refund().amount) == "1500 JPY"
    assert amounts(shop.refunds(order)[0]) == [Decimal(1500)]


def test_what_shopify_itself_finds_too_much_becomes_a_discrepancy(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = shop.order()
    world.tell(shop, storefront_order(order))
    memo = netsuite.refund(netsuite.order(order["name"]), quantity=5)
    delivery = world.deliver(netsuite, changed("creditmemo", memo))
    # The merchant is faster, by the moment between the look and the write.
    with while_held(shop, "graphql:refundCreate", lambda: world.process(delivery), after=2):
        shop.refund(order, lines=[{"sku": SHIRT, "quantity": 1}])
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.DISCREPANCY, "OVER_REFUND")
    assert shop.writes() == {}
    assert len(shop.refunds(order)) == 1


def test_a_refund_above_what_is_left_is_not_even_asked_for(world: World, netsuite: Books, shop: Shop) -> None:
    order = shop.order()
    shop.refund(order, lines=[{"sku": SHIRT, "quantity": 1}])
    memo = netsuite.refund(netsuite.order(order["name"]), quantity=5)
    world.tell(netsuite, changed("creditmemo", memo))
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.DISCREPANCY, "OVER_REFUND")
    assert "graphql:refundCreate" not in shop.operations()


def test_our_own_refund_in_the_shop_is_not_carried_back(world: World, netsuite: Books, shop: Shop) -> None:
    order = shop.order()
    world.tell(netsuite, changed("creditmemo", netsuite.refund(netsuite.order(order["name"]))))
    posted = world.only_refund()
    by_id = make_seen(refund_id=posted.target_id, order_id=str(order["id"]), order_name=order["name"])
    world.tell(shop, by_id)
    by_mark = make_seen(refund_id="999", order_id=str(order["id"]), order_name="", mark=posted.key)
    world.tell(shop, by_mark)
    assert [(each.state, each.reason) for each in world.refunds()[1:]] == [(State.IGNORED, "ECHO")] * 2
    assert netsuite.writes() == {}


def test_a_refund_is_held_for_review_and_posted_by_a_person(world: World, netsuite: Books) -> None:
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE, review=True)
    order = shop.order()
    world.tell(netsuite, changed("creditmemo", netsuite.refund(netsuite.order(order["name"]))))
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.HELD, "REVIEW_FIRST")
    world.act(actions.post, refund.id)
    assert world.carry(refund.id).state is State.POSTED
    assert shop.writes() == {"refundCreate": 1}
