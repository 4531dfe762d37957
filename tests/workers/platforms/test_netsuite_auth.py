import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tests.workers.platforms.books import TBA, Books
from tests.workers.platforms.wire import answer, saying, wire
from tests.workers.platforms.world import KeyPair
from workers.platforms.errors import CredentialsError, PlatformError
from workers.platforms.http import Http
from workers.platforms.netsuite_auth import (
    TOKEN_PATH,
    ClientCredentials,
    authorizer,
    validate_credentials,
)

TOKEN = b'{"access_token":"the-token","expires_in":"3600","token_type":"bearer"}'


def oauth2(private_key: str, client_id: str = "my-client") -> dict[str, str]:
    return {
        "auth": "oauth2",
        "client_id": client_id,
        "certificate_id": "cert-1",
        "private_key": private_key,
    }


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, password: bytes = b""
) -> str:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


@pytest.mark.parametrize(("pair", "algorithm"), [("rsa_pair", "PS256"), ("ec_pair", "ES256")])
def test_the_assertion_is_what_netsuite_documents(
    request: pytest.FixtureRequest, http: Http, pair: str, algorithm: str
) -> None:
    keys: KeyPair = request.getfixturevalue(pair)
    url = f"https://1234567-sb1.suitetalk.api.netsuite.com{TOKEN_PATH}"
    signer = ClientCredentials(oauth2(keys.private), token_url=url, http=http)
    now = int(time.time())
    assertion = signer.assertion(now)
    assert jwt.get_unverified_header(assertion) == {"typ": "JWT", "alg": algorithm, "kid": "cert-1"}
    claims = jwt.decode(assertion, keys.public, algorithms=[algorithm], audience=url)
    assert claims.pop("jti")
    assert claims == {
        "iss": "my-client",
        "scope": ["rest_webservices"],
        "aud": url,
        "iat": now,
        "exp": now + 300,
    }


@pytest.mark.parametrize(
    ("curve", "algorithm"), [(ec.SECP256R1(), "ES256"), (ec.SECP384R1(), "ES384"), (ec.SECP521R1(), "ES512")]
)
def test_the_algorithm_follows_the_curve(http: Http, curve: ec.EllipticCurve, algorithm: str) -> None:
    signer = ClientCredentials(oauth2(pem(ec.generate_private_key(curve))), token_url="https://x", http=http)
    assert jwt.get_unverified_header(signer.assertion(0))["alg"] == algorithm


@pytest.mark.parametrize("pair", ["rsa_pair", "ec_pair"])
def test_a_token_is_given_for_either_kind_of_key(
    request: pytest.FixtureRequest, books: Books, http: Http, pair: str
) -> None:
    keys: KeyPair = request.getfixturevalue(pair)
    change = {"client_id": "another", "certificate_id": "cert-2", "certificate_pem": keys.public}
    books.control.patch("netsuite/1234567-sb1", change)
    good = oauth2(keys.private, "another") | {"certificate_id": "cert-2"}
    books.client(http, good).check()
    books.client(http, good).check()
    assert books.control.operations("netsuite") == ["token", "suiteql", "suiteql"]


def test_the_token_request_is_a_form(http: Http, rsa_pair: KeyPair) -> None:
    with wire(saying(answer(TOKEN))) as server:
        signer = authorizer(oauth2(rsa_pair.private), account_id="1", base_url=server.url, http=http)
        signer.auth()
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    assert head.startswith("POST /services/rest/auth/oauth2/v1/token HTTP/1.1")
    assert "application/x-www-form-urlencoded" in head
    assert body.startswith(
        "grant_type=client_credentials"
        "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=eyJ"
    )


def test_a_token_is_fetched_once_and_again_when_it_was_refused(http: Http, rsa_pair: KeyPair) -> None:
    with wire(saying(answer(TOKEN))) as server:
        signer = authorizer(oauth2(rsa_pair.private), account_id="1", base_url=server.url, http=http)
        signer.auth()
        signer.auth()
        assert len(server.requests) == 1
        assert signer.renew()
        signer.auth()
        assert len(server.requests) == 2


def test_neither_key_nor_token_is_written_down(http: Http, rsa_pair: KeyPair) -> None:
    with wire(saying(answer(TOKEN))) as server:
        authorizer(oauth2(rsa_pair.private), account_id="1", base_url=server.url, http=http).auth()
    (entry,) = http.journal.entries()
    assert "the-token" not in str(entry)
    assert "eyJ" not in str(entry)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        ("400 Bad Request", b'{"error":"invalid_grant"}', "BAD_CREDENTIALS"),
        ("400 Bad Request", b'{"error":"invalid_client"}', "BAD_CREDENTIALS"),
        ("400 Bad Request", b'{"error":"invalid_request","error_description":"no key"}', "BAD_CREDENTIALS"),
        ("400 Bad Request", b'{"error":"invalid_scope"}', "BAD_CREDENTIALS"),
        ("400 Bad Request", b'{"error":"unauthorized_client"}', "BAD_CREDENTIALS"),
        ("401 Unauthorized", b"", "BAD_CREDENTIALS"),
        ("403 Forbidden", b"<html>", "NO_PERMISSION"),
        ("400 Bad Request", b'{"error":"unsupported_grant_type"}', "REFUSED"),
        ("429 Too Many Requests", b"", "RATE_LIMITED"),
        ("500 Internal Server Error", b"", "TRANSIENT"),
        ("200 OK", b"<html>maintenance</html>", "TRANSIENT"),
        ("200 OK", b'{"token_type":"bearer"}', "TRANSIENT"),
    ],
)
def test_a_refused_token_has_a_reason(
    http: Http, rsa_pair: KeyPair, status: str, body: bytes, reason: str
) -> None:
    with wire(saying(answer(body, status))) as server:
        signer = authorizer(oauth2(rsa_pair.private), account_id="1", base_url=server.url, http=http)
        with pytest.raises(PlatformError) as caught:
            signer.auth()
    # Nothing was written, whatever went wrong.
    assert (caught.value.reason, caught.value.outcome_unknown) == (reason, False)
    assert caught.value.call is not None


def test_token_based_authentication_signs_each_request_anew(http: Http) -> None:
    with wire(saying(answer(b"{}"))) as server:
        signer = authorizer({"auth": "tba", **TBA}, account_id="1234567_sb1", base_url="", http=http)
        for _ in range(2):
            http.call("GET", server.url, write=False, auth=signer.auth())
        assert signer.renew()
    headers = [
        next(line for line in request.decode().split("\r\n") if line.startswith("Authorization: "))
        for request in server.requests
    ]
    assert all('realm="1234567_SB1"' in header for header in headers)
    assert all('oauth_signature_method="HMAC-SHA256"' in header for header in headers)
    assert headers[0] != headers[1]


def test_token_based_authentication_is_accepted(books: Books, http: Http) -> None:
    client = books.client(http, {"auth": "tba", **TBA})
    client.check()
    assert client.by_key("creditmemo", "rs-nothing-1") is None  # with parameters in the URL, which are signed


@pytest.mark.parametrize("field", ["consumer_secret", "token_id", "token_secret"])
def test_wrong_token_based_credentials_are_refused_after_a_second_signature(
    books: Books, http: Http, field: str
) -> None:
    wrong = {"auth": "tba", **TBA, field: "wrong-0123456789"}
    with pytest.raises(PlatformError) as caught:
        books.client(http, wrong).check()
    assert caught.value.reason == "BAD_CREDENTIALS"
    assert books.control.operations("netsuite") == ["suiteql", "suiteql"]


def test_a_wrong_key_is_refused(books: Books, http: Http, rsa_pair: KeyPair) -> None:
    with pytest.raises(PlatformError) as caught:
        books.client(http, books.oauth2 | {"private_key": rsa_pair.private}).check()
    assert caught.value.reason == "BAD_CREDENTIALS"


def test_a_token_netsuite_forgot_is_renewed_once(books: Books, http: Http) -> None:
    client = books.client(http)
    client.check()
    books.fault("suiteql", "status", status=401)
    client.check()
    assert books.control.operations("netsuite") == ["token", "suiteql", "suiteql", "token", "suiteql"]


def test_a_new_token_that_is_refused_too_is_the_end(books: Books, http: Http) -> None:
    books.fault("suiteql", "status", status=401, times=5)
    with pytest.raises(PlatformError) as caught:
        books.client(http).check()
    assert caught.value.reason == "BAD_CREDENTIALS"
    assert books.control.operations("netsuite") == ["token", "suiteql", "token", "suiteql"]


SHORT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - to be refused
GOOD_TBA = {"auth": "tba", **TBA}


@pytest.mark.parametrize(
    ("credentials", "sentence"),
    [
        ({}, '"auth": "oauth2" or "tba"'),
        ({"auth": "password"}, '"auth": "oauth2" or "tba"'),
        ({"auth": ["tba"]}, '"auth": "oauth2" or "tba"'),
        ({"auth": "tba"}, "consumer_key, consumer_secret, token_id, token_secret"),
        (GOOD_TBA | {"token_id": " "}, "need token_id."),
        (GOOD_TBA | {"token_id": 5}, "need token_id."),
        (GOOD_TBA | {"email": "a@example.com"}, "have no email."),
        (oauth2(""), "need private_key."),
        (oauth2("not a key"), "not in PEM format"),
        (oauth2(pem(ec.generate_private_key(ec.SECP256K1()))), "P-256, P-384 or P-521"),
        (oauth2(pem(ed25519.Ed25519PrivateKey.generate())), "must be RSA"),
        (oauth2(pem(SHORT_KEY)), "2048 bits or more"),
        (oauth2(pem(ec.generate_private_key(ec.SECP256R1()), b"password")), "remove its passphrase"),
    ],
)
def test_credentials_of_another_shape_are_refused_with_a_sentence(
    credentials: dict[str, object], sentence: str
) -> None:
    with pytest.raises(CredentialsError) as caught:
        validate_credentials(credentials)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")
    assert caught.value.reason == "bad_credentials"


def test_credentials_of_both_shapes_are_accepted(rsa_pair: KeyPair, ec_pair: KeyPair) -> None:
    validate_credentials(GOOD_TBA)
    validate_credentials(oauth2(rsa_pair.private))
    validate_credentials(oauth2(ec_pair.private))


def test_a_client_cannot_be_made_with_unfit_credentials(books: Books, http: Http) -> None:
    with pytest.raises(CredentialsError):
        books.client(http, {"auth": "oauth2"})
