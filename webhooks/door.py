"""The door of deliveries: they are answered before Flask makes a request of its own of them.

A route, two contexts, the hooks and the headers of a page are nothing to a page, and a seventh of all that is
done for a delivery (docs/decisions/0020). What does not come to an address as we give it out goes Flask's
way, where the same is done.
"""

import sys
from collections.abc import Callable, Iterable
from http import HTTPStatus
from types import TracebackType
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request

from webhooks.endpoints import path_of
from webhooks.outcome import Outcome, refused
from webhooks.receive import BodyError, Reception

MAX_BODY: Final = 5 * 1024 * 1024
"""The largest body taken, in bytes."""

ROUTE: Final = path_of("<source>", "<account>")
"""Where deliveries come, as Flask has it."""

Failure = tuple[type[BaseException], BaseException, TracebackType]
"""An exception as `sys.exc_info` tells it."""

_ROOT: Final = path_of("", "").rstrip("/") + "/"
_STATUS: Final = {status: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Door:
    """A WSGI application around another one.

    Args:
        reception: Takes deliveries in.
        inner: Answers everything else.
        on_failure: Is told what nobody foresaw, with the method and the path.
    """

    def __init__(
        self,
        reception: Reception,
        inner: WSGIApplication,
        on_failure: Callable[[str, str, Failure], None],
    ) -> None:
        self._reception = reception
        self._inner = inner
        self._on_failure = on_failure

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        source, account = _address(environ)
        if not account:
            return self._inner(environ, start_response)
        request = Request(environ, populate_request=False)
        try:
            status, headers, body = _answer(receive(self._reception, source, account, request))
        except Exception:  # noqa: BLE001 - as Flask does with what nobody foresaw
            self._on_failure("POST", environ["PATH_INFO"], sys.exc_info())  # type: ignore[arg-type] # there is one
            failed = refused(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_server_error")
            status, headers, body = _answer(failed)
        start_response(_STATUS[status], headers)
        return [body]


def receive(reception: Reception, source: str, account: str, request: Request) -> Outcome:
    """Take one request in.

    Args:
        reception: Takes it in.
        source: The platform, as in the address.
        account: As in the address.
        request: Its body is not read yet.
    """
    return reception.receive(source, account, _headers(request.environ), lambda: _read_body(request))


def _answer(outcome: Outcome) -> tuple[HTTPStatus, list[tuple[str, str]], bytes]:
    """Return status, headers and body as they are sent."""
    reply = outcome.reply
    headers = [("X-Content-Type-Options", "nosniff"), *outcome.headers.items()]
    if reply.status is HTTPStatus.NO_CONTENT:  # https://www.rfc-editor.org/rfc/rfc9110#section-8.6
        return reply.status, headers, b""
    body = reply.body.encode()
    headers += [("Content-Type", reply.content_type), ("Content-Length", str(len(body)))]
    return reply.status, headers, body


def _address(environ: WSGIEnvironment) -> tuple[str, str]:
    """Return platform and account of a delivery's address; nothing where it is none as we give it out."""
    path = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] != "POST" or not path.startswith(_ROOT) or not path.isascii():
        return "", ""
    source, slash, account = path.removeprefix(_ROOT).partition("/")
    return ("", "") if not source or not slash or "/" in account else (source, account)


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    """Return a request's headers by their names in lower case, without what Werkzeug makes of each."""
    named = {
        name[5:].replace("_", "-").lower(): text for name, text in environ.items() if name.startswith("HTTP_")
    }
    of_body = (("content-type", "CONTENT_TYPE"), ("content-length", "CONTENT_LENGTH"))
    return named | {name: text for name, key in of_body if (text := environ.get(key))}


def _read_body(request: Request) -> bytes:
    """Return the raw bytes of the request, whether its length was stated, or stated wrongly, or not at all.

    Raises:
        webhooks.receive.BodyError: If there are too many of them, or fewer than stated.
    """
    if (request.content_length or 0) > MAX_BODY:
        raise BodyError("too_large")
    # One more than is taken: of a body in chunks Werkzeug silently returns as much as the limit.
    request.max_content_length = MAX_BODY + 1
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise BodyError("too_large") from None
    except Exception:  # noqa: BLE001 - the client is gone, or the server found chunks that are none, and has errors of its own
        raise BodyError("incomplete_body") from None
    if len(body) > MAX_BODY:
        raise BodyError("too_large")
    return body
