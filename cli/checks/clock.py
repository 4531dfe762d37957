"""The clock: signatures and tokens hold for minutes only, so every clock involved has to agree."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, Self

from redis import Redis, RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cli.checks.finding import Finding
from ledger.clock import utcnow
from ledger.database import Database
from workers.platforms.buckets import Buckets
from workers.platforms.http import Answer, Count, Http, Left

_TOLERATED: Final = timedelta(seconds=5)
_ALARMING: Final = timedelta(seconds=60)  # NetSuite's webhooks and tokens are refused from five minutes on
_MEND: Final = "Let both hosts set their clock by NTP."


def judge(whose: str, theirs: datetime, ours: datetime) -> Finding:
    """Return whether somebody's clock agrees with ours.

    Args:
        whose: Whose clock.
        theirs: What it says, aware.
        ours: What ours said at the same moment, aware.
    """
    off = theirs - ours
    name = f"clock of {whose}"
    if abs(off) <= _TOLERATED:
        return Finding.ok(name, "agrees with ours")
    text = f"{abs(off).total_seconds():.0f} s {'ahead of' if off > timedelta() else 'behind'} ours"
    return Finding.fail(name, text, _MEND) if abs(off) > _ALARMING else Finding.warn(name, text, _MEND)


def look_at_redis(redis: Redis) -> Iterator[Finding]:
    """Compare with the server of the queue, where it answers."""
    try:
        seconds, microseconds = redis.time()
    except RedisError:
        return
    theirs = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)
    yield judge("Redis", theirs, utcnow())


def look_at_database(database: Database) -> Iterator[Finding]:
    """Compare with the database's host, where it is not this one and answers."""
    if database.is_sqlite:
        return
    try:
        with database.engine.connect() as connection:
            theirs: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    except DBAPIError:
        return
    yield judge("the database", theirs, utcnow())


class DatedHttp(Http):
    """A transport that keeps what the last answer said of the time."""

    theirs: datetime | None = None
    ours: datetime | None = None

    def counted(self, _count: Count, _left: Left, buckets: Buckets | None = None) -> Self:
        """Return itself: whoever asks it afterwards wants the last answer, and nothing is counted here."""
        self.buckets = buckets
        return self

    def call(self, method: str, url: str, **options: Any) -> Answer:  # noqa: ANN401 - handed on as they are
        """Make a call, and compare its answer's `Date` (RFC 9110 section 6.6.1) with our clock."""
        self.theirs = None
        answer = super().call(method, url, **options)
        try:
            self.theirs, self.ours = parsedate_to_datetime(answer.headers.get("Date", "")), utcnow()
        except ValueError:
            self.theirs = None
        return answer

    def look(self, whose: str) -> Iterator[Finding]:
        """Compare with whoever gave the last answer."""
        if self.theirs is not None and self.theirs.tzinfo is not None and self.ours is not None:
            yield judge(whose, self.theirs, self.ours)
