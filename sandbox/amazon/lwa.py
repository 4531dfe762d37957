"""Login with Amazon: access tokens for a refresh token, or for the app itself.

https://developer-docs.amazon.com/sp-api/docs/connecting-to-the-selling-partner-api and, for the refusals,
https://developer.amazon.com/docs/login-with-amazon/authorization-code-grant.html
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final

from sandbox.amazon.seller import NOTIFICATION_SCOPE, TOKEN_LIFE, Seller
from sandbox.jsonish import Json

FORM: Final = "application/x-www-form-urlencoded"
SCOPES: Final = frozenset({NOTIFICATION_SCOPE, "sellingpartnerapi::client_credential:rotation"})


class DeniedError(Exception):
    """A request for a token that LWA refuses.

    Attributes:
        reason: LWA's error.
        status: HTTP status.
        description: LWA's words for it.
    """

    def __init__(self, reason: str, description: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        self.reason = reason
        self.description = description
        self.status = status
        super().__init__(description)


def grant(seller: Seller, form: Mapping[str, str], now: datetime) -> Json:
    """Give an access token.

    Args:
        seller: Whose account it is for.
        form: The request's fields.
        now: The present time.

    Raises:
        DeniedError: The request is refused.
    """
    for name in ("grant_type", "client_id", "client_secret"):
        if not form.get(name):
            raise DeniedError("invalid_request", f"The request is missing a required parameter : {name}")
    kind = form["grant_type"]
    if kind not in {"refresh_token", "client_credentials"}:
        message = "The authorization grant type is not supported by the authorization server"
        raise DeniedError("unsupported_grant_type", message)
    known = secrets.compare_digest(form["client_secret"].encode(), seller.client_secret.encode())
    if form["client_id"] != seller.client_id or not known:
        raise DeniedError("invalid_client", "Client authentication failed", HTTPStatus.UNAUTHORIZED)
    if kind == "client_credentials":
        if form.get("scope") not in SCOPES:
            raise DeniedError("invalid_scope", "An unknown scope was requested")
        return _token(seller.issue_token(now, grantless=True))
    if not form.get("refresh_token"):
        raise DeniedError("invalid_request", "The request is missing a required parameter : refresh_token")
    if form["refresh_token"] != seller.refresh_token:
        raise DeniedError("invalid_grant", "The request has an invalid grant parameter : refresh_token")
    return {**_token(seller.issue_token(now, grantless=False)), "refresh_token": seller.refresh_token}


def _token(access_token: str) -> Json:
    return {
        "access_token": access_token,
        "token_type": "bearer",
        "expires_in": int(TOKEN_LIFE.total_seconds()),
    }
