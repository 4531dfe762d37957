"""The settings' front door: it leads to the first page that is there."""

from http import HTTPStatus

from flask import redirect
from flask.typing import ResponseReturnValue

from ledger.models import Role
from webhooks.portal.access import Section
from webhooks.portal.navigation import settings_shown

pages = Section("settings")


@pages.page("/settings", Role.ADMIN)
def index() -> ResponseReturnValue:
    """Lead to the first page of the settings."""
    return redirect(settings_shown()[0].url, HTTPStatus.SEE_OTHER)
