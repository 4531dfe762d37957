"""OAuth 2.0 client credentials: the signed assertion in, the access token out.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162755359851.html
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import jwt
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from sandbox.jsonish import ControlError, Json
from sandbox.netsuite.account import Account, Certificate, PublicKey

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = ("PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
TOKEN_LIFE: Final = timedelta(hours=1)
LONGEST_ASSERTION: Final = 3600
NEEDED_CLAIMS: Final = ("iss", "aud", "iat", "exp", "scope")
SCOPE: Final = "rest_webservices"


class TokenRefusedError(Exception):
    """A token request that is refused.

    Attributes:
        reason: The OAuth error code, such as ``invalid_grant``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_certificate(pem: str, client_id: str) -> Certificate:
    """Read a PEM certificate, or a bare PEM public key.

    Raises:
        ControlError: It is neither, or not of RSA or an elliptic curve.
    """
    data = pem.encode()
    not_after: datetime | None = None
    try:
        if "BEGIN CERTIFICATE" in pem:
            certificate = x509.load_pem_x509_certificate(data)
            key: object = certificate.public_key()
            not_after = certificate.not_valid_after_utc
        else:
            key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ControlError("The body: certificate_pem is not a PEM certificate or public key.") from error
    if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
        raise ControlError("The body: certificate_pem must hold an RSA or elliptic curve key.")
    return Certificate(client_id, key, not_after)


def grant(account: Account, form: Mapping[str, str], token_url: str, now: datetime) -> Json:
    """Return the answer to a token request, with a new token.

    Args:
        account: The account asked.
        form: The request's form.
        token_url: The URL as it was called; the assertion must be meant for it.
        now: The present time.

    Raises:
        TokenRefusedError: The request or its assertion is not good.
    """
    if form.get("grant_type") != "client_credentials":
        raise TokenRefusedError("unsupported_grant_type")
    if form.get("client_assertion_type") != ASSERTION_TYPE or not form.get("client_assertion"):
        raise TokenRefusedError("invalid_request")
    _check_assertion(account, form["client_assertion"], token_url, now)
    token = secrets.token_urlsafe(48)
    account.tokens[token] = now + TOKEN_LIFE
    return {
        "access_token": token,
        "expires_in": str(int(TOKEN_LIFE.total_seconds())),
        "token_type": "bearer",
    }


def _check_assertion(account: Account, assertion: str, token_url: str, now: datetime) -> None:
    certificate = _certificate(account, assertion)
    if certificate is None or (certificate.not_after is not None and now > certificate.not_after):
        raise TokenRefusedError("invalid_client")
    claims = _claims(assertion, certificate.key)
    if claims["iss"] != certificate.client_id:
        raise TokenRefusedError("invalid_client")
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    issued, ends = claims["iat"], claims["exp"]
    if token_url not in audience or not isinstance(issued, int | float) or not isinstance(ends, int | float):
        raise TokenRefusedError("invalid_grant")
    present = now.timestamp()
    if ends - issued > LONGEST_ASSERTION or ends <= present or issued > present + LONGEST_ASSERTION:
        raise TokenRefusedError("invalid_grant")
    scope = claims["scope"]
    if SCOPE not in (scope if isinstance(scope, list) else str(scope).replace(",", " ").split()):
        raise TokenRefusedError("invalid_scope")


def _certificate(account: Account, assertion: str) -> Certificate | None:
    """Find the certificate that the assertion's header names."""
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError as error:
        raise TokenRefusedError("invalid_grant") from error
    return account.certificates.get(str(header.get("kid")))


def _claims(assertion: str, key: PublicKey) -> Json:
    """Return the claims if the signature is good; their times are checked by the sandbox's clock."""
    try:
        claims: Json = jwt.decode(
            assertion,
            key,
            algorithms=ALGORITHMS,
            options={
                "require": list(NEEDED_CLAIMS),
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_aud": False,
            },
        )
    except (jwt.InvalidTokenError, TypeError, ValueError) as error:
        raise TokenRefusedError("invalid_grant") from error
    return claims


def bearer_is_good(account: Account, token: str, now: datetime) -> bool:
    """Tell whether an access token is one of the account's and not over."""
    end = account.tokens.get(token)
    return end is not None and now < end
