"""The bits a run is worked on in: how much time is read at once, and the storefront's refunds of it.

A bit is short, so that the refunds a webhook tells of wait behind it for seconds only, and a worker that dies
loses little. It ends early where there is much to read; the next begins where it ended.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy.orm import Session

from ledger import runs
from ledger.clock import utcnow
from ledger.events import RefundSeen
from ledger.keys import mark_prefix
from ledger.models import Run
from ledger.policy import Policy
from ledger.refunds import LeaseLostError
from workers.platforms.netsuite_changes import CLOCK_CHANGE
from workers.platforms.storefront import Change
from workers.runtime import Runtime

T = TypeVar("T")

PATIENCE: Final = 20.0
"""For how many seconds a bit is worked on; what was begun is finished."""

EDGE: Final = timedelta(minutes=2)
"""By how much a bit reaches back into the one before, since neither clock is read to the second."""


@dataclass
class Bit:
    """A stretch of a run's time.

    Attributes:
        until: How far it reaches; less far once it had to end early.
    """

    runtime: Runtime
    run: Run
    until: datetime
    _ends: float

    @classmethod
    def of(cls, runtime: Runtime, run: Run) -> "Bit":
        """Return the next bit of a run."""
        until = min(run.reaches_to, run.done_until + timedelta(seconds=run.stride))
        return cls(runtime, run, until, time.monotonic() + PATIENCE)

    @property
    def since(self) -> datetime:
        """Return where to begin to read the storefront's changes: nothing changed before the period."""
        return max(self.run.since, self.run.done_until - EDGE)

    @property
    def is_first(self) -> bool:
        """Return whether nothing was read before."""
        return self.run.done_until == self.run.since

    @property
    def since_in_netsuite(self) -> datetime:
        """Return where to begin to read NetSuite's changes, whatever half of the year its clock is in."""
        return self.run.done_until - EDGE - (CLOCK_CHANGE if self.is_first else timedelta(0))

    @property
    def length(self) -> timedelta:
        """Return how much time it covers."""
        return self.until - self.run.done_until

    def each(self, found: Iterable[T], at: Callable[[T], datetime]) -> Iterator[T]:
        """Yield what changed, the oldest first, until the patience is over.

        Args:
            found: All that changed in the bit's time.
            at: When it did, in UTC.

        Raises:
            LeaseLostError: If the run was stopped or taken over.
        """
        for one in sorted(found, key=at):
            if time.monotonic() > self._ends and self.run.done_until < at(one) < self.until:
                self.until = at(one)
                return
            yield one
            self.renew()

    def renew(self) -> None:
        """Keep the run for this worker.

        Raises:
            LeaseLostError: If it was stopped or taken over.
        """
        with self.writing():
            pass

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session that writes only if the run still is this worker's, and keeps it.

        Raises:
            LeaseLostError: If the run was stopped or taken over.
        """
        with self.runtime.database.write() as session:
            check(self.run, held=runs.renew(session, self.run, now=utcnow()))
            yield session


def check(run: Run, *, held: bool) -> None:
    """Go on only where the run still is this worker's.

    Raises:
        LeaseLostError: If it was stopped or taken over.
    """
    if not held:
        raise LeaseLostError(f"run {run.id} was stopped or taken over")


def refunds_of(bit: Bit) -> Iterator[RefundSeen]:
    """Yield the storefront's refunds of the period, of the orders that changed in a bit of time.

    What changed within the platform's `lag` is left to the account's polls.

    Raises:
        LeaseLostError: If the run was stopped or taken over.
        workers.platforms.errors.PlatformError: If the storefront does not say.
    """
    run, account = bit.run, bit.run.account
    client = bit.runtime.storefront(account)
    policy, prefix = Policy.of(account.settings), mark_prefix(account.slug)
    orders: dict[str, Change] = {}
    until = min(bit.until, utcnow() - client.lag)
    for change in client.changes(bit.since, until) if bit.since < until else ():
        orders.setdefault(change.order_id, change)
    for change in bit.each(orders.values(), at=lambda each: each.changed_at):
        for seen in client.refunds(change.order_id, policy=policy, mark_prefix=prefix):
            if run.since <= seen.occurred_at < run.until:
                yield replace(seen, first_hand=True)
