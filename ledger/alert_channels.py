"""Channels of alerts: add, change, switch, remove, try out. Every change is in the audit trail.

Addresses, URLs and secrets are sealed like the credentials of accounts.
"""

import base64
import ipaddress
import re
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ledger import audit, mail, urls
from ledger.models import Account, AlertChannel, AlertMessage, ChannelKind, News
from ledger.secrets import Vault

MOST_ADDRESSES: Final = 20
"""How many people an e-mail channel may tell."""

MOST_DIGEST_MINUTES: Final = 1440
MOST_HOURLY: Final = 1000
USUAL_HOURLY: Final = 12
"""The hourly cap of a channel that says nothing of it."""

SUBJECT: Final = "alert_channel"
"""The audit trail's word for a channel."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}")
_SECRET_BYTES: Final = 32
_SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how the Standard Webhooks specification marks a secret
_LONGEST_URL: Final = 2000  # characters
_LOCAL_NAMES: Final = (".localhost", ".local", ".internal")


class ChannelError(Exception):
    """Raised when a channel cannot be made, found or changed as asked; the message names the mend.

    Attributes:
        reason: `bad_name`, `exists`, `not_found`, `no_mail_server`, `bad_address`, `bad_url`, `bad_number`,
            `no_news` or `unknown_account`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Ground:
    """What this installation allows.

    Attributes:
        can_mail: A mail server is set.
        allow_private: Webhooks may go to private addresses and without TLS: for development only.
    """

    can_mail: bool
    allow_private: bool


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a channel is to be; see `ledger.models.AlertChannel`.

    Attributes:
        target: E-mail addresses, separated by commas, blanks or lines; or the URL of a webhook. Empty keeps
            what a channel has.
        accounts: Slugs of storefront accounts; empty for all.
    """

    name: str
    target: str = field(default="", repr=False)
    news: frozenset[News] = frozenset(News)
    accounts: tuple[str, ...] = ()
    tells_cleared: bool = True
    digest_minutes: int = 0
    hourly_cap: int = USUAL_HOURLY


def add(
    session: Session,
    vault: Vault,
    kind: ChannelKind,
    wishes: Wishes,
    *,
    ground: Ground,
    now: datetime,
    actor: str,
) -> AlertChannel:
    """Add a channel; a webhook's has a new secret, see `secret_of`.

    Raises:
        ChannelError: If it cannot be as it is wished.
    """
    if kind is ChannelKind.EMAIL and not ground.can_mail:
        raise ChannelError(
            "no_mail_server",
            "there is no mail server to send by: set REFUND_SYNC_SMTP_URL and REFUND_SYNC_MAIL_FROM",
        )
    channel = AlertChannel(
        kind=kind, is_on=True, created_at=now, not_before=None, hourly_cap=0, target=vault.seal({})
    )
    _take_over(session, channel, wishes)
    target = _target(kind, wishes.target, ground)
    if kind is ChannelKind.WEBHOOK:
        target["secret"] = new_secret()
    channel.target = vault.seal(target)
    session.add(channel)
    session.flush()
    _note(session, channel, "add", _words(channel), now=now, actor=actor)
    return channel


def change(
    session: Session,
    vault: Vault,
    channel: AlertChannel,
    wishes: Wishes,
    *,
    ground: Ground,
    now: datetime,
    actor: str,
) -> None:
    """Change a channel; what waits for it is looked at anew at once.

    Raises:
        ChannelError: If it cannot be as it is wished; then the transaction must not be kept.
    """
    before = _words(channel)
    _take_over(session, channel, wishes)
    notes = [f"{before} -> {_words(channel)}"] if _words(channel) != before else []
    stored = vault.open(channel.target)
    target = {**stored, **_target(channel.kind, wishes.target, ground)} if wishes.target else stored
    if target != stored:
        channel.target = vault.seal(target)
        channel.lease_token = AlertChannel.lease_token + 1  # ends the claim of who sends to the old one
        channel.lease_until = None
        notes.append("target")
    channel.not_before = None
    if notes:
        _note(session, channel, "set", "; ".join(notes), now=now, actor=actor)


def switch(session: Session, channel: AlertChannel, *, is_on: bool, now: datetime, actor: str) -> None:
    """Switch a channel on or off; while it is off it is handed no news, and what waits for it stays."""
    channel.is_on = is_on
    channel.not_before = None
    _note(session, channel, "set", f"switched {'on' if is_on else 'off'}", now=now, actor=actor)


def rotate_secret(session: Session, vault: Vault, channel: AlertChannel, *, now: datetime, actor: str) -> str:
    """Give a webhook's channel a new secret to sign with, and return it."""
    secret = new_secret()
    channel.target = vault.seal({**vault.open(channel.target), "secret": secret})
    _note(session, channel, "rotate_secret", "", now=now, actor=actor)
    return secret


def remove(session: Session, channel: AlertChannel, *, now: datetime, actor: str) -> None:
    """Delete a channel with what it was told and what waits for it; the audit trail stays."""
    _note(session, channel, "remove", _words(channel), now=now, actor=actor)
    session.execute(delete(AlertChannel).where(AlertChannel.id == channel.id))


def ask_test(session: Session, channel: AlertChannel, *, now: datetime, actor: str) -> AlertMessage:
    """Have a channel tried out the way that alerts go; return the message, whose outcome will be in it."""
    message = AlertMessage(
        key=uuid.uuid4().hex, channel_id=channel.id, is_test=True, created_at=now, sent_at=None
    )
    session.add(message)
    session.flush()
    _note(session, channel, "test", "", now=now, actor=actor)
    return message


def channels(session: Session) -> Sequence[AlertChannel]:
    """Return all channels, by name."""
    return session.scalars(select(AlertChannel).order_by(AlertChannel.name)).all()


def get(session: Session, channel_id: int) -> AlertChannel:
    """Return a channel.

    Raises:
        ChannelError: `not_found`.
    """
    channel = session.get(AlertChannel, channel_id)
    if channel is None:
        raise ChannelError("not_found", f"there is no channel {channel_id}")
    return channel


def by_name(session: Session, name: str) -> AlertChannel:
    """Return the channel of a name.

    Raises:
        ChannelError: `not_found`.
    """
    channel = session.scalar(select(AlertChannel).where(AlertChannel.name == name))
    if channel is None:
        raise ChannelError("not_found", f"there is no channel {name!r}; `refund-sync alert list` shows them")
    return channel


def shown_target(vault: Vault, channel: AlertChannel) -> str:
    """Return whom a channel tells: addresses, or a webhook's host, since its path is often its password.

    Raises:
        ledger.secrets.SecretsError: If no key opens it.
    """
    target = vault.open(channel.target)
    if channel.kind is ChannelKind.EMAIL:
        return ", ".join(target["to"])
    return urls.split(target["url"]).hostname or ""


def secret_of(vault: Vault, channel: AlertChannel) -> str:
    """Return the secret that a webhook's messages are signed with, to be shown once; empty for e-mail."""
    found: str = vault.open(channel.target).get("secret", "")
    return found


def new_secret() -> str:
    """Return a new secret of 256 random bits, as the Standard Webhooks specification writes one."""
    return _SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _take_over(session: Session, channel: AlertChannel, wishes: Wishes) -> None:
    if not _NAME.fullmatch(wishes.name):
        raise ChannelError(
            "bad_name", "a name has letters, digits, blanks, '.', '_' and '-', 80 characters at most"
        )
    taken = select(AlertChannel.id).where(AlertChannel.name == wishes.name, AlertChannel.id != channel.id)
    with session.no_autoflush:
        if session.scalar(taken) is not None:
            raise ChannelError("exists", f"there is a channel {wishes.name!r} already")
        channel.account_ids = [_account_id(session, slug) for slug in sorted(set(wishes.accounts))]
    if not wishes.news:
        raise ChannelError("no_news", "choose at least one thing to be told of")
    if not 0 <= wishes.digest_minutes <= MOST_DIGEST_MINUTES:
        raise ChannelError("bad_number", f"news is gathered for 0 to {MOST_DIGEST_MINUTES} minutes")
    if not 1 <= wishes.hourly_cap <= MOST_HOURLY:
        raise ChannelError("bad_number", f"a channel sends 1 to {MOST_HOURLY} messages an hour at most")
    channel.name = wishes.name
    channel.news = [each.value for each in News if each in wishes.news]
    channel.tells_cleared = wishes.tells_cleared
    channel.digest_minutes = wishes.digest_minutes
    channel.hourly_cap = wishes.hourly_cap


def _account_id(session: Session, slug: str) -> int:
    found = session.scalar(select(Account.id).where(Account.slug == slug))
    if found is None:
        raise ChannelError("unknown_account", f"there is no account {slug!r}")
    return found


def _target(kind: ChannelKind, text: str, ground: Ground) -> dict[str, Any]:
    if kind is ChannelKind.EMAIL:
        return {"to": _addresses(text)}
    _check_url(text, allow_private=ground.allow_private)
    return {"url": text}


def _addresses(text: str) -> list[str]:
    found = list(dict.fromkeys(each for each in re.split(r"[\s,;]+", text) if each))
    wrong = next((each for each in found if not mail.is_address(each)), None)
    if wrong is not None:
        raise ChannelError("bad_address", f"{wrong!r} is not an e-mail address")
    if not 1 <= len(found) <= MOST_ADDRESSES:
        raise ChannelError("bad_address", f"give 1 to {MOST_ADDRESSES} e-mail addresses")
    return found


def _check_url(url: str, *, allow_private: bool) -> None:
    """Refuse what no message may be sent to; where a name leads is looked at again at every connection."""
    parts = urls.split(url)
    is_web = parts.scheme in {"http", "https"} and parts.hostname and url.isascii() and url.isprintable()
    if not is_web or len(url) > _LONGEST_URL or " " in url or parts.username or parts.fragment:
        raise ChannelError("bad_url", "that is not a web address such as https://hooks.example.com/…")
    if not allow_private and (parts.scheme != "https" or _is_private(parts.hostname or "")):
        raise ChannelError("bad_url", "a webhook must have a public https:// address")


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(_LOCAL_NAMES)


def _words(channel: AlertChannel) -> str:
    accounts = ", ".join(str(number) for number in channel.account_ids) or "all"
    return (
        f"{channel.kind.value} {channel.name!r}: {', '.join(channel.news)}; accounts {accounts}; "
        f"{'also' if channel.tells_cleared else 'not'} cleared; "
        f"digest {channel.digest_minutes} min; {channel.hourly_cap} an hour"
    )


def _note(
    session: Session, channel: AlertChannel, action: str, note: str, *, now: datetime, actor: str
) -> None:
    audit.write(session, SUBJECT, channel.id, action, at=now, actor=actor, note=note)
