"""How an operation of the API is declared: its address, its least role, the shapes of what goes in and out.

The OpenAPI description is made of these declarations, so that it tells what is done.
"""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Request
from flask_smorest import Api, Blueprint  # type: ignore[import-untyped] # the package has no types
from marshmallow import RAISE, Schema
from webargs import missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException

from ledger.models import Role
from webhooks.api import errors
from webhooks.api.gate import LEAST_ROLE, Gate
from webhooks.api.keeping import HEADER, PATTERN
from webhooks.parsing import ParseError, parse

NUMBER: Final = f"<int(min=1, max={2**63 - 1}):number>"
"""The part of an address that is a row's id, as the view's argument `number`."""

SECURITY: Final = "token"
"""What the description calls our bearer tokens."""

_KEY: Final = {
    "in": "header",
    "name": HEADER,
    "description": "Chosen by the client, best a UUID: for 24 hours the same request is answered the same "
    "under it, and not done again. Without it a request is done as often as it is sent: only the client "
    "knows which of its requests are the same one again.",
    "schema": {"type": "string", "pattern": PATTERN},
}
_ALWAYS: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus(422),
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_OF_POST: Final = (
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)


class _Parser(FlaskParser):
    """Reads what came in: a field that nobody knows is refused, not passed over."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {"query": RAISE, "json": RAISE}  # noqa: RUF012 - webargs' own type

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ANN401, ARG002 - webargs' own signature
        """Return the body, read as carefully as a webhook's.

        Raises:
            webhooks.api.errors.Refusal: If it is not JSON.
        """
        body = req.get_data(cache=True)
        if not body:
            return missing
        try:
            return parse(body)
        except ParseError as error:
            raise errors.Refusal(HTTPStatus.BAD_REQUEST, "not_json", f"{error}.") from None


class _Blueprint(Blueprint):  # type: ignore[misc] # the package has no types
    ARGUMENTS_PARSER = _Parser()


class Description(Api):  # type: ignore[misc] # the package has no types
    """The OpenAPI description, at `openapi.json`."""

    ERROR_SCHEMA = errors.ErrorSchema

    def _register_error_handlers(self) -> None:
        """Leave refusals to the application: the API is not all there is of it."""


class Operations:
    """Operations that belong together."""

    def __init__(self, name: str, description: str) -> None:
        self.blueprint = _Blueprint(name, __name__, url_prefix=errors.PREFIX, description=description)

    def get(
        self,
        path: str,
        view: Callable[..., object],
        *,
        role: Role,
        answers: type[Schema],
        query: type[Schema] | None = None,
    ) -> None:
        """Declare what can be looked at.

        Args:
            path: Below the API's prefix.
            view: Takes the path's parts and `query` as keyword arguments, and returns what `answers` dumps.
            role: The least role.
            answers: The shape of the answer.
            query: The shape of the query.
        """
        if query is not None:
            view = self.blueprint.arguments(query, location="query", arg_name="query")(view)
        self._declare("GET", path, view, role, answers, HTTPStatus.OK, {})

    def post(
        self,
        path: str,
        view: Callable[..., object],
        *,
        role: Role,
        answers: type[Schema],
        body: type[Schema] | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> None:
        """Declare what can be done.

        Args:
            path: Below the API's prefix.
            view: Takes the path's parts and `body` as keyword arguments, and returns what `answers` dumps.
            role: The least role.
            answers: The shape of the answer.
            body: The shape of the body; where none of its fields is required it may be left out.
            status: The answer's status.
        """
        if body is not None:
            needed = any(field.required for field in body().fields.values())
            view = self.blueprint.arguments(body, arg_name="body", required=needed)(view)
        self._declare("POST", path, view, role, answers, status, {"parameters": [_KEY]})

    def _declare(
        self,
        method: str,
        path: str,
        view: Callable[..., object],
        role: Role,
        answers: type[Schema],
        status: HTTPStatus,
        description: Mapping[str, Any],
    ) -> None:
        view = self.blueprint.response(status, answers)(view)
        view = self.blueprint.doc(security=[{SECURITY: [role.value]}], **description)(view)
        # As `alt_response` does for one, but without a layer around the view for each.
        refused = (*_ALWAYS, *(_OF_POST if method == "POST" else ()))
        told = vars(view)["_apidoc"]["response"]
        told["responses"] = {each: [each.name] for each in refused} | told["responses"]
        setattr(view, LEAST_ROLE, role)
        name = re.sub(r"<.*?>|[^a-z]+", "_", f"{method.lower()}{path}")
        self.blueprint.add_url_rule(path, name, view, methods=[method])

    def guard(self, gate: Gate) -> None:
        """Have every request pass the gate, and every refusal get the API's shape."""
        self.blueprint.before_request(gate.enter)
        self.blueprint.after_request(gate.leave)
        self.blueprint.register_error_handler(errors.Refusal, errors.refused)
        self.blueprint.register_error_handler(HTTPException, errors.http_error)
        for kind in errors.FORESEEN:
            self.blueprint.register_error_handler(kind, errors.foreseen)
        for kind in errors.UNREACHABLE:
            self.blueprint.register_error_handler(kind, errors.unreachable)
