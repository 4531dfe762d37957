"""Settings: Installation: what all processes share, such as how long what is personal is kept."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger import installation
from ledger.installation import Installation, InstallationError
from ledger.models import Role
from webhooks.portal import context
from webhooks.portal.access import Section
from webhooks.portal.forms import sent
from webhooks.portal.installation_fields import FIELDS, GROUPS
from webhooks.portal.visitors import tell, visitor

pages = Section("installation")

_HERE: Final = "/settings/installation"


@pages.page(_HERE, Role.ADMIN)
def index() -> ResponseReturnValue:
    """Show the settings, with what is usual."""
    return _form({}, {})


@pages.form(_HERE, Role.ADMIN)
def change() -> ResponseReturnValue:
    """Change the settings, all that were sent or none; what is empty is as usual again."""
    portal = context.current()
    values = {each.name: sent(each.name) for each in FIELDS if each.name in request.form}
    wrong = {}
    for name, value in values.items():
        try:
            if value:
                installation.check(name, value)
        except InstallationError as error:
            wrong[name] = f"This {error.says}."
    if wrong:
        return _form(values, wrong)
    with portal.database.write() as session:
        changed = installation.change(session, values, now=portal.clock(), actor=visitor().actor)
    tell("The settings of the installation were changed." if changed else "Nothing was changed.")
    return redirect(url_for("installation.index"), HTTPStatus.SEE_OTHER)


def _form(values: Mapping[str, str], wrong: Mapping[str, str]) -> ResponseReturnValue:
    with context.current().database.read() as session:
        known = installation.load(session)
    page = render_template(
        "installation.html",
        groups=GROUPS,
        values={**_texts(known), **values},
        wrong=wrong,
        usual=_texts(Installation()),
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK


def _texts(known: Installation) -> Mapping[str, str]:
    return {each.name: installation.text_of(known, each.name) for each in FIELDS}
