"""Credentials encrypted at rest, with rotation of the key.

Fernet is AES-128-CBC with an HMAC-SHA256: https://cryptography.io/en/latest/fernet/. MultiFernet encrypts
with the first key and decrypts with any, so a new key is put in front and `rotated` writes old values anew.
"""

import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ledger.settings import Settings


class SecretsError(Exception):
    """Raised when no key opens a stored secret.

    Attributes:
        reason: Always `secret_unreadable`.
    """

    reason = "secret_unreadable"


class Vault:
    """Seals and opens JSON values."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        """Take the keys, newest first; at least one."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the vault of the settings' keys, or of the one kept in the data directory."""
        return cls(settings.secret_keys or (_embedded_key(settings.data_dir),))

    def seal(self, value: Any) -> bytes:  # noqa: ANN401 - whatever JSON can hold
        """Return the JSON value, encrypted with the newest key."""
        return self._fernet.encrypt(json.dumps(value, separators=(",", ":")).encode())

    def open(self, sealed: bytes) -> Any:  # noqa: ANN401 - whatever JSON can hold
        """Return what was sealed.

        Raises:
            SecretsError: If no key opens it.
        """
        try:
            return json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            raise SecretsError(
                "a stored secret cannot be opened: add the key it was sealed with to REFUND_SYNC_SECRET_KEY"
            ) from None

    def rotated(self, sealed: bytes) -> bytes:
        """Return the same secret, encrypted with the newest key.

        Raises:
            SecretsError: If no key opens it.
        """
        return self.seal(self.open(sealed))


def _embedded_key(data_dir: Path) -> str:
    """Return the data directory's key, made on first use; one process wins the race, the rest read."""
    path = data_dir / "secret.key"
    data_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with tempfile.NamedTemporaryFile(dir=data_dir) as made:  # readable by its owner only
            made.write(Fernet.generate_key())
            made.flush()
            with suppress(FileExistsError):  # so that no key is ever overwritten
                path.hardlink_to(made.name)
    return path.read_text().strip()
