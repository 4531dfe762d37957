"""Connecting an eBay seller.

Credentials: those of the application (https://developer.ebay.com/my/keys) and the seller's refresh token
(https://developer.ebay.com/api-docs/static/oauth-authorization-code-grant.html). Notifications:
https://developer.ebay.com/api-docs/commerce/notification/overview.html.
"""

from collections.abc import Mapping
from typing import Any, Final

from cli.platforms.guide import Guide
from webhooks.sources.ebay_events import TOPICS
from workers.platforms.ebay_auth import validate_credentials


def _webhook_secret(_credentials: Mapping[str, Any]) -> str:
    """Return nothing: the verification token is the seller's to choose, and no part of the credentials."""
    return ""


GUIDE: Final = Guide(
    validate_credentials=validate_credentials,
    webhook_secret=_webhook_secret,
    secret_hint="it is the endpoint's verification token: 32 to 80 letters, digits, _ and -",  # noqa: S106 - a hint, not a secret
    topics=tuple(sorted(TOPICS)),
    topics_hint="the application's Alerts & Notifications page, or the Notification API's createSubscription",
)
