"""What people see when something cannot be shown or done."""

from http import HTTPStatus
from typing import Final

import structlog
from flask import Response, make_response, render_template, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug import wrappers
from werkzeug.exceptions import HTTPException

from webhooks.portal import visitors

_log = structlog.stdlib.get_logger(__name__)

_MACHINES: Final = ("/webhooks/", "/api/", "/healthz", "/readyz", "/metrics")
_SAYS: Final = {
    HTTPStatus.NOT_FOUND: "There is no such page, or what it was about is gone.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This page does not take that.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong here; it was written to the log.",
}
_BUSY: Final = "The ledger cannot be reached at the moment. Nothing was changed; try again shortly."


def page(error: HTTPException) -> wrappers.Response:
    """Return a page that says what is wrong; redirects stay what they are."""
    answer = error.get_response()
    status = HTTPStatus(answer.status_code)
    if status < HTTPStatus.BAD_REQUEST:
        return answer
    made = shown(status, _SAYS.get(status) or error.description or status.description)
    for name in ("Allow", "Retry-After"):
        if name in answer.headers:
            made.headers[name] = answer.headers[name]
    return made


def ledger_page(error: SQLAlchemyError) -> Response:
    """Return a page that says that the ledger cannot be reached."""
    _log.error("failed", reason="ledger_unreachable", path=request.path, error=type(error).__name__)
    made = Response(_WITHOUT_LEDGER, HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/html; charset=utf-8")
    made.headers["Retry-After"] = "5"
    return made


def shown(status: HTTPStatus, text: str) -> Response:
    """Return a page with one sentence; where we failed, one that needs as little as can be."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        visitors.make_nobody()
    return make_response(render_template("error.html", status=status, text=text), status)


def is_for_people(path: str) -> bool:
    """Tell whether a page is the right answer at a path that does not exist."""
    return not path.startswith(_MACHINES) and request.accept_mimetypes.accept_html


# Without the frame, which would ask the ledger who is signed in.
_WITHOUT_LEDGER: Final = f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Not available</title>
<h1>Not available</h1><p>{_BUSY}</p></html>
"""
