"""eBay's APIs: reads orders, requests and books, and makes refunds.

Fulfillment: https://developer.ebay.com/api-docs/sell/fulfillment/overview.html. Finances:
https://developer.ebay.com/api-docs/sell/finances/overview.html. Post-Order:
https://developer.ebay.com/Devzone/post-order/index.html.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from ledger.clock import utcnow
from workers.platforms.ebay_auth import FINANCES, Access, scopes_of, validate_credentials
from workers.platforms.ebay_errors import ERRORS, INVALID_ORDER_ID, said_by
from workers.platforms.ebay_quota import Quota
from workers.platforms.ebay_reading import Node
from workers.platforms.ebay_requests import Detail, Search
from workers.platforms.ebay_signature import signer
from workers.platforms.errors import PlatformError, reason_of, retry_after
from workers.platforms.http import Answer, Http

API: Final = "https://api.ebay.com"
APIZ: Final = "https://apiz.ebay.com"

_ORDERS: Final = "/sell/fulfillment/v1/order"
_TRANSACTIONS: Final = "/sell/finances/v1/transaction"
# No character that could lead the path elsewhere.
_ORDER_ID: Final = re.compile(r"[A-Za-z0-9!-]{1,60}")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9-]{1,60}")
_A_PAGE: Final = 200
_STEP: Final = 180  # from one page to the next
_MOST_PAGES: Final = 100
_MOST_SEARCHED: Final = 5  # pages of a search, which is for one order
_CLOCKS: Final = timedelta(minutes=5)  # by which our clock may be ahead of eBay's
_TIMES_ANEW: Final = 5  # that a list is read from its start where it changed meanwhile

_quotas: Final[dict[tuple[str, str], Quota]] = {}


Params = Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class _Target:
    """An API.

    Attributes:
        resource: Whose quota its calls count for.
        url: Its address.
        scheme: How the token is named in the `Authorization` header.
        headers: What its calls have besides.
        signed: Whether sellers of the EU and the UK must sign calls to it.
    """

    resource: str
    url: str
    scheme: str = "Bearer"
    headers: Mapping[str, str] | None = None
    signed: bool = False


class EbayClient:
    """Speaks for one seller; safe to share between threads.

    Args:
        api_url: An address that stands for all of eBay's own, for development; empty otherwise.
        credentials: See `ebay_auth.validate_credentials`.
        http: The transport.
        quota: What is left to call; by default shared by all of the process's sellers of one application.

    Raises:
        CredentialsError: If the credentials are not of the shape eBay needs.
    """

    def __init__(
        self, api_url: str, credentials: Mapping[str, Any], http: Http, *, quota: Quota | None = None
    ) -> None:
        validate_credentials(credentials)
        base = api_url.rstrip("/")
        self._api, self._apiz = base or API, base or APIZ
        self._http = http
        self._access = Access(credentials, base_url=self._api, http=http)
        self._marketplace = credentials.get("marketplace", "EBAY_US")
        self._signer = signer(credentials["signing"]) if "signing" in credentials else None
        self._quota = quota or _quotas.setdefault((self._api, credentials["client_id"]), Quota())
        self.reads_books: Final = FINANCES in scopes_of(credentials)

    def order(self, order_id: str) -> Node | None:
        """Return an order, or None if there is none.

        Raises:
            PlatformError: If eBay does not say.
        """
        if not _ORDER_ID.fullmatch(order_id):
            return None
        target = _Target("fulfillment", f"{self._api}{_ORDERS}/{order_id}")
        answer = self._send(target, "GET")
        is_unknown = said_by(answer.body, answer.text).code == INVALID_ORDER_ID
        if answer.status == HTTPStatus.NOT_FOUND or (not answer.ok and is_unknown):
            return None
        return self._object(target, answer)

    def orders_changed(self, since: datetime, until: datetime) -> list[Node]:
        """Return the orders that were changed in a time.

        Raises:
            PlatformError: If eBay does not say.
        """
        # A time in the future is refused, by eBay's clock; without an end, all until now are meant.
        end = "" if until >= utcnow() - _CLOCKS else _moment(until)
        target = _Target("fulfillment", f"{self._api}{_ORDERS}")
        return self._listed(
            target, {"filter": f"lastmodifieddate:[{_moment(since)}..{end}]"}, "orders", "orderId"
        )

    def refunds_booked(self, since: datetime, until: datetime) -> list[Node]:
        """Return the refunds that eBay booked in a time.

        Raises:
            PlatformError: If eBay does not say.
        """
        dates = f"transactionDate:[{_moment(since)}..{_moment(until)}]"
        return self._booked(dates)

    def refunds_booked_of(self, order_id: str) -> list[Node]:
        """Return the refunds that eBay booked for an order.

        Raises:
            PlatformError: If eBay does not say.
        """
        return self._booked(f"orderId:{{{order_id}}}")

    def _booked(self, condition: str) -> list[Node]:
        target = _Target("finances", f"{self._apiz}{_TRANSACTIONS}", signed=True)
        params = {"filter": ["transactionType:{REFUND}", condition]}
        return self._listed(target, params, "transactions", "transactionId")

    def requests(self, search: Search, order_id: str) -> Iterator[Any]:
        """Yield the pages of a search for the buyer's requests about an order.

        Raises:
            PlatformError: If eBay does not say, or finds so many that it did not search for the order.
        """
        target = self._post_order(search.resource, "search")
        for page in range(_MOST_SEARCHED):
            offset = page * _A_PAGE
            answer = self._object(
                target,
                self._send(
                    target,
                    "GET",
                    params={search.order: order_id, "limit": str(_A_PAGE), "offset": str(offset)},
                ),
            )
            yield answer
            if len(answer.get(search.members) or ()) < _A_PAGE:
                return
        detail = f"eBay finds more requests of the kind {search.resource} than one order has"
        raise PlatformError("REFUSED", f"{detail}: set the account's `unrequested` to post")

    def request(self, detail: Detail, request_id: str) -> Node:
        """Return a request of the buyer's, as far as `detail` says where it is.

        Raises:
            PlatformError: `REFUSED` if there is none; if eBay does not say.
        """
        if not _REQUEST_ID.fullmatch(request_id):
            raise PlatformError("REFUSED", f"{request_id!r} is no number of a request")
        target = self._post_order(detail.resource, request_id)
        answer = self._object(target, self._send(target, "GET", params=detail.params))
        shown: Node = answer[detail.within] if detail.within else answer
        return shown

    def _post_order(self, resource: str, last: str) -> _Target:
        headers = {"X-EBAY-C-MARKETPLACE-ID": self._marketplace}
        url = f"{self._api}/post-order/v2/{resource}/{last}"
        return _Target(resource, url, scheme="IAF", headers=headers)

    def issue_refund(self, order_id: str, body: Mapping[str, Any]) -> Node:
        """Make a refund; doing so twice makes two.

        Raises:
            PlatformError: With `outcome_unknown` if it may have been made all the same.
        """
        if not _ORDER_ID.fullmatch(order_id):
            raise PlatformError("REFUSED", f"{order_id!r} is no order id of eBay's")
        url = f"{self._api}{_ORDERS}/{order_id}/issue_refund"
        target = _Target("issue_refund", url, signed=True)
        answer = self._send(target, "POST", json=body)
        return self._object(target, answer, write=True)

    def check(self) -> None:
        """Make a cheap call that needs valid credentials and the scope to read orders.

        Raises:
            PlatformError: If eBay refuses it.
        """
        target = _Target("fulfillment", f"{self._api}{_ORDERS}")
        self._object(target, self._send(target, "GET", params={"limit": "1"}))

    def _listed(self, target: _Target, params: Params, members: str, name: str) -> list[Node]:
        """Return all of a list that is read by offset, each of its members once."""
        for _ in range(_TIMES_ANEW):
            found = self._read_through(target, params, members, name)
            if found is not None:
                return list(found.values())
        raise PlatformError("TRANSIENT", f"the list of {members} does not stay the same while it is read")

    def _read_through(
        self, target: _Target, params: Params, members: str, name: str
    ) -> dict[str, Node] | None:
        """Read a list once; return None if it changed so much meanwhile that a member may be missing.

        Members may come and go while it is read, so that pages overlap: where two of them share nothing, the
        list has moved further than that.
        """
        found: dict[str, Node] = {}
        before: set[str] = set()
        for offset in range(0, _MOST_PAGES * _STEP, _STEP):
            answer = self._send(
                target, "GET", params={**params, "limit": str(_A_PAGE), "offset": str(offset)}
            )
            page = {} if answer.status == HTTPStatus.NO_CONTENT else self._object(target, answer)
            rows = {each[name]: each for each in page.get(members) or ()}
            if before and before.isdisjoint(rows):
                return None
            found |= rows
            before = set(rows)
            if offset + _A_PAGE >= page.get("total", 0):
                return found
        raise PlatformError("REFUSED", f"more than {_MOST_PAGES} pages of {members}")

    def _send(
        self,
        target: _Target,
        method: str,
        *,
        params: Params | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Make a call, with a new token if the old one was refused."""
        answer = self._once(target, method, params, json)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._access.renew()
            answer = self._once(target, method, params, json)
        return answer

    def _once(
        self,
        target: _Target,
        method: str,
        params: Params | None,
        json: Mapping[str, Any] | None,
    ) -> Answer:
        token = self._access.token()
        self._quota.spend(target.resource)
        self._http.tell_left(target.resource, self._quota.left(target.resource))
        return self._http.call(
            method,
            target.url,
            write=json is not None,
            headers={"Authorization": f"{target.scheme} {token}", **(target.headers or {})},
            params=params,
            json=json,
            auth=self._signer if target.signed else None,
        )

    def _object(self, target: _Target, answer: Answer, *, write: bool = False) -> Node:
        """Return what an answer says.

        Raises:
            PlatformError: If it is an error, or no JSON object.
        """
        if answer.ok and isinstance(answer.body, dict):
            return answer.body
        said = said_by(answer.body, answer.text)
        status = HTTPStatus.BAD_GATEWAY if answer.ok else answer.status
        reason = reason_of(ERRORS, status, said.code, said.text, write=write)
        wait = retry_after(answer.headers, utcnow())
        if reason == "RATE_LIMITED":
            wait = self._quota.refused(target.resource, wait)
            self._http.tell_left(target.resource, 0.0)
        raise PlatformError(
            reason,
            f"{said.code} {said.text}".strip(),
            retry_after=wait,
            outcome_unknown=reason == "UNKNOWN_OUTCOME",
            call=answer.call,
        )


@contextmanager
def understood(*, write: bool = False) -> Iterator[None]:
    """Take an answer that is not of eBay's own contract for a passing failure.

    Raises:
        PlatformError: `TRANSIENT`; `UNKNOWN_OUTCOME` if it answers a write, which then was sent.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = "UNKNOWN_OUTCOME" if write else "TRANSIENT"
        detail = f"eBay's answer is not of its contract: {error!r}"
        raise PlatformError(reason, detail, outcome_unknown=write) from error


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
