"""Connecting a seller on Amazon.

Amazon signs nothing and delivers to queues only; how notifications get here, and what vouches for them, is
said in `webhooks.sources.amazon`. Types:
https://developer-docs.amazon.com/sp-api/docs/notification-type-values
"""

from collections.abc import Mapping
from typing import Any, Final

from cli.platforms.guide import Guide
from ledger.models.accounts import Platform
from webhooks.subscriptions import SUBSCRIPTIONS
from workers.platforms.amazon_auth import validate_credentials


def _webhook_secret(_credentials: Mapping[str, Any]) -> str:
    """Return nothing: the relay's secret is the seller's to choose, and no part of the credentials."""
    return ""


GUIDE: Final = Guide(
    validate_credentials=validate_credentials,
    webhook_secret=_webhook_secret,
    subscription=SUBSCRIPTIONS[Platform.AMAZON],
)
