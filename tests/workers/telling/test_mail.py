"""Messages handed in at a real mail server."""

import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

from ledger.mail import MailServer, server_of
from tests.support.ledger import NOW
from tests.support.mailbox import Mailbox, mailbox, make_certificate
from workers.telling import mail
from workers.telling.errors import TellingError
from workers.telling.words import Words

SENDER = "refunds@example.com"
WORDS = Words(
    "[refund-sync] Refund 17 \N{EN DASH} #1001", "Refund 17 needs a person.\n\n.\n\u20ac 20.00", [], {}
)


def send(url: str, *to: str) -> str:
    recipients = to or ("anna@example.com",)
    return mail.send(server_of(url), WORDS, "0123456789abcdef", sender=SENDER, to=recipients, now=NOW)


def refused(url: str, *to: str) -> TellingError:
    with pytest.raises(TellingError) as found:
        send(url, *to)
    return found.value


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate of this host that everybody here trusts."""
    made = make_certificate(tmp_path / "mail.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    return made


def test_a_message_arrives_as_it_was_written() -> None:
    with mailbox() as box:
        assert send(f"smtp://127.0.0.1:{box.port}", "anna@example.com", "otto@example.com") == ""
    (taken,) = box.mail
    message = taken.message
    assert taken.to == ["anna@example.com", "otto@example.com"]
    assert message["From"] == SENDER
    assert message["To"] == "anna@example.com, otto@example.com"
    assert message["Subject"] == WORDS.subject
    assert message["Message-ID"] == "<0123456789abcdef@example.com>"
    assert message["Date"].datetime == NOW.replace(microsecond=0)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().splitlines() == WORDS.text.splitlines()


@pytest.mark.parametrize("is_tls", [True, False])
def test_what_can_be_encrypted_is(certificate: Path, *, is_tls: bool) -> None:
    scheme = "smtps" if is_tls else "smtp"
    with mailbox(certificate=certificate, is_tls=is_tls, login=("an@na", "p/w")) as box:
        assert send(f"{scheme}://an%40na:p%2Fw@localhost:{box.port}") == ""
    (taken,) = box.mail
    assert (taken.is_encrypted, taken.is_signed_in) == (True, True)


@pytest.mark.parametrize("is_tls", [True, False])
def test_a_server_that_cannot_prove_who_it_is_is_told_nothing(tmp_path: Path, *, is_tls: bool) -> None:
    certificate = make_certificate(tmp_path / "mail.pem")
    scheme = "smtps" if is_tls else "smtp"
    with mailbox(certificate=certificate, is_tls=is_tls) as box:
        error = refused(f"{scheme}://localhost:{box.port}")
    assert error.reason == "unreachable"
    assert "certificate" in error.detail.lower()
    assert box.mail == []


def test_a_certificate_of_another_host_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path / "mail.pem", "elsewhere.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mailbox(certificate=certificate, is_tls=True) as box:
        error = refused(f"smtps://localhost:{box.port}")
    assert "mismatch" in error.detail
    assert box.mail == []


def test_another_host_must_encrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.mail.LOCAL_HOSTS", ())  # so that this host counts as another
    with mailbox() as box:
        error = refused(f"smtp://127.0.0.1:{box.port}")
    assert error.reason == "refused"
    assert "STARTTLS" in error.detail
    assert box.mail == []


def test_a_wrong_password_is_said_and_not_shown() -> None:
    with mailbox(login=("anna", "right")) as box:
        error = refused(f"smtp://anna:very-secret@127.0.0.1:{box.port}")
    assert error.reason == "refused"
    assert error.detail.startswith("127.0.0.1: 535")
    assert "very-secret" not in error.detail


def test_a_server_that_knows_no_sign_in_is_told_nothing() -> None:
    with mailbox() as box:
        error = refused(f"smtp://anna:secret@127.0.0.1:{box.port}")
    assert error.reason == "refused"
    assert box.mail == []


def refusing(box: Mailbox, *addresses: str) -> str:
    box.refused |= set(addresses)
    return f"smtp://127.0.0.1:{box.port}"


def test_of_several_those_who_were_refused_are_named() -> None:
    with mailbox() as box:
        told = send(refusing(box, "otto@example.com"), "anna@example.com", "otto@example.com")
    assert told == "127.0.0.1 refused otto@example.com (550 5.1.1 no such mailbox)"
    assert [taken.to for taken in box.mail] == [["anna@example.com"]]


def test_where_everybody_is_refused_nothing_was_sent() -> None:
    with mailbox() as box:
        error = refused(refusing(box, "anna@example.com"))
    assert (error.reason, error.detail) == (
        "refused",
        "127.0.0.1 refused anna@example.com (550 5.1.1 no such mailbox)",
    )


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    error = refused(f"smtp://127.0.0.1:{port}")
    assert error.reason == "unreachable"
    assert error.detail.startswith(f"127.0.0.1:{port}: ")


@pytest.mark.parametrize("is_tls", [True, False])
def test_a_server_that_says_nothing_is_waited_for_in_vain(
    monkeypatch: pytest.MonkeyPatch, *, is_tls: bool
) -> None:
    monkeypatch.setattr("workers.telling.mail._PATIENCE", 0.05)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        error = refused(f"{'smtps' if is_tls else 'smtp'}://127.0.0.1:{port}")
    assert error.reason == "unreachable"
    assert "timed out" in error.detail


@pytest.mark.parametrize("said", [b"", b"220 mail.test\r\n", b"no mail here\r\n"])
def test_what_is_no_mail_server_is_told_nothing(said: bytes) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        error = refused(f"smtp://127.0.0.1:{listener.getsockname()[1]}")
        thread.join(10)
    assert error.reason in {"unreachable", "refused"}


def test_a_mail_servers_answer_is_cut() -> None:
    assert len(TellingError("refused", "x" * 1000).detail) == 300


def test_the_server_of_the_settings_is_used() -> None:
    assert server_of("smtp://localhost") == MailServer("localhost", 587, is_tls=False)
