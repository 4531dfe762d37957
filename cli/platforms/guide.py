"""What the commands need to know of a platform to connect one of its accounts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from webhooks.subscriptions import Subscription


@dataclass(frozen=True, slots=True)
class Guide:
    """One platform, for a person who connects an account of it.

    Attributes:
        validate_credentials: Raises `workers.platforms.errors.CredentialsError` unless they are of its shape.
        webhook_secret: Returns the secret its webhooks are signed with, where the credentials tell; else "".
        subscription: What it has to be asked to send, where, and where the secret is found.
    """

    validate_credentials: Callable[[Mapping[str, Any]], None]
    webhook_secret: Callable[[Mapping[str, Any]], str]
    subscription: Subscription
