"""Connecting an eBay seller.

Credentials: those of the application (https://developer.ebay.com/my/keys) and the seller's refresh token
(https://developer.ebay.com/api-docs/static/oauth-authorization-code-grant.html). Notifications:
https://developer.ebay.com/api-docs/commerce/notification/overview.html.
"""

from collections.abc import Mapping
from typing import Any, Final

from cli.platforms.guide import Guide
from ledger.models.accounts import Platform
from webhooks.subscriptions import SUBSCRIPTIONS
from workers.platforms.ebay_auth import validate_credentials


def _webhook_secret(_credentials: Mapping[str, Any]) -> str:
    """Return nothing: the verification token is the seller's to choose, and no part of the credentials."""
    return ""


GUIDE: Final = Guide(
    validate_credentials=validate_credentials,
    webhook_secret=_webhook_secret,
    subscription=SUBSCRIPTIONS[Platform.EBAY],
)
