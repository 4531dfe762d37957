"""The ledger's time, which a test moves; and a scheduler with the workers that it wakes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

import pytest

from ledger.queue import QUEUES, open_queue
from tests.support.world import World
from workers import polling, process
from workers.carry import carry
from workers.scheduler import Scheduler

_WORK: Final = {
    "workers.jobs.process_delivery": process.process,
    "workers.jobs.carry_refund": carry,
    "workers.jobs.poll_account": polling.poll,
}


@dataclass
class Clock:
    """What `ledger.clock` tells; it stands still until it is moved."""

    now: datetime

    def pass_(self, by: timedelta) -> None:
        """Let time pass for the ledger; nobody is woken meanwhile."""
        self.now += by


@contextmanager
def clock_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Let the ledger's time stand still at the present."""
    clock = Clock(datetime.now(UTC))

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override] # no subclass of itself
            return clock.now.astimezone(tz)

    with monkeypatch.context() as patch:
        patch.setattr("ledger.clock.datetime", Moved)
        yield clock


def wake(world: World) -> None:
    """Sweep once, and do what somebody was woken for as far as its time has come."""
    Scheduler(world.runtime).sweep()
    for queue in (open_queue(name, world.runtime.redis) for name in QUEUES):
        while jobs := queue.jobs:
            for job in jobs:
                queue.remove(job)
                _WORK[str(job.func_name)](world.runtime, job.args[0])
