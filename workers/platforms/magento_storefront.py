"""Magento as a storefront: what `Storefront` asks for, by way of its REST API."""

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from ledger.events import MoneyState, RefundSeen
from ledger.money import Money
from ledger.policy import Policy
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http
from workers.platforms.magento import MagentoClient, understood
from workers.platforms.magento_auth import shipping_includes_tax, validate_credentials
from workers.platforms.magento_marks import Promise, problem_of, promise_in, refunds_without_memo
from workers.platforms.magento_reading import Node, id_of, moment, order_from, storefront_refund, text_of
from workers.platforms.magento_refund_input import Request, is_online, refund_request
from workers.platforms.magento_refunds import refund_seen
from workers.platforms.storefront import Asked, Change, Storefront, Written
from workers.rules.facts import StorefrontOrder, StorefrontRefund
from workers.rules.views import StorefrontPlan

_SIGNED: Final = ("adobe_client_id", "commerce_public_key")
_LENGTH: Final = 32  # bytes of a secret that is never used
_ID: Final = re.compile(r"[1-9][0-9]{0,9}")  # an unsigned integer of MySQL
_SAID: Final = 500  # characters


class MagentoStorefront(Storefront):
    """One shop.

    Magento writes the credit memo only after its payment gateway has answered, and goes on even if nobody
    waits for it any more: a refund whose answer was lost may still be made for a while.
    """

    late_looks: ClassVar[tuple[timedelta, ...]] = (
        timedelta(seconds=15),  # some pushes are sent before the credit memo is committed
        timedelta(minutes=2),
        timedelta(minutes=15),
        timedelta(hours=2),
    )
    shows_within: ClassVar[timedelta] = timedelta(seconds=90)

    validate_credentials = staticmethod(validate_credentials)

    @staticmethod
    def webhook_secret(credentials: Mapping[str, Any]) -> str:
        """Return a secret that nobody knows where the shop signs what it sends, so that none is needed."""
        return secrets.token_urlsafe(_LENGTH) if any(credentials.get(name) for name in _SIGNED) else ""

    def __init__(self, storefront_id: str, api_url: str, credentials: dict[str, Any], http: Http) -> None:
        """Speak to a shop, at another address than its own where `api_url` is not empty."""
        self._client = MagentoClient(storefront_id, api_url, credentials, http)
        self._shipping_includes_tax = shipping_includes_tax(credentials)

    def order(self, order_id: str) -> StorefrontOrder | None:
        """Return an order as it stands now, or None if it does not exist.

        Args:
            order_id: Its `entity_id`.
        """
        with understood():
            found = self._found("entity_id", order_id)
            return None if found is None else order_from(found, self._client.memos(order_id))

    def find_order(self, number: str, *, by: str) -> StorefrontOrder | None:
        """Return the order of this number, by `id` (`entity_id`) or `name` (`increment_id`), or None.

        Raises:
            workers.platforms.errors.PlatformError: `AMBIGUOUS_ORDER` if several stores have that number.
        """
        wanted = number.strip()
        if by == "id":
            return self.order(wanted)
        with understood():
            found = self._found("increment_id", wanted) if wanted else None
            return None if found is None else order_from(found, self._client.memos(id_of(found, "entity_id")))

    def refund(self, plan: StorefrontPlan, *, key: str) -> Written:
        """Make a credit memo, and look at what became of it.

        Magento knows no repetitions: it has to be looked for by its comment before this is called again.

        Raises:
            workers.platforms.errors.PlatformError: If Magento refused, or nobody knows whether it did.
        """
        if plan.method == "store_credit":
            raise PlatformError("REFUSED", "Magento's API gives nothing back as store credit")
        request = self._request(plan, key)
        made = self._client.refund(request.path, request.body, online=request.online)
        try:
            found = self._look(plan.order_id, made, Promise(plan.amount, request.online))
        except PlatformError as error:  # it is made, whatever this says, and is looked at again
            return Written(made, MoneyState.PENDING, detail=f"it could not be looked at: {error}"[:_SAID])
        if found is None:
            return Written(made, MoneyState.PENDING, detail="it is not shown yet")
        if found.problem or request.online:
            return Written(made, found.money, found.problem, found.detail)
        return Written(made, found.money, detail=f"{plan.amount} written down: no payment gateway was asked")

    def _request(self, plan: StorefrontPlan, key: str) -> Request:
        """Read the order once more and return the call that refunds it."""
        with understood():
            order = self._found("entity_id", plan.order_id)
            if order is None:
                raise PlatformError("NONEXISTENT_RECORD", f"Magento has no order {plan.order_id}")
            is_offline = plan.method == "offline"
            return refund_request(
                plan,
                key,
                order,
                invoices=[] if is_offline else self._client.invoices(plan.order_id),
                memos=[] if is_offline else self._client.memos(plan.order_id, comments=False),
                shipping_includes_tax=self._shipping_includes_tax,
            )

    def refunds(self, order_id: str, *, policy: Policy, mark_prefix: str) -> tuple[RefundSeen, ...]:
        """Return the credit memos an order has; those with a comment that has such a key are marked as ours.

        Raises:
            workers.platforms.errors.PlatformError: `NONEXISTENT_RECORD` if there is no such order.
        """
        with understood():
            order = self._found("entity_id", order_id)
            if order is None:
                raise PlatformError("NONEXISTENT_RECORD", f"Magento has no order {order_id}")
            return tuple(
                refund_seen(memo, order, policy=policy, mark_prefix=mark_prefix)
                for memo in self._client.memos(order_id)
            )

    def changes(self, since: datetime, until: datetime) -> Iterator[Change]:
        """Yield the orders of the credit memos that were made or saved again in a time."""
        with understood():
            for memo in self._client.changed(since, until):
                memo_id, at = id_of(memo, "entity_id"), moment(memo["updated_at"])
                yield Change(id_of(memo, "order_id"), (memo_id,), at, f"{memo_id} {at.isoformat()}")

    def outcome(self, order: StorefrontOrder, asked: Asked) -> StorefrontRefund | None:
        """Return what became of a refund of ours, or None if there is none: it was never made.

        Its gateway's answer is looked for, too, once a write was begun.

        Raises:
            workers.platforms.errors.PlatformError: `OUTCOME_UNCLEAR` if only the gateway may have made it.
        """
        found = super().outcome(order, asked)
        if found is None:
            return self._not_found(order, asked)
        if found.money is not MoneyState.MOVED or not (asked.began_at or asked.target_id):
            return found
        return self._look(order.id, found.id, promise_in(found.note, asked.key))

    def _not_found(self, order: StorefrontOrder, asked: Asked) -> StorefrontRefund | None:
        if asked.target_id:
            return StorefrontRefund(
                id=asked.target_id,
                note="",
                amount=asked.amount or Money.zero(order.currency),
                money=MoneyState.PENDING,
                detail=f"order {order.name} does not show credit memo {asked.target_id}",
            )
        if asked.began_at is not None:
            self._check_gateway(order, asked, asked.began_at)
        return None

    def _check_gateway(self, order: StorefrontOrder, asked: Asked, since: datetime) -> None:
        """Make sure that the gateway has not given back what there is no credit memo for.

        Magento asks the gateway first, and takes back its own records if it breaks down afterwards: then only
        the gateway knows.

        Raises:
            PlatformError: `OUTCOME_UNCLEAR` if it has, or nobody can tell.
        """
        with understood():
            transactions = self._client.transactions(order.id)  # before the memos, which come with theirs
            memos = self._client.memos(order.id, comments=False)
            paid = refunds_without_memo(transactions, memos, since)
        if paid:
            detail = f"the payment gateway gave money back (transaction {', '.join(paid)})"
            raise PlatformError("OUTCOME_UNCLEAR", f"{detail}, and Magento has no credit memo for it")
        if is_online(asked.broke_at):
            detail = (
                "Magento broke down over the refund and shows no credit memo, but its payment gateway may "
                "have given the money back: look there, and retry only if it has not"
            )
            raise PlatformError("OUTCOME_UNCLEAR", detail)

    def check(self) -> None:
        """Make a cheap call that needs valid credentials."""
        self._client.check()

    def _found(self, field: str, value: str) -> Node | None:
        """Return the order of this `entity_id` or `increment_id`.

        The database compares loosely (`12abc` is 12, `a` is `A`), so that what it found is compared again.

        Raises:
            PlatformError: `AMBIGUOUS_ORDER` if there are several.
        """
        if field == "entity_id" and not _ID.fullmatch(value):
            return None
        found = [each for each in self._client.orders(field, value) if text_of(each[field]) == value]
        if len(found) > 1:
            raise PlatformError("AMBIGUOUS_ORDER", f"{len(found)} orders have the number {value}")
        return found[0] if found else None

    def _look(self, order_id: str, memo_id: str, promise: Promise | None) -> StorefrontRefund | None:
        """Return a credit memo with what is wrong with it, None where it is not shown.

        Args:
            order_id: Its order's.
            memo_id: Its own.
            promise: What it was to be; None where nothing says.
        """
        with understood():
            memos = self._client.memos(order_id, comments=False)
            memo = next((each for each in memos if id_of(each, "entity_id") == memo_id), None)
            if memo is None:
                return None
            known = storefront_refund(memo)
            if promise is None or known.money is not MoneyState.MOVED:
                return known
            transactions = self._client.transactions(order_id) if promise.online else []
            problem = problem_of(memo, promise, memos, transactions)
            return replace(known, problem=problem.reason, detail=problem.detail)
