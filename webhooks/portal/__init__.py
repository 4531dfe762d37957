"""The operators' portal: what people see and do, in the web process."""

from flask import Blueprint, Flask

from webhooks.portal import access, errors, formats, headers, navigation, static, visitors
from webhooks.portal.context import Portal
from webhooks.portal.pages import SECTIONS


def install(app: Flask, portal: Portal) -> None:
    """Add the portal's pages to the web process.

    Raises:
        webhooks.portal.access.UndeclaredError: If a page names no least role.
    """
    app.extensions["portal"] = portal
    # Templates and files of every page; no guard, so nothing of it may tell anything.
    app.register_blueprint(
        Blueprint(
            "portal", __name__, template_folder="templates", static_folder="static", static_url_path="/static"
        )
    )
    for section in SECTIONS:
        app.register_blueprint(section)
        section.check(app)
    app.after_request(visitors.see_off)
    headers.protect(app, portal)
    formats.install(app)
    static.install(app)
    app.jinja_env.globals.update(
        csrf_token=visitors.csrf_token,
        visitor=visitors.visitor,
        take_notices=visitors.take_notices,
        navigation=navigation.shown,
        settings_navigation=navigation.settings_shown,
        url_if=navigation.url_if,
        may=access.may,
    )


__all__ = ["Portal", "errors", "install"]
