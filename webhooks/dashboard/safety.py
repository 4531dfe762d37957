"""What every request to the dashboard has to pass, and what its answers allow a browser to do."""

import secrets
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from flask import Request, Response, g

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_NOWHERE: Final = ("", "", None)


class ForeignOriginError(Exception):
    """Raised when a request that changes something was not made by one of our own pages.

    Attributes:
        reason: Always `foreign_origin`.
    """

    reason = "foreign_origin"
    status = HTTPStatus.FORBIDDEN


def least_role(method: str) -> str:
    """Return the least role that may use an HTTP method: a viewer's to look, an operator's to change."""
    return "viewer" if method in _READING else "operator"


def require_same_origin(request: Request, public_url: str = "") -> None:
    """Refuse a changing request of another site's page.

    Browsers say where a request comes from, in `Sec-Fetch-Site` over HTTPS and on this host
    (https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header), elsewhere and in older ones by `Origin`.
    Who says neither is no browser with an operator's session in it, and is refused, too.

    Args:
        request: The request.
        public_url: Where people reach us, if a proxy does not hand on the host they asked for.

    Raises:
        ForeignOriginError: If the request is not one of our own pages'.
    """
    if request.method in _READING:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is None and origin is None:
        raise ForeignOriginError("the request does not say which page made it")
    ours = {_address(request.host_url), _address(f"https://{request.host}"), _address(public_url)}
    # A proxy that ends TLS for us may have made http of https.
    if site != "same-origin" if site is not None else _address(origin or "") not in ours - {_NOWHERE}:
        raise ForeignOriginError("the request was made by a page of another site")


def _address(origin: str) -> tuple[str, str, int | None]:
    """Return an origin's scheme, host and port; `_NOWHERE` if it has none, as `null` has not."""
    try:
        parts = urlsplit(origin)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return _NOWHERE
    return (parts.scheme, parts.hostname, port) if parts.hostname else _NOWHERE


def nonce() -> str:
    """Return what marks this answer's own scripts; the same one all through a request."""
    if "dashboard_nonce" not in g:
        g.dashboard_nonce = secrets.token_urlsafe(18)
    return str(g.dashboard_nonce)


def protect(answer: Response) -> Response:
    """Give an answer the dashboard's content policy, and keep it out of frames and caches.

    `unsafe-eval` is what Underscore's templates need, which rq-dashboard draws its tables with, and the nonce
    is for scripts of this very answer. Nothing else is looser than elsewhere.
    """
    answer.headers["Content-Security-Policy"] = "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce()}' 'unsafe-eval'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["Cache-Control"] = "no-store"
    return answer
