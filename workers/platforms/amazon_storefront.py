"""Amazon as a storefront: what `Storefront` asks for, by way of the Selling Partner API."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from ledger.clock import utcnow
from ledger.events import MoneyState, RefundSeen
from ledger.policy import Policy
from workers.platforms.amazon_adjustment import adjusted, feed_xml
from workers.platforms.amazon_api import USER_AGENT, AmazonApi, Node, understood
from workers.platforms.amazon_auth import validate_credentials
from workers.platforms.amazon_feeds import Feeds
from workers.platforms.amazon_finances import Finances
from workers.platforms.amazon_hosts import subscription_url
from workers.platforms.amazon_orders import (
    INCLUDED,
    fulfillment,
    is_order_id,
    marketplace_of,
    order_from,
    shipping_paid,
)
from workers.platforms.amazon_outcome import FEED, outcome_of
from workers.platforms.amazon_rates import Budget
from workers.platforms.amazon_refunds import refunds_from
from workers.platforms.errors import PlatformError, reason_of
from workers.platforms.http import Http
from workers.platforms.storefront import Asked, Change, Storefront, Written
from workers.rules.facts import StorefrontOrder, StorefrontRefund
from workers.rules.views import StorefrontPlan

_BY_AMAZON: Final = "AMAZON"
_ORIGINAL: Final = "original"


class AmazonStorefront(Storefront):
    """One seller. Orders are known by one number only, which is both their id and their name."""

    # "Financial events might not include orders from the last 48 hours", and money is held back for weeks.
    late_looks: ClassVar[tuple[timedelta, ...]] = (
        timedelta(hours=2),
        timedelta(days=2),
        timedelta(days=14),
        timedelta(days=30),
    )
    # Each look is a call of a plan of one in two seconds; the release tells of itself, and the poll sees it.
    money_looks: ClassVar[tuple[timedelta, ...]] = late_looks

    lag: ClassVar[timedelta] = timedelta(minutes=2, seconds=10)
    overlap: ClassVar[timedelta] = timedelta(hours=49)
    shows_within: ClassVar[timedelta] = timedelta(
        minutes=2
    )  # a feed that was taken is listed; `outcome` looks

    validate_credentials = staticmethod(validate_credentials)

    def __init__(
        self,
        seller_id: str,
        api_url: str,
        credentials: dict[str, Any],
        http: Http,
        *,
        budget: Budget | None = None,
        now: Callable[[], datetime] = utcnow,
    ) -> None:
        """Speak for a seller.

        Args:
            seller_id: Amazon's merchant token.
            api_url: What stands in for all hosts of Amazon in development; empty otherwise.
            credentials: See `amazon_auth.validate_credentials`.
            http: The transport.
            budget: What is left of the usage plans; by default shared by all of the installation.
            now: Tells the time, in UTC.
        """
        self._api = AmazonApi(seller_id, api_url, credentials, http, budget=budget)
        self._http = http
        self._finances = Finances(self._api, is_old=credentials.get("finances") == "v0", now=now)
        self._feeds = Feeds(self._api)

    def order(self, order_id: str) -> StorefrontOrder | None:
        """Return an order as it stands now, or None if it does not exist.

        Raises:
            PlatformError: If Amazon does not say.
        """
        found = self._order(order_id)
        if found is None:
            return None
        seen = self.refunds(order_id, policy=Policy(), mark_prefix="")
        with understood():
            return order_from(found, seen)

    @staticmethod
    def may_name(number: str) -> bool:
        """Tell whether a text has the form of Amazon's order ids."""
        return is_order_id(number.strip())

    def find_order(self, number: str, *, by: str) -> StorefrontOrder | None:  # noqa: ARG002 - both are one here
        """Return the order with this number, or None."""
        return self.order(number.strip())

    def refund(self, plan: StorefrontPlan, *, key: str) -> Written:  # noqa: ARG002 - Amazon keeps no key of ours
        """Hand in a refund; `outcome` tells what came of it.

        Raises:
            PlatformError: If it cannot be made, or nobody knows whether it was taken.
        """
        if plan.method != _ORIGINAL:
            raise PlatformError("REFUSED", "Amazon refunds to the original payment only: see refund_method")
        order = self._order(plan.order_id)
        if order is None:
            raise PlatformError("NONEXISTENT_RECORD", f"Amazon has no order {plan.order_id}")
        with understood():
            if fulfillment(order, "fulfilledBy") == _BY_AMAZON:
                raise PlatformError(
                    "REFUSED", "Amazon fulfilled the order, and refunds it only in Seller Central"
                )
            items = adjusted(plan, shipping_paid(order))
            marketplace_id = marketplace_of(order)
        xml = feed_xml(self._api.seller_id, plan, items)
        return Written(FEED + self._feeds.submit(xml, marketplace_id), MoneyState.PENDING)

    def refunds(self, order_id: str, *, policy: Policy, mark_prefix: str) -> tuple[RefundSeen, ...]:  # noqa: ARG002 - see below
        """Return the refunds an order has. Amazon keeps no note, so that none is ever marked as ours.

        Raises:
            PlatformError: If Amazon does not say.
        """
        if not is_order_id(order_id):
            return ()
        rows = self._finances.rows(order_id)
        with understood():
            return refunds_from(rows, policy)

    def changes(self, since: datetime, until: datetime) -> Iterator[Change]:
        """Yield the orders with refunds that were posted or released in a time."""
        return self._finances.changes(since, until)

    def outcome(self, order: StorefrontOrder, asked: Asked) -> StorefrontRefund | None:
        """Return what became of a refund of ours, or None if it was never made.

        Raises:
            PlatformError: `OUTCOME_UNCLEAR` where Amazon cannot tell.
        """
        return outcome_of(self._feeds, order, asked)

    def check(self) -> None:
        """Make a cheap call that needs valid credentials."""
        self._finances.check()

    def confirm(self, url: str) -> None:
        """Confirm a subscription to the SNS topic that relays the notifications.

        https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html

        Raises:
            PlatformError: `REFUSED` where the address is not SNS', or SNS refuses.
        """
        answer = self._http.call(
            "GET",
            subscription_url(url, self._api.api_url),
            write=False,
            headers={"User-Agent": USER_AGENT, "Accept": "*/*"},
        )
        if not answer.ok:
            reason = reason_of((), answer.status, "", answer.text, write=False)
            raise PlatformError(reason, answer.text[:500], call=answer.call)

    def _order(self, order_id: str) -> Node | None:
        if not is_order_id(order_id):
            return None
        answer = self._api.find("getOrder", id_=order_id, params={"includedData": INCLUDED})
        if answer is None:
            return None
        with understood():
            order: Node = answer["order"]
            return order
