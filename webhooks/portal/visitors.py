"""Who asks for a page: the cookie, the session behind it, and what the person is to be told next.

Somebody who is not signed in has a cookie too, with which forms are bound to the browser. Signing in always
gives a new one, so that nobody can plant a cookie and wait for its owner to sign in.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final, cast

import structlog
from flask import Response, g, request
from sqlalchemy.exc import SQLAlchemyError

from ledger import sessions
from ledger.models import PortalSession, Role, User
from webhooks.portal import context

_log = structlog.stdlib.get_logger(__name__)

_COOKIE: Final = "refund-sync"
_SECURE_COOKIE: Final = (
    "__Host-refund-sync"  # a browser takes this name only with Secure, Path=/ and no Domain
)
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_THEMES: Final = ("light", "dark")

REFRESH: Final = "X-Refresh"
"""The header of requests that a page makes by itself; they are no sign of anybody being there."""


@dataclass(slots=True)
class Visitor:
    """Whoever asks.

    Attributes:
        token: The cookie's text; empty without one.
        session: Who is signed in; None for nobody.
        pending: A session whose second factor is still due.
        notices: What the person is to be told, as `(kind, text)`; kinds are `good`, `bad` and `info`.
        is_new: Whether the cookie has to be set.
        theme: `light`, `dark`, or empty for what the device prefers.
    """

    token: str = field(repr=False)
    session: PortalSession | None = None
    pending: PortalSession | None = None
    notices: list[tuple[str, str]] = field(default_factory=list)
    is_new: bool = False
    theme: str = ""

    @property
    def user(self) -> User:
        """Return who is signed in.

        Raises:
            LookupError: If nobody is.
        """
        if self.session is None:
            raise LookupError("nobody is signed in")
        return self.session.user

    @property
    def actor(self) -> str:
        """Return how the audit trail names the person."""
        return f"portal:{self.user.email}"[:120]

    @property
    def role(self) -> Role | None:
        """Return the person's role; None for nobody."""
        return None if self.session is None else self.session.user.role


def visitor() -> Visitor:
    """Return whoever asks for this page."""
    if "visitor" not in g:
        g.visitor = _identify()
    return cast("Visitor", g.visitor)


def make_nobody() -> None:
    """Take whoever asks for nobody, without asking the ledger."""
    g.visitor = Visitor("", theme=_theme())


def csrf_token() -> str:
    """Return what the forms on this page must send along: bound to the cookie, and not telling it."""
    who = visitor()
    if not who.token:
        who.token, who.is_new = sessions.new_token(), True
    return hmac.new(who.token.encode(), b"csrf", hashlib.sha256).hexdigest()


def tell(text: str, kind: str = "good") -> None:
    """Tell the person something on the next page they see: `good`, `bad` or `info`."""
    visitor().notices.append((kind, text))


def take_notices() -> list[tuple[str, str]]:
    """Return what the person is to be told on this page, and tell it no more."""
    who = visitor()
    told, who.notices = who.notices, []
    return told


def become(token: str) -> None:
    """Give the browser the cookie of a session that just began."""
    who = visitor()
    who.token, who.is_new, who.session, who.pending = token, True, None, None


def forget() -> None:
    """Give the browser a cookie of nobody's."""
    become(sessions.new_token())


def see_off(response: Response) -> Response:
    """Set the cookie where it is new; write down that the person was there, and what to tell them."""
    if "visitor" not in g:
        return response
    who = visitor()
    if who.is_new:
        secure = context.is_secure()
        name = _SECURE_COOKIE if secure else _COOKIE
        response.set_cookie(name, who.token, secure=secure, httponly=True, samesite="Lax")
    if who.session is not None:
        _write_down(who, who.session)
    return response


def _write_down(who: Visitor, session: PortalSession) -> None:
    portal = context.current()
    now = portal.clock()
    notices = [list(each) for each in who.notices]
    is_stale = sessions.is_stale(session, now=now) and REFRESH not in request.headers
    if not is_stale and notices == session.notices:
        return
    try:
        with portal.database.write() as writing:
            if is_stale:
                sessions.touch(writing, session.token_hash, now=now)
            if notices != session.notices:
                sessions.keep_notices(writing, session.token_hash, notices)
    except SQLAlchemyError as error:  # the page is made already, and what it did is done
        _log.warning("session_not_kept", reason=type(error).__name__)


def _theme() -> str:
    theme = request.cookies.get("theme", "")
    return theme if theme in _THEMES else ""


def _identify() -> Visitor:
    theme = _theme()
    token = request.cookies.get(_SECURE_COOKIE if context.is_secure() else _COOKIE, "")
    if not _TOKEN.fullmatch(token):
        return Visitor("", theme=theme)
    portal = context.current()
    with portal.database.read() as reading:
        found = sessions.find(reading, token, now=portal.clock())
        if found is not None:
            reading.expunge_all()
    if found is None:
        return Visitor(token, theme=theme)
    if found.awaits_code:
        return Visitor(token, pending=found, theme=theme)
    notices = [(kind, text) for kind, text in found.notices]
    return Visitor(token, session=found, notices=notices, theme=theme)
