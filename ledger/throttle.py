"""How often somebody may try to sign in: counted by account, by address and by both.

Counted before a password is looked at, and in the ledger, so that many processes count together and nobody
may try while it cannot be counted. OWASP's Authentication Cheat Sheet asks for both kinds of count: one
address trying many accounts, many addresses trying one.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Final, Self

from sqlalchemy import delete
from sqlalchemy.orm import Session

from ledger.models import SignInTries
from ledger.upsert import insert

WINDOW: Final = timedelta(minutes=15)
"""For how long tries are counted together."""

_PER_PAIR: Final = 5
_PER_ACCOUNT: Final = 50  # so that a stranger cannot lock somebody out with a handful of tries
_PER_ADDRESS: Final = 50
_PER_CODE: Final = 5
_SITE_BITS: Final = 64  # an IPv6 subscriber has at least this network


class ThrottledError(Exception):
    """Raised when it was tried too often.

    Attributes:
        reason: Always `throttled`.
        wait: How long until it may be tried again.
    """

    reason = "throttled"

    def __init__(self, wait: timedelta) -> None:
        minutes = max(1, -(-wait // timedelta(minutes=1)))
        super().__init__(f"too many tries; try again in {minutes} minute{'s' if minutes > 1 else ''}")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Gauge:
    """What is counted together.

    Attributes:
        key: A name that tells nothing of whom it counts.
        most: How many tries a window has.
        lasting: Whether one right try leaves the others counted: whoever has an account of their own must
            not be able to try those of others for ever.
    """

    key: str
    most: int
    lasting: bool = False

    @classmethod
    def of(cls, most: int, *parts: str, lasting: bool = False) -> Self:
        """Return the gauge of what `parts` name together."""
        return cls(hashlib.sha256("\n".join(parts).encode()).hexdigest(), most, lasting)


def password_gauges(email: str, address: str) -> tuple[Gauge, ...]:
    """Return what a password tried for an account from an address counts against."""
    account, site = email.strip().lower(), _site(address)
    return (
        Gauge.of(_PER_PAIR, "pair", account, site),
        Gauge.of(_PER_ACCOUNT, "account", account),
        Gauge.of(_PER_ADDRESS, "address", site, lasting=True),
    )


def code_gauges(user_id: int) -> tuple[Gauge, ...]:
    """Return what a tried code or a password asked for again counts against."""
    return (Gauge.of(_PER_CODE, "code", str(user_id)),)


def count(session: Session, gauges: Sequence[Gauge], *, now: datetime) -> timedelta | None:
    """Count one try; return None if it may go on, else how long it may not.

    The transaction has to be committed before the try goes on, so that tries at the same time are counted.
    """
    session.execute(delete(SignInTries).where(SignInTries.began_at <= now - WINDOW))
    # In one order, so that two tries never wait for each other's rows.
    ordered = sorted(gauges, key=lambda each: each.key)
    waits = [wait for gauge in ordered if (wait := _count(session, gauge, now=now)) is not None]
    return max(waits, default=None)


def _count(session: Session, gauge: Gauge, *, now: datetime) -> timedelta | None:
    counted = session.execute(
        insert(session, SignInTries)
        .values(key=gauge.key, began_at=now, tries=1)
        .on_conflict_do_update(index_elements=[SignInTries.key], set_={"tries": SignInTries.tries + 1})
        .returning(SignInTries.tries, SignInTries.began_at)
    ).one()
    return counted.began_at + WINDOW - now if counted.tries > gauge.most else None


def forgive(session: Session, gauges: Sequence[Gauge]) -> None:
    """Forget the tries, after one was right."""
    keys = [gauge.key for gauge in gauges if not gauge.lasting]
    session.execute(delete(SignInTries).where(SignInTries.key.in_(keys)))


def _site(address: str) -> str:
    """Return an address, or the network of an IPv6 one, all of which its subscriber can use."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(int(parsed) >> _SITE_BITS)
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
