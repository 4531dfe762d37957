import datetime as dt
import ipaddress
import os
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.platforms.wire import answer, hang, saying, wire
from workers.platforms import transport
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


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to be refused, not one to listen on
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
    ],
)
def test_an_address_that_is_not_public_is_known(address: str) -> None:
    assert not transport.is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_a_public_address_is_known(address: str) -> None:
    assert transport.is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_judged_by_itself(address: ipaddress.IPv4Address) -> None:
    public = transport.is_public(str(address))
    assert transport.is_public(f"::ffff:{address}") == public
    assert transport.is_public(str(ipaddress.IPv6Address((0x64FF9B << 96) | int(address)))) == public


def test_an_exchange_whose_time_is_over_waits_for_nothing() -> None:
    over = transport.Exchange(deadline=time.monotonic() - 1, read_timeout=5, allow_private=True)
    with pytest.raises(TimeoutError):
        over.patience()


def test_an_exchange_waits_no_longer_than_either_limit() -> None:
    now = time.monotonic()
    assert transport.Exchange(now + 1000, 5, allow_private=True).patience() == 5
    assert transport.Exchange(now + 1000, 5000, allow_private=True).patience() <= 1000


def test_a_forked_process_gets_a_session_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = transport.session(allow_private=True)
    assert transport.session(allow_private=True) is mine
    assert transport.session(allow_private=False) is not mine
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert transport.session(allow_private=True) is not mine
