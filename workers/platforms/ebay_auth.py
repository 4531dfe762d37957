"""Who we are to eBay: a user token, had for the seller's refresh token.

https://developer.ebay.com/api-docs/static/oauth-refresh-token-request.html
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from ledger.clock import utcnow
from workers.platforms.ebay_errors import TOKEN_ERRORS, said_by
from workers.platforms.ebay_signature import signer
from workers.platforms.errors import CredentialsError, PlatformError, reason_of, retry_after
from workers.platforms.http import Http
from workers.platforms.tokens import Token, TokenCache

TOKEN_PATH: Final = "/identity/v1/oauth2/token"  # noqa: S105 - a path, not a secret
FINANCES: Final = "https://api.ebay.com/oauth/api_scope/sell.finances"
"""Needed for `issueRefund` and for what eBay's books say."""

SCOPES: Final = (
    "https://api.ebay.com/oauth/api_scope",  # Post-Order
    "https://api.ebay.com/oauth/api_scope/sell.fulfillment",
    FINANCES,
)
"""What is asked for unless the credentials list something else."""

_NEEDED: Final = ("client_id", "client_secret", "refresh_token")
# Those of the second line are for receiving notifications (`webhooks.sources.ebay`).
_OPTIONAL: Final = ("scopes", "marketplace", "signing", "username", "user_id", "legacy")
_MARKETPLACE: Final = re.compile(r"EBAY_[A-Z_]{2,20}")

_tokens: Final = TokenCache()


class Access:
    """Gives the access token of one seller; tokens last two hours."""

    def __init__(self, credentials: Mapping[str, Any], *, base_url: str, http: Http) -> None:
        """Ask for tokens at a host with an application's id and secret and the seller's consent."""
        self._credentials = credentials
        self._url = base_url + TOKEN_PATH
        self._http = http
        self._scopes = " ".join(scopes_of(credentials))
        known = "\n".join([*(credentials[name] for name in _NEEDED), self._scopes])
        self._holder = (self._url, hashlib.sha256(known.encode()).hexdigest())
        self._used = ""

    def token(self) -> str:
        """Return a token that is still good.

        Raises:
            PlatformError: If one was needed and not given.
        """
        self._used = _tokens.get(self._holder, self._fetch)
        return self._used

    def renew(self) -> None:
        """Forget the token that was refused."""
        _tokens.drop(self._holder, self._used)

    def _fetch(self) -> Token:
        client = f"{self._credentials['client_id']}:{self._credentials['client_secret']}"
        answer = self._http.call(
            "POST",
            self._url,
            write=False,
            headers={"Authorization": f"Basic {base64.b64encode(client.encode()).decode()}"},
            form={
                "grant_type": "refresh_token",
                "refresh_token": self._credentials["refresh_token"],
                "scope": self._scopes,
            },
        )
        if answer.ok and isinstance(answer.body, dict) and isinstance(answer.body.get("access_token"), str):
            return Token(answer.body["access_token"], float(answer.body.get("expires_in", 0)))
        said = said_by(answer.body, answer.text, TOKEN_ERRORS)
        raise PlatformError(
            "TRANSIENT"
            if answer.ok
            else reason_of(TOKEN_ERRORS, answer.status, said.code, said.text, write=False),
            f"{said.code} {said.text}".strip(),
            retry_after=retry_after(answer.headers, utcnow()),
            call=answer.call,
        )


def scopes_of(credentials: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the scopes that tokens are asked for."""
    return tuple(credentials.get("scopes") or SCOPES)


def validate_credentials(credentials: Mapping[str, Any]) -> None:
    """Refuse credentials that are not of eBay's shape.

    Needed are `client_id`, `client_secret` and `refresh_token`. There may be `scopes` (a list of those the
    seller consented to), `marketplace` (such as `EBAY_DE`), `signing` (`jwe` and `private_key`, for sellers
    in the EU and the UK), and what receiving needs: `username`, `user_id` and `legacy`.

    Raises:
        CredentialsError: The message is one sentence that names what is wrong.
    """
    missing = [name for name in _NEEDED if not _is_text(credentials.get(name))]
    if missing:
        raise CredentialsError(f"eBay credentials need a text for {', '.join(missing)}.")
    unknown = sorted(set(credentials) - {*_NEEDED, *_OPTIONAL})
    if unknown:
        raise CredentialsError(f"eBay credentials know no {', '.join(unknown)}.")
    scopes = credentials.get("scopes", list(SCOPES))
    if not isinstance(scopes, list) or not scopes or not all(_is_text(each) for each in scopes):
        raise CredentialsError("eBay credentials need a list of texts for scopes.")
    if not _MARKETPLACE.fullmatch(str(credentials.get("marketplace", "EBAY_US"))):
        raise CredentialsError("eBay credentials need a marketplace such as EBAY_US.")
    if "signing" in credentials:
        signer(credentials["signing"])


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isascii() and value.isprintable()
