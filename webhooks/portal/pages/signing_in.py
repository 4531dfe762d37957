"""Sign in, sign out, and how the portal looks."""

from http import HTTPStatus

from flask import redirect, render_template
from flask.typing import ResponseReturnValue

from webhooks.portal import context, signing_in
from webhooks.portal.access import ANYBODY, Section
from webhooks.portal.forms import asked, secret, sent
from webhooks.portal.links import local
from webhooks.portal.signing_in import RefusedError
from webhooks.portal.visitors import visitor

pages = Section("signing_in")

_THEMES = ("light", "dark")
_YEAR = 365 * 24 * 3600  # seconds


@pages.page("/sign-in", ANYBODY)
def show() -> ResponseReturnValue:
    """Ask for address and password."""
    wanted = local(asked("next"))
    if visitor().session is not None:
        return redirect(wanted, HTTPStatus.SEE_OTHER)
    return render_template("sign_in.html", next=wanted, email="", error="")


@pages.form("/sign-in", ANYBODY)
def enter() -> ResponseReturnValue:
    """Sign in with address and password."""
    wanted, email = local(sent("next")), sent("email")
    try:
        awaits_code = signing_in.with_password(email, secret("password"))
    except RefusedError as error:
        page = render_template("sign_in.html", next=wanted, email=email, error=str(error))
        return page, _status(error)
    if awaits_code:
        return render_template("sign_in_code.html", next=wanted, error="")
    return redirect(wanted, HTTPStatus.SEE_OTHER)


@pages.form("/sign-in/code", ANYBODY)
def enter_code() -> ResponseReturnValue:
    """Sign in with the second factor, after the password."""
    wanted = local(sent("next"))
    try:
        signing_in.with_code(sent("code"))
    except RefusedError as error:
        is_over = visitor().pending is None
        template = "sign_in.html" if is_over else "sign_in_code.html"
        return render_template(template, next=wanted, email="", error=str(error)), _status(error)
    return redirect(wanted, HTTPStatus.SEE_OTHER)


@pages.form("/sign-out", ANYBODY)
def leave() -> ResponseReturnValue:
    """Sign out."""
    signing_in.sign_out()
    return redirect("/sign-in", HTTPStatus.SEE_OTHER)


@pages.form("/theme", ANYBODY)
def choose_theme() -> ResponseReturnValue:
    """Show the portal light, dark, or as the device prefers."""
    theme = sent("theme")
    answer = redirect(local(sent("next")), HTTPStatus.SEE_OTHER)
    if theme in _THEMES:
        answer.set_cookie(
            "theme", theme, max_age=_YEAR, secure=context.is_secure(), httponly=True, samesite="Lax"
        )
    else:
        answer.delete_cookie("theme", secure=context.is_secure(), httponly=True, samesite="Lax")
    return answer


def _status(error: RefusedError) -> HTTPStatus:
    return HTTPStatus.TOO_MANY_REQUESTS if error.reason == "throttled" else HTTPStatus.UNPROCESSABLE_ENTITY
