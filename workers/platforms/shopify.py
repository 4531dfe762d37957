"""Shopify's Admin API: reads orders and refunds, and makes refunds.

https://shopify.dev/docs/api/admin-graphql/2026-10
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

from ledger.clock import utcnow
from ledger.events import RefundSeen
from workers.platforms import shopify_queries as queries
from workers.platforms.errors import PlatformError, TooMuchError, reason_of, retry_after
from workers.platforms.http import Answer, Http
from workers.platforms.idempotency import key_for
from workers.platforms.shopify_auth import access, validate_credentials
from workers.platforms.shopify_cost import Budget
from workers.platforms.shopify_errors import (
    ERRORS,
    Refusal,
    graphql_refusal,
    http_refusal,
    key_is_used_up,
    user_refusal,
)
from workers.platforms.shopify_ids import gid, is_number, number_of, with_gids
from workers.platforms.shopify_reading import (
    CreatedRefund,
    Node,
    SuggestedPayment,
    Suggestion,
    created_from,
    order_from,
    storefront_refund,
    suggestion_from,
)
from workers.platforms.shopify_refunds import moment, refund_seen
from workers.rules.facts import StorefrontOrder

__all__ = [
    "CreatedRefund",
    "RefundLineInput",
    "ShopifyClient",
    "SuggestedPayment",
    "Suggestion",
    "validate_credentials",
]

_MOST_PAGES: Final = 100
_MOST_KEYS: Final = 3  # idempotency keys tried for one refund where Shopify declares them used up

_budgets: Final[dict[str, Budget]] = {}


@dataclass(frozen=True, slots=True)
class RefundLineInput:
    """An order line to refund.

    Attributes:
        restock_type: `NO_RESTOCK`, `RETURN` or `CANCEL`.
        location_id: Where it is restocked; needed unless it is not.
    """

    line_id: str
    quantity: int
    restock_type: str = "NO_RESTOCK"
    location_id: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as a `RefundLineItemInput`."""
        place = {"locationId": gid("Location", self.location_id)} if self.location_id else {}
        return {
            "lineItemId": gid("LineItem", self.line_id),
            "quantity": self.quantity,
            "restockType": self.restock_type,
            **place,
        }


class ShopifyClient:
    """Speaks to one shop; safe to share between threads.

    Args:
        shop_domain: The shop, such as `example.myshopify.com`.
        api_url: Another address than Shopify's own, for development; empty otherwise.
        credentials: See `shopify_auth.validate_credentials`.
        http: The transport.
        budget: What is known of the shop's rate limit; by default shared by all of the process.

    Raises:
        CredentialsError: If the credentials are not of a shape Shopify takes.
    """

    def __init__(
        self,
        shop_domain: str,
        api_url: str,
        credentials: Mapping[str, Any],
        http: Http,
        *,
        budget: Budget | None = None,
    ) -> None:
        base = api_url.rstrip("/") or f"https://{shop_domain}"
        self._url = f"{base}/admin/api/{queries.API_VERSION}/graphql.json"
        self._http = http
        self._access = access(credentials, base_url=base, http=http)
        self._budget = budget or _budgets.setdefault(base, Budget())

    def order(self, order_id: str) -> StorefrontOrder | None:
        """Return an order with all its lines, or None if it does not exist.

        Raises:
            PlatformError: If Shopify does not say.
        """
        if not is_number(order_id):
            return None
        variables = {"id": gid("Order", order_id)}
        with _understood():
            order = self._query("Order", variables)["order"]
            if order is None:
                return None
            lines = self._pages(order["lineItems"], "OrderLines", variables, "order", "lineItems")
            return order_from(order, lines)

    def find_order(self, number: str, *, by: str) -> StorefrontOrder | None:
        """Return the order with this number, or None.

        Args:
            number: What is looked for; a name is found with and without its `#`.
            by: `id` or `name`.

        Raises:
            PlatformError: `AMBIGUOUS_ORDER` if several have this name, or if Shopify does not say.
        """
        if by == "id":
            return self.order(number)
        wanted = number.strip()
        if not wanted.strip("#"):
            return None
        # https://shopify.dev/docs/api/usage/search-syntax
        quoted = wanted.replace("\\", "\\\\").replace('"', '\\"')
        with _understood():
            nodes = self._query("FindOrder", {"query": f'name:"{quoted}"'})["orders"]["nodes"]
            # The search is for words, so that it finds "#1001-A" too.
            found = [each for each in nodes if each["name"] == wanted]
        if len(found) > 1:
            raise PlatformError("AMBIGUOUS_ORDER", f"{len(found)} orders are called {wanted}")
        return self.order(number_of(found[0]["id"])) if found else None

    def suggest(
        self, order_id: str, lines: Sequence[RefundLineInput], shipping: Decimal | None
    ) -> Suggestion:
        """Return what Shopify would refund for lines and shipping, and to which payments.

        Args:
            order_id: The order's number.
            lines: What to refund.
            shipping: Shipping to refund, without tax, in the presentment currency; None for none.

        Raises:
            PlatformError: `OVER_REFUND` if more is asked for than is left, or if Shopify does not say.
        """
        variables = {
            "id": gid("Order", order_id),
            "lines": [line.to_json() for line in lines],
            "shipping": None if shipping is None else format(shipping, "f"),
        }
        with _understood():
            order = self._query("SuggestRefund", variables)["order"]
            if order is None or order["suggestedRefund"] is None:
                raise PlatformError("NONEXISTENT_RECORD", f"Shopify suggests no refund for order {order_id}")
            return suggestion_from(order["suggestedRefund"])

    def create_refund(self, refund_input: Mapping[str, Any], *, idempotency_key: str) -> CreatedRefund:
        """Make a refund, once however often this is called with the same input and key.

        Args:
            refund_input: A `RefundInput`; ids may be numbers. Its note should hold our key, so that a refund
                whose answer was lost is found again.
            idempotency_key: The key Shopify knows repetitions by, for 24 hours.

        Raises:
            PlatformError: With `outcome_unknown` if it may have been made all the same.
        """
        wanted = with_gids(refund_input)
        for generation in range(_MOST_KEYS):
            key = key_for(idempotency_key, generation) if generation else idempotency_key
            try:
                return self._create(wanted, key)
            except PlatformError as error:
                if not key_is_used_up(error.detail):
                    raise
            # The attempt before failed inside Shopify, which remembers that for a day. If it left a refund
            # behind all the same, that is ours; else the same refund is asked for under the next key.
            known = self._noted(wanted)
            if known is not None:
                return known
        raise PlatformError("REFUSED", f"Shopify failed at this refund {_MOST_KEYS} times")

    def _create(self, refund_input: Mapping[str, Any], key: str) -> CreatedRefund:
        variables = {"input": refund_input, "key": key}
        with _understood(write=True):
            result = self._call("CreateRefund", variables, write=True)["refundCreate"]
            if result["userErrors"]:
                raise _error(user_refusal(result["userErrors"]), write=True)
            return created_from(result["refund"])

    def refunds(
        self, order_id: str, *, currency_mode: str, mark_prefix: str = "rs-"
    ) -> tuple[RefundSeen, ...]:
        """Return the refunds of an order, oldest first, as the webhook `refunds/create` would tell of them.

        Args:
            order_id: The order's number.
            currency_mode: `shop` or `presentment`: whose currency the account keeps its books in.
            mark_prefix: How our own keys begin; any key of this service's by default.

        Raises:
            PlatformError: `NONEXISTENT_RECORD` if there is no such order, or if Shopify does not say.
        """
        with _understood():
            order = self._listed(gid("Order", order_id))
            currency = order["currencyCode" if currency_mode == "shop" else "presentmentCurrencyCode"]
            return tuple(
                refund_seen(
                    refund,
                    self._pages(refund["refundLineItems"], "Refund", each, "refund", "refundLineItems"),
                    order_id=order_id,
                    currency_mode=currency_mode,
                    currency=currency,
                    mark_prefix=mark_prefix,
                )
                for each, refund in self._each_refund(order)
            )

    def refund_state(self, refund_id: str) -> CreatedRefund | None:
        """Return a refund as `create_refund` would answer it now, or None if there is none.

        Raises:
            PlatformError: If Shopify does not say.
        """
        with _understood():
            refund = self._query("RefundState", {"id": gid("Refund", refund_id)})["refund"]
            return None if refund is None else created_from(refund)

    def changed(self, since: datetime, until: datetime) -> Iterator[tuple[str, datetime, tuple[str, ...]]]:
        """Yield orders with refunds updated in a time: the order's number, when, and its refunds' numbers.

        No numbers are given of an order that has more refunds than are listed.

        Args:
            since: In UTC.
            until: In UTC.

        Raises:
            PlatformError: If Shopify does not say; `TooMuchError` if it has too much to say.
        """
        times = f"updated_at:>='{since:%Y-%m-%dT%H:%M:%SZ}' updated_at:<='{until:%Y-%m-%dT%H:%M:%SZ}'"
        variables = {"query": f"{times} (financial_status:refunded OR financial_status:partially_refunded)"}
        with _understood():
            page = self._query("ChangedOrders", variables)["orders"]
            for _ in range(_MOST_PAGES):
                for each in page["nodes"]:
                    refunds = tuple(number_of(refund["id"]) for refund in each["refunds"])
                    listed = refunds if len(refunds) < queries.REFUNDS_LISTED else ()
                    yield number_of(each["id"]), moment(each["updatedAt"]), listed
                if not page["pageInfo"]["hasNextPage"]:
                    return
                after = {"after": page["pageInfo"]["endCursor"]}
                page = self._query("ChangedOrders", {**variables, **after})["orders"]
        raise TooMuchError(f"more than {_MOST_PAGES} pages of orders changed from {since} on")

    def _each_refund(self, order: Node) -> Iterator[tuple[dict[str, str], Node]]:
        """Yield each of an order's refunds with the variables that ask for it."""
        for listed in order["refunds"]:
            variables = {"id": listed["id"]}
            refund = self._query("Refund", variables)["refund"]
            if refund is not None:
                yield variables, refund

    def check(self) -> None:
        """Make a cheap call that needs valid credentials and the scope to read orders.

        Raises:
            PlatformError: If Shopify refuses it.
        """
        self._query("Check", {})

    def _noted(self, refund_input: Mapping[str, Any]) -> CreatedRefund | None:
        """Return the order's refund that has the note of an input, if there is one."""
        note = refund_input.get("note")
        if not note:
            return None
        with _understood():
            known = map(storefront_refund, self._listed(refund_input["orderId"])["refunds"])
            found = next((each for each in known if each.note == note), None)
        return CreatedRefund(found.id, found.amount, payments_pending=False) if found else None

    def _listed(self, order_gid: str) -> Node:
        """Return an order with its refunds' ids and notes.

        Raises:
            PlatformError: If there is no such order, or it has more refunds than can be read.
        """
        order: Node | None = self._query("RefundIds", {"id": order_gid})["order"]
        if order is None:
            raise PlatformError("NONEXISTENT_RECORD", f"Shopify has no order {number_of(order_gid)}")
        if len(order["refunds"]) >= queries.REFUNDS_READ:
            detail = f"order {number_of(order_gid)} has {queries.REFUNDS_READ} refunds or more"
            raise PlatformError("REFUSED", detail)
        return order

    def _pages(
        self, first: Node, operation: str, variables: Mapping[str, Any], parent: str, name: str
    ) -> Iterator[Node]:
        """Yield the nodes of a connection, page by page, from its first page on."""
        page = first
        for _ in range(_MOST_PAGES):
            yield from page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]
            owner = self._query(operation, {**variables, "after": after})[parent]
            if owner is None:
                raise PlatformError("TRANSIENT", f"the {parent} was deleted while it was read")
            page = owner[name]
        raise PlatformError("REFUSED", f"the {parent} has more than {_MOST_PAGES} pages of {name}")

    def _query(self, operation: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        return self._call(operation, variables, write=False)

    def _call(self, operation: str, variables: Mapping[str, Any], *, write: bool) -> dict[str, Any]:
        """Run an operation and return its data, with a new token if the old one was refused."""
        answer = self._send(operation, variables, write=write)
        if answer.status == HTTPStatus.UNAUTHORIZED and self._access.renew():
            answer = self._send(operation, variables, write=write)
        self._http.tell_left("points", self._budget.learn(operation, answer.body))
        return self._data(operation, answer, write=write)

    def _send(self, operation: str, variables: Mapping[str, Any], *, write: bool) -> Answer:
        token = self._access.token()
        self._budget.spend(operation)
        return self._http.call(
            "POST",
            self._url,
            write=write,
            headers={"X-Shopify-Access-Token": token},
            json={
                "operationName": operation,
                "variables": dict(variables),
                "query": queries.OPERATIONS[operation],
            },
        )

    def _data(self, operation: str, answer: Answer, *, write: bool) -> dict[str, Any]:
        if not answer.ok:
            raise _error(http_refusal(answer.status, answer.body, answer.text), answer, write=write)
        body = answer.body if isinstance(answer.body, dict) else {}
        if body.get("errors"):
            error = _error(graphql_refusal(body), answer, write=write)
            if error.reason == "RATE_LIMITED":
                error.retry_after = self._budget.throttled(operation)
            raise error
        data = body.get("data")
        if not isinstance(data, dict):
            raise _error(Refusal(HTTPStatus.BAD_GATEWAY, "", answer.text[:500]), answer, write=write)
        return data


@contextmanager
def _understood(*, write: bool = False) -> Iterator[None]:
    """Take an answer that is not of Shopify's own schema for a passing failure.

    Raises:
        PlatformError: `TRANSIENT`; `UNKNOWN_OUTCOME` if it answers a write, which then was sent.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = "UNKNOWN_OUTCOME" if write else "TRANSIENT"
        detail = f"Shopify's answer is not of its schema: {error!r}"
        raise PlatformError(reason, detail, outcome_unknown=write) from error


def _error(said: Refusal, answer: Answer | None = None, *, write: bool) -> PlatformError:
    reason = reason_of(ERRORS, said.status, said.code, said.text, write=write)
    # Refused for a reason we do not know, after it was begun: nobody knows what it did.
    if reason == "REFUSED" and said.began and write:
        reason = "UNKNOWN_OUTCOME"
    return PlatformError(
        reason,
        f"{said.code} {said.text}".strip(),
        retry_after=retry_after(answer.headers, utcnow()) if answer else None,
        outcome_unknown=reason == "UNKNOWN_OUTCOME",
        call=answer.call if answer else None,
    )
