"""G10: tries follow a schedule with jitter, wait as long as they are told to, and are for what may pass."""

from datetime import timedelta
from typing import Any

import pytest

from ledger import schedule
from ledger.clock import utcnow
from ledger.models import Refund
from ledger.reasons import Recovery
from ledger.schedule import Pace
from ledger.states import State
from tests.guarantees.house import ON_SQLITE, House

TOLD = timedelta(seconds=70)
"""How long NetSuite says to stay away: longer than a test lasts, so that nothing else comes before."""

UNHEARD_OF: dict[str, Any] = {"title": "A new kind of trouble", "status": 418}


def fail_once(house: House, *, times: int = 1, **fault: Any) -> list[Refund]:  # noqa: ANN401 - JSON may be anything
    """Carry a refund, or several, whose first read goes wrong."""
    for _ in range(times):
        house.refund()
    told = {"Retry-After": str(TOLD.seconds)}
    house.books.fault("suiteql", "status", times=times, headers=told, **fault)
    house.work()
    return house.world.refunds()


@ON_SQLITE
def test_g10_a_platform_that_says_when_is_not_asked_before(house: House) -> None:
    before = utcnow()
    (refund,) = fail_once(house, status=429)
    assert (refund.state, refund.reason) == (State.RETRYING, "RATE_LIMITED")
    assert refund.not_before is not None
    longest = schedule.ceiling(Recovery.THROTTLE, 1, Pace())
    waits = refund.not_before - before
    assert TOLD <= waits <= TOLD + timedelta(seconds=longest) + (utcnow() - before)
    house.sweep()
    house.work()
    assert house.world.only_refund().tries == 1  # nobody came before its time
    house.settle()
    assert house.world.only_refund().state is State.POSTED


@ON_SQLITE
def test_g10_what_failed_together_does_not_come_back_together_and_later_each_time(house: House) -> None:
    refunds = fail_once(house, times=3, status=503)
    assert {(refund.state, refund.reason) for refund in refunds} == {(State.RETRYING, "TRANSIENT")}
    chances = {refund.not_before - refund.updated_at - TOLD for refund in refunds if refund.not_before}
    assert len(chances) == 3
    assert min(chances) >= timedelta(0)
    assert max(chances) <= timedelta(seconds=schedule.ceiling(Recovery.BACKOFF, 1, Pace()))
    ceilings = [schedule.ceiling(Recovery.BACKOFF, tries, Pace()) for tries in range(1, schedule.TRIES)]
    assert ceilings == sorted(ceilings)
    assert ceilings[-1] == 8 * 3600
    house.settle()
    assert house.books.writes() == {"creditMemo": 3}


@ON_SQLITE
@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        (418, State.ERROR, "REFUSED"),  # nobody has heard of it: it is not tried again
        (400, State.ERROR, "REFUSED"),
        (403, State.WAITING, "ACCOUNT_PAUSED"),
        (500, State.RETRYING, "TRANSIENT"),
        (507, State.RETRYING, "TRANSIENT"),
    ],
)
def test_g10_only_what_is_known_to_pass_is_tried_again(
    house: House, status: int, state: State, reason: str
) -> None:
    (refund,) = fail_once(house, status=status, body=UNHEARD_OF)
    assert (refund.state, refund.reason) == (state, reason)
    assert (refund.due_at is None) is (state is State.ERROR)
    assert house.books.writes() == {}
