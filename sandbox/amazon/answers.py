"""How the Selling Partner API words its answers and refusals.

https://developer-docs.amazon.com/sp-api/docs/response-format and the ``ErrorList`` of each API model.
"""

import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from flask import Response

from sandbox.jsonish import dumps

RATE_HEADER: Final = "x-amzn-RateLimit-Limit"
RATED: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND})  # refusals that carry the rate
DENIED: Final = "Access to requested resource is denied."
QUOTA: Final = "You exceeded your quota for the requested resource."
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d))?")

CODES: Final = {
    400: ("InvalidInput", "Request has missing or invalid parameters and cannot be parsed."),
    401: ("Unauthorized", DENIED),
    403: ("Unauthorized", DENIED),
    404: ("NotFound", "The specified resource does not exist."),
    413: ("RequestTooLarge", "The request size exceeded the maximum accepted size."),
    415: ("UnsupportedMediaType", "The request payload is in an unsupported format."),
    429: ("QuotaExceeded", QUOTA),
    500: ("InternalFailure", "We encountered an internal error. Please try again."),
    503: ("ServiceUnavailable", "Service is temporarily unavailable. Please try again."),
}


class RefusedError(Exception):
    """A call that the API refuses.

    Attributes:
        reason: Amazon's error code.
        status: HTTP status.
        message: Amazon's words for it.
        details: More of them, may be empty.
    """

    def __init__(self, status: int, message: str = "", details: str = "", code: str = "") -> None:
        known_code, known_message = CODES[status]
        self.status = status
        self.reason = code or known_code
        self.message = message or known_message
        self.details = details
        super().__init__(self.message)


def answer(value: object, status: int = HTTPStatus.OK) -> Response:
    """Answer with JSON."""
    return Response(dumps(value), status=status, content_type="application/json")


def refusal(error: RefusedError) -> Response:
    """Answer with an error list."""
    each = {"code": error.reason, "message": error.message, "details": error.details}
    return answer({"errors": [each]}, error.status)


def invalid(message: str) -> RefusedError:
    """Return the refusal of a parameter, worded twice as Amazon does."""
    return RefusedError(HTTPStatus.BAD_REQUEST, message, message)


def moment(value: datetime) -> str:
    """Write a time as the API does: ISO 8601 in UTC, with milliseconds."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(name: str, text: str) -> datetime:
    """Read a time parameter: a date, or a date and a time with its zone.

    Raises:
        RefusedError: It is none.
    """
    try:
        if not _MOMENT.fullmatch(text):
            raise invalid(f"{name} must be in ISO 8601 format")
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(f"{name} must be in ISO 8601 format") from error
    return value if value.tzinfo else value.replace(tzinfo=UTC)
