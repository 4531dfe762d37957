"""The second factor: time-based codes (RFC 6238) of an app, and recovery codes for a lost one."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Final

import pyotp
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import audit
from ledger.models import User
from ledger.secrets import Vault

ISSUER: Final = "Refund Sync"
"""What an authenticator app calls us."""

_STEP: Final = 30  # seconds, RFC 6238 section 5.2 and every app's default
_DRIFT: Final = 1  # steps to either side, for clocks that differ (section 6)
_RECOVERY_CODES: Final = 10
_RECOVERY_BYTES: Final = 10  # 16 characters of base 32: too many to be tried, so a quick hash will do


class SecondFactorError(Exception):
    """Raised when a code is not taken; the message is for the person.

    Attributes:
        reason: `wrong_code` or `not_prepared`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def is_on(user: User) -> bool:
    """Tell whether a person signs in with a second factor."""
    return user.totp_since is not None


def prepare(session: Session, vault: Vault, user_id: int) -> None:
    """Choose a new secret for a person who has no second factor yet; it counts once it was confirmed."""
    user = _locked(session, user_id)
    if not is_on(user):
        user.totp_secret = vault.seal(pyotp.random_base32())


def secret_of(vault: Vault, user: User) -> str:
    """Return the secret that was prepared, in base 32; empty if none was, or it is in use already."""
    return "" if is_on(user) or not user.totp_secret else str(vault.open(user.totp_secret))


def address_of(secret: str, email: str) -> str:
    """Return the `otpauth:` address of a secret, which authenticator apps read from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def confirm(
    session: Session, vault: Vault, user_id: int, code: str, *, now: datetime, actor: str
) -> list[str]:
    """Switch the second factor on; return the recovery codes, which are kept nowhere.

    Raises:
        SecondFactorError: If the code is wrong or nothing was prepared.
    """
    user = _locked(session, user_id)
    if is_on(user) or not user.totp_secret:
        raise SecondFactorError("not_prepared", "Begin again: there is nothing to confirm.")
    user.totp_step = _step_of(vault, user, code, now)
    user.totp_since = now
    codes = [_recovery_code() for _ in range(_RECOVERY_CODES)]
    user.recovery_codes = [_hash(each) for each in codes]
    audit.write(session, "user", user.id, "second_factor_on", at=now, actor=actor, note=user.email)
    return codes


def check(session: Session, vault: Vault, user_id: int, code: str, *, now: datetime, actor: str) -> None:
    """Take a code of the app, or a recovery code; each is taken once.

    Raises:
        SecondFactorError: If it is wrong, or was taken before.
    """
    user = _locked(session, user_id)
    digest = _hash(code)
    if any(hmac.compare_digest(digest, each) for each in user.recovery_codes):
        user.recovery_codes = [each for each in user.recovery_codes if each != digest]
        note = f"{user.email}, {len(user.recovery_codes)} left"
        audit.write(session, "user", user.id, "recovery_code_used", at=now, actor=actor, note=note)
        return
    user.totp_step = _step_of(vault, user, code, now)


def switch_off(session: Session, user_id: int, *, now: datetime, actor: str) -> None:
    """Let a person sign in with the password alone again."""
    user = _locked(session, user_id)
    if user.totp_secret:
        user.totp_secret, user.totp_since, user.recovery_codes = b"", None, []
        audit.write(session, "user", user.id, "second_factor_off", at=now, actor=actor, note=user.email)


def _step_of(vault: Vault, user: User, code: str, now: datetime) -> int:
    """Return the time step of a code that is right and newer than the last one taken."""
    totp = pyotp.TOTP(str(vault.open(user.totp_secret)), interval=_STEP)
    current = int(now.timestamp()) // _STEP
    digits = code.replace(" ", "")
    for step in range(current - _DRIFT, current + _DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), digits.encode()) and step > user.totp_step:
            return step
    raise SecondFactorError("wrong_code", "That code is wrong, or was used already.")


def _recovery_code() -> str:
    text = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _hash(code: str) -> str:
    plain = code.lower().replace("-", "").replace(" ", "")
    return hashlib.sha256(plain.encode()).hexdigest()


def _locked(session: Session, user_id: int) -> User:
    return session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
