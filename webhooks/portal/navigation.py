"""The portal's menu: what is there, and may be seen by whoever asks."""

import itertools
from dataclasses import dataclass
from typing import Final

from flask import current_app, request, url_for

from webhooks.portal.access import may


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the menu.

    Attributes:
        endpoint: The page it leads to; not shown while there is none.
        role: The least role of those who see it.
        under: The heading it stands under.
    """

    text: str
    endpoint: str
    role: str = "viewer"
    under: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu as it is shown."""

    text: str
    url: str
    is_here: bool
    under: str


MENU: Final = (
    Item("Overview", "overview.show"),
    Item("Other transactions", "refunds.index", under="Data flows"),
    Item("Discrepancies", "discrepancies.index", under="Data flows"),
    Item("Manage data syncs", "syncs.index", under="Data flows"),
    Item("Deliveries", "deliveries.index", under="Data flows"),
    Item("Reconciliation", "reconciliation.index", under="Data flows"),
    Item("Settings", "settings.index", role="admin", under="Administration"),
    Item("Background jobs (RQ)", "rq_dashboard.queues_overview", under="Administration"),
)
"""The main menu, in order."""

SETTINGS: Final = (
    Item("Accounts", "accounts.index", role="admin"),
    Item("NetSuite accounts", "netsuite_accounts.index", role="admin"),
    Item("Mappings", "mappings.index", role="admin"),
    Item("Rules", "rules.index", role="admin"),
    Item("Alerts", "alerts.index", role="admin"),
    Item("Installation", "installation.index", role="admin"),
    Item("Users", "users.index", role="admin"),
    Item("API tokens", "tokens.index", role="admin"),
    Item("Audit trail", "audit.index", role="admin"),
)
"""The menu of the settings, in order."""


def shown() -> list[tuple[str, list[Entry]]]:
    """Return the main menu for whoever asks: each heading with its lines."""
    return [
        (heading, list(lines))
        for heading, lines in itertools.groupby(_entries(MENU), lambda entry: entry.under)
    ]


def settings_shown() -> list[Entry]:
    """Return the menu of the settings for whoever asks."""
    return _entries(SETTINGS)


def url_if(endpoint: str, **values: object) -> str:
    """Return a page's address, or nothing where there is no such page."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else ""  # type: ignore[arg-type]


def _entries(items: tuple[Item, ...]) -> list[Entry]:
    here = (request.endpoint or "").partition(".")[0]
    settings = {item.endpoint.partition(".")[0] for item in SETTINGS}
    entries = []
    for item in items:
        section = item.endpoint.partition(".")[0]
        is_here = section == here or (section == "settings" and here in settings)
        url = url_if(item.endpoint)
        if url and may(item.role):
            entries.append(Entry(item.text, url, is_here, item.under))
    return entries
