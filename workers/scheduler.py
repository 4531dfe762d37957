"""The scheduler: wakes whatever is due, and forgets what is too old.

Every way for a refund to be forgotten ends here: a wake-up call that Redis lost, a retry whose time has
come, a lease whose worker died, a wait that ends. Two schedulers do no harm: a due row goes to one of them.
"""

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy.exc import OperationalError

from ledger import alert_outbox, alerts, deliveries, due, flow, idempotency, personal, polls, requests
from ledger.clock import utcnow
from workers.runtime import Runtime

log = structlog.get_logger(__name__)

_INTERVAL: Final = 1.0  # seconds between two sweeps that found little
_BATCH: Final = 500
_LOOK_EVERY: Final = 30.0  # seconds between two looks for accounts that are not polled yet
_KEEP_FLOW_EVERY: Final = 30.0  # seconds between two looks for five minutes that are over
_FORGET_EVERY: Final = 3600.0  # seconds
_FORGET_BATCH: Final = 1000


class Scheduler:
    """Sweeps until it is told to stop."""

    def __init__(self, runtime: Runtime, *, interval: float = _INTERVAL) -> None:
        """Sweep with a process's tools, every `interval` seconds."""
        self._runtime = runtime
        self._interval = interval
        self._stop = threading.Event()
        self._forgot_at = 0.0
        self._looked_at = 0.0
        self._kept_at = -math.inf

    def stop(self) -> None:
        """Finish the sweep under way, then end."""
        self._stop.set()

    def run(self) -> None:
        """Sweep until `stop`; a database that is away for a while is waited for."""
        log.info("scheduler_started")
        while not self._stop.is_set():
            try:
                full = self.sweep() >= _BATCH
                self._begin_polls()
                self._keep_flow()
                self._forget()
            except OperationalError as error:
                log.warning("ledger_unreachable", detail=str(error.orig)[:200])
                full = False
            if not full:
                self._stop.wait(self._interval)
        log.info("scheduler_stopped")

    def sweep(self) -> int:
        """Wake everything that is due, a batch of each kind; return how much that was."""
        now = utcnow()
        waker = self._runtime.waker
        with self._runtime.database.write() as session:
            late_deliveries = due.deliveries(session, now=now, limit=_BATCH)
            late_refunds = due.refunds(session, now=now, limit=_BATCH)
            due_polls = due.polls(session, now=now, limit=_BATCH)
            due_runs = due.runs(session, now=now, limit=_BATCH)
            due_requests = due.requests(session, now=now, limit=_BATCH)
        self._wake(waker.deliveries, late_deliveries)
        self._wake(waker.refunds, late_refunds)
        self._wake(waker.polls, due_polls)
        self._wake(waker.runs, due_runs)
        self._wake(waker.requests, due_requests)
        found = len(late_deliveries) + len(late_refunds)
        if found:
            log.info("swept", deliveries=len(late_deliveries), refunds=len(late_refunds))
        return found

    def _wake(self, call: Callable[[str, list[int]], bool], found: Sequence[tuple[int, str]]) -> None:
        by_source: dict[str, list[int]] = defaultdict(list)
        for number, source in found:
            by_source[source].append(number)
        for source, numbers in by_source.items():
            if not call(source, numbers):
                log.warning("queue_unreachable", source=source, waiting=len(numbers))

    def _begin_polls(self) -> None:
        """See to it that accounts added meanwhile are polled, too."""
        if time.monotonic() - self._looked_at < _LOOK_EVERY and self._looked_at:
            return
        self._looked_at = time.monotonic()
        with self._runtime.database.write() as session:
            polls.ensure(session, now=utcnow())

    def _keep_flow(self) -> None:
        """Count what flowed, once for each five minutes, so that nobody's look at it counts a day."""
        if time.monotonic() - self._kept_at < _KEEP_FLOW_EVERY:
            return
        self._kept_at = time.monotonic()
        flow.keep(self._runtime.database, now=utcnow())

    def _forget(self) -> None:
        """Delete what is settled, and empty what may be personal, once it is older than it may be."""
        if time.monotonic() - self._forgot_at < _FORGET_EVERY and self._forgot_at:
            return
        self._forgot_at = time.monotonic()
        now = utcnow()
        shared = self._runtime.installation
        before = now - timedelta(days=shared.keep_deliveries_days)
        private = now - timedelta(days=shared.keep_personal_days)
        log.info(
            "forgot",
            deliveries=self._forget_all(partial(deliveries.forget, before=before)),
            requests=self._forget_all(partial(requests.forget, before=before)),
            answers=self._forget_all(partial(idempotency.forget, now=now)),
            messages=self._forget_all(partial(alert_outbox.forget, before=before)),
            alerts=self._forget_all(partial(alerts.forget, before=before)),
            emptied_deliveries=self._forget_all(partial(personal.forget_deliveries, before=private)),
            emptied_attempts=self._forget_all(partial(personal.forget_attempts, before=private)),
            emptied_alerts=self._forget_all(partial(personal.forget_alerts, before=private)),
        )

    def _forget_all(self, forget: Callable[..., int]) -> int:
        """Forget in batches, so that nobody waits for long; return how much it was."""
        forgotten, last = 0, _FORGET_BATCH
        while last == _FORGET_BATCH and not self._stop.is_set():
            with self._runtime.database.write() as session:
                last = forget(session, limit=_FORGET_BATCH)
            forgotten += last
        return forgotten
