"""Ask an account for what no webhook told of, from where it was left, and write it down like a delivery."""

import time
import uuid
from datetime import datetime, timedelta
from typing import Final

import structlog
from structlog.contextvars import bound_contextvars

from ledger import pausing, polls
from ledger.audit import SYSTEM
from ledger.clock import utcnow
from ledger.models import Account, NetSuiteAccount, Poll
from ledger.policy import Policy
from ledger.polls import Found
from ledger.reasons import Recovery, reason
from ledger.refunds import LeaseLostError
from ledger.secrets import SecretsError
from workers import news
from workers.platforms.errors import CredentialsError, PlatformError, TooMuchError
from workers.platforms.netsuite_changes import CLOCK_CHANGE
from workers.runtime import Runtime

log = structlog.get_logger(__name__)

NETSUITE_OVERLAP: Final = CLOCK_CHANGE + timedelta(minutes=10)
"""By how much a poll of NetSuite reaches back behind the last one: for records that were just being saved,
and for the hour that its clock is moved by twice a year."""

STEP: Final = timedelta(days=1)
"""How much time is read at once, so that a long gap is caught up bit by bit."""

PATIENCE: Final = 60.0
"""For how many seconds a poll works; the rest is done in the next, at once."""

_SHORTEST_STEP: Final = timedelta(minutes=5)


def poll(runtime: Runtime, poll_id: int) -> None:
    """Do a poll; does nothing if somebody else does it, or its time has not come."""
    with runtime.database.write() as session:
        claimed = polls.claim(session, poll_id, now=utcnow())
        if claimed is None:
            return
        account = session.get(Account, claimed.account_id) if claimed.account_id else None
        books = session.get_one(NetSuiteAccount, claimed.netsuite_account_id)
    runtime.journal.clear()
    reader = _Reader(runtime, claimed, account, books)
    with bound_contextvars(trace_id=reader.trace_id):
        try:
            reader.read()
        except LeaseLostError as error:
            log.warning("lease_lost", poll=poll_id, detail=str(error), trace_id=reader.trace_id)
        except PlatformError as error:
            reader.failed(error)
        except (CredentialsError, SecretsError) as error:
            reader.failed(PlatformError("BAD_CREDENTIALS", str(error)))
        except Exception as error:  # whatever it is, the poll must say so
            log.exception("crash", poll=poll_id, trace_id=reader.trace_id)
            reader.failed(PlatformError("INTERNAL", repr(error)[:500]))


class _Reader:
    """One poll of one account, or of NetSuite itself where there is no account."""

    def __init__(
        self, runtime: Runtime, claimed: Poll, account: Account | None, books: NetSuiteAccount
    ) -> None:
        self._runtime = runtime
        self._poll = claimed
        self._account = account
        self._books = books
        self._found = 0
        self.trace_id = uuid.uuid4().hex

    def read(self) -> None:
        """Read on from the watermark, a step at a time, and give the poll back.

        Raises:
            LeaseLostError: If somebody else took it over.
            PlatformError: If the platform does not say.
        """
        is_behind = not self._read_on() if self._is_wanted() else False
        with self._runtime.database.write() as session:
            polls.finish(
                session,
                self._poll,
                found=self._found,
                interval=self._interval(),
                now=utcnow(),
                is_behind=is_behind,
            )
        if is_behind:
            self._runtime.waker.polls(self._poll.source, [self._poll.id])
        log.info(
            "polled",
            source=self._poll.source,
            account=self._owner.slug,
            found=self._found,
            is_behind=is_behind,
            trace_id=self.trace_id,
        )

    @property
    def _owner(self) -> Account | NetSuiteAccount:
        return self._account or self._books

    def _is_wanted(self) -> bool:
        """Tell whether what could be found would be carried; a paused account is not asked at all."""
        if self._books.paused_reason or self._owner.paused_reason:
            return False
        return self._account is None or self._account.sync_enabled

    def _interval(self) -> timedelta:
        minutes = Policy.of(self._account.settings).poll_minutes if self._account is not None else 0
        return timedelta(minutes=minutes or self._runtime.installation.poll_minutes)

    def _read_on(self) -> bool:
        """Read up to now, or for as long as the patience lasts; return whether all was read."""
        ends = time.monotonic() + PATIENCE
        until, watermark, step = utcnow() - self._lag(), self._poll.watermark, STEP
        while watermark < until:
            upto = min(until, watermark + step)
            try:
                self._read_step(watermark, upto)
            except TooMuchError:
                if step <= _SHORTEST_STEP:
                    raise
                step /= 4
                continue
            watermark = upto
            with self._runtime.database.write() as session:
                held = polls.advance(session, self._poll, watermark, now=utcnow())
            self._check(held=held)
            if time.monotonic() > ends:
                break
        return watermark >= until

    def _lag(self) -> timedelta:
        """Return how long ago the latest time is that may be asked for; the overlap finds what shows late."""
        return self._runtime.storefront(self._account).lag if self._account is not None else timedelta(0)

    def _read_step(self, since: datetime, until: datetime) -> None:
        if self._account is None:
            batches = news.of_netsuite(self._runtime, self._books, since - NETSUITE_OVERLAP, until)
        else:
            batches = news.of_storefront(self._runtime, self._account, since, until)
        for batch in batches:
            self._take(batch)

    def _take(self, batch: list[Found]) -> None:
        """Write news down as deliveries and begin the lease anew, all or nothing.

        Raises:
            LeaseLostError: If somebody else took the poll over.
        """
        now = utcnow()
        with self._runtime.database.write() as session:
            self._check(held=polls.renew(session, self._poll, now=now))
            made = polls.take(session, self._poll, batch, topic=polls.TOPIC, trace_id=self.trace_id, now=now)
        if made:
            self._found += len(made)
            self._runtime.waker.deliveries(self._poll.source, made)

    def _check(self, *, held: bool) -> None:
        if not held:
            raise LeaseLostError(f"poll {self._poll.id} was taken over")

    def failed(self, error: PlatformError) -> None:
        """Put the poll off, and pause the account where nothing else helps."""
        now = utcnow()
        with self._runtime.database.write() as session:
            if reason(error.reason).recovery is Recovery.PAUSE:
                pausing.pause(session, self._owner, error.reason, error.detail, now=now, actor=SYSTEM)
            polls.fail(
                session,
                self._poll,
                error.reason,
                error.detail,
                interval=timedelta(minutes=self._runtime.installation.poll_minutes),
                now=now,
                retry_after=error.retry_after,
            )
        log.warning(
            "poll_failed",
            source=self._poll.source,
            account=self._owner.slug,
            reason=error.reason,
            detail=error.detail,
            trace_id=self.trace_id,
        )
