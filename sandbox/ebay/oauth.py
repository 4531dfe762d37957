"""Access tokens: ``POST /identity/v1/oauth2/token``.

https://developer.ebay.com/api-docs/static/oauth-refresh-token-request.html and
https://developer.ebay.com/api-docs/static/oauth-client-credentials-grant.html
"""

import base64
import binascii
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from flask import Response

from sandbox.ebay.errors import answer
from sandbox.ebay.seller import SCOPE, TOKEN_LIFE, Seller

_REFUSALS: Final = {
    "invalid_client": (401, "client authentication failed"),
    "invalid_grant": (
        400,
        "the provided authorization refresh token is invalid or was issued to another client",
    ),
    "invalid_scope": (
        400,
        "The requested scope is invalid, unknown, malformed, or exceeds the scope granted to the client",
    ),
    "unsupported_grant_type": (
        400,
        "grant type in request is not supported by the authorization server",
    ),
    "invalid_request": (400, "request is missing a required parameter or malformed."),
}


def grant(seller: Seller, authorization: str, form: Mapping[str, str], now: datetime) -> Response:
    """Answer a request for an access token.

    Args:
        seller: Whose application asks.
        authorization: The ``Authorization`` header.
        form: The form sent.
        now: The present time.
    """
    refused = _refused(seller, authorization, form)
    if refused is not None:
        return _refuse(refused)
    user = form["grant_type"] == "refresh_token"
    allowed = frozenset(seller.scopes if user else {SCOPE})
    asked = frozenset(form.get("scope", "").split()) or allowed
    if not asked <= allowed:
        return _refuse("invalid_scope")
    return answer(
        {
            "access_token": seller.issue(asked, now, user=user),
            "expires_in": int(TOKEN_LIFE.total_seconds()),
            "token_type": "User Access Token" if user else "Application Access Token",
        }
    )


def _refused(seller: Seller, authorization: str, form: Mapping[str, str]) -> str | None:
    """Return why a request is refused, whatever its scopes."""
    kind, refresh_token = form.get("grant_type"), form.get("refresh_token")
    if not _is_client(seller, authorization):
        return "invalid_client"
    if not kind or (kind == "refresh_token" and not refresh_token):
        return "invalid_request"
    if kind not in {"client_credentials", "refresh_token"}:
        return "unsupported_grant_type"
    if refresh_token and (seller.revoked or not _same(refresh_token, seller.refresh_token)):
        return "invalid_grant"
    return None


def _is_client(seller: Seller, authorization: str) -> bool:
    scheme, _, value = authorization.partition(" ")
    try:
        given = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    name, _, secret = given.partition(":")
    known = _same(name, seller.client_id) and _same(secret, seller.client_secret)
    return scheme.lower() == "basic" and known


def _same(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode(), wanted.encode())


def _refuse(error: str) -> Response:
    status, description = _REFUSALS[error]
    return answer({"error": error, "error_description": description}, status)
