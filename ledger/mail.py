"""The mail server that alerts are sent by: its address, as the settings have it."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from ledger import urls

LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "::1")
"""Hosts whose mail never leaves this one, so that it needs no TLS."""

_PORTS: Final = {"smtp": 587, "smtps": 465}  # RFC 6409 section 3.1, RFC 8314 section 7.3
_LONGEST_ADDRESS: Final = 254  # characters, RFC 5321 section 4.5.3.1.3
# https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address, with a dot in the host's name
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
)


class MailServerError(ValueError):
    """Raised when a text is not the address of a mail server; the message names what is wrong.

    Attributes:
        reason: Always `bad_mail_server`.
    """

    reason = "bad_mail_server"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in.

    Attributes:
        is_tls: The connection begins with TLS (`smtps`), rather than turning to it (`STARTTLS`).
        user: Empty where nobody signs in.
    """

    host: str
    port: int
    is_tls: bool
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def is_local(self) -> bool:
        """Tell whether the server is on this host, so that it may do without TLS."""
        return self.host in LOCAL_HOSTS


def server_of(url: str) -> MailServer:
    """Return the mail server of an address, such as `smtp://user:password@mail.example.com:587`.

    Raises:
        MailServerError: If it is none.
    """
    parts = urls.split(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise MailServerError("must begin with smtp:// or smtps:// and name a host")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise MailServerError("must have nothing behind the host and its port")
    if bool(parts.username) is not bool(parts.password):
        raise MailServerError("must have both a user and a password, or neither")
    return MailServer(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        is_tls=parts.scheme == "smtps",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def is_address(text: str) -> bool:
    """Tell whether a text is the address of a mailbox, and nothing besides."""
    return len(text) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None
