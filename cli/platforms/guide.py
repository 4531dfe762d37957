"""What the commands need to know of a platform to connect one of its accounts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Guide:
    """One platform, for a person who connects an account of it.

    Attributes:
        validate_credentials: Raises `workers.platforms.errors.CredentialsError` unless they are of its shape.
        webhook_secret: Returns the secret its webhooks are signed with, where the credentials tell; else "".
        secret_hint: Where that secret is found where they do not tell.
        topics: What it has to be asked to send.
        topics_hint: Where it is asked for them.
    """

    validate_credentials: Callable[[Mapping[str, Any]], None]
    webhook_secret: Callable[[Mapping[str, Any]], str]
    secret_hint: str
    topics: tuple[str, ...]
    topics_hint: str
