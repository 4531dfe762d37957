"""Shopify as a storefront: what `Storefront` asks for, by way of the Admin API."""

from typing import Any

from ledger.events import RefundSeen
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http
from workers.platforms.idempotency import key_for
from workers.platforms.shopify import ShopifyClient
from workers.platforms.shopify_refund_input import lines_of, refund_input
from workers.rules.facts import StorefrontOrder
from workers.rules.views import StorefrontPlan


class ShopifyStorefront:
    """One shop."""

    def __init__(self, shop_domain: str, api_url: str, credentials: dict[str, Any], http: Http) -> None:
        """Speak to a shop, at another address than its own where `api_url` is not empty."""
        self._client = ShopifyClient(
            shop_domain=shop_domain, api_url=api_url, credentials=credentials, http=http
        )

    def order(self, order_id: str) -> StorefrontOrder | None:
        """Return an order as it stands now, or None if it does not exist."""
        return self._client.order(order_id)

    def find_order(self, number: str, *, by: str) -> StorefrontOrder | None:
        """Return the order with this number, by `id` or `name`, or None."""
        return self._client.find_order(number, by=by)

    def refund(self, plan: StorefrontPlan, *, key: str) -> str:
        """Make a refund and return its id; Shopify keeps the idempotency key for 24 hours.

        Raises:
            workers.platforms.errors.PlatformError: If Shopify refused, or nobody knows whether it did.
        """
        shipping = plan.shipping.amount if plan.shipping is not None else None
        suggestion = self._client.suggest(plan.order_id, lines_of(plan), shipping)
        created = self._client.create_refund(refund_input(plan, suggestion), idempotency_key=key_for(key))
        if created.payments_failed:
            raise PlatformError("PAYMENT_FAILED", f"refund {created.id} was made, its payment failed")
        return created.id

    def refunds(self, order_id: str, *, currency_mode: str, mark_prefix: str) -> tuple[RefundSeen, ...]:
        """Return the refunds an order has; those whose note has a key that begins so are marked as ours."""
        return self._client.refunds(order_id, currency_mode=currency_mode, mark_prefix=mark_prefix)

    def check(self) -> None:
        """Make a cheap call that needs valid credentials."""
        self._client.check()
