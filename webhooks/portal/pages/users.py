"""Settings: Users: who may sign in, and as what."""

from http import HTTPStatus

from flask import redirect, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from ledger import people, second_factor
from ledger.models import Role, User
from ledger.people import PeopleError
from webhooks.portal import context
from webhooks.portal.access import Section
from webhooks.portal.forms import one_of, sent
from webhooks.portal.visitors import tell, visitor

pages = Section("users")

_HERE = "/settings/users"


@pages.page(_HERE, Role.ADMIN)
def index() -> ResponseReturnValue:
    """List everybody who may sign in, or once might."""
    return _page()


@pages.form(_HERE, Role.ADMIN)
def add() -> ResponseReturnValue:
    """Let a person sign in, with a password that is shown once."""
    portal, email, role = context.current(), sent("email"), one_of(Role, sent("role"))
    if role is None:
        return _page(email=email, error="Choose a role.")
    password = people.new_password()
    try:
        with portal.database.write() as session:
            added = people.add_user(session, email, role, password, now=portal.clock(), actor=visitor().actor)
    except PeopleError as error:
        return _page(email=email, error=f"{error}.".capitalize())
    return render_template("user_password.html", user=added, password=password)


@pages.page(f"{_HERE}/<int:user_id>", Role.ADMIN)
def show(user_id: int) -> ResponseReturnValue:
    """Show one person and what can be done about them."""
    return render_template("user.html", user=_other(user_id, is_myself_allowed=True), roles=_roles())


@pages.form(f"{_HERE}/<int:user_id>/role", Role.ADMIN)
def set_role(user_id: int) -> ResponseReturnValue:
    """Give a person another role; they sign in anew."""
    portal, user, role = context.current(), _other(user_id), one_of(Role, sent("role"))
    if role is None:
        tell("Choose a role.", "bad")
        return _to(user)
    with portal.database.write() as session:
        people.set_role(session, user.id, role, now=portal.clock(), actor=visitor().actor)
    tell(f"{user.email} is {role} now, and signs in anew.")
    return _to(user)


@pages.page(f"{_HERE}/<int:user_id>/password", Role.ADMIN)
def ask_reset(user_id: int) -> ResponseReturnValue:
    """Ask before a person gets a new password."""
    user = _other(user_id)
    return _confirm(
        f"Give {user.email} a new password?",
        (
            "The present password stops working, and every session ends.",
            "The new password is shown once; hand it over yourself.",
        ),
        "password",
        "Give a new password",
        user,
    )


@pages.form(f"{_HERE}/<int:user_id>/password", Role.ADMIN)
def reset(user_id: int) -> ResponseReturnValue:
    """Give a person a new password, which is shown once."""
    portal, user, password = context.current(), _other(user_id), people.new_password()
    with portal.database.write() as session:
        people.set_password(session, user.id, password, now=portal.clock(), actor=visitor().actor)
    return render_template("user_password.html", user=user, password=password)


@pages.page(f"{_HERE}/<int:user_id>/second-factor", Role.ADMIN)
def ask_second_factor_off(user_id: int) -> ResponseReturnValue:
    """Ask before a person's second factor is switched off."""
    user = _other(user_id)
    effects = (f"{user.email} signs in with the password alone, until they set a second factor up again.",)
    return _confirm("Switch the second factor off?", effects, "second-factor", "Switch it off", user)


@pages.form(f"{_HERE}/<int:user_id>/second-factor", Role.ADMIN)
def second_factor_off(user_id: int) -> ResponseReturnValue:
    """Switch a person's second factor off: the app and the recovery codes are lost."""
    portal, user = context.current(), _other(user_id)
    with portal.database.write() as session:
        second_factor.switch_off(session, user.id, now=portal.clock(), actor=visitor().actor)
    tell(f"The second factor of {user.email} is off.")
    return _to(user)


@pages.page(f"{_HERE}/<int:user_id>/disable", Role.ADMIN)
def ask_disable(user_id: int) -> ResponseReturnValue:
    """Ask before a person may sign in no more."""
    user = _other(user_id)
    effects = ("Every session ends, and they cannot sign in.", "What they did stays in the audit trail.")
    return _confirm(f"Disable {user.email}?", effects, "disable", "Disable", user)


@pages.form(f"{_HERE}/<int:user_id>/disable", Role.ADMIN)
def disable(user_id: int) -> ResponseReturnValue:
    """Let a person sign in no more."""
    portal, user = context.current(), _other(user_id)
    with portal.database.write() as session:
        people.disable_user(session, user.email, now=portal.clock(), actor=visitor().actor)
    tell(f"{user.email} may sign in no more.")
    return redirect(_HERE, HTTPStatus.SEE_OTHER)


def _other(user_id: int, *, is_myself_allowed: bool = False) -> User:
    """Return somebody else who may sign in: whoever changes people stays one, so that somebody always can.

    Raises:
        werkzeug.exceptions.NotFound: If there is nobody, or they are disabled, or it is oneself.
    """
    with context.current().database.read() as session:
        user = session.get(User, user_id)
    if user is None or user.disabled_at is not None:
        raise NotFound
    if user.id == visitor().user.id and not is_myself_allowed:
        raise NotFound
    return user


def _page(*, email: str = "", error: str = "") -> ResponseReturnValue:
    with context.current().database.read() as session:
        everybody = people.users(session)
    page = render_template("users.html", everybody=everybody, roles=_roles(), email=email, error=error)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK


def _roles() -> list[tuple[str, str]]:
    says = {
        Role.VIEWER: "Viewer: looks at everything",
        Role.OPERATOR: "Operator: acts on refunds",
        Role.ADMIN: "Administrator: configures",
    }
    return [(role.value, text) for role, text in says.items()]


def _confirm(title: str, effects: tuple[str, ...], what: str, button: str, user: User) -> ResponseReturnValue:
    here = f"{_HERE}/{user.id}"
    return render_template(
        "confirm.html",
        title=title,
        effects=effects,
        action=f"{here}/{what}",
        button=button,
        back=here,
        is_danger=True,
    )


def _to(user: User) -> ResponseReturnValue:
    return redirect(f"{_HERE}/{user.id}", HTTPStatus.SEE_OTHER)
