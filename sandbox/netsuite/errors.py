"""NetSuite's error answers.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156570709583.html
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import Response

from sandbox.jsonish import Json, dumps

RFC: Final = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"
SECTIONS: Final = {
    HTTPStatus.BAD_REQUEST: "#sec10.4.1",
    HTTPStatus.FORBIDDEN: "#sec10.4.4",
    HTTPStatus.NOT_FOUND: "#sec10.4.5",
    HTTPStatus.METHOD_NOT_ALLOWED: "#sec10.4.6",
    HTTPStatus.INTERNAL_SERVER_ERROR: "#sec10.5.1",
    HTTPStatus.SERVICE_UNAVAILABLE: "#sec10.5.4",
}
CODES: Final = {
    HTTPStatus.BAD_REQUEST: "INVALID_REQUEST",
    HTTPStatus.UNAUTHORIZED: "INVALID_LOGIN",
    HTTPStatus.FORBIDDEN: "INSUFFICIENT_PERMISSION",
    HTTPStatus.NOT_FOUND: "NONEXISTENT_ID",
    HTTPStatus.METHOD_NOT_ALLOWED: "INVALID_METHOD",
    HTTPStatus.TOO_MANY_REQUESTS: "CONCURRENCY_LIMIT_EXCEEDED",
}
BAD_LOGIN: Final = (
    "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at Setup > "
    "Users/Roles > User Management > View Login Audit Trail."
)
TOO_MANY: Final = "Concurrent request limit exceeded. Request blocked."
UNEXPECTED: Final = "An unexpected error occurred. Error ID: sandbox"
NO_RECORD: Final = "The record instance does not exist. Provide a valid record instance ID."
CONTENT_TYPE: Final = "application/vnd.oracle.resource+json; type="


@dataclass(frozen=True)
class Detail:
    """One entry of ``o:errorDetails``.

    Attributes:
        detail: What is wrong, for people.
        code: ``o:errorCode``.
        path: JSON path in the request's body.
        query_param: Query parameter to blame.
        header: Request header to blame.
    """

    detail: str
    code: str
    path: str | None = None
    query_param: str | None = None
    header: str | None = None

    def as_json(self) -> Json:
        """Write the entry; what is not known is left away."""
        known = {
            "detail": self.detail,
            "o:errorPath": self.path,
            "o:errorQueryParam": self.query_param,
            "o:errorHeader": self.header,
            "o:errorCode": self.code,
        }
        return {name: value for name, value in known.items() if value is not None}


class NetSuiteError(Exception):
    """A request that NetSuite refuses.

    Attributes:
        reason: Machine-readable reason: the first detail's ``o:errorCode``.
    """

    def __init__(self, status: HTTPStatus, *details: Detail) -> None:
        super().__init__(details[0].detail)
        self.status = status
        self.details = details
        self.reason = details[0].code


def bad_request(code: str, detail: str, path: str | None = None) -> NetSuiteError:
    """Return a 400 with one detail."""
    return NetSuiteError(HTTPStatus.BAD_REQUEST, Detail(detail, code, path))


def user_error(detail: str, path: str | None = None) -> NetSuiteError:
    """Return the 400 that business rules answer."""
    return bad_request("USER_ERROR", f"Error while accessing a resource. {detail}", path)


def invalid_value(value: object, field: str, path: str) -> NetSuiteError:
    """Return the 400 for a value a field cannot have."""
    return bad_request(
        "INVALID_CONTENT",
        f"Error while accessing resource: You have entered an Invalid Field Value {value} "
        f"for the following field: {field}",
        path,
    )


def no_record() -> NetSuiteError:
    """Return the 404 for a record that is not there."""
    return NetSuiteError(HTTPStatus.NOT_FOUND, Detail(NO_RECORD, "NONEXISTENT_ID"))


def bad_login() -> NetSuiteError:
    """Return the 401 for whatever is wrong with a login."""
    return NetSuiteError(HTTPStatus.UNAUTHORIZED, Detail(BAD_LOGIN, "INVALID_LOGIN"))


def error_response(error: NetSuiteError) -> Response:
    """Answer an error."""
    body = {
        "type": RFC + SECTIONS.get(error.status, ""),
        "title": error.status.phrase,
        "status": error.status.value,
        "o:errorDetails": [each.as_json() for each in error.details],
    }
    response = Response(dumps(body), status=error.status, content_type=f"{CONTENT_TYPE}error")
    if error.status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = (
            'OAuth error="token_rejected", error_description="Invalid login attempt."'
        )
    return response


def status_error(status: int) -> NetSuiteError:
    """Return the documented error for an HTTP status."""
    http = HTTPStatus(status)
    texts = {
        HTTPStatus.UNAUTHORIZED: BAD_LOGIN,
        HTTPStatus.NOT_FOUND: NO_RECORD,
        HTTPStatus.TOO_MANY_REQUESTS: TOO_MANY,
    }
    return NetSuiteError(http, Detail(texts.get(http, UNEXPECTED), CODES.get(http, "UNEXPECTED_ERROR")))
