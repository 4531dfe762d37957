"""G9: deliveries may come in any order; what they come to is the same."""

import random

import pytest

from ledger.models import OrderState
from ledger.states import State
from tests.guarantees.house import House


@pytest.mark.parametrize("seed", range(3))
def test_g09_news_in_any_order_comes_to_the_same(house: House, seed: int) -> None:
    told = house.unheard()
    assert {each["topic"] for each in told} == {
        "orders/create",
        "order_transactions/create",
        "refunds/create",
        "orders/updated",
    }
    told.reverse()
    if seed:
        random.Random(seed).shuffle(told)  # noqa: S311 - any order will do
    for each in told:
        assert house.hear(each).status_code == 200
        house.work()  # each is understood before the next one comes
    house.settle()
    (refund,) = house.world.refunds()
    (link,) = house.world.links()
    assert (refund.state, refund.amount_minor, refund.order_link_id) == (State.POSTED, 20_00, link.id)
    assert (link.storefront_order_name, link.storefront_state) == ("#1001", OrderState.OPEN)
    assert [line["quantity"] for line in house.books.lines("creditMemo")] == [1]
    assert house.books.writes() == {"creditMemo": 1}


def test_g09_a_refund_that_comes_before_its_order_and_its_bill_waits_for_them(house: House) -> None:
    order = house.shop.order()

    def what_happens() -> tuple[State, str]:
        house.later()
        house.sweep()
        house.work()
        refund = house.world.only_refund()
        return refund.state, refund.reason

    house.refund(order)
    assert what_happens() == (State.WAITING, "ORDER_NOT_SYNCED")
    in_books = house.books.order(order["name"], billed="")
    assert what_happens() == (State.WAITING, "NOT_BILLED")
    house.books.bill(in_books)
    assert what_happens() == (State.POSTED, "POSTED")
