"""Signatures on calls, which eBay wants of sellers in the EU and the UK where money is concerned (RFC 9421).

https://developer.ebay.com/develop/guides/digital-signatures-for-apis: the call names its key by a token of
eBay's (the JWE), hashes its body (RFC 9530), and signs both with method, path and host.
"""

import base64
import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key
from requests import PreparedRequest
from requests.auth import AuthBase

from workers.platforms.errors import CredentialsError

_PORTS: Final = {"https": 443, "http": 80}

SigningKey = Ed25519PrivateKey | RSAPrivateKey


class Signer(AuthBase):
    """Signs requests with one key.

    Args:
        jwe: eBay's token for the public key.
        key: The private key.
        clock: Seconds since 1970.
    """

    def __init__(self, jwe: str, key: SigningKey, clock: Callable[[], float] = time.time) -> None:
        self._jwe = jwe
        self._key = key
        self._clock = clock

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the signature's headers to a request that is otherwise ready."""
        parts = urlsplit(request.url or "")
        covered: dict[str, str] = {}
        body = request.body.encode() if isinstance(request.body, str) else request.body
        if body:
            digest = f"sha-256=:{_base64(hashlib.sha256(bytes(body)).digest())}:"
            request.headers["Content-Digest"] = covered["content-digest"] = digest
        request.headers["x-ebay-signature-key"] = covered["x-ebay-signature-key"] = self._jwe
        covered["@method"] = request.method or ""
        covered["@path"] = parts.path or "/"
        covered["@authority"] = _authority(parts.scheme, parts.hostname or "", parts.port)
        names = " ".join(f'"{name}"' for name in covered)
        parameters = f"({names});created={int(self._clock())}"
        lines = [f'"{name}": {value}' for name, value in covered.items()]
        base = "\n".join([*lines, f'"@signature-params": {parameters}'])
        request.headers["Signature-Input"] = f"sig1={parameters}"
        request.headers["Signature"] = f"sig1=:{_base64(self._sign(base.encode()))}:"
        return request

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self._key, Ed25519PrivateKey):
            return self._key.sign(data)
        return self._key.sign(data, PKCS1v15(), hashes.SHA256())


def signer(signing: Any) -> Signer:  # noqa: ANN401 - credentials may be any JSON
    """Return what signs with `{"jwe", "private_key"}`: a key as eBay gives it (base64 of PKCS #8) or PEM.

    Raises:
        CredentialsError: If it is not of that shape, or the key is neither Ed25519 nor RSA.
    """
    if not isinstance(signing, Mapping) or set(signing) != {"jwe", "private_key"}:
        raise CredentialsError("eBay's signing needs jwe and private_key.")
    jwe, text = signing["jwe"], signing["private_key"]
    if not isinstance(jwe, str) or not jwe or not jwe.isascii() or not jwe.isprintable():
        raise CredentialsError("eBay's signing needs a text for jwe.")
    try:
        key = _loaded(text) if isinstance(text, str) else None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey | RSAPrivateKey):
        raise CredentialsError("eBay's signing needs an Ed25519 or RSA key for private_key.")
    return Signer(jwe, key)


def _loaded(text: str) -> object:
    if text.lstrip().startswith("-----BEGIN"):
        return load_pem_private_key(text.encode(), password=None)
    return load_der_private_key(base64.b64decode("".join(text.split()), validate=True), password=None)


def _authority(scheme: str, host: str, port: int | None) -> str:
    """Return the host in lower case, with its port unless that is the usual one (RFC 9421 section 2.2.3)."""
    name = f"[{host}]" if ":" in host else host
    return name if port in {None, _PORTS.get(scheme)} else f"{name}:{port}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
