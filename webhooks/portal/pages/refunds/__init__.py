"""Data flows: Other transactions: the list, one of them, and all that can be done with them."""

from webhooks.portal.pages.refunds import act, export, index, relink, retrieve, show
from webhooks.portal.pages.refunds.section import pages

__all__ = ["act", "export", "index", "pages", "relink", "retrieve", "show"]
