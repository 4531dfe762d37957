"""Magento's REST API: searches orders, invoices, credit memos and transactions, and makes credit memos.

https://developer.adobe.com/commerce/webapi/rest/
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from ledger.clock import utcnow
from workers.platforms import magento_queries as queries
from workers.platforms.errors import KnownError, PlatformError, reason_of, retry_after
from workers.platforms.http import Answer, Http
from workers.platforms.magento_auth import access, place
from workers.platforms.magento_errors import ERRORS, OFFLINE_ERRORS, ONLINE_ERRORS, said_by
from workers.platforms.magento_queries import Condition, Search
from workers.platforms.magento_rate import Rate
from workers.platforms.magento_reading import Node, id_of, moment, text_of, whole

_MOST_PAGES: Final = 100

_rates: Final[dict[str, Rate]] = {}


class MagentoClient:
    """Speaks to one shop; safe to share between threads.

    Every method may raise `PlatformError` where Magento does not say.

    Args:
        storefront_id: The shop's address, see `magento_auth.place`.
        api_url: Another address, for development; empty otherwise.
        credentials: See `magento_auth.validate_credentials`.
        http: The transport.
        rate: How fast the shop may be called; by default shared by all of the process.

    Raises:
        CredentialsError: If the credentials or the address are not of a shape that can be used.
    """

    def __init__(
        self,
        storefront_id: str,
        api_url: str,
        credentials: Mapping[str, Any],
        http: Http,
        *,
        rate: Rate | None = None,
    ) -> None:
        self._access = access(credentials, api_url=api_url.rstrip("/"), http=http)
        self._url, self._headers = place(storefront_id, api_url, credentials)
        self._http = http
        self._rate = rate or _rates.setdefault(self._url, Rate())

    def orders(self, field: str, value: str) -> list[Node]:
        """Return the orders of this `entity_id` or `increment_id`.

        They are searched for, as that one order is not there is then said by an empty list, and not by the
        status 404 that a wrong address has, too.
        """
        return list(self._search(queries.ORDERS, [(field, "eq", value)]))

    def memos(self, order_id: str, *, comments: bool = True) -> list[Node]:
        """Return an order's credit memos, the first one first.

        Args:
            order_id: The order's `entity_id`.
            comments: Whether all of their comments are needed, of which some versions show none in a search.
        """
        found = list(self._search(queries.MEMOS, _of(order_id)))
        return [self._commented(each) for each in found] if comments else found

    def invoices(self, order_id: str) -> list[Node]:
        """Return an order's invoices, the first one first."""
        return list(self._search(queries.INVOICES, _of(order_id)))

    def transactions(self, order_id: str) -> list[Node]:
        """Return what was asked of an order's payment gateway, the first first."""
        return list(self._search(queries.TRANSACTIONS, _of(order_id)))

    def changed(self, since: datetime, until: datetime) -> Iterator[Node]:
        """Yield the credit memos saved in a time, each once, the oldest change first.

        One that is saved again meanwhile would move the pages' borders. So each page begins anew at the last
        moment that was read, whose memos are left out where they were yielded already.

        Args:
            since: In UTC.
            until: In UTC.
        """
        start, page, known = queries.written(since), 1, set[str]()
        for _ in range(_MOST_PAGES):
            times: list[Condition] = [
                ("updated_at", "gteq", start),
                ("updated_at", "lteq", queries.written(until)),
            ]
            sort = ("updated_at", "entity_id")
            found, total = self._page(queries.CHANGED_MEMOS, times, page=page, sort=sort)
            for memo in found:
                if id_of(memo, "entity_id") not in known:
                    known.add(id_of(memo, "entity_id"))
                    yield memo
            if page * queries.PAGE >= total or not found:
                return
            last = queries.written(moment(found[-1]["updated_at"]))
            start, page = (last, 1) if last > start else (start, page + 1)
        raise PlatformError("REFUSED", f"more than {_MOST_PAGES} pages of credit memos from {since} on")

    def check(self) -> None:
        """Make a cheap call that needs valid credentials and the right to see credit memos."""
        query = {"searchCriteria[pageSize]": "1", "fields": "total_count"}
        with understood():
            _object(self._said(self._get("/creditmemos", query)))

    def refund(self, path: str, body: Mapping[str, Any], *, online: bool) -> str:
        """Make a credit memo and return its id.

        Args:
            path: `/order/{id}/refund` or `/invoice/{id}/refund`.
            body: What it takes.
            online: Whether the payment gateway is asked for the money.

        Raises:
            PlatformError: With `outcome_unknown` if it may have been made all the same; `OUTCOME_UNCLEAR` if
                there is no credit memo, but the gateway may have given the money back.
        """
        answer = self._send("POST", path, json=body)
        table = ONLINE_ERRORS if online else OFFLINE_ERRORS
        with understood(write=True):
            return str(whole(self._said(answer, table, write=True)))

    def _commented(self, memo: Node) -> Node:
        """Return a credit memo with its comments, asked for where the search showed none."""
        if memo.get("comments"):
            return memo
        answer = self._get(f"/creditmemo/{id_of(memo, 'entity_id')}/comments", {"fields": "items[comment]"})
        return {**memo, "comments": _object(self._said(answer)).get("items") or []}

    def _search(self, search: Search, conditions: Sequence[Condition]) -> Iterator[Node]:
        read = 0
        for page in range(1, _MOST_PAGES + 1):
            found, total = self._page(search, conditions, page=page)
            yield from found
            read += len(found)
            if read >= total or not found:
                return
        raise PlatformError("REFUSED", f"{search.path} has more than {_MOST_PAGES} pages")

    def _page(
        self, search: Search, conditions: Sequence[Condition], *, page: int, sort: Sequence[str] = ()
    ) -> tuple[list[Node], int]:
        """Return a page of what is found, and how much is found in all."""
        query = queries.criteria(search, conditions, page=page, sort=sort)
        answer = _object(self._said(self._get(search.path, query)))
        return list(answer["items"] or ()), int(answer["total_count"])

    def _get(self, path: str, query: Mapping[str, str]) -> Answer:
        return self._send("GET", path, params=query)

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Make a call, once more with a new token if the old one was refused."""
        answer = self._once(method, path, params, json)
        if answer.status == HTTPStatus.UNAUTHORIZED and self._access.renew():
            answer = self._once(method, path, params, json)
        return answer

    def _once(
        self, method: str, path: str, params: Mapping[str, str] | None, json: Mapping[str, Any] | None
    ) -> Answer:
        auth = self._access.auth()
        self._rate.spend()
        self._http.tell_left("calls", self._rate.left())
        return self._http.call(
            method,
            self._url + path,
            write=json is not None,
            headers=self._headers,
            params=params,
            json=json,
            auth=auth,
        )

    def _said(self, answer: Answer, table: Sequence[KnownError] = ERRORS, *, write: bool = False) -> Any:  # noqa: ANN401 - JSON may be anything
        """Return what an answer says.

        Raises:
            PlatformError: If it says no.
        """
        if answer.ok:
            return answer.body
        said = said_by(answer.body, answer.text)
        reason = reason_of(table, answer.status, said.code, said.text, write=write)
        wait = retry_after(answer.headers, utcnow())
        if reason == "RATE_LIMITED":
            wait = self._rate.refused(wait)
            self._http.tell_left("calls", 0.0)
        target = answer.headers.get("Location")
        raise PlatformError(
            reason,
            f"redirected to {target}" if target else said.text or f"status {answer.status}",
            retry_after=wait,
            outcome_unknown=reason in {"UNKNOWN_OUTCOME", "OUTCOME_UNCLEAR"},
            call=answer.call,
        )


@contextmanager
def understood(*, write: bool = False) -> Iterator[None]:
    """Take an answer that is not of Magento's own schema for a passing failure.

    Args:
        write: Whether it answers a write, which then was sent.

    Raises:
        PlatformError: `TRANSIENT`; `UNKNOWN_OUTCOME` after a write.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        reason = "UNKNOWN_OUTCOME" if write else "TRANSIENT"
        detail = f"Magento's answer is not of its schema: {error!r}"
        raise PlatformError(reason, detail, outcome_unknown=write) from error


def _of(order_id: str) -> list[Condition]:
    return [("order_id", "eq", order_id)]


def _object(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - JSON may be anything
    if not isinstance(value, Mapping):
        raise TypeError(f"no object, but {text_of(value)[:100]!r}")
    return value
