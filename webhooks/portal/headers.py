"""What browsers are told about our answers: what they may run, who may frame them, and that TLS is a must."""

from typing import Final

from flask import Flask, Response, request

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
}
_HSTS: Final = "max-age=31536000"


def protect(app: Flask, portal: Portal) -> None:
    """Send the headers along with every answer of the web process; a page may loosen its own policy."""

    def add(response: Response) -> Response:
        set_already = {name.lower() for name, _ in response.headers}
        response.headers.extend(
            [(name, value) for name, value in _HEADERS.items() if name.lower() not in set_already]
        )
        if portal.is_behind_tls:
            response.headers["Strict-Transport-Security"] = _HSTS
        if request.endpoint != "portal.static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    app.after_request(add)
