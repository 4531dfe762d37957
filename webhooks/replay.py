"""Read a delivery that is in the ledger, from its raw body, as the code understands it today."""

from ledger.events import Event
from ledger.models import Account, Delivery, NetSuiteAccount
from ledger.reading import NotUnderstoodError
from webhooks.endpoints import source_of
from webhooks.sources.protocol import Endpoint, Request, UnreadableError


class ErasedError(Exception):
    """Raised when a delivery's body was erased, so that nothing is left to read.

    Attributes:
        reason: Always `body_erased`.
    """

    reason = "body_erased"


def read(account: Account | NetSuiteAccount, delivery: Delivery) -> tuple[Event, ...]:
    """Return what a delivery tells that was written down before it was read.

    Raises:
        ErasedError: If its body is gone.
        ledger.reading.NotUnderstoodError: If it is not understood.
    """
    try:
        return reread(account, delivery)
    except UnreadableError as error:
        raise NotUnderstoodError(error.reason, str(error), error.delivery_key) from error


def reread(account: Account | NetSuiteAccount, delivery: Delivery) -> tuple[Event, ...]:
    """Return what a stored delivery tells; hand it to `ledger.deliveries.replay`.

    The signature was checked when it came. Headers that were missing then do not matter any more: a person
    has looked at the delivery.

    Args:
        account: Whose address it came to.
        delivery: In whatever state.

    Raises:
        ErasedError: If its body is gone.
        webhooks.sources.protocol.UnreadableError: If it is still not understood.
    """
    if not delivery.body:
        raise ErasedError(f"the body of delivery {delivery.id} was erased; there is nothing to replay")
    source = source_of(delivery.source)
    request = Request(delivery.headers, delivery.body, delivery.received_at, replayed=True)
    return source.read(request, Endpoint.of(account)).events
