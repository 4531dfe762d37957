"""The web process' application, together with what only the platforms' clients know.

`gunicorn "cli.web_app:create_app()"`.
"""

from flask import Flask

import webhooks.app
from webhooks.portal.connectors import NETSUITE, Connector, Connectors
from workers.platforms.netsuite import validate_credentials
from workers.platforms.storefronts import STOREFRONTS


def connectors() -> Connectors:
    """Return what the portal asks when an account is connected; the same that `account add` asks."""
    of_storefronts = {
        platform.value: Connector(each.validate_credentials, each.webhook_secret)
        for platform, each in STOREFRONTS.items()
    }
    return {**of_storefronts, NETSUITE: Connector(validate_credentials)}


def create_app() -> Flask:
    """Return the web process' application, as the environment says.

    Raises:
        ledger.settings.SettingsError: If the environment is not usable.
    """
    return webhooks.app.create_app(connectors=connectors())
