"""What every request to the API passes: who asks, whether they may, how often, whether it was done before.

Each operation names its least role (`webhooks.api.operations`); this is the only place that looks at it.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import structlog
from flask import Response, current_app, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from ledger import installation, people
from ledger.models import ApiToken, Role
from webhooks.api.errors import UNREACHABLE, Refusal
from webhooks.api.keeping import Keeper
from webhooks.api.limits import Limiter, Standing
from webhooks.api.tools import Caller, Tools

LARGEST: Final = 256 * 1024
"""Bytes of a request's body; the longest list of refunds has a tenth of it."""

LEAST_ROLE: Final = "least_role"
"""The attribute in which an operation's view names its least role."""

_SCHEME: Final = "bearer"
_REALM: Final = 'Bearer realm="refund-sync"'

_log = structlog.stdlib.get_logger(__name__)


class Gate:
    """Lets requests in, and sees their answers out."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._limiter = Limiter(tools.redis)
        self._keeper = Keeper(tools.database, tools.clock)

    def enter(self) -> Response | None:
        """Let a request in, or return the answer it was given before.

        Raises:
            Refusal: If it is not let in.
            ledger.idempotency.IdempotencyError: If its key is in use for something else.
        """
        text = _bearer(request.headers.get("Authorization", ""))
        with self._tools.database.read() as session:
            token = people.by_token(session, text, now=self._tools.clock()) if text else None
            limit = int(installation.load(session).api_requests_per_minute)
        if token is None:
            raise _unauthorized(is_given=bool(text))
        g.api_caller = Caller(token.id, token.name, token.role)
        self._count(token, limit)
        _check_role(token.role)
        if request.method != "POST":
            return None
        _check_body()
        return self._keeper.begin(token.id)

    def leave(self, answer: Response) -> Response:
        """See an answer out: keep it under its key, and add what every answer has."""
        standing: Standing | None = g.get("api_standing")
        if standing is not None:
            answer.headers.update(standing.headers)
        try:
            self._keeper.end(answer)
        except UNREACHABLE as error:  # it was done, or not, all the same
            _log.warning("answer_not_kept", detail=type(error).__name__)
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        who: Caller | None = g.get("api_caller")
        _log.info(
            "api",
            method=request.method,
            route=str(request.url_rule),
            status=answer.status_code,
            token=who.name if who else "",
        )
        return answer

    def _count(self, token: ApiToken, limit: int) -> None:
        standing = self._limiter.count(token.id, limit)
        if standing is None:
            return
        g.api_standing = standing
        if standing.is_over:
            message = f"This token has {limit} requests a minute."
            raise Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                "rate_limited",
                message,
                {"Retry-After": str(standing.reset)},
            )


def _bearer(header: str) -> str:
    """Return the token of an `Authorization` header (RFC 6750 section 2.1); empty if there is none."""
    scheme, _, text = header.partition(" ")
    return text.strip() if scheme.lower() == _SCHEME else ""


def _unauthorized(*, is_given: bool) -> Refusal:
    challenge = f'{_REALM}, error="invalid_token"' if is_given else _REALM
    message = (
        "This token does not exist, was revoked or is expired."
        if is_given
        else "A bearer token is needed; `refund-sync token add` makes one."
    )
    return Refusal(HTTPStatus.UNAUTHORIZED, "unauthorized", message, {"WWW-Authenticate": challenge})


def _check_role(role: Role) -> None:
    view: Callable[..., object] = current_app.view_functions[request.endpoint or ""]
    least: Role = getattr(view, LEAST_ROLE)
    if not role.may(least):
        raise Refusal(
            HTTPStatus.FORBIDDEN,
            "forbidden",
            f"This needs the role {least}; the token's is {role}.",
            {"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{least}"'},
        )


def _check_body() -> None:
    # One more than is taken: of a body in chunks Werkzeug silently returns as much as the limit.
    request.max_content_length = LARGEST + 1
    body = request.get_data(cache=True)
    if len(body) > LARGEST:
        raise RequestEntityTooLarge
    if body and request.mimetype != "application/json":
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "A body is application/json."
        )
