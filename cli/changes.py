"""Change accounts by `NAME=VALUE` words: all of them, or none if one is refused."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from cli.inputs import InputError
from ledger import accounts, audit
from ledger.models import Account, NetSuiteAccount
from ledger.models.accounts import Direction
from ledger.policy import Policy
from ledger.secrets import Vault

_SWITCH: Final = {"on": True, "off": False}
MOST_CONCURRENCY: Final = 200
"""Of one NetSuite account; the largest have fewer."""


def change_account(
    session: Session, account: Account, words: Mapping[str, str], *, now: datetime, actor: str
) -> None:
    """Change a storefront account's `direction`, `sync` or any setting of `ledger.policy.Policy`.

    Raises:
        InputError: If `direction` or `sync` has no such value.
        ledger.accounts.AccountError: If the direction cannot change now.
        ledger.policy.PolicyError: If a setting is refused.
    """
    for name, text in words.items():
        if name == "direction":
            accounts.set_direction(session, account, _direction(text), now=now, actor=actor)
        elif name == "sync":
            before = "on" if account.sync_enabled else "off"
            account.sync_enabled = _switch(text)
            _note(session, account, f"sync {before} -> {text}", now=now, actor=actor)
        else:
            policy = Policy.of(account.settings)
            _, value = policy.changed(name, text)
            account.settings = {**account.settings, name: value}
            _note(session, account, f"{name} {getattr(policy, name)!r} -> {value!r}", now=now, actor=actor)


def change_netsuite(
    session: Session, account: NetSuiteAccount, words: Mapping[str, str], *, now: datetime, actor: str
) -> None:
    """Change a NetSuite account's `concurrency`.

    Raises:
        InputError: If there is no such setting, or the text is no value of it.
    """
    for name, text in words.items():
        if name != "concurrency":
            raise InputError(
                "bad_assignment", f"a NetSuite account has no setting {name!r}; there is: concurrency"
            )
        _note(session, account, f"concurrency {account.concurrency} -> {text}", now=now, actor=actor)
        account.concurrency = _concurrency(text)


def change_credentials(
    session: Session,
    vault: Vault,
    account: Account | NetSuiteAccount,
    credentials: dict[str, Any],
    *,
    now: datetime,
    actor: str,
) -> None:
    """Replace an account's credentials, which are of its platform's shape."""
    account.credentials = vault.seal(credentials)
    _note(session, account, "credentials", now=now, actor=actor)


def _direction(text: str) -> Direction:
    try:
        return Direction(text)
    except ValueError:
        raise InputError(
            "bad_assignment", f"direction must be {' or '.join(Direction)}, not {text!r}"
        ) from None


def _switch(text: str) -> bool:
    if text not in _SWITCH:
        raise InputError("bad_assignment", f"sync must be on or off, not {text!r}")
    return _SWITCH[text]


def _concurrency(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_CONCURRENCY):
        raise InputError(
            "bad_assignment",
            f"concurrency must be a whole number from 1 to {MOST_CONCURRENCY}, not {text!r}",
        )
    return int(text)


def _note(
    session: Session, account: Account | NetSuiteAccount, note: str, *, now: datetime, actor: str
) -> None:
    audit.write(session, accounts.subject_of(account), account.id, "set", at=now, actor=actor, note=note)
