"""Change accounts by `NAME=VALUE` words: all of them, or none if one is refused."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from cli.inputs import InputError
from ledger import accounts, changing
from ledger.models import Account, NetSuiteAccount
from ledger.models.accounts import Direction

_SWITCH: Final = {"on": True, "off": False}


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
            changing.switch(session, account, is_on=_switch(text), now=now, actor=actor)
        else:
            changing.set_rules(session, account, {name: text}, now=now, actor=actor)


def change_netsuite(
    session: Session, account: NetSuiteAccount, words: Mapping[str, str], *, now: datetime, actor: str
) -> None:
    """Change a NetSuite account's `concurrency`.

    Raises:
        InputError: If there is no such setting.
        ledger.accounts.AccountError: If the text is no value of it.
    """
    for name, text in words.items():
        if name != "concurrency":
            raise InputError(
                "bad_assignment", f"a NetSuite account has no setting {name!r}; there is: concurrency"
            )
        changing.set_concurrency(session, account, text, now=now, actor=actor)


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
