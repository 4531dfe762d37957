"""The private keys the platform signs with, made when they are first needed, and their published halves."""

import base64
import uuid
from functools import cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

BITS: Final = 2048
EVENTS_KEYS: Final = (1, 2)
"""I/O Events signs every delivery twice, so that one key can be replaced at a time."""

WEBHOOKS_KEY: Final = "webhooks"
SPACE: Final = uuid.UUID("6f2ad3a4-53f5-4c39-9d27-2f1a1ac0b9b7")


@cache
def private_key(_name: str) -> rsa.RSAPrivateKey:
    """Return the private key of a name, the same one as long as the process lives."""
    return rsa.generate_private_key(public_exponent=65537, key_size=BITS)


def signature(name: str, data: bytes) -> str:
    """Sign: base64 of RSA PKCS #1 v1.5 with SHA-256."""
    return base64.b64encode(private_key(name).sign(data, padding.PKCS1v15(), SHA256())).decode()


def public_pem(name: str) -> str:
    """Return the public key as PEM."""
    public = private_key(name).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def key_path(number: int) -> str:
    """Return the path under which Adobe publishes one of its keys.

    https://developer.adobe.com/events/docs/guides/sdk/sdk-signature-verification
    """
    return f"/prod/keys/{key_file(number)}"


def key_file(number: int) -> str:
    """Return the name of a key's file, which stays the same from run to run."""
    return f"pub-key-{uuid.uuid5(SPACE, str(number))}.pem"


def events_key(number: int) -> str:
    """Return the name of one of the keys that I/O Events signs with."""
    return f"events-{number}"
