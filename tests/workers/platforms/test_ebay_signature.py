import base64

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from digital_signature_sdk import RequestToSign, validate_signed_message
from hypothesis import given
from hypothesis import strategies as st

from workers.platforms.ebay_signature import Signer, signer
from workers.platforms.errors import CredentialsError

JWE = "eyJ6aXAiOiJERUYiLCJlbmMiOiJBMjU2R0NNIn0.key.nonce.text.tag"
URL = "https://apiz.ebay.com/sell/finances/v1/transaction"
CREATED = 1_663_459_378

Key = ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

_ED25519 = ed25519.Ed25519PrivateKey.generate()
_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def prepared(key: Key, url: str = URL, body: bytes | None = None) -> requests.PreparedRequest:
    method = "GET" if body is None else "POST"
    signing = Signer(JWE, key, lambda: CREATED)
    return requests.Request(method, url, data=body, auth=signing).prepare()


def is_good(request: requests.PreparedRequest, key: Key, path: str = "/sell/finances/v1/transaction") -> bool:
    """Let eBay's own library judge a request to its API."""
    assert not isinstance(request.body, str)
    names = request.headers["Signature-Input"].partition("(")[2].partition(")")[0]
    return validate_signed_message(
        RequestToSign(
            method=request.method or "", authority="apiz.ebay.com", path=path, body=request.body, jwe=JWE
        ),
        dict(request.headers),
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        covered_components=[name.strip('"') for name in names.split()],
        algorithm="ED25519" if isinstance(key, ed25519.Ed25519PrivateKey) else "RSA",
    )


@pytest.mark.parametrize("key", [_ED25519, _RSA], ids=["ed25519", "rsa"])
@pytest.mark.parametrize("body", [None, b'{"reasonForRefund":"BUYER_RETURN"}'])
def test_ebays_own_library_takes_the_signature(key: Key, body: bytes | None) -> None:
    assert is_good(prepared(key, body=body), key)


@pytest.mark.parametrize("key", [_ED25519, _RSA], ids=["ed25519", "rsa"])
def test_ebays_own_library_refuses_what_was_changed(key: Key) -> None:
    request = prepared(key, body=b'{"value":"10.00"}')
    assert not is_good(request, key, path="/sell/finances/v1/payout")
    request.body = b'{"value":"99.00"}'
    assert not is_good(request, key)


def test_the_headers_are_those_of_ebays_guide() -> None:
    headers = prepared(_ED25519, body=b'{"hello": "world"}').headers
    assert headers["x-ebay-signature-key"] == JWE
    # RFC 9530 has the digest of this body in its appendix B.
    assert headers["Content-Digest"] == "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
    assert headers["Signature-Input"] == (
        'sig1=("content-digest" "x-ebay-signature-key" "@method" "@path" "@authority");created=1663459378'
    )


def test_what_has_no_body_has_no_digest() -> None:
    headers = prepared(_ED25519).headers
    assert "Content-Digest" not in headers
    assert headers["Signature-Input"].startswith(
        'sig1=("x-ebay-signature-key" "@method" "@path" "@authority")'
    )


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("https://API.ebay.com:443/a?b=c", "api.ebay.com", "/a"),
        ("http://127.0.0.1:8100/ebay/one/a", "127.0.0.1:8100", "/ebay/one/a"),
        ("http://[::1]:80", "[::1]", "/"),
    ],
)
def test_host_and_path_are_signed_as_they_are_called(url: str, authority: str, path: str) -> None:
    headers = prepared(_ED25519, url).headers
    parameters = headers["Signature-Input"].removeprefix("sig1=")
    base = (
        f'"x-ebay-signature-key": {JWE}\n"@method": GET\n"@path": {path}\n"@authority": {authority}\n'
        f'"@signature-params": {parameters}'
    )
    signature = base64.b64decode(headers["Signature"].removeprefix("sig1=:").removesuffix(":"))
    _ED25519.public_key().verify(signature, base.encode())


@given(body=st.binary(min_size=1, max_size=200), path=st.text("abcdefghij0123456789-", max_size=30))
def test_any_body_and_path_can_be_signed(body: bytes, path: str) -> None:
    assert is_good(prepared(_ED25519, f"https://apiz.ebay.com/{path}", body), _ED25519, path=f"/{path}")


def _der(key: Key | ec.EllipticCurvePrivateKey) -> str:
    return base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()


def _pem(key: Key) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    "text",
    [_der(_ED25519), _pem(_ED25519), f"  {_der(_RSA)[:60]}\n{_der(_RSA)[60:]}\n"],
    ids=["DER", "PEM", "wrapped"],
)
def test_keys_are_taken_as_ebay_gives_them_and_as_pem(text: str) -> None:
    assert isinstance(signer({"jwe": JWE, "private_key": text}), Signer)


@pytest.mark.parametrize(
    "signing",
    [
        None,
        [],
        {"jwe": JWE},
        {"jwe": JWE, "private_key": _der(_ED25519), "more": ""},
        {"jwe": "", "private_key": _der(_ED25519)},
        {"jwe": 5, "private_key": _der(_ED25519)},
        {"jwe": "a\nb", "private_key": _der(_ED25519)},
        {"jwe": "ä", "private_key": _der(_ED25519)},
        {"jwe": JWE, "private_key": 5},
        {"jwe": JWE, "private_key": "no key"},
        {"jwe": JWE, "private_key": base64.b64encode(b"no key").decode()},
        {"jwe": JWE, "private_key": "-----BEGIN PRIVATE KEY-----"},
        {"jwe": JWE, "private_key": _der(ec.generate_private_key(ec.SECP256R1()))},
        {
            "jwe": JWE,
            "private_key": _RSA.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"locked")
            ).decode(),
        },
    ],
)
def test_what_is_no_signing_key_is_refused(signing: object) -> None:
    with pytest.raises(CredentialsError, match="signing"):
        signer(signing)
