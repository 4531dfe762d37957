"""Read what a thin push does not tell: the refunds of an order at its storefront."""

from datetime import timedelta
from typing import Final

from ledger.events import OrderTouched, RefundSeen, RequestTouched, SubscriptionOffered
from ledger.keys import mark_prefix
from ledger.models import Account
from ledger.policy import Policy
from workers.platforms.errors import PlatformError
from workers.runtime import Runtime

_CLOCKS: Final = timedelta(minutes=5)  # by which a push's time may be ahead of the refund's own


def read(runtime: Runtime, account: Account, event: OrderTouched) -> tuple[RefundSeen, ...]:
    """Return the refunds that the storefront has of an order.

    Raises:
        workers.platforms.errors.PlatformError: If the storefront does not say, or the account is paused.
    """
    if account.paused_reason:
        raise PlatformError("ACCOUNT_PAUSED", account.paused_reason)
    return runtime.storefront(account).refunds(
        event.order_id, policy=Policy.of(account.settings), mark_prefix=mark_prefix(account.slug)
    )


def read_request(runtime: Runtime, account: Account, event: RequestTouched) -> tuple[RefundSeen, ...] | None:
    """Return the refunds of the order that a buyer's request is about; None if nobody tells which it is.

    Raises:
        workers.platforms.errors.PlatformError: If the storefront does not say, or the account is paused.
    """
    if account.paused_reason:
        raise PlatformError("ACCOUNT_PAUSED", account.paused_reason)
    order_id = runtime.storefront(account).order_of_request(event.kind, event.request_id)
    if not order_id:
        return None
    try:
        return read(runtime, account, OrderTouched(order_id))
    except PlatformError as error:
        if error.reason != "NONEXISTENT_RECORD":
            raise
        return None  # called by a name that orders have elsewhere


def is_late(event: OrderTouched, seen: tuple[RefundSeen, ...]) -> bool:
    """Tell whether the refund that the push told of is missing from what was read."""
    if event.expected_at is None:
        return False
    return all(refund.occurred_at < event.expected_at - _CLOCKS for refund in seen)


def confirm(runtime: Runtime, account: Account, event: SubscriptionOffered) -> None:
    """Confirm that we want the platform's pushes.

    Raises:
        workers.platforms.errors.PlatformError: If the address is not the platform's, or does not answer.
    """
    runtime.storefront(account).confirm(event.url)
