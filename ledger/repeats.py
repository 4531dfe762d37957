"""How many webhooks came again, and when the last one did: counted by all web processes together, in Redis.

Nothing is written to the ledger for what is dropped, and nothing waits for the count: while Redis is away,
what comes again is not counted. The count begins anew when Redis is emptied, and says since when it counts.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

from redis import Redis, RedisError

from ledger.respite import Respite

_HASH: Final = "refund-sync:repeats"
_SILENCE: Final = 5.0  # seconds without another try after Redis did not answer


@dataclass(frozen=True, slots=True)
class Repeated:
    """What came again to one account.

    Attributes:
        number: How many deliveries were dropped, because one with their key was there.
        last_at: When the last of them came, in UTC.
        since: When the first of those counted came, in UTC.
    """

    source: str
    account: str
    number: int
    last_at: datetime
    since: datetime


class Repeats:
    """Counts what comes again; may be shared by threads."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Count over a connection whose calls have a timeout.

        Args:
            redis: The queue's.
            clock: Monotonic time in seconds.
        """
        self._redis = redis
        self._respite = Respite(_SILENCE, clock=clock)

    def count(self, source: str, account: str, *, at: datetime) -> bool:
        """Count one delivery that was there already; return whether Redis took it."""
        if self._respite.lasts:
            return False
        try:
            with self._redis.pipeline() as pipe:
                pipe.hincrby(_HASH, _field(source, account, "number"), 1)
                pipe.hset(_HASH, _field(source, account, "last"), str(at.timestamp()))
                pipe.hsetnx(_HASH, _field(source, account, "since"), str(at.timestamp()))
                pipe.execute()
        except RedisError:
            self._respite.begin()
            return False
        return True

    def read(self) -> Sequence[Repeated]:
        """Return what came again so far, the last first.

        Raises:
            redis.RedisError: If Redis does not answer.
        """
        found = cast("dict[bytes, bytes]", self._redis.hgetall(_HASH))
        known: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
        for field, value in found.items():
            source, account, what = json.loads(field)
            known[source, account][what] = float(value)
        rows = [
            Repeated(source, account, int(each["number"]), _moment(each["last"]), _moment(each["since"]))
            for (source, account), each in known.items()
        ]
        return sorted(rows, key=lambda row: row.last_at, reverse=True)


def _field(source: str, account: str, what: str) -> str:
    return json.dumps([source, account, what])


def _moment(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
