"""Connecting a seller on Amazon.

Amazon signs nothing and delivers to queues only; how notifications get here, and what vouches for them, is
said in `webhooks.sources.amazon`. Types:
https://developer-docs.amazon.com/sp-api/docs/notification-type-values
"""

from collections.abc import Mapping
from typing import Any, Final

from cli.platforms.guide import Guide
from workers.platforms.amazon_auth import validate_credentials

TOPICS: Final = ("TRANSACTION_UPDATE", "ORDER_CHANGE")
"""The types of notifications that tell of refunds and of orders."""


def _webhook_secret(_credentials: Mapping[str, Any]) -> str:
    """Return nothing: the relay's secret is the seller's to choose, and no part of the credentials."""
    return ""


GUIDE: Final = Guide(
    validate_credentials=validate_credentials,
    webhook_secret=_webhook_secret,
    secret_hint="it is what the relay sends: the API key of EventBridge's API destination",  # noqa: S106 - a hint, not a secret
    topics=TOPICS,
    topics_hint="the Notifications API (createDestination, createSubscription), for an EventBridge rule "
    "with an API destination, or for a queue that is relayed by an SNS topic",
)
