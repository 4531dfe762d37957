"""What every storefront's client can do, whichever platform it is."""

from typing import Protocol

from ledger.events import RefundSeen
from workers.rules.facts import StorefrontOrder
from workers.rules.views import StorefrontPlan


class Storefront(Protocol):
    """A client of one storefront account. Every method may raise `workers.platforms.errors.PlatformError`."""

    def order(self, order_id: str) -> StorefrontOrder | None:
        """Return an order as it stands now, or None if it does not exist."""

    def find_order(self, number: str, *, by: str) -> StorefrontOrder | None:
        """Return the order with this number, by `id` or `name`, or None."""

    def refund(self, plan: StorefrontPlan, *, key: str) -> str:
        """Make a refund, once whatever happens, and return its id.

        Args:
            plan: What to refund.
            key: Our stable key; the platform's idempotency key is made of it.
        """

    def refunds(self, order_id: str, *, currency_mode: str, mark_prefix: str) -> tuple[RefundSeen, ...]:
        """Return the refunds an order has; those whose note has a key that begins so are marked as ours."""

    def check(self) -> None:
        """Make a cheap call that needs valid credentials."""
