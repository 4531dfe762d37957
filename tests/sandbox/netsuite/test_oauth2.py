"""OAuth 2.0 client credentials: which assertions give a token, and what a token is good for."""

from datetime import timedelta

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from sandbox.clock import Clock
from tests.sandbox.helpers import Books, Control

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | str
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def pem(key: ed25519.Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, days: int) -> str:
    """Return a certificate that ends in so many days."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "refund-sync")])
    now = Clock().now()
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(Encoding.PEM).decode()


def token_url(books: Books) -> str:
    return f"{books.rest}/auth/oauth2/v1/token"


def assertion(
    books: Books,
    key: PrivateKey,
    *,
    algorithm: str = "PS256",
    kid: str = "certificate",
    **claims: object,
) -> str:
    """Sign an assertion that is good but for what is given; a claim of None is left away."""
    now = int(books.control.post("settings")["timestamp"])
    whole = {
        "iss": "client",
        "scope": ["rest_webservices"],
        "aud": token_url(books),
        "iat": now,
        "exp": now + 600,
    } | claims
    whole = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(whole, key, algorithm=algorithm, headers={"kid": kid})


def ask(books: Books, signed: str, **more: str) -> requests.Response:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": signed,
    }
    return requests.post(token_url(books), data=form | more, timeout=10)


def test_a_good_assertion_gives_a_token_for_an_hour(
    control: Control, books: Books, key: rsa.RSAPrivateKey
) -> None:
    answer = ask(books, assertion(books, key)).json()
    assert (answer["expires_in"], answer["token_type"]) == ("3600", "bearer")
    assert set(answer) == {"access_token", "expires_in", "token_type"}
    login = Books(control, answer["access_token"])
    assert login.query("SELECT COUNT(*) AS n FROM item") == [{"n": "1"}]
    control.post("settings", {"advance_seconds": 3600})
    refused = login.query_response("SELECT id FROM item")
    assert refused.status_code == 401
    assert refused.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_LOGIN"


@pytest.mark.parametrize("algorithm", ["PS256", "PS384", "PS512"])
def test_rsa_keys_sign_with_pss(books: Books, key: rsa.RSAPrivateKey, algorithm: str) -> None:
    assert ask(books, assertion(books, key, algorithm=algorithm)).status_code == 200


def test_elliptic_curve_keys_are_good_too_and_certificates_add_up(
    control: Control, books: Books, key: rsa.RSAPrivateKey
) -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    new = {"certificate_id": "second", "client_id": "client", "certificate_pem": certificate(curve, 100)}
    assert control.patch(books.path, new)["certificates"] == ["certificate", "second"]
    assert ask(books, assertion(books, curve, algorithm="ES256", kid="second")).status_code == 200
    assert ask(books, assertion(books, key)).status_code == 200


def test_an_expired_certificate_is_good_no_more(
    control: Control, books: Books, key: rsa.RSAPrivateKey
) -> None:
    new = {"certificate_id": "old", "client_id": "client", "certificate_pem": certificate(key, -1)}
    control.patch(books.path, new)
    assert ask(books, assertion(books, key, kid="old")).json() == {"error": "invalid_client"}


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"iss": "other"}, "invalid_client"),
        ({"kid": "other"}, "invalid_client"),
        ({"aud": "https://example.com/token"}, "invalid_grant"),
        ({"exp": 1_000_000_000}, "invalid_grant"),
        ({"exp": 99_999_999_999}, "invalid_grant"),
        ({"exp": None}, "invalid_grant"),
        ({"iat": None}, "invalid_grant"),
        ({"iat": 99_999_999_000, "exp": 99_999_999_999}, "invalid_grant"),
        ({"scope": None}, "invalid_grant"),
        ({"scope": "restlets"}, "invalid_scope"),
    ],
)
def test_assertions_that_are_not_good_are_refused(
    books: Books, key: rsa.RSAPrivateKey, claims: dict[str, object], error: str
) -> None:
    answer = ask(books, assertion(books, key, **claims))  # type: ignore[arg-type]  # kid is text
    assert (answer.status_code, answer.json()) == (400, {"error": error})


@pytest.mark.parametrize(
    "scope", ["rest_webservices", "restlets,rest_webservices", ["restlets", "rest_webservices"]]
)
def test_the_scope_may_be_a_string_or_a_list(books: Books, key: rsa.RSAPrivateKey, scope: object) -> None:
    assert ask(books, assertion(books, key, scope=scope)).status_code == 200


def test_another_key_or_algorithm_is_refused(books: Books, key: rsa.RSAPrivateKey) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert ask(books, assertion(books, other)).json() == {"error": "invalid_grant"}
    assert ask(books, assertion(books, key, algorithm="RS256")).json() == {"error": "invalid_grant"}
    secret = "a secret that is long enough for this hash"
    assert ask(books, assertion(books, secret, algorithm="HS256")).json() == {"error": "invalid_grant"}
    assert ask(books, "no.jwt.atall").json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"client_assertion_type": "saml"}, "invalid_request"),
        ({"client_assertion": ""}, "invalid_request"),
    ],
)
def test_forms_that_are_not_good_are_refused(
    books: Books, key: rsa.RSAPrivateKey, form: dict[str, str], error: str
) -> None:
    answer = ask(books, assertion(books, key), **form)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_a_token_of_one_account_opens_no_other(control: Control, books: Books) -> None:
    control.post("netsuite/accounts", {"account_id": "9999999"})
    other = Books(control, books.token, "9999999", "9999999")
    assert other.query_response("SELECT id FROM item").status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer nope", "Basic dXNlcjpwdw=="])
def test_no_good_login_is_invalid_login(books: Books, header: str) -> None:
    answer = requests.get(
        f"{books.rest}/record/v1/creditMemo/1", headers={"Authorization": header}, timeout=10
    )
    assert answer.status_code == 401
    assert answer.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_LOGIN"
    assert "token_rejected" in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "text", ["nonsense", pem(ed25519.Ed25519PrivateKey.generate())], ids=["no key", "an Edwards curve"]
)
def test_only_rsa_and_elliptic_curve_keys_are_registered(control: Control, books: Books, text: str) -> None:
    body = {"certificate_id": "x", "client_id": "client", "certificate_pem": text}
    assert control.refusal("PATCH", books.path, body).startswith(
        "The body: certificate_pem must hold" if "BEGIN" in text else "The body: certificate_pem is not"
    )
    assert control.refusal("PATCH", books.path, {"certificate_id": "x"}) == (
        "The body: certificate_id, client_id and certificate_pem go together."
    )
