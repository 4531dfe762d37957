import datetime as dt
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ledger import transport
from tests.workers.platforms.wire import answer, hang, saying, wire
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this host that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file


def test_a_certificate_nobody_vouches_for_is_refused(http: Http, certificate: Path) -> None:
    with wire(saying(answer(b"{}")), certificate=certificate) as server:
        with pytest.raises(PlatformError) as caught:
            http.call("POST", server.url, write=True, json={"secret": "s3cr3t"})
        assert server.connections == 1
    assert (caught.value.reason, caught.value.outcome_unknown) == ("TRANSIENT", False)
    assert "certificate" in caught.value.detail.lower()
    assert server.requests == []


def test_a_certificate_bundle_of_the_environment_is_not_trusted(
    http: Http, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with wire(saying(answer(b"{}")), certificate=certificate) as server, pytest.raises(PlatformError):
        http.call("GET", server.url, write=False)
    assert server.requests == []


def test_over_tls_answers_are_bounded_all_the_same(
    http: Http, hasty: Http, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = transport.session(allow_private=True)
    monkeypatch.setattr(session, "verify", str(certificate))
    with wire(saying(answer(b'{"id": "1"}')), certificate=certificate) as server:
        assert http.call("GET", server.url, write=False).body == {"id": "1"}
        assert http.call("GET", server.url, write=False).body == {"id": "1"}
        assert server.connections == 1
    with wire(hang, certificate=certificate) as silent:
        with pytest.raises(PlatformError) as caught:
            hasty.call("POST", silent.url, write=True)
        assert caught.value.outcome_unknown
