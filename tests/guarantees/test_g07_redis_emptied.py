"""G7: Redis may be emptied at any time: the scheduler wakes again whatever is due."""

from ledger.states import State
from tests.guarantees.house import House
from tests.support.world import while_held


def test_g07_what_was_in_redis_when_it_was_emptied_is_woken_again_and_posted_once(house: House) -> None:
    house.refund()
    redis = house.world.runtime.redis
    assert redis.llen("rq:queue:shopify") > 0
    redis.flushall()
    house.work()
    assert house.world.refunds() == []
    house.settle()
    assert [refund.state for refund in house.world.refunds()] == [State.POSTED]
    assert house.books.writes() == {"creditMemo": 1}


def test_g07_a_worker_in_the_middle_of_a_call_finishes_though_redis_is_emptied(house: House) -> None:
    house.refund()
    (delivery,) = [each for each in house.deliveries() if each.topic == "refunds/create"]
    with while_held(house.books, "record:transform", lambda: house.world.process(delivery.id), after=1):
        house.world.runtime.redis.flushall()
        house.later()
        house.sweep()
    house.settle()
    assert [refund.state for refund in house.world.refunds()] == [State.POSTED]
    assert house.books.writes() == {"creditMemo": 1}
