"""The one way to a platform: timeouts, limits, masking and the record of every call."""

import copy
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Self
from urllib.parse import urlencode, urlsplit

import requests
from requests.auth import AuthBase

from ledger import exact_json, transport
from ledger.clock import utcnow
from ledger.masking import masked_url
from workers.platforms.buckets import Buckets
from workers.platforms.errors import Call, PlatformError
from workers.platforms.journal import Journal

__all__ = ["Answer", "Http", "Journal", "over_by"]

CONNECT_TIMEOUT: Final = 5.0
"""Seconds to connect in, TLS included."""

LARGEST_ANSWER: Final = 20 * 1024 * 1024
"""Bytes, once unpacked."""

_CHUNK: Final = 64 * 1024
_MARGIN: Final = 10.0  # seconds a whole call may take beyond the read timeout
_REQUEST_IDS: Final = ("X-Request-Id", "X-N-OperationId", "x-amzn-RequestId")  # Shopify, NetSuite, Amazon

Count = Callable[[Call, float], None]
"""Told each call, whether or not there was an answer, and how long it took in seconds."""

Left = Callable[[str, float], None]
"""Told what is left of a rate limit, by the resource that is limited."""

_over: ContextVar[float] = ContextVar("over", default=float("inf"))


@contextmanager
def over_by(moment: float) -> Iterator[None]:
    """Let no call of this thread begin after a moment of the monotonic clock, or last beyond it.

    What a worker has claimed is taken for abandoned when its lease ends, so that nothing may be sent then.
    """
    token = _over.set(moment)
    try:
        yield
    finally:
        _over.reset(token)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a platform answered, whatever its status.

    Attributes:
        headers: Names in any case.
        body: The JSON of the body; None where it is empty or no JSON.
        text: The body as it came.
        call: What was called.
        content: The body's bytes, for what is no text.
    """

    status: int
    headers: Mapping[str, str]
    body: Any
    text: str
    call: Call
    content: bytes = b""

    @property
    def ok(self) -> bool:
        """Return whether the platform says it did what it was asked."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class _TooLargeError(Exception):
    """The answer is larger than any answer of a platform's API."""


class Http:
    """Makes calls and writes them down; safe to share between threads that share a journal.

    Redirects are not followed: no platform API answers with one, and credentials must not follow it.

    Args:
        read_timeout: Seconds to wait for the next bytes of an answer.
        allow_private: Whether calls may go to private and local addresses, and without TLS.
        user_agent: Says who calls.
        journal: Records the calls; one of its own where none is given.
        total_timeout: Seconds a whole call may take; by default 10 more than `read_timeout`.
    """

    def __init__(
        self,
        *,
        read_timeout: float,
        allow_private: bool,
        user_agent: str,
        journal: Journal | None = None,
        total_timeout: float | None = None,
    ) -> None:
        self.journal = Journal() if journal is None else journal
        self._read_timeout = read_timeout
        self._total_timeout = read_timeout + _MARGIN if total_timeout is None else total_timeout
        self._allow_private = allow_private
        self._user_agent = user_agent
        self._count: Count | None = None
        self._left: Left | None = None
        self.buckets: Buckets | None = None

    def counted(self, count: Count, left: Left, buckets: Buckets | None = None) -> Self:
        """Return the same transport with others to tell of its calls, and of what may still be called.

        Args:
            count: Told each call.
            left: Told what is left of a rate limit.
            buckets: What clients may draw from that share a limit with other processes.
        """
        same = copy.copy(self)
        same._count, same._left, same.buckets = count, left, buckets  # noqa: SLF001 - it is one of us
        return same

    def tell_left(self, resource: str, left: float | None) -> None:
        """Tell what is left of a rate limit.

        Args:
            resource: What is limited: an operation, or whatever the platform counts together.
            left: In the platform's units; None where nobody knows.
        """
        if self._left is not None and left is not None:
            self._left(resource, left)

    @property
    def longest_call(self) -> float:
        """Return how long a call can take at most, in seconds, connecting included."""
        return self._total_timeout + CONNECT_TIMEOUT

    def call(
        self,
        method: str,
        url: str,
        *,
        write: bool,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | Sequence[str]] | None = None,
        json: Any = None,  # noqa: ANN401 - JSON may be anything
        form: Mapping[str, str] | None = None,
        text: tuple[str, str] | None = None,
        auth: AuthBase | None = None,
    ) -> Answer:
        """Make one call and return the answer, of whatever status.

        Args:
            method: HTTP method.
            url: Absolute URL.
            write: Whether the call is to change something on the platform.
            headers: Besides `User-Agent`, `Accept` and `Content-Type`.
            params: Query parameters; one with several values is sent several times.
            json: Body to send as JSON; Decimals are sent digit by digit.
            form: Body to send as a form, instead of `json`.
            text: Body to send as it is, and its content type, instead of `json`.
            auth: Signs the request.

        Raises:
            PlatformError: If there was no whole answer: `TRANSIENT` where nothing took effect,
                `UNKNOWN_OUTCOME` where a write may have, `REFUSED` where the call was not allowed out.
        """
        body, content_type = text or _encoded(json, form)
        sent_headers = {
            "User-Agent": self._user_agent,
            "Accept": "application/json",
            **({"Content-Type": content_type} if content_type else {}),
            **(headers or {}),
        }
        request = requests.Request(
            method,
            url,
            headers=sent_headers,
            data=body.encode() or None,
            params=dict(params or {}),
            auth=auth,
        )
        deadline = min(time.monotonic() + self._total_timeout, _over.get())
        exchange = transport.Exchange(deadline, self._read_timeout, self._allow_private)
        return self._recorded(request, body, exchange, write=write)

    def _recorded(
        self, request: requests.Request, body: str, exchange: transport.Exchange, *, write: bool
    ) -> Answer:
        started, begun = utcnow(), time.monotonic()
        status: int | None = None
        request_id, outcome, content, url = "", "", b"", request.url
        try:
            response, content = self._exchange(request, exchange)
            status, url = response.status_code, response.url
            request_id = next(
                (response.headers[name] for name in _REQUEST_IDS if name in response.headers), ""
            )
            outcome = content.decode("utf-8", "replace")
        except (requests.RequestException, OSError, ValueError, _TooLargeError) as error:
            outcome = exchange.refused or f"{type(error).__name__}: {error}"
            raise _failure(
                error, exchange, outcome, Call(request.method, masked_url(url), status), write=write
            ) from error
        finally:
            call = Call(request.method, masked_url(url), status, request_id)
            if self._count is not None:
                self._count(call, time.monotonic() - begun)
            self.journal.record(
                at=started,
                method=request.method,
                url=url,
                status=status,
                milliseconds=round((time.monotonic() - begun) * 1000),
                request=body,
                response=outcome,
                request_id=request_id,
            )
        return Answer(status, response.headers, _json(outcome), outcome, call, content)

    def _exchange(
        self, request: requests.Request, exchange: transport.Exchange
    ) -> tuple[requests.Response, bytes]:
        with transport.under_way(exchange):
            session = transport.session(allow_private=self._allow_private)
            self._check_scheme(request.url, exchange)
            response = session.send(
                session.prepare_request(request),
                stream=True,
                allow_redirects=False,
                timeout=(CONNECT_TIMEOUT, self._read_timeout),
            )
            try:
                return response, _content(response)
            finally:
                response.close()

    def _check_scheme(self, url: str, exchange: transport.Exchange) -> None:
        if urlsplit(url).scheme != "https" and not self._allow_private:
            exchange.refused = "a platform is called over https only"
            raise requests.exceptions.InvalidSchema(exchange.refused)


def _encoded(json: Any, form: Mapping[str, str] | None) -> tuple[str, str]:  # noqa: ANN401 - JSON may be anything
    if form is not None:
        return urlencode(form), "application/x-www-form-urlencoded"
    return ("", "") if json is None else (exact_json.dumps(json), "application/json")


def _content(response: requests.Response) -> bytes:
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_content(_CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST_ANSWER:
            raise _TooLargeError(f"the answer is larger than {LARGEST_ANSWER} bytes")
    return b"".join(chunks)


def _json(text: str) -> Any:  # noqa: ANN401 - JSON may be anything
    try:
        return exact_json.loads(text)
    except exact_json.NotJsonError:
        return None


def _failure(
    error: Exception, exchange: transport.Exchange, outcome: str, call: Call, *, write: bool
) -> PlatformError:
    """Return what a call without a whole answer means."""
    if exchange.sent and write:
        return PlatformError("UNKNOWN_OUTCOME", outcome, outcome_unknown=True, call=call)
    # ValueError: the request could not even be made, so making it again is no use.
    if exchange.refused or isinstance(error, ValueError | _TooLargeError):
        return PlatformError("REFUSED", outcome, call=call)
    return PlatformError("TRANSIENT", outcome, call=call)
