"""Who we are to NetSuite: OAuth 2.0 client credentials, or token-based authentication while it lasts.

Token endpoint: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162755359851.html
Assertion: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162790605110.html
TBA: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_0525020842.html, not for new
integrations from 2027.1 on.
"""

import hashlib
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final, Protocol

import jwt
import requests
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from requests.auth import AuthBase

from workers.platforms import oauth1
from workers.platforms.errors import CredentialsError, PlatformError, reason_of
from workers.platforms.http import Http
from workers.platforms.netsuite_errors import TOKEN_ERRORS, refusal
from workers.platforms.tokens import Token, TokenCache

TOKEN_PATH: Final = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - a path, not a secret

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LASTS: Final = 300  # seconds; NetSuite takes up to 3600
_SCOPE: Final = ["rest_webservices"]
_SMALLEST_RSA_KEY: Final = 2048  # bits
_CURVES: Final = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_FIELDS: Final = {
    "oauth2": ("client_id", "certificate_id", "private_key"),
    "tba": ("consumer_key", "consumer_secret", "token_id", "token_secret"),
}

_tokens: Final = TokenCache()


class Authorizer(Protocol):
    """Signs requests to one NetSuite account."""

    def auth(self) -> AuthBase:
        """Return what signs the next request.

        Raises:
            PlatformError: If a token was needed and not given.
        """

    def renew(self) -> bool:
        """Forget what was just refused; return whether there is anything new to try."""


class BearerAuth(AuthBase):
    """Signs a request with an access token (RFC 6750)."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the `Authorization` header."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class ClientCredentials:
    """OAuth 2.0 with a certificate: an assertion signed by our key gets a token for an hour."""

    def __init__(self, credentials: Mapping[str, str], *, token_url: str, http: Http) -> None:
        self._client_id = credentials["client_id"]
        self._certificate_id = credentials["certificate_id"]
        self._key, self._algorithm = _signing_key(credentials["private_key"])
        self._token_url = token_url
        self._http = http
        digest = hashlib.sha256(credentials["private_key"].encode()).hexdigest()
        self._holder = (token_url, self._client_id, self._certificate_id, digest)
        self._used = ""

    def auth(self) -> AuthBase:
        """Return what signs the next request, with a token that is still good."""
        self._used = _tokens.get(self._holder, self._fetch)
        return BearerAuth(self._used)

    def renew(self) -> bool:
        """Forget the token that was refused."""
        _tokens.drop(self._holder, self._used)
        return True

    def _fetch(self) -> Token:
        answer = self._http.call(
            "POST",
            self._token_url,
            write=False,
            form={
                "grant_type": "client_credentials",
                "client_assertion_type": _ASSERTION_TYPE,
                "client_assertion": self.assertion(int(time.time())),
            },
        )
        if answer.ok and isinstance(answer.body, dict) and isinstance(answer.body.get("access_token"), str):
            # NetSuite says "3600", a text, where RFC 6749 has a number.
            return Token(answer.body["access_token"], float(answer.body.get("expires_in", 0)))
        said = refusal(answer.body, answer.text)
        reason = (
            "TRANSIENT"
            if answer.ok
            else reason_of(TOKEN_ERRORS, answer.status, said.code, said.text, write=False)
        )
        raise PlatformError(reason, said.text, call=answer.call)

    def assertion(self, now: int) -> str:
        """Return the signed assertion (RFC 7523) that says who asks for a token.

        Args:
            now: Unix time in seconds.
        """
        claims = {
            "iss": self._client_id,
            "scope": _SCOPE,
            "aud": self._token_url,
            "iat": now,
            "exp": now + _ASSERTION_LASTS,
            "jti": uuid.uuid4().hex,
        }
        return jwt.encode(claims, self._key, algorithm=self._algorithm, headers={"kid": self._certificate_id})


class TokenBased:
    """OAuth 1.0a (RFC 5849) with HMAC-SHA256, and the account as the realm."""

    def __init__(self, credentials: Mapping[str, str], *, account_id: str) -> None:
        self._auth = oauth1.signer(*(credentials[name] for name in _FIELDS["tba"]), realm=account_id.upper())

    def auth(self) -> AuthBase:
        """Return what signs the next request; each with a nonce and time of its own."""
        return self._auth

    def renew(self) -> bool:
        """Return that it is worth another try: each request is signed with a time and a nonce of its own."""
        return True


def authorizer(credentials: Mapping[str, Any], *, account_id: str, base_url: str, http: Http) -> Authorizer:
    """Return what signs the requests of an account.

    Raises:
        CredentialsError: If the credentials are not of a shape NetSuite takes.
    """
    _check_shape(credentials)
    if credentials["auth"] == "tba":
        return TokenBased(credentials, account_id=account_id)
    return ClientCredentials(credentials, token_url=base_url + TOKEN_PATH, http=http)


def validate_credentials(credentials: Mapping[str, Any]) -> None:
    """Refuse credentials that are not of a shape NetSuite takes.

    Either `{"auth": "oauth2", "client_id", "certificate_id", "private_key"}`, the key as PEM, or
    `{"auth": "tba", "consumer_key", "consumer_secret", "token_id", "token_secret"}`.

    Raises:
        CredentialsError: The message is one sentence that names what is wrong.
    """
    _check_shape(credentials)
    if credentials["auth"] == "oauth2":
        _signing_key(credentials["private_key"])


def _check_shape(credentials: Mapping[str, Any]) -> None:
    way = credentials.get("auth")
    if not isinstance(way, str) or way not in _FIELDS:
        raise CredentialsError('NetSuite credentials need "auth": "oauth2" or "tba".')
    wanted = _FIELDS[way]
    missing = [
        name for name in wanted if not isinstance(credentials.get(name), str) or not credentials[name].strip()
    ]
    if missing:
        raise CredentialsError(f"NetSuite credentials of the kind {way} need {', '.join(missing)}.")
    unknown = sorted(set(credentials) - {"auth", *wanted})
    if unknown:
        raise CredentialsError(f"NetSuite credentials of the kind {way} have no {', '.join(unknown)}.")


def _signing_key(private_key: str) -> tuple[rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, str]:
    """Return a key and the algorithm NetSuite takes for it (it takes no RS256).

    Raises:
        CredentialsError: If it is no such key.
    """
    try:
        key = load_pem_private_key(private_key.encode(), password=None)
    except TypeError:
        raise CredentialsError("The private key is encrypted; remove its passphrase.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise CredentialsError("The private key is not in PEM format.") from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _SMALLEST_RSA_KEY:
        return key, "PS256"
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return key, _CURVES[key.curve.name]
    raise CredentialsError(
        f"The private key must be RSA of {_SMALLEST_RSA_KEY} bits or more, or EC on P-256, P-384 or P-521."
    )
