"""The one way to Amazon's Selling Partner API: tokens, usage plans, and what errors mean.

https://developer-docs.amazon.com/sp-api/docs/connecting-to-the-selling-partner-api
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import quote

from workers.platforms.amazon_auth import DEFAULT_REGION, Access, validate_credentials
from workers.platforms.amazon_errors import DOCUMENT_ERRORS, ERRORS, refusal
from workers.platforms.amazon_hosts import REGIONS, document_url
from workers.platforms.amazon_rates import Budget
from workers.platforms.errors import KnownError, PlatformError, reason_of
from workers.platforms.http import Answer, Http

Node = Mapping[str, Any]
"""An object of an answer."""

USER_AGENT: Final = f"refund-sync/{version('refund-sync')} (Language=Python)"
"""In the form that Amazon wants:
https://developer-docs.amazon.com/sp-api/docs/include-a-user-agent-header-in-all-requests"""

_DENIED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})

_budgets: Final[dict[tuple[str, str, str], Budget]] = {}


@dataclass(frozen=True, slots=True)
class _Operation:
    """An operation as the API models name it; `path` has the names of ids in braces."""

    method: str
    path: str


_OPERATIONS: Final = {
    "listTransactions": _Operation("GET", "/finances/2024-06-19/transactions"),
    "listFinancialEventsByOrderId": _Operation("GET", "/finances/v0/orders/{id}/financialEvents"),
    "listFinancialEvents": _Operation("GET", "/finances/v0/financialEvents"),
    "getOrder": _Operation("GET", "/orders/2026-01-01/orders/{id}"),
    "createFeedDocument": _Operation("POST", "/feeds/2021-06-30/documents"),
    "createFeed": _Operation("POST", "/feeds/2021-06-30/feeds"),
    "getFeed": _Operation("GET", "/feeds/2021-06-30/feeds/{id}"),
    "getFeeds": _Operation("GET", "/feeds/2021-06-30/feeds"),
    "getFeedDocument": _Operation("GET", "/feeds/2021-06-30/documents/{id}"),
}


class AmazonApi:
    """Calls the API for one seller; safe to share between threads.

    Args:
        seller_id: The seller's id, also called merchant token.
        api_url: What stands in for all hosts of Amazon in development; empty otherwise.
        credentials: See `amazon_auth.validate_credentials`.
        http: The transport.
        budget: What is left of the usage plans; by default shared by all of the installation.

    Raises:
        CredentialsError: If the credentials are not of the shape Amazon needs.
    """

    def __init__(
        self,
        seller_id: str,
        api_url: str,
        credentials: Mapping[str, Any],
        http: Http,
        *,
        budget: Budget | None = None,
    ) -> None:
        validate_credentials(credentials)
        self.seller_id = seller_id
        self.api_url = api_url
        self._base = api_url.rstrip("/") or REGIONS[credentials.get("region", DEFAULT_REGION)]
        self._http = http
        self._access = Access(credentials, api_url=api_url, http=http)
        known = (self._base, seller_id, credentials["client_id"])
        self._budget = budget or _budgets.setdefault(known, Budget(shared=http.buckets, name=_named(known)))

    def call(
        self,
        operation: str,
        *,
        id_: str = "",
        params: Mapping[str, str] | None = None,
        json: Node | None = None,
        write: bool = False,
    ) -> Node:
        """Call an operation and return what it answers.

        Args:
            operation: Its name in the API model.
            id_: The id in its path, where it has one.
            params: Query parameters.
            json: Body.
            write: Whether it may move money.

        Raises:
            PlatformError: If Amazon refused it, or nobody knows what became of it.
        """
        answer = self._send(operation, id_, params, json, write=write)
        if answer.status in _DENIED:  # an expired token is answered as a missing permission is
            self._access.renew()
            answer = self._send(operation, id_, params, json, write=write)
        if not answer.ok:
            raise self._refused(operation, answer, write=write)
        if not isinstance(answer.body, dict):
            raise _not_of_its_model(answer.text[:200], write=write)
        return answer.body

    def find(self, operation: str, *, id_: str, params: Mapping[str, str] | None = None) -> Node | None:
        """Return what an operation answers, or None if there is no such thing.

        Raises:
            PlatformError: If Amazon does not say.
        """
        try:
            return self.call(operation, id_=id_, params=params)
        except PlatformError as error:
            if error.call is not None and error.call.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def need(self, operation: str) -> None:
        """Make sure that the usage plan of an operation is not used up.

        Raises:
            PlatformError: `RATE_LIMITED` if it is.
        """
        self._budget.need(operation)

    def upload(self, url: str, text: str, content_type: str) -> None:
        """Put a document at the address that Amazon gave for it; moves nothing by itself.

        Raises:
            PlatformError: If it is not there now.
        """
        answer = self._http.call(
            "PUT",
            document_url(url, self.api_url),
            write=False,
            headers={"User-Agent": USER_AGENT},
            text=(text, content_type),
        )
        if not answer.ok:
            raise _error(DOCUMENT_ERRORS, answer, write=False)

    def download(self, url: str) -> bytes:
        """Return a document from the address that Amazon gave for it.

        Raises:
            PlatformError: If it cannot be had.
        """
        answer = self._http.call(
            "GET", document_url(url, self.api_url), write=False, headers={"User-Agent": USER_AGENT}
        )
        if not answer.ok:
            raise _error(DOCUMENT_ERRORS, answer, write=False)
        return answer.content

    def _send(
        self,
        operation: str,
        id_: str,
        params: Mapping[str, str] | None,
        json: Node | None,
        *,
        write: bool,
    ) -> Answer:
        wanted = _OPERATIONS[operation]
        token = self._access.token()
        self._budget.spend(operation)
        answer = self._http.call(
            wanted.method,
            self._base + wanted.path.replace("{id}", quote(id_, safe="")),
            write=write,
            headers={"User-Agent": USER_AGENT, "x-amz-access-token": token},
            params=params,
            json=json,
        )
        self._budget.learn(operation, answer.headers)
        self._http.tell_left(operation, self._budget.left(operation))
        return answer

    def _refused(self, operation: str, answer: Answer, *, write: bool) -> PlatformError:
        error = _error(ERRORS, answer, write=write)
        if error.reason == "RATE_LIMITED":
            error.retry_after = self._budget.throttled(operation)
            self._http.tell_left(operation, self._budget.left(operation))
        return error


def _named(known: tuple[str, str, str]) -> str:
    """Return the name of an app's and a seller's shared budget, which tells nobody who they are."""
    return f"amazon:{hashlib.sha256(repr(known).encode()).hexdigest()[:32]}"


@contextmanager
def understood(*, write: bool = False) -> Iterator[None]:
    """Take an answer that is not of Amazon's own model for a passing failure.

    Raises:
        PlatformError: `TRANSIENT`; `UNKNOWN_OUTCOME` if it answers a write, which then was sent.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _not_of_its_model(repr(error), write=write) from error


def listed(node: Node, name: str) -> list[Node]:
    """Return a member that is a list of objects; Amazon answers an empty one as null, or not at all."""
    return node.get(name) or []


def _error(rows: tuple[KnownError, ...], answer: Answer, *, write: bool) -> PlatformError:
    code, text = refusal(answer.body, answer.text)
    reason = reason_of(rows, answer.status, code, text, write=write)
    return PlatformError(reason, text, outcome_unknown=reason == "UNKNOWN_OUTCOME", call=answer.call)


def _not_of_its_model(what: str, *, write: bool) -> PlatformError:
    reason = "UNKNOWN_OUTCOME" if write else "TRANSIENT"
    return PlatformError(reason, f"Amazon's answer is not of its model: {what}", outcome_unknown=write)
