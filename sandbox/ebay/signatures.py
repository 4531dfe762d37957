"""Digital signatures for APIs: keys given once, and requests verified by RFC 9421.

https://developer.ebay.com/develop/guides/digital-signatures-for-apis
"""

import base64
import binascii
import hashlib
import json
import re
import secrets
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sandbox.ebay.errors import EbayError
from sandbox.jsonish import Json

KEY_LIFE: Final = timedelta(days=3 * 365)
CIPHERS: Final = ("ED25519", "RSA")
NEEDED: Final = ("x-ebay-signature-key", "@method", "@path", "@authority")
_INPUT: Final = re.compile(r"\s*(?P<label>[a-z*][\w*.-]*)=(?P<params>\((?P<items>[^()]*)\)(?P<rest>;.*)?)\s*")
_CREATED: Final = re.compile(r";created=\d+(;|$)")
_DIGESTS: Final = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}

PrivateKey = ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class SigningKey:
    """A pair of keys; the private one was given away and is not kept.

    Attributes:
        id: ``signingKeyId``.
        cipher: One of ``CIPHERS``.
        public: Base64 of the public key in DER.
        jwe: The public key, sealed by eBay; the client sends it with every signature.
        created: When it was made.
    """

    id: str
    cipher: str
    public: str
    jwe: str
    created: datetime

    @property
    def end(self) -> datetime:
        """When it expires."""
        return self.created + KEY_LIFE

    def as_json(self) -> Json:
        """Return the key as ``getSigningKey`` does, without the private one."""
        return {
            "creationTime": int(self.created.timestamp()),
            "expirationTime": int(self.end.timestamp()),
            "jwe": self.jwe,
            "publicKey": self.public,
            "signingKeyCipher": self.cipher,
            "signingKeyId": self.id,
        }


@dataclass(frozen=True)
class Signed:
    """A request to be verified.

    Attributes:
        method: HTTP method.
        targets: Authorities and paths the client may have meant: those it called, and eBay's own.
        headers: By lower-case name.
        body: As sent.
    """

    method: str
    targets: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes


def make_key(cipher: str, key_id: str, now: datetime) -> tuple[SigningKey, str]:
    """Make a pair of keys; return it with the private key, base64 of PKCS #8 in DER."""
    private: PrivateKey = (
        ed25519.Ed25519PrivateKey.generate()
        if cipher == "ED25519"
        else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    secret = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = SigningKey(key_id, cipher, base64.b64encode(public).decode(), seal(public), now)
    return key, base64.b64encode(secret).decode()


def seal(payload: bytes) -> str:
    """Wrap bytes as a compact JWE (RFC 7516), under a key that nobody needs again."""
    content_key, nonce = AESGCM.generate_key(256), secrets.token_bytes(12)
    wrap_nonce = secrets.token_bytes(12)
    wrapped = AESGCM(AESGCM.generate_key(256)).encrypt(wrap_nonce, content_key, None)
    head = {
        "zip": "DEF",
        "enc": "A256GCM",
        "tag": _url64(wrapped[-16:]),
        "alg": "A256GCMKW",
        "iv": _url64(wrap_nonce),
    }
    protected = _url64(json.dumps(head, separators=(",", ":")).encode())
    deflate = zlib.compressobj(wbits=-15)
    packed = deflate.compress(payload) + deflate.flush()
    sealed = AESGCM(content_key).encrypt(nonce, packed, protected.encode())
    parts = (protected, _url64(wrapped[:-16]), _url64(nonce), _url64(sealed[:-16]), _url64(sealed[-16:]))
    return ".".join(parts)


def verify(signed: Signed, keys: Mapping[str, SigningKey], now: datetime) -> None:
    """Check a request's digital signature.

    Args:
        signed: The request.
        keys: The application's keys by their JWE.
        now: The present time.

    Raises:
        EbayError: A header is missing or wrong, or the signature is.
    """
    jwe, given_input, given = (
        _header(signed, "x-ebay-signature-key", 215001),
        _header(signed, "signature-input", 215002),
        _header(signed, "signature", 215003),
    )
    key = keys.get(jwe)
    if key is None or now >= key.end:
        raise EbayError(215122)
    if signed.body:
        _check_digest(_header(signed, "content-digest", 215004), signed.body)
    found = _INPUT.fullmatch(given_input)
    if found is None or _CREATED.search(found["rest"] or "") is None:
        raise EbayError(215120)
    names = [item.strip('"').lower() for item in found["items"].split()]
    if not {*NEEDED, *(["content-digest"] if signed.body else [])} <= set(names):
        raise EbayError(215120)
    signature = _bytes(given, found["label"])
    for authority, path in signed.targets:
        base = _base(signed, names, found["params"], authority, path)
        if base is not None and _is_good(key, signature, base):
            return
    raise EbayError(215120)


def _header(signed: Signed, name: str, number: int) -> str:
    value = signed.headers.get(name, "")
    if not value:
        raise EbayError(number)
    return value


def _check_digest(header: str, body: bytes) -> None:
    """Check ``Content-Digest`` (RFC 9530)."""
    name, _, value = header.partition("=")
    digest = _DIGESTS.get(name.strip().lower())
    wanted = f":{base64.b64encode(digest(body).digest()).decode()}:" if digest else None
    if value.strip() != wanted:
        raise EbayError(215118)


def _bytes(header: str, label: str) -> bytes:
    """Return the signature with this label."""
    found = re.search(rf"(?:^|,)\s*{re.escape(label)}=:([A-Za-z0-9+/=]+):", header)
    try:
        return base64.b64decode(found[1], validate=True) if found else b""
    except binascii.Error:
        return b""


def _base(signed: Signed, names: Sequence[str], params: str, authority: str, path: str) -> bytes | None:
    """Return the signature base (RFC 9421, section 2.5), ``None`` if a component is not there."""
    derived = {"@method": signed.method, "@authority": authority, "@path": path}
    lines = []
    for name in names:
        value = derived.get(name) if name.startswith("@") else signed.headers.get(name)
        if value is None:
            return None
        lines.append(f'"{name}": {value.strip()}')
    return "\n".join([*lines, f'"@signature-params": {params}']).encode()


def _is_good(key: SigningKey, signature: bytes, base: bytes) -> bool:
    public = serialization.load_der_public_key(base64.b64decode(key.public))
    try:
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(signature, base)
        elif isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, base, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
