"""The portal's pages: a module for what belongs together. A new one is named in `SECTIONS`."""

from typing import Final

from webhooks.portal.access import Section
from webhooks.portal.pages import (
    alerts,
    audit,
    connect,
    deliveries,
    discrepancies,
    installation,
    me,
    overview,
    reconciliation,
    refunds,
    rules,
    settings,
    signing_in,
    syncs,
    tokens,
    users,
)

SECTIONS: Final[tuple[Section, ...]] = (
    signing_in.pages,
    me.pages,
    overview.pages,
    refunds.pages,
    discrepancies.pages,
    syncs.pages,
    deliveries.pages,
    reconciliation.pages,
    settings.pages,
    connect.pages,
    connect.netsuite_pages,
    rules.mapping_pages,
    rules.pages,
    alerts.pages,
    installation.pages,
    users.pages,
    tokens.pages,
    audit.pages,
)
"""Every section of the portal."""
