"""Shopify as a storefront: what `Storefront` asks for, by way of the Admin API."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ledger.events import MoneyState, RefundSeen
from ledger.policy import Policy
from workers.platforms.http import Http
from workers.platforms.idempotency import key_for
from workers.platforms.shopify import ShopifyClient
from workers.platforms.shopify_auth import validate_credentials
from workers.platforms.shopify_refund_input import lines_of, refund_input
from workers.platforms.storefront import Asked, Change, Storefront, Written
from workers.rules.facts import StorefrontOrder, StorefrontRefund
from workers.rules.views import StorefrontPlan


class ShopifyStorefront(Storefront):
    """One shop."""

    validate_credentials = staticmethod(validate_credentials)

    @staticmethod
    def webhook_secret(credentials: Mapping[str, Any]) -> str:
        """Return the app's client secret, which Shopify signs webhooks with."""
        return str(credentials.get("client_secret", ""))

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

    def refund(self, plan: StorefrontPlan, *, key: str) -> Written:
        """Make a refund; Shopify keeps the idempotency key for 24 hours.

        Raises:
            workers.platforms.errors.PlatformError: If Shopify refused, or nobody knows whether it did.
        """
        shipping = plan.shipping.amount if plan.shipping is not None else None
        suggestion = self._client.suggest(plan.order_id, lines_of(plan), shipping)
        created = self._client.create_refund(refund_input(plan, suggestion), idempotency_key=key_for(key))
        if created.payments_failed:
            return Written(created.id, MoneyState.FAILED, "PAYMENT_FAILED", "its payment failed")
        return Written(created.id, MoneyState.PENDING if created.payments_pending else MoneyState.MOVED)

    def refunds(self, order_id: str, *, policy: Policy, mark_prefix: str) -> tuple[RefundSeen, ...]:
        """Return the refunds an order has; those whose note has a key that begins so are marked as ours."""
        return self._client.refunds(order_id, currency_mode=policy.currency_mode, mark_prefix=mark_prefix)

    def changes(self, since: datetime, until: datetime) -> Iterator[Change]:
        """Yield the orders with refunds that were updated in a time."""
        for order_id, changed_at, refund_ids in self._client.changed(since, until):
            version = f"{changed_at.isoformat()}/{len(refund_ids)}"  # Shopify tells the time to the second
            yield Change(order_id, refund_ids, changed_at, version)

    def outcome(self, order: StorefrontOrder, asked: Asked) -> StorefrontRefund | None:
        """Return what became of a refund of ours; its payments are asked for once a write was begun."""
        found = super().outcome(order, asked)
        state = self._client.refund_state(found.id) if found and (asked.began_at or asked.target_id) else None
        if found is None or state is None:
            return found
        if state.payments_pending:
            return replace(found, money=MoneyState.PENDING)
        if state.payments_failed:
            return replace(found, money=MoneyState.FAILED, problem="PAYMENT_FAILED")
        return found

    def check(self) -> None:
        """Make a cheap call that needs valid credentials."""
        self._client.check()
