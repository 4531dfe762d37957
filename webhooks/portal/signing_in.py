"""Signing in: counted, compared, then written down; no transaction is open while a password is hashed."""

from collections.abc import Sequence

import structlog
from flask import request
from sqlalchemy.orm import Session

from ledger import audit, people, second_factor, sessions, throttle
from ledger.models import User
from ledger.second_factor import SecondFactorError
from ledger.throttle import Gauge, ThrottledError
from webhooks.portal import context
from webhooks.portal.visitors import become, forget, visitor

_log = structlog.stdlib.get_logger(__name__)


class RefusedError(Exception):
    """Raised when somebody cannot be signed in; the message does not tell whether there is such an account.

    Attributes:
        reason: `wrong_password`, `wrong_code`, `throttled` or `too_late`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def with_password(email: str, password: str) -> bool:
    """Sign a person in; return whether the second factor is still due.

    Raises:
        RefusedError: If nobody has this address and password, or it was tried too often.
    """
    portal = context.current()
    gauges = throttle.password_gauges(email, _address())
    count(gauges)
    with portal.database.read() as session:
        found = people.by_email(session, email)
    if not people.is_password(found, password) or found is None:
        raise _refused("wrong_password", "The e-mail address or the password is wrong.")
    with portal.database.write() as session:
        user = people.by_email(session, email)
        if user is None or user.password_hash != found.password_hash:  # disabled or changed meanwhile
            raise _refused("wrong_password", "The e-mail address or the password is wrong.")
        throttle.forgive(session, gauges)
        awaits_code = second_factor.is_on(user)
        token = _begin(session, user, awaits_code=awaits_code)
    become(token)
    return awaits_code


def with_code(code: str) -> None:
    """Take the second factor of somebody whose password was right.

    Raises:
        RefusedError: If the code is wrong, or it was tried too often, or the time for it is over.
    """
    portal = context.current()
    pending = visitor().pending
    if pending is None:
        raise _refused("too_late", "Sign in again: there was too long a pause.")
    gauges = throttle.code_gauges(pending.user_id)
    count(gauges)
    now = portal.clock()
    with portal.database.write() as session:
        try:
            second_factor.check(
                session, portal.vault, pending.user_id, code, now=now, actor=f"portal:{pending.user.email}"
            )
        except SecondFactorError as error:
            raise _refused(error.reason, str(error)) from None
        throttle.forgive(session, gauges)
        user = session.get_one(User, pending.user_id)
        token = _begin(session, user, awaits_code=False)
    become(token)


def confirm_password(password: str) -> None:
    """Make sure that it is the person who is signed in, before something that matters.

    Raises:
        RefusedError: If the password is wrong, or it was tried too often.
    """
    user = visitor().user
    gauges = throttle.code_gauges(user.id)
    count(gauges)
    if not people.is_password(user, password):
        raise _refused("wrong_password", "That is not your password.")
    with context.current().database.write() as session:
        throttle.forgive(session, gauges)


def sign_out() -> None:
    """End the session of whoever asks."""
    who = visitor()
    present = who.session or who.pending
    if present is not None:
        with context.current().database.write() as session:
            sessions.end(session, present.token_hash)
    forget()


def count(gauges: Sequence[Gauge]) -> None:
    """Count a try, and keep the count whatever comes of it.

    Raises:
        RefusedError: If there were too many.
    """
    portal = context.current()
    with portal.database.write() as session:
        wait = throttle.count(session, gauges, now=portal.clock())
    if wait is not None:
        error = ThrottledError(wait)
        raise _refused(error.reason, f"{error}.".capitalize())


def _begin(session: Session, user: User, *, awaits_code: bool) -> str:
    """Begin a session in place of the one there is, if any."""
    portal = context.current()
    who = visitor()
    now = portal.clock()
    present = who.session or who.pending
    if present is not None:
        sessions.end(session, present.token_hash)
    if not awaits_code:
        audit.write(
            session, "user", user.id, "sign_in", at=now, actor=f"portal:{user.email}"[:120], note=_address()
        )
    return sessions.begin(
        session, user, now=now, address=_address(), browser=request.user_agent.string, awaits_code=awaits_code
    )


def _refused(reason: str, message: str) -> RefusedError:
    _log.warning("sign_in_refused", reason=reason, address=_address())
    return RefusedError(reason, message)


def _address() -> str:
    return request.remote_addr or ""
