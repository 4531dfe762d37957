"""Who may see and do what: each page names its least role, and this is the only place that looks at it."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final, TypeVar

from flask import Blueprint, Flask, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import Forbidden, HTTPException

from ledger.models import Role
from webhooks.portal import csrf, errors
from webhooks.portal.visitors import visitor

ANYBODY: Final = None
"""In place of a least role, for what people must reach before they are signed in."""

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


class UndeclaredError(Exception):
    """Raised when a page names no least role.

    Attributes:
        reason: Always `undeclared`.
    """

    reason = "undeclared"


class Section(Blueprint):
    """Pages that belong together; nothing of it is shown to anybody whose role is not enough.

    Attributes:
        least: The least role of each page, by its function's name.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name, __name__)
        self.least: dict[str, Role | None] = {}
        self.before_request(self._admit)
        self.register_error_handler(HTTPException, errors.page)
        self.register_error_handler(SQLAlchemyError, errors.ledger_page)

    def page(self, rule: str, role: Role | None) -> Callable[[View], View]:
        """Declare a page: what GET shows to everybody who has at least a role."""
        return self._declare(rule, role, ("GET",))

    def form(self, rule: str, role: Role | None) -> Callable[[View], View]:
        """Declare what a form does: POST, from our own pages only, by everybody who has at least a role."""
        return self._declare(rule, role, ("POST",))

    def check(self, app: Flask) -> None:
        """Check that every page of the section names its least role.

        Raises:
            UndeclaredError: If one does not.
        """
        prefix = f"{self.name}."
        for rule in app.url_map.iter_rules():
            if rule.endpoint.startswith(prefix) and rule.endpoint.removeprefix(prefix) not in self.least:
                raise UndeclaredError(f"{rule.rule} names no least role")

    def _declare(self, rule: str, role: Role | None, methods: Sequence[str]) -> Callable[[View], View]:
        def declare(view: View) -> View:
            name = view.__name__
            if self.least.setdefault(name, role) is not role:
                raise UndeclaredError(f"{name} has two least roles")
            self.add_url_rule(rule, name, view, methods=methods)
            return view

        return declare

    def _admit(self) -> ResponseReturnValue | None:
        endpoint = (request.endpoint or "").removeprefix(f"{self.name}.")
        refused = guard(self.least[endpoint])
        if refused is None:
            csrf.check()
        return refused


def guard(least: Role | None) -> Response | None:
    """Return None if whoever asks may go on, else the way to sign in.

    Raises:
        werkzeug.exceptions.Forbidden: If the person's role is not enough.
    """
    if least is ANYBODY:
        return None
    role = visitor().role
    if role is None:
        return _sign_in_first()
    if not role.may(least):
        raise Forbidden(f"This needs the role {least}; yours is {role}.")
    return None


def may(least: str) -> bool:
    """Tell whether whoever asks has at least a role; for what a page shows, not for what it refuses."""
    role = visitor().role
    return role is not None and role.may(Role(least))


def _sign_in_first() -> Response:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
    wanted = "" if wanted == "/" else wanted
    if "HX-Request" in request.headers:  # part of a page cannot hold the sign-in page
        answer = Response("", HTTPStatus.UNAUTHORIZED)
        answer.headers["HX-Redirect"] = url_for("signing_in.show")
        return answer
    where = url_for("signing_in.show", next=wanted or None)
    return Response(headers=redirect(where, HTTPStatus.SEE_OTHER).headers, status=HTTPStatus.SEE_OTHER)
