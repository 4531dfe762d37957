"""Only forms of our own pages change anything.

Two locks, either of which would do: the browser says that the request comes from our own pages
(https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header, or Origin where a browser is older), and the
form holds a token bound to the browser's cookie.
"""

import hmac
from typing import Final
from urllib.parse import urlsplit

from flask import request
from werkzeug.exceptions import BadRequest

from webhooks.portal import context
from webhooks.portal.visitors import csrf_token, visitor

FIELD: Final = "csrf_token"
"""The name of the forms' hidden field."""

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class ForeignFormError(BadRequest):
    """Raised when a form was not sent from one of our pages, or the page is from before signing in or out.

    Attributes:
        reason: `foreign_form`.
    """

    reason = "foreign_form"
    description = (
        "This form was not sent from this page, or the page is too old. Go back, load it again and try once "
        "more; your browser must accept this site's cookies."
    )


def check() -> None:
    """Refuse a request that changes something and does not come from our own pages.

    Raises:
        ForeignFormError: If it does not.
    """
    if request.method in _SAFE:
        return
    sent = request.form.get(FIELD, "")
    if (
        not is_same_origin()
        or not visitor().token
        or not hmac.compare_digest(sent.encode(), csrf_token().encode())
    ):
        raise ForeignFormError


def is_same_origin() -> bool:
    """Tell whether the browser says that the request comes from our own pages, or says nothing."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is None or origin in {_origin(request.host_url), _origin(context.current().public_url)}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
