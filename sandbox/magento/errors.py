"""Magento's refusals: a message with placeholders, their values, a status.

https://developer.adobe.com/commerce/webapi/get-started/gs-web-api-response
"""

import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from flask import Response

from sandbox.jsonish import Json, dumps

Parameters = Sequence[str] | Mapping[str, str | int]

NO_ROUTE: Final = "Request does not match any route."
NO_ENTITY: Final = "The entity that was requested doesn't exist. Verify the entity and try again."
NOT_ALLOWED: Final = "The consumer isn't authorized to access %resources."
REQUIRED: Final = '"%fieldName" is required. Enter and try again.'
NOT_SAVED: Final = "Could not save a Creditmemo, see error log for details"


class MagentoError(Exception):
    """A refusal.

    Attributes:
        status: HTTP status.
        message: The message, its placeholders not filled in.
        parameters: What belongs in the placeholders: by position, or by name.
        errors: Several refusals at once.
        reason: Machine-readable reason, always ``magento_refusal``.
    """

    reason = "magento_refusal"

    def __init__(
        self,
        status: int,
        message: str,
        parameters: Parameters | None = None,
        errors: "Sequence[MagentoError]" = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.parameters = parameters
        self.errors = errors

    def body(self) -> Json:
        """Write the refusal as its JSON body; what is empty is left away."""
        body: Json = {"message": self.message}
        if self.errors:
            body["errors"] = [each.body() for each in self.errors]
        if isinstance(self.parameters, Mapping):
            body["parameters"] = dict(self.parameters)
        elif self.parameters:
            body["parameters"] = list(self.parameters)
        return body


def bad_request(message: str, parameters: Parameters | None = None) -> MagentoError:
    """Refuse a request that makes no sense."""
    return MagentoError(HTTPStatus.BAD_REQUEST, message, parameters)


def unauthorized(message: str) -> MagentoError:
    """Refuse credentials."""
    return MagentoError(HTTPStatus.UNAUTHORIZED, message)


def no_entity() -> MagentoError:
    """Refuse an id that stands for nothing."""
    return MagentoError(HTTPStatus.NOT_FOUND, NO_ENTITY)


def no_route() -> MagentoError:
    """Refuse a path that is not part of the API."""
    return MagentoError(HTTPStatus.NOT_FOUND, NO_ROUTE)


def internal_error() -> MagentoError:
    """Answer for a mistake inside, which Magento hides behind a number."""
    report = f"webapi-{secrets.token_hex(7)[:13]}"
    message = f"Internal Error. Details are available in Magento log file. Report ID: {report}"
    return MagentoError(HTTPStatus.INTERNAL_SERVER_ERROR, message)


def missing(*names: str) -> MagentoError:
    """Refuse a request without parameters that are required."""
    each = [bad_request(REQUIRED, {"fieldName": name}) for name in names]
    if len(each) == 1:
        return each[0]
    return MagentoError(HTTPStatus.BAD_REQUEST, "One or more input exceptions have occurred.", None, each)


def answer(value: object, status: int = HTTPStatus.OK) -> Response:
    """Answer with JSON."""
    return Response(dumps(value), status=status, content_type="application/json; charset=utf-8")


def refusal(error: MagentoError) -> Response:
    """Answer with a refusal."""
    return answer(error.body(), error.status)


def status_error(status: int) -> MagentoError:
    """Return what Magento, or what stands before it, says with a status."""
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return internal_error()
    phrases = {each.value: each.phrase for each in HTTPStatus}
    return MagentoError(status, phrases.get(status, "Error"))
