"""One's own account: password, second factor, and where one is signed in."""

from http import HTTPStatus

from flask import redirect, render_template
from flask.typing import ResponseReturnValue

from ledger import people, second_factor, sessions
from ledger.models import Role, User
from ledger.people import PeopleError
from ledger.second_factor import SecondFactorError
from webhooks.portal import context, qr, signing_in
from webhooks.portal.access import Section
from webhooks.portal.forms import secret, sent
from webhooks.portal.signing_in import RefusedError
from webhooks.portal.visitors import tell, visitor

pages = Section("me")


@pages.page("/me", Role.VIEWER)
def show() -> ResponseReturnValue:
    """Show one's own account."""
    return _page({})


@pages.form("/me/password", Role.VIEWER)
def change_password() -> ResponseReturnValue:
    """Choose another password; other browsers are signed out."""
    who, portal = visitor(), context.current()
    try:
        signing_in.confirm_password(secret("password"))
    except RefusedError as error:
        return _page({"password": str(error)})
    if secret("new_password") != secret("again"):
        return _page({"again": "The two new passwords differ."})
    kept = who.session.token_hash if who.session else ""
    try:
        with portal.database.write() as session:
            people.set_password(
                session,
                who.user.id,
                secret("new_password"),
                now=portal.clock(),
                actor=who.actor,
                keep_session=kept,
            )
    except PeopleError as error:
        return _page({"new_password": str(error).capitalize() + "."})
    tell("Your password was changed; other browsers were signed out.")
    return _back()


@pages.form("/me/sessions", Role.VIEWER)
def sign_out_elsewhere() -> ResponseReturnValue:
    """Sign out at every other browser."""
    who = visitor()
    kept = who.session.token_hash if who.session else ""
    with context.current().database.write() as session:
        ended = sessions.end_all(session, who.user.id, but=kept)
    tell(f"{ended} other session{'' if ended == 1 else 's'} ended.")
    return _back()


@pages.form("/me/second-factor/begin", Role.VIEWER)
def begin_second_factor() -> ResponseReturnValue:
    """Choose a secret for an authenticator app."""
    try:
        signing_in.confirm_password(secret("factor_password"))
    except RefusedError as error:
        return _page({"factor_password": str(error)})
    portal = context.current()
    with portal.database.write() as session:
        second_factor.prepare(session, portal.vault, visitor().user.id)
    return _back()


@pages.form("/me/second-factor/confirm", Role.VIEWER)
def confirm_second_factor() -> ResponseReturnValue:
    """Switch the second factor on, once the app shows a right code; show the recovery codes, once."""
    who, portal = visitor(), context.current()
    try:
        with portal.database.write() as session:
            codes = second_factor.confirm(
                session, portal.vault, who.user.id, sent("code"), now=portal.clock(), actor=who.actor
            )
    except SecondFactorError as error:
        return _page({"code": str(error)})
    return render_template("recovery_codes.html", codes=codes)


@pages.form("/me/second-factor/off", Role.VIEWER)
def switch_second_factor_off() -> ResponseReturnValue:
    """Sign in with the password alone again."""
    who, portal = visitor(), context.current()
    try:
        signing_in.confirm_password(secret("factor_password"))
    except RefusedError as error:
        return _page({"factor_password": str(error)})
    with portal.database.write() as session:
        second_factor.switch_off(session, who.user.id, now=portal.clock(), actor=who.actor)
    tell("Your second factor is off.")
    return _back()


def _page(wrong: dict[str, str]) -> ResponseReturnValue:
    portal, who = context.current(), visitor()
    with portal.database.read() as session:
        user = session.get_one(User, who.user.id)
        live = sessions.of_user(session, user.id, now=portal.clock())
    prepared = second_factor.secret_of(portal.vault, user)
    page = render_template(
        "me.html",
        user=user,
        live=live,
        wrong=wrong,
        prepared=" ".join(prepared[at : at + 4] for at in range(0, len(prepared), 4)),
        code=qr.drawing(second_factor.address_of(prepared, user.email)) if prepared else None,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK


def _back() -> ResponseReturnValue:
    return redirect("/me", HTTPStatus.SEE_OTHER)
