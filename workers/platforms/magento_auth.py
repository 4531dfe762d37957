"""Who we are to a Magento shop, and where its REST API is.

- OAuth 1.0a with HMAC-SHA256 for an integration:
  https://developer.adobe.com/commerce/webapi/get-started/authentication/gs-authentication-oauth/ ;
- its access token alone, where the shop allows that (off by default since 2.4.4);
- a token of Adobe's, for Adobe Commerce as a Cloud Service:
  https://developer.adobe.com/commerce/webapi/rest/authentication/server-to-server .
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final, Protocol

import requests
from requests.auth import AuthBase

from ledger.clock import utcnow
from workers.platforms import oauth1
from workers.platforms.errors import CredentialsError, PlatformError, reason_of, retry_after
from workers.platforms.http import Http
from workers.platforms.magento_errors import TOKEN_ERRORS, said_by
from workers.platforms.tokens import Token, TokenCache

ADOBE: Final = "https://ims-na1.adobelogin.com"
TOKEN_PATH: Final = "/ims/token/v3"  # noqa: S105 - a path, not a secret
SCOPES: Final = (
    "openid",
    "AdobeID",
    "email",
    "profile",
    "additional_info.roles",
    "additional_info.projectedProductContext",
    "commerce.accs",
)

_OAUTH: Final = frozenset({"consumer_key", "consumer_secret", "access_token", "access_token_secret"})
_BEARER: Final = frozenset({"access_token"})
_CLOUD: Final = frozenset({"client_id", "client_secret"})
_SHIPPING_WITH_TAX: Final = "shipping_includes_tax"
# Those of the second line are for receiving (`webhooks.sources.magento`).
_OPTIONAL: Final = frozenset(
    {"store", _SHIPPING_WITH_TAX, "adobe_client_id", "commerce_public_key", "secret_header"}
)
_STORE_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.-]{1,200}(:[0-9]{1,5})?(/[A-Za-z0-9._~-]{1,100}){0,5}")

_tokens: Final = TokenCache()


class Access(Protocol):
    """Signs requests to one shop."""

    def auth(self) -> AuthBase:
        """Return what signs the next request.

        Raises:
            PlatformError: If a token was needed and not given.
        """

    def renew(self) -> bool:
        """Forget what was just refused; return whether there is anything new to try."""


class _Bearer(AuthBase):
    """Signs a request with an access token (RFC 6750)."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the `Authorization` header."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Integration:
    """The four credentials of an integration, or its access token alone."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._auth: AuthBase = _Bearer(credentials["access_token"])
        if "consumer_key" in credentials:
            names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
            self._auth = oauth1.signer(*(credentials[name] for name in names))

    def auth(self) -> AuthBase:
        """Return what signs the next request; with OAuth each has a nonce and time of its own."""
        return self._auth

    def renew(self) -> bool:
        """Return that there is nothing new to try: the tokens do not change."""
        return False


class Cloud:
    """Tokens of a day for the server-to-server credentials of a project in Adobe's Developer Console."""

    def __init__(self, credentials: Mapping[str, str], *, host: str, http: Http) -> None:
        self._client_id = credentials["client_id"]
        self._client_secret = credentials["client_secret"]
        self._url = host + TOKEN_PATH
        self._http = http
        digest = hashlib.sha256(self._client_secret.encode()).hexdigest()
        self._holder = (self._url, self._client_id, digest)
        self._used = ""

    def auth(self) -> AuthBase:
        """Return what signs the next request, with a token that is still good."""
        self._used = _tokens.get(self._holder, self._fetch)
        return _Bearer(self._used)

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
                "scope": ",".join(SCOPES),
            },
        )
        if answer.ok and isinstance(answer.body, dict) and isinstance(answer.body.get("access_token"), str):
            return Token(answer.body["access_token"], float(answer.body.get("expires_in", 0)))
        said = said_by(answer.body, answer.text)
        reason = reason_of(TOKEN_ERRORS, answer.status, said.code, said.text, write=False)
        raise PlatformError(
            "TRANSIENT" if answer.ok else reason,
            said.text,
            retry_after=retry_after(answer.headers, utcnow()),
            call=answer.call,
        )


def access(credentials: Mapping[str, Any], *, api_url: str, http: Http) -> Access:
    """Return what signs the requests to a shop.

    Args:
        credentials: See `validate_credentials`.
        api_url: Another address than the platform's own, for development; empty otherwise.
        http: The transport.

    Raises:
        CredentialsError: If the credentials are not of a shape Magento takes.
    """
    validate_credentials(credentials)
    if "client_id" in credentials:
        return Cloud(credentials, host=api_url or ADOBE, http=http)
    return Integration(credentials)


def place(storefront_id: str, api_url: str, credentials: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the address that paths such as `/orders` are appended to, and the headers calls there need.

    The store view is a part of the path, but a header with the Cloud Service:
    https://developer.adobe.com/commerce/webapi/rest/use-rest/anatomy-rest-request

    Args:
        storefront_id: The shop's address without `https://`, such as `shop.example.com` or, with the Cloud
            Service, `na1.api.commerce.adobe.com/AbCdEf`.
        api_url: Another address, for development; empty otherwise.
        credentials: Those of the account.

    Raises:
        CredentialsError: If the storefront's id is no such address.
    """
    address = storefront_id.removeprefix("https://").rstrip("/")
    if not api_url and not _ADDRESS.fullmatch(address):
        raise CredentialsError(f"{storefront_id!r} is not a Magento shop's address such as shop.example.com.")
    base, store = api_url.rstrip("/") or f"https://{address}", credentials.get("store", "default")
    if "client_id" in credentials:
        return f"{base}/V1", {"Store": store}
    return f"{base}/rest/{store}/V1", {}


def shipping_includes_tax(credentials: Mapping[str, Any]) -> bool:
    """Return whether the shop takes a refund's shipping with its tax.

    It does where it is set to show shipping in orders with tax only (`tax/sales_display/shipping`), which no
    call of the API tells.
    """
    return credentials.get(_SHIPPING_WITH_TAX) is True


def validate_credentials(credentials: Mapping[str, Any]) -> None:
    """Refuse credentials that are not of a shape Magento takes.

    Needed are `consumer_key`, `consumer_secret`, `access_token` and `access_token_secret` of an integration;
    or its `access_token` alone; or `client_id` and `client_secret` for Adobe Commerce as a Cloud Service.
    There may be `store` (a store view's code), `shipping_includes_tax` (true or false), and what receiving
    needs: `adobe_client_id`, `commerce_public_key` and `secret_header`.

    Raises:
        CredentialsError: The message is one sentence that names what is wrong.
    """
    needed = set(credentials) - _OPTIONAL
    if needed not in (_OAUTH, _BEARER, _CLOUD):
        raise CredentialsError(
            "Magento credentials need consumer_key, consumer_secret, access_token and access_token_secret; "
            "or access_token alone; or client_id and client_secret."
        )
    unfit = sorted(name for name in needed if not _is_text(credentials[name]))
    if unfit:
        raise CredentialsError(f"Magento credentials need a text for {', '.join(unfit)}.")
    if not _STORE_CODE.fullmatch(str(credentials.get("store", "default"))):
        raise CredentialsError("Magento credentials need a store view's code such as default for store.")
    if not isinstance(credentials.get(_SHIPPING_WITH_TAX, False), bool):
        raise CredentialsError(f"Magento credentials need true or false for {_SHIPPING_WITH_TAX}.")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isascii() and value.isprintable()
