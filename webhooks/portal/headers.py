"""What browsers are told about our answers: what they may run, who may frame them, and that TLS is a must."""

from collections.abc import Callable, Iterable
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask

from webhooks.portal.context import Portal

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""The content security policy: our own files only, nothing inline, no frames."""

_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`, with which browsers send `Origin: null` along with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_HSTS: Final = "max-age=31536000"


def protect(app: Flask, portal: Portal) -> None:
    """Send the headers along with every answer to a browser; a page may loosen its own policy.

    Put around the application and not into its answers, which would check each header anew. What platforms
    deliver is answered further out (`webhooks.door`).
    """
    inner = app.wsgi_app
    hsts = {"Strict-Transport-Security": _HSTS} if portal.is_behind_tls else {}
    all_answers = [(name.lower(), (name, text)) for name, text in (_HEADERS | hsts).items()]

    def protected(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Callable[[bytes], object]:  # noqa: ANN401 - as WSGI has it
            set_already = {name.lower() for name, _ in headers}
            headers.extend([header for name, header in all_answers if name not in set_already])
            return start_response(status, headers, *rest)

        return inner(environ, start)

    app.wsgi_app = protected  # type: ignore[method-assign] # as Flask documents
