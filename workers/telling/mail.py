"""Messages handed in at a mail server: over TLS whose certificate is verified, within a time."""

import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from ledger.mail import MailServer
from workers.telling.errors import TellingError
from workers.telling.words import Words

_PATIENCE: Final = 15.0  # seconds for each answer of the server


def send(server: MailServer, words: Words, key: str, *, sender: str, to: Sequence[str], now: datetime) -> str:
    """Hand a message in; return who of several was refused, in plain words, or nothing.

    Args:
        server: The mail server.
        words: What the message says.
        key: The same at every try; it makes the `Message-ID`.
        sender: The address it comes from.
        to: The addresses it goes to.
        now: The time, in UTC.

    Raises:
        TellingError: If the server did not take it for anybody, or may not have.
    """
    message = _message(words, key, sender=sender, to=to, now=now)
    try:
        smtp = _connected(server)
        try:
            if server.user:
                smtp.login(server.user, server.password)
            refused = smtp.send_message(message, from_addr=sender, to_addrs=list(to))
        finally:
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            smtp.close()
    except smtplib.SMTPRecipientsRefused as error:
        raise TellingError("refused", f"{server.host} refused {_refused(error.recipients)}") from error
    except smtplib.SMTPResponseException as error:
        said = _text(error.smtp_error)
        raise TellingError("refused", f"{server.host}: {error.smtp_code} {said}") from error
    except smtplib.SMTPNotSupportedError as error:
        raise TellingError("refused", f"{server.host}: {error}") from error
    except (smtplib.SMTPException, OSError) as error:
        raise TellingError("unreachable", f"{server.host}:{server.port}: {error}") from error
    return f"{server.host} refused {_refused(refused)}" if refused else ""


def _connected(server: MailServer) -> smtplib.SMTP:
    """Return a connection that is encrypted, unless it never leaves this host."""
    context = ssl.create_default_context()
    if server.is_tls:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_PATIENCE, context=context)
    smtp = smtplib.SMTP(server.host, server.port, timeout=_PATIENCE)
    try:
        smtp.ehlo()
        if smtp.has_extn("starttls") or not server.is_local:
            smtp.starttls(context=context)
    except (smtplib.SMTPException, OSError):
        smtp.close()
        raise
    return smtp


def _message(words: Words, key: str, *, sender: str, to: Sequence[str], now: datetime) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Subject"] = words.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{key}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 section 5: nobody's absence is answered to it
    message.set_content(words.text)
    return message


def _refused(recipients: dict[str, tuple[int, bytes]]) -> str:
    return ", ".join(f"{address} ({code} {_text(said)})" for address, (code, said) in recipients.items())


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
