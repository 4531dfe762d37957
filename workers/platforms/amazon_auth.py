"""Who we are to Amazon: an app that a seller authorised, with access tokens of an hour.

https://developer-docs.amazon.com/sp-api/docs/connecting-to-the-selling-partner-api
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from ledger.clock import utcnow
from workers.platforms.amazon_errors import TOKEN_ERRORS, refusal
from workers.platforms.amazon_hosts import LOGIN, REGIONS
from workers.platforms.errors import CredentialsError, PlatformError, reason_of, retry_after
from workers.platforms.http import Http
from workers.platforms.tokens import Token, TokenCache

TOKEN_PATH: Final = "/auth/o2/token"  # noqa: S105 - a path, not a secret

DEFAULT_REGION: Final = "na"

_SECRETS: Final = ("client_id", "client_secret", "refresh_token")
_CHOICES: Final = {"region": tuple(REGIONS), "finances": ("2024-06-19", "v0")}
# Read by whoever receives the account's notifications: the header of the shared secret, and SNS' topics.
_FOR_NOTIFICATIONS: Final = frozenset({"secret_header", "topic_arns"})

_tokens: Final = TokenCache()


class Access:
    """Gives the access tokens for one seller."""

    def __init__(self, credentials: Mapping[str, Any], *, api_url: str, http: Http) -> None:
        """Get tokens for credentials as `validate_credentials` has them.

        Args:
            credentials: The app's, and the seller's refresh token.
            api_url: What stands in for Amazon in development; empty otherwise.
            http: The transport.
        """
        self._form = {"grant_type": "refresh_token", **{name: credentials[name] for name in _SECRETS}}
        self._url = (api_url.rstrip("/") or LOGIN) + TOKEN_PATH
        self._http = http
        digest = hashlib.sha256("\n".join(self._form.values()).encode()).hexdigest()
        self._holder = (self._url, digest)
        self._used = ""

    def token(self) -> str:
        """Return a token that is still good.

        Raises:
            PlatformError: If one was needed and not given.
        """
        self._used = _tokens.get(self._holder, self._fetch)
        return self._used

    def renew(self) -> None:
        """Forget the token that was just refused."""
        _tokens.drop(self._holder, self._used)

    def _fetch(self) -> Token:
        answer = self._http.call("POST", self._url, write=False, form=self._form)
        body = answer.body if isinstance(answer.body, dict) else {}
        if answer.ok and isinstance(body.get("access_token"), str):
            return Token(body["access_token"], float(body.get("expires_in", 0)))
        code, text = refusal(answer.body, answer.text)
        reason = reason_of(TOKEN_ERRORS, answer.status, code, text, write=False)
        raise PlatformError(
            "TRANSIENT" if answer.ok else reason,
            text,
            retry_after=retry_after(answer.headers, utcnow()),
            call=answer.call,
        )


def validate_credentials(credentials: Mapping[str, Any]) -> None:
    """Refuse credentials that are not of the shape Amazon needs.

    They are `{"client_id", "client_secret", "refresh_token"}`, and where wanted `region` (`na`, `eu` or `fe`;
    `na` by default), `finances` (`v0` reads refunds by the old Finances API), and for the notifications
    `secret_header` and `topic_arns`.

    Raises:
        CredentialsError: The message is one sentence that names what is wrong.
    """
    missing = [name for name in _SECRETS if name not in credentials]
    if missing:
        raise CredentialsError(f"Amazon credentials need {', '.join(missing)}.")
    unknown = set(credentials) - {*_SECRETS, *_CHOICES} - _FOR_NOTIFICATIONS
    if unknown:
        raise CredentialsError(f"Amazon credentials have no {', '.join(sorted(unknown))}.")
    texts = {name: credentials[name] for name in (*_SECRETS, "secret_header") if name in credentials}
    unfit = [name for name, value in texts.items() if not _is_plain(value)]
    if unfit:
        raise CredentialsError(f"Amazon credentials need a text of plain characters for {', '.join(unfit)}.")
    for name, choices in _CHOICES.items():
        if name in credentials and credentials[name] not in choices:
            raise CredentialsError(f"Amazon credentials need one of {', '.join(choices)} for {name}.")
    topics = credentials.get("topic_arns", [])
    if not isinstance(topics, list) or not all(_is_plain(topic) for topic in topics):
        raise CredentialsError("Amazon credentials need a list of texts for topic_arns.")


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isascii() and value.isprintable()
