"""G16: two schedulers at once have one effect."""

from sqlalchemy import func, select

from ledger.models import AuditEntry
from ledger.states import State
from tests.guarantees.house import House
from tests.support.racing import race
from workers.scheduler import Scheduler

MANY = 4


def test_g16_two_schedulers_wake_each_refund_once_and_it_is_posted_once(house: House) -> None:
    for _ in range(MANY):
        house.refund()
    house.world.runtime.redis.flushall()
    house.later()
    due = sum(1 for each in house.deliveries() if each.due_at)
    schedulers = [Scheduler(house.world.another()) for _ in range(2)]

    assert sum(race(*[each.sweep for each in schedulers])) == due
    assert house.world.runtime.redis.llen("rq:queue:shopify") == due
    for _ in range(2):
        house.later()
        race(*[each.sweep for each in schedulers])
        house.work()
    house.settle()

    refunds = house.world.refunds()
    assert [refund.state for refund in refunds] == [State.POSTED] * MANY
    assert house.books.writes() == {"creditMemo": MANY}
    with house.world.database.read() as session:
        posted = select(func.count()).where(AuditEntry.action == "post")
        assert session.scalar(posted) == MANY
