"""Who we are to Shopify: a fixed access token, or client credentials that get one for a day.

https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, Protocol

from ledger.clock import utcnow
from workers.platforms.errors import CredentialsError, PlatformError, reason_of, retry_after
from workers.platforms.http import Http
from workers.platforms.shopify_errors import TOKEN_ERRORS, http_refusal
from workers.platforms.tokens import Token, TokenCache

TOKEN_PATH: Final = "/admin/oauth/access_token"  # noqa: S105 - a path, not a secret

_SHAPES: Final = (frozenset({"access_token"}), frozenset({"client_id", "client_secret"}))

_tokens: Final = TokenCache()


class Access(Protocol):
    """Gives the access token for one shop."""

    def token(self) -> str:
        """Return the token to use now.

        Raises:
            PlatformError: If a token was needed and not given.
        """

    def renew(self) -> bool:
        """Forget the token that was just refused; return whether there is another to try."""


class FixedToken:
    """A token that lasts until it is revoked."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        """Return the token."""
        return self._token

    def renew(self) -> bool:
        """Return that there is no other."""
        return False


class ClientCredentials:
    """Tokens of 24 hours for an app's id and secret."""

    def __init__(self, credentials: Mapping[str, str], *, base_url: str, http: Http) -> None:
        self._client_id = credentials["client_id"]
        self._client_secret = credentials["client_secret"]
        self._url = base_url + TOKEN_PATH
        self._http = http
        digest = hashlib.sha256(self._client_secret.encode()).hexdigest()
        self._holder = (self._url, self._client_id, digest)
        self._used = ""

    def token(self) -> str:
        """Return a token that is still good."""
        self._used = _tokens.get(self._holder, self._fetch)
        return self._used

    def renew(self) -> bool:
        """Forget the token that was refused."""
        _tokens.drop(self._holder, self._used)
        return True

    def _fetch(self) -> Token:
        answer = self._http.call(
            "POST",
            self._url,
            write=False,
            form={
                "grant_type": "client_credentials",
                "client_id": self._client_id,
                "client_secret": self._client_secret,
            },
        )
        if answer.ok and isinstance(answer.body, dict) and isinstance(answer.body.get("access_token"), str):
            return Token(answer.body["access_token"], float(answer.body.get("expires_in", 0)))
        said = http_refusal(answer.status, answer.body, answer.text)
        reason = reason_of(TOKEN_ERRORS, answer.status, said.code, said.text, write=False)
        raise PlatformError(
            "TRANSIENT" if answer.ok else reason,
            said.text,
            retry_after=retry_after(answer.headers, utcnow()),
            call=answer.call,
        )


def access(credentials: Mapping[str, Any], *, base_url: str, http: Http) -> Access:
    """Return what gives the tokens for a shop.

    Raises:
        CredentialsError: If the credentials are not of a shape Shopify takes.
    """
    validate_credentials(credentials)
    if "access_token" in credentials:
        return FixedToken(credentials["access_token"])
    return ClientCredentials(credentials, base_url=base_url, http=http)


def validate_credentials(credentials: Mapping[str, Any]) -> None:
    """Refuse credentials that are neither `{"access_token"}` nor `{"client_id", "client_secret"}`.

    Raises:
        CredentialsError: The message is one sentence that names what is wrong.
    """
    if set(credentials) not in _SHAPES:
        raise CredentialsError(
            "Shopify credentials need either access_token, or client_id and client_secret."
        )
    empty = [name for name, value in credentials.items() if not isinstance(value, str) or not value.strip()]
    if empty:
        raise CredentialsError(f"Shopify credentials need a text for {', '.join(sorted(empty))}.")
    unfit = [name for name, value in credentials.items() if not (value.isascii() and value.isprintable())]
    if unfit:
        raise CredentialsError(
            f"Shopify credentials have characters that no token has in {', '.join(sorted(unfit))}."
        )
