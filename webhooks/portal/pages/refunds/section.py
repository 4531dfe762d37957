"""The section that the pages of the transactions belong to."""

from webhooks.portal.access import Section

pages = Section("refunds")
"""Pages below `/refunds`."""
