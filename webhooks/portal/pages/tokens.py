"""Settings: API tokens: the programs that may ask and act."""

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from flask import redirect, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from ledger import people
from ledger.models import ApiToken, Role
from ledger.people import PeopleError
from webhooks.portal import context
from webhooks.portal.access import Section
from webhooks.portal.forms import one_of, sent
from webhooks.portal.visitors import tell, visitor

pages = Section("tokens")

_HERE: Final = "/settings/tokens"
_LONGEST_DAYS: Final = 5  # digits


@pages.page(_HERE, Role.ADMIN)
def index() -> ResponseReturnValue:
    """List the tokens, ended ones included."""
    return _page()


@pages.form(_HERE, Role.ADMIN)
def add() -> ResponseReturnValue:
    """Make a token, whose text is shown once."""
    portal, role, days = context.current(), one_of(Role, sent("role")), sent("days")
    if role is None:
        return _page(error="Choose a role.")
    life = timedelta(days=int(days)) if days.isdecimal() and len(days) <= _LONGEST_DAYS else timedelta()
    try:
        with portal.database.write() as session:
            token, text = people.add_token(
                session, sent("name"), role, life, now=portal.clock(), actor=visitor().actor
            )
    except PeopleError as error:
        return _page(error=f"{error}.".capitalize())
    return render_template("token.html", token=token, text=text)


@pages.page(f"{_HERE}/<int:token_id>/revoke", Role.ADMIN)
def ask_revoke(token_id: int) -> ResponseReturnValue:
    """Ask before a token ends."""
    token = _token(token_id)
    return render_template(
        "confirm.html",
        title=f"Revoke the token {token.name}?",
        effects=("Programs that use it are refused from now on.", "Its name cannot be used again."),
        action=f"{_HERE}/{token.id}/revoke",
        button="Revoke",
        back=_HERE,
        is_danger=True,
    )


@pages.form(f"{_HERE}/<int:token_id>/revoke", Role.ADMIN)
def revoke(token_id: int) -> ResponseReturnValue:
    """End a token now."""
    portal, token = context.current(), _token(token_id)
    with portal.database.write() as session:
        people.revoke_token(session, token.name, now=portal.clock(), actor=visitor().actor)
    tell(f"The token {token.name} is revoked.")
    return redirect(_HERE, HTTPStatus.SEE_OTHER)


def _token(token_id: int) -> ApiToken:
    with context.current().database.read() as session:
        token = session.get(ApiToken, token_id)
    if token is None:
        raise NotFound
    return token


def _page(*, error: str = "") -> ResponseReturnValue:
    portal = context.current()
    with portal.database.read() as session:
        tokens = people.tokens(session)
    page = render_template(
        "tokens.html",
        tokens=tokens,
        now=portal.clock(),
        roles=[(role.value, role.value.capitalize()) for role in Role],
        values={name: sent(name) for name in ("name", "role", "days")},
        error=error,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
