"""eBay as a storefront: what `Storefront` asks for, by way of its REST APIs."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from ledger.clock import utcnow
from ledger.events import MoneyState, RefundSeen
from ledger.money import Money
from ledger.policy import Policy
from workers.platforms.ebay import EbayClient, understood
from workers.platforms.ebay_auth import validate_credentials
from workers.platforms.ebay_fees import fees_given_back
from workers.platforms.ebay_merging import RefundFound
from workers.platforms.ebay_outcome import outcome_of
from workers.platforms.ebay_reading import Node, moment, order_from, order_missing, refunds_of
from workers.platforms.ebay_refund_input import refund_input
from workers.platforms.ebay_refunds import refunds_seen
from workers.platforms.ebay_requests import DETAILS, SEARCHES, cancellations, found_by, stands_behind
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http
from workers.platforms.storefront import Asked, Change, Storefront, Written
from workers.rules.facts import StorefrontOrder, StorefrontRefund
from workers.rules.views import StorefrontPlan

# https://developer.ebay.com/api-docs/sell/static/orders/order-id-changes.html
_ORDER_ID: Final = re.compile(r"[0-9]{2}-[0-9]{5}-[0-9]{5}|[A-Za-z0-9!-]{12,60}")
_UNTOLD: Final = frozenset({"REFUSED", "NO_PERMISSION", "RATE_LIMITED"})
_AT_A_TIME: Final = timedelta(days=30)  # of changes; eBay's lists span 90 days at most


class EbayStorefront(Storefront):
    """One seller."""

    shows_within: ClassVar[timedelta] = timedelta(minutes=10)

    validate_credentials = staticmethod(validate_credentials)

    def __init__(self, _seller: str, api_url: str, credentials: dict[str, Any], http: Http) -> None:
        """Speak for a seller, at another address than eBay's own where `api_url` is not empty."""
        self._client = EbayClient(api_url, credentials, http)

    def order(self, order_id: str) -> StorefrontOrder | None:
        """Return an order as it stands now, or None if it does not exist."""
        with understood():
            order = self._client.order(order_id)
            return None if order is None else order_from(order)

    @staticmethod
    def may_name(number: str) -> bool:
        """Tell whether a text may be an order's id, such as `12-34567-89012` or a longer old one."""
        return _ORDER_ID.fullmatch(number.strip()) is not None

    def find_order(self, number: str, *, by: str) -> StorefrontOrder | None:  # noqa: ARG002 - ids are names here
        """Return the order with this number; eBay's orders have no other name than their id."""
        return self.order(number.strip())

    def refund(self, plan: StorefrontPlan, *, key: str) -> Written:
        """Make a refund, which eBay then works on by itself.

        Raises:
            workers.platforms.errors.PlatformError: If eBay refused, or nobody knows whether it did.
        """
        body = refund_input(plan, key)
        with understood(write=True):
            made = self._client.issue_refund(plan.order_id, body)
            if made["refundStatus"] == "FAILED":
                return Written(
                    made.get("refundId") or "",
                    MoneyState.FAILED,
                    "PAYMENT_FAILED",
                    "eBay says that the refund failed",
                )
            return Written(str(made["refundId"]), MoneyState.PENDING)

    def refunds(self, order_id: str, *, policy: Policy, mark_prefix: str) -> tuple[RefundSeen, ...]:  # noqa: ARG002 - eBay shows no notes
        """Return the refunds an order has; none has a mark, since eBay shows nobody its comment.

        Raises:
            workers.platforms.errors.PlatformError: `NONEXISTENT_RECORD` if there is no such order.
        """
        with understood():
            order = self._client.order(order_id)
            if order is None:
                raise order_missing(order_id)
            found = [each for each in refunds_of(order) if each.id]
            if not found:
                return ()
            return refunds_seen(
                order,
                requested=self._requested(order, found) if policy.unrequested == "discrepancy" else None,
                fees=self._fees(order, found) if policy.selling_fees == "post" else None,
            )

    def order_of_request(self, kind: str, request_id: str) -> str:
        """Return the id of the order that a request is about; empty if eBay does not tell.

        It does not of an inquiry, of a case that no return led to, and where Post-Order refuses: a consent
        that does not cover it, or a day's calls that are used up, is no reason to leave the order's refund.
        """
        detail = DETAILS.get(kind)
        if detail is None:
            return ""
        try:
            with understood():
                shown = self._client.request(detail, request_id)
                if detail.order:
                    return str(shown[detail.order])
                came_from = shown.get(detail.request_from)
        except PlatformError as error:
            if error.reason not in _UNTOLD:
                raise
            return ""
        return self.order_of_request("return", str(came_from)) if came_from else ""

    def _requested(self, order: Node, found: Sequence[RefundFound]) -> dict[str, bool]:
        """Return, for each refund, whether the buyer asked for it; searches no further than needed."""
        requests = cancellations(order)
        for search in SEARCHES:
            for page in self._client.requests(search, order["orderId"]) if _lacking(found, requests) else ():
                requests += found_by(search, page, order)
        lacking = _lacking(found, requests)
        return {each.id: each.id not in lacking for each in found}

    def _fees(self, order: Node, found: Sequence[RefundFound]) -> dict[str, Money]:
        issued = [each for each in found if each.at is not None]
        if not issued:
            return {}
        return fees_given_back(issued, self._client.refunds_booked_of(order["orderId"]))

    def changes(self, since: datetime, until: datetime) -> Iterator[Change]:
        """Yield the orders with refunds that changed in a time, and those whose refunds were booked in it.

        Nothing says that an order counts as changed when a refund of it ends, so that the books are asked
        too, where the seller's consent covers them.
        """
        start, last = since, min(until, utcnow())
        while start < last:
            end = min(start + _AT_A_TIME, last)
            with understood():
                yield from sorted(self._changed(start, end), key=lambda change: change.changed_at)
            start = end

    def _changed(self, since: datetime, until: datetime) -> list[Change]:
        changed = [
            _change(order)
            for order in self._client.orders_changed(since, until)
            if order["paymentSummary"].get("refunds")
            or any(line.get("refunds") for line in order["lineItems"])
        ]
        seen = {change.order_id: change.changed_at for change in changed}
        if not self._client.reads_books:
            return changed
        for each in self._client.refunds_booked(since, until):
            at = moment(each["transactionDate"])
            order_id = each.get("orderId")
            if order_id and not (order_id in seen and seen[order_id] >= at):
                changed.append(Change(order_id, (), at, f"transaction {each['transactionId']}"))
        return changed

    def outcome(self, order: StorefrontOrder, asked: Asked) -> StorefrontRefund | None:
        """Return what became of a refund of ours, or None if it was never made.

        Raises:
            workers.platforms.errors.PlatformError: `OUTCOME_UNCLEAR` if several refunds may be the one.
        """
        return outcome_of(order, asked)

    def check(self) -> None:
        """Make a cheap call that needs valid credentials."""
        self._client.check()


def _lacking(found: Iterable[RefundFound], requests: Sequence[datetime | None]) -> set[str]:
    """Return the refunds that no request stands behind; one that failed needs none."""
    return {
        each.id
        for each in found
        if each.money is not MoneyState.FAILED and not stands_behind(requests, each.at)
    }


def _change(order: Node) -> Change:
    at = order["lastModifiedDate"]
    try:
        refunds = tuple(each.id for each in refunds_of(order) if each.id)
    except PlatformError:  # which is which is told when the order is read for itself
        refunds = ()
    return Change(order["orderId"], refunds, moment(at), at)
