"""The portal's pages: a module for what belongs together. A new one is named in `SECTIONS`."""

from typing import Final

from webhooks.portal.access import Section
from webhooks.portal.pages import (
    audit,
    discrepancies,
    me,
    overview,
    refunds,
    settings,
    signing_in,
    tokens,
    users,
)

SECTIONS: Final[tuple[Section, ...]] = (
    signing_in.pages,
    me.pages,
    overview.pages,
    refunds.pages,
    discrepancies.pages,
    settings.pages,
    users.pages,
    tokens.pages,
    audit.pages,
)
"""Every section of the portal."""
