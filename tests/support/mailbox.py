"""A real mail server on this host, and what it was handed."""

import asyncio
import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Mail:
    """One message as it was taken.

    Attributes:
        to: Whom it is for.
        is_encrypted: It came over TLS.
        is_signed_in: Whoever handed it in had signed in.
    """

    message: EmailMessage
    to: list[str]
    is_encrypted: bool
    is_signed_in: bool


@dataclass
class Mailbox:
    """A mail server that runs, as a handler of aiosmtpd.

    Attributes:
        is_tls: Whether it begins with TLS.
        port: Where it listens on this host.
        refused: Addresses that it takes no mail for.
        mail: What it took.
    """

    is_tls: bool
    port: int = 0
    refused: set[str] = field(default_factory=set)
    mail: list[Mail] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd calls it
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = message_from_bytes(content, policy=default)
        is_encrypted = session.ssl is not None or self.is_tls
        self.mail.append(Mail(message, list(envelope.rcpt_tos), is_encrypted, bool(session.authenticated)))
        return "250 OK"


@contextmanager
def mailbox(
    *,
    certificate: Path | None = None,
    is_tls: bool = False,
    login: tuple[str, str] | None = None,
) -> Iterator[Mailbox]:
    """Serve on a free port of this host.

    Args:
        certificate: File with a certificate and its key, to turn to TLS when asked.
        is_tls: Begin with TLS instead.
        login: The user and password that it knows; none by default.
    """
    made, loop = Mailbox(is_tls), asyncio.new_event_loop()
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)

    def authenticate(
        _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, data: object
    ) -> AuthResult:
        known = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode())
        return AuthResult(success=known == login, handled=False)

    def serve() -> SMTP:
        return SMTP(
            made,
            hostname="mail.test",
            loop=loop,
            tls_context=None if is_tls else context,
            require_starttls=context is not None and not is_tls,
            authenticator=authenticate if login else None,
            auth_require_tls=False,
        )

    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:  # noqa: ANN401 - whatever it returns
        return asyncio.run_coroutine_threadsafe(work(), loop).result(10)

    server = run(lambda: loop.create_server(serve, "127.0.0.1", 0, ssl=context if is_tls else None))
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        run(lambda: _end(server))
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def make_certificate(path: Path, host: str = "localhost") -> Path:
    """Write a certificate of a host, which signs itself, and its key into a file; return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = dt.datetime.now(dt.UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectAlternativeName([_general_name(host)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + private)
    return path
