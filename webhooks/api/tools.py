"""What the API works with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import g
from redis import Redis

from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Role
from ledger.queue import Waker


@dataclass(frozen=True, slots=True)
class Tools:
    """The process' tools, as far as the API needs them.

    Attributes:
        redis: Counts requests; its calls have a time-out.
        clock: Tells the time, in UTC.
    """

    database: Database
    waker: Waker
    redis: Redis
    clock: Callable[[], datetime] = utcnow


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token a request came with."""

    token_id: int
    name: str
    role: Role

    @property
    def actor(self) -> str:
        """What the audit trail calls them."""
        return f"api:{self.name}"


def caller() -> Caller:
    """Return who asks; only known once they were let in."""
    found: Caller = g.api_caller
    return found
