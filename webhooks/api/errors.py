"""The one shape of every refusal of the API: `{"code", "message", "errors"}`."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import Response
from marshmallow import Schema, fields
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from ledger.accounts import AccountError
from ledger.actions import ActionError
from ledger.idempotency import IdempotencyError
from ledger.policy import PolicyError
from ledger.queries import DeliveryNotFoundError
from ledger.refunds import RefundNotFoundError
from ledger.requests import RequestNotFoundError
from ledger.runs import RunError
from ledger.states import IllegalTransitionError
from webhooks.endpoints import NoSuchEndpointError
from webhooks.replay import ErasedError
from webhooks.sources.protocol import UnreadableError

PREFIX: Final = "/api/v1"
"""Below which everything is answered by the API, its refusals included."""

RETRY_AFTER: Final = 10  # seconds until a client should try again while the ledger cannot be reached

UNREACHABLE: Final = (OperationalError, InterfaceError, PoolTimeoutError)
"""The ledger cannot be reached, or others hold what is needed for too long."""

_NOT_FOUND, _CONFLICT = HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT
_UNPROCESSABLE: Final = HTTPStatus(422)
_FORESEEN: Final[Mapping[type[Exception], HTTPStatus]] = {
    AccountError: _NOT_FOUND,
    ActionError: _UNPROCESSABLE,
    DeliveryNotFoundError: _NOT_FOUND,
    ErasedError: _CONFLICT,
    IdempotencyError: _CONFLICT,
    IllegalTransitionError: _CONFLICT,
    NoSuchEndpointError: _CONFLICT,
    PolicyError: _CONFLICT,
    RefundNotFoundError: _NOT_FOUND,
    RequestNotFoundError: _NOT_FOUND,
    RunError: _CONFLICT,
    UnreadableError: _CONFLICT,
}
_BY_REASON: Final[Mapping[str, HTTPStatus]] = {
    "bad_period": _UNPROCESSABLE,
    "idempotency_key_reused": _UNPROCESSABLE,
    "not_found": _NOT_FOUND,
}

FORESEEN: Final = tuple(_FORESEEN)
"""What the ledger refuses, each with a `reason` that becomes the answer's code."""


class Refusal(Exception):  # noqa: N818 - what is answered, not what went wrong
    """Raised when a request is not done.

    Attributes:
        reason: The answer's code.
        status: The answer's HTTP status.
        headers: The answer's further headers.
    """

    def __init__(
        self, status: HTTPStatus, reason: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.headers = headers or {}


class ErrorSchema(Schema):
    """Why a request was not done."""

    code = fields.String(required=True, metadata={"description": "Stable, for programs."})
    message = fields.String(required=True, metadata={"description": "For people."})
    errors = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={"description": "What is wrong with which field of `query` or `json`, if any is."},
    )


def is_ours(path: str) -> bool:
    """Tell whether a path is the API's, so that refusals of it have the API's shape."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def refused(error: Refusal) -> Response:
    """Answer what the API itself refuses."""
    return _answer(error.status, error.reason, str(error), headers=error.headers)


def foreseen(error: Exception) -> Response:
    """Answer what the ledger refuses; one of `FORESEEN`."""
    reason = str(getattr(error, "reason", ""))
    status = next(status for kind, status in _FORESEEN.items() if isinstance(error, kind))
    return _answer(_BY_REASON.get(reason, status), reason, str(error))


def unreachable(_: Exception) -> Response:
    """Answer while the ledger cannot be reached."""
    return _answer(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "ledger_unreachable",
        "The ledger cannot be reached; nothing was done that is not shown there.",
        headers={"Retry-After": str(RETRY_AFTER)},
    )


def http_error(error: HTTPException) -> Response:
    """Answer what Flask or the validation of a request refuses."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    found: object = getattr(error, "data", {}).get("messages", {})
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    if found:
        message = "The request is not as it must be; see errors."
        return _answer(status, "validation_failed", message, found, headers)
    code = status.phrase.lower().replace(" ", "_")
    return _answer(status, code, status.description or status.phrase, headers=headers)


def _answer(
    status: HTTPStatus,
    code: str,
    message: str,
    found: object = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    body = json.dumps({"code": code, "message": message, "errors": found or {}})
    answer = Response(body, status, content_type="application/json")
    answer.headers.update(headers or {})
    return answer
