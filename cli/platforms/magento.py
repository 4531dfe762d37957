"""Connecting a Magento or Adobe Commerce shop.

How it may send what happens is said in `webhooks.sources.magento`. Events:
https://developer.adobe.com/commerce/extensibility/events/events-reference/ . The integration needs the
resources Sales > Operations > Orders > View, Invoices, Credit Memos and Transactions, and the action Credit
Memos: https://developer.adobe.com/commerce/webapi/get-started/create-integration/ .
"""

import secrets
from collections.abc import Mapping
from typing import Any, Final

from cli.platforms.guide import Guide
from ledger.models.accounts import Platform
from webhooks.subscriptions import SUBSCRIPTIONS
from workers.platforms.magento_auth import validate_credentials

_SIGNED: Final = ("adobe_client_id", "commerce_public_key")
_LENGTH: Final = 32  # bytes


def _webhook_secret(credentials: Mapping[str, Any]) -> str:
    """Return a secret that nobody knows where the shop signs what it sends, so that none is needed."""
    return secrets.token_urlsafe(_LENGTH) if any(credentials.get(name) for name in _SIGNED) else ""


GUIDE: Final = Guide(
    validate_credentials=validate_credentials,
    webhook_secret=_webhook_secret,
    subscription=SUBSCRIPTIONS[Platform.MAGENTO],
)
