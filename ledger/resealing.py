"""Every stored secret sealed anew with the newest key, so that the keys before it can be taken away."""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import audit
from ledger.models import Account, AlertChannel, NetSuiteAccount, User
from ledger.secrets import Vault

_SEALED: Final = (
    (Account, ("credentials", "webhook_secrets")),
    (NetSuiteAccount, ("credentials", "webhook_secrets")),
    (AlertChannel, ("target",)),
    (User, ("totp_secret",)),
)
"""Every column that holds what a vault has sealed; empty where there is nothing to seal."""


def reseal(session: Session, vault: Vault, *, now: datetime, actor: str) -> int:
    """Seal everything with the vault's newest key; return how many secrets there are.

    Rows are locked, so that whoever changes one meanwhile comes before or after.

    Raises:
        ledger.secrets.SecretsError: If no key opens one; then none is changed.
    """
    number = 0
    for table, columns in _SEALED:
        for row in session.scalars(select(table).order_by(table.id).with_for_update()):
            for column in columns:
                if sealed := getattr(row, column):
                    setattr(row, column, vault.rotated(sealed))
                    number += 1
    audit.write(session, "installation", 0, "reseal", at=now, actor=actor, note=f"{number} secrets")
    return number
