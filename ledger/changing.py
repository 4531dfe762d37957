"""Change what an account is set to, in the words of people: checked, and written to the audit trail."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from ledger import audit
from ledger.accounts import AccountError, subject_of
from ledger.models import Account, NetSuiteAccount
from ledger.policy import Policy
from ledger.secrets import Vault

MOST_CONCURRENCY: Final = 200
"""Of one NetSuite account; the largest have fewer."""

_SWITCH: Final = {True: "on", False: "off"}
_DIGITS: Final = 10
_SECRET_BYTES: Final = 32


def switch(session: Session, account: Account, *, is_on: bool, now: datetime, actor: str) -> None:
    """Switch an account's refund sync on or off."""
    before, after = (_SWITCH[each] for each in (account.sync_enabled, is_on))
    account.sync_enabled = is_on
    _note(session, account, f"sync {before} -> {after}", now=now, actor=actor)


def set_rules(
    session: Session, account: Account, words: Mapping[str, str], *, now: datetime, actor: str
) -> list[str]:
    """Change settings of `ledger.policy.Policy`, given as text; return the names of those that changed.

    Raises:
        ledger.policy.PolicyError: If one is refused; then the transaction must not be kept.
    """
    changed = []
    for name, text in words.items():
        policy = Policy.of(account.settings)
        _, value = policy.changed(name, text)
        before = getattr(policy, name)
        account.settings = {**account.settings, name: value}
        if value != before:
            changed.append(name)
            _note(session, account, f"{name} {before!r} -> {value!r}", now=now, actor=actor)
    return changed


def set_concurrency(
    session: Session, account: NetSuiteAccount, text: str, *, now: datetime, actor: str
) -> None:
    """Change how many requests to NetSuite may be in flight at once.

    Raises:
        ledger.accounts.AccountError: `bad_number`.
    """
    if not (
        text.isascii() and text.isdecimal() and len(text) < _DIGITS and 1 <= int(text) <= MOST_CONCURRENCY
    ):
        raise AccountError(
            "bad_number", f"concurrency must be a whole number from 1 to {MOST_CONCURRENCY}, not {text!r}"
        )
    _note(session, account, f"concurrency {account.concurrency} -> {int(text)}", now=now, actor=actor)
    account.concurrency = int(text)


def set_credentials(
    session: Session,
    vault: Vault,
    account: Account | NetSuiteAccount,
    credentials: Mapping[str, Any],
    *,
    now: datetime,
    actor: str,
) -> None:
    """Replace an account's credentials, which are of its platform's shape."""
    account.credentials = vault.seal(dict(credentials))
    _note(session, account, "credentials", now=now, actor=actor)


def new_secret() -> str:
    """Return a new webhook secret of 256 random bits."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def _note(
    session: Session, account: Account | NetSuiteAccount, note: str, *, now: datetime, actor: str
) -> None:
    audit.write(session, subject_of(account), account.id, "set", at=now, actor=actor, note=note)
