"""Who reads a delivery that was written down before it was read.

The web process knows how a platform's payloads are read, and the workers have the time for it: what puts the
processes together hands the reader of the one to the other.
"""

from collections.abc import Callable

from ledger.events import Event
from ledger.models import Account, Delivery, NetSuiteAccount

Reader = Callable[[Account | NetSuiteAccount, Delivery], tuple[Event, ...]]
"""Returns what a delivery to an account's address tells; raises `NotUnderstoodError`."""


class NotUnderstoodError(Exception):
    """Raised when a delivery that is the platform's is not understood.

    Attributes:
        reason: `NOT_JSON`, `NOT_OF_SCHEMA` or `UNKNOWN_TOPIC`, codes of `ledger.reasons`.
        delivery_key: What only a second sending of the very same body has in common with it, so that it keeps
            out no other one.
    """

    def __init__(self, reason: str, detail: str, delivery_key: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.delivery_key = delivery_key


class NobodyReadsError(Exception):
    """Raised when a delivery is to be read in a process that was given no reader.

    Attributes:
        reason: Always `nobody_reads`.
    """

    reason = "nobody_reads"


def nobody(_account: Account | NetSuiteAccount, delivery: Delivery) -> tuple[Event, ...]:
    """Refuse to read."""
    raise NobodyReadsError(f"delivery {delivery.id} is to be read in a process that was given no reader")
