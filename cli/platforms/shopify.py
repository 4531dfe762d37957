"""Connecting a Shopify shop.

Signing: https://shopify.dev/docs/apps/build/webhooks/subscribe/https; the key is the app's client secret.
Compliance topics are set in the app's configuration, all others by a subscription:
https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
"""

from collections.abc import Mapping
from typing import Any, Final

from cli.platforms.guide import Guide
from ledger.models.accounts import Platform
from webhooks.subscriptions import SUBSCRIPTIONS
from workers.platforms.shopify import validate_credentials


def _webhook_secret(credentials: Mapping[str, Any]) -> str:
    return str(credentials.get("client_secret", ""))


GUIDE: Final = Guide(
    validate_credentials=validate_credentials,
    webhook_secret=_webhook_secret,
    subscription=SUBSCRIPTIONS[Platform.SHOPIFY],
)
