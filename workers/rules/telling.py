"""When a channel of alerts is told what: at once, together, or later. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

GATHER: Final = timedelta(seconds=10)
"""How long news is waited for that comes together with other news, on channels that are told at once."""

MOST_SINGLE: Final = 3
"""How many notices are told in a message each, those of one delivery in one; more become one."""

WINDOW: Final = timedelta(hours=1)
"""The time that the cap counts messages in; it moves along."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A notice that no message tells yet.

    Attributes:
        since: When there was something to tell.
        was_held: It had to wait because the cap was reached.
        trace: The delivery's, where one stands behind it.
    """

    id: int
    since: datetime
    was_held: bool = False
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a channel wants to be told.

    Attributes:
        digest: How long news is gathered for one message; none to be told at once.
        cap: Messages in a `WINDOW`, at most; at least 1.
    """

    digest: timedelta
    cap: int

    @property
    def gather(self) -> timedelta:
        """Return how long news is waited for that comes together with other news."""
        return max(GATHER, self.digest)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now.

    Attributes:
        messages: The notices of each message that is to be sent now.
        held: Notices that have to wait because the cap is reached, and did not before.
        again_at: When to plan again, if nothing comes before; None if nothing waits.
    """

    messages: tuple[tuple[Pending, ...], ...] = ()
    held: tuple[Pending, ...] = ()
    again_at: datetime | None = None


def plan(pending: Sequence[Pending], pace: Pace, *, sent: Sequence[datetime], now: datetime) -> Plan:
    """Return what a channel is told now of what waits for it.

    Everything that was held goes into one message, with all that has come since.

    Args:
        pending: What waits, oldest first.
        pace: How the channel wants to be told.
        sent: When messages were sent to it, oldest first; none may be missing of the last `WINDOW`.
        now: The time, in UTC.
    """
    if not pending:
        return Plan()
    ripe_at = min(each.since for each in pending) + pace.gather
    if ripe_at > now:
        return Plan(again_at=ripe_at)
    counted = [at for at in sent if at > now - WINDOW]
    left = pace.cap - len(counted)
    if left <= 0:
        frees = counted[len(counted) - pace.cap] + WINDOW
        return Plan(held=tuple(each for each in pending if not each.was_held), again_at=frees)
    by_trace = _by_trace(pending)
    is_single = (
        pace.digest <= GATHER
        and len(pending) <= MOST_SINGLE
        and len(by_trace) <= left
        and not any(each.was_held for each in pending)
    )
    return Plan(by_trace if is_single else (tuple(pending),))


def _by_trace(pending: Sequence[Pending]) -> tuple[tuple[Pending, ...], ...]:
    """Return what came of one delivery together, and each of the rest alone, oldest first."""
    together: dict[str | int, list[Pending]] = {}
    for each in pending:
        together.setdefault(each.trace or each.id, []).append(each)
    return tuple(tuple(each) for each in together.values())


def waited(message: Sequence[Pending], pace: Pace, *, now: datetime) -> int:
    """Return how many notices of a message had to wait for it because the cap was reached."""
    if not any(each.was_held for each in message):
        return 0
    return sum(each.was_held or each.since + pace.gather < now for each in message)
