"""G8: a worker may be killed at every step; `tests/functional/test_killing.py` does it at each of them."""

import os
import signal

import pytest

from ledger.states import State
from tests.cli.processes import eventually
from tests.guarantees.house import ON_POSTGRESQL, House


@ON_POSTGRESQL
@pytest.mark.parametrize("when", ["before", "after"])
def test_g08_a_worker_killed_in_the_middle_of_its_write_leaves_one_record(house: House, when: str) -> None:
    house.refund()
    house.books.fault("record:transform", "stall", when=when)
    with house.family() as processes:
        processes.start("worker", "shopify")
        made = {"before": {}, "after": {"creditMemo": 1}}[when]
        eventually(lambda: house.books.in_flight() == 1 and house.books.writes() == made)
        for pid in processes.members("worker"):
            os.kill(pid, signal.SIGKILL)
        eventually(processes.is_gone)
    (left,) = house.world.refunds()
    assert (left.state, left.write_began) == (State.POSTING, True)
    house.shop.control.delete("faults")

    house.settle_after_death()

    (refund,) = house.world.refunds()
    (memo,) = house.books.records("creditMemo")
    assert (refund.state, refund.target_id) == (State.POSTED, str(memo["id"]))
    assert [attempt.outcome for attempt in house.world.attempts(refund.id)] == ["abandoned", "post"]
    assert house.books.writes() == {"creditMemo": 1}
