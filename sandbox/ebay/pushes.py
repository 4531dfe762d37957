"""Notifications: the envelope, the challenge, the signature and the patience.

https://developer.ebay.com/api-docs/commerce/notification/overview.html and
https://developer.ebay.com/marketplace-account-deletion
"""

import base64
import hashlib
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Final

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.clock import iso_millis
from sandbox.ebay.seller import Push, Seller
from sandbox.ebay.visit import PLATFORM
from sandbox.jsonish import Json, dumps
from sandbox.webhooks import ANSWER_TIMEOUT_SECONDS, CONNECT_TIMEOUT_SECONDS, Delivery, Headers
from sandbox.world import World

SIGNATURE_HEADER: Final = "X-EBAY-SIGNATURE"
DELETION: Final = "MARKETPLACE_ACCOUNT_DELETION"
RETRY_SECONDS: Final = (10.0, 60.0)
"""Up to three attempts in all; the waits are not documented."""
DELETION_RETRY_SECONDS: Final = (60 * 60.0,) * 24
"""Sent again until it is acknowledged; after 24 hours the endpoint is marked down."""


class SigningKeys:
    """eBay's own keys, which sign notifications; not locked, the platform is."""

    def __init__(self) -> None:
        self._keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.default = str(uuid.uuid4())

    def make(self, kid: str) -> None:
        """Make the key of that id unless it is there."""
        if kid not in self._keys:
            self._keys[kid] = ec.generate_private_key(ec.SECP256R1())

    def public(self, kid: str) -> Json | None:
        """Return a key as ``getPublicKey`` does, its PEM on one line; ``None`` if there is none."""
        key = self._keys.get(kid)
        if key is None:
            return None
        pem = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return {"key": pem.decode().replace("\n", ""), "algorithm": "ECDSA", "digest": "SHA1"}

    def sign(self, kid: str, body: bytes) -> str:
        """Return the signature header of a body."""
        algorithm = ec.ECDSA(hashes.SHA1())  # noqa: S303  # as eBay does
        signature = self._keys[kid].sign(body, algorithm)
        head = {
            "alg": "ecdsa",
            "kid": kid,
            "signature": base64.b64encode(signature).decode(),
            "digest": "SHA1",
        }
        return base64.b64encode(dumps(head)).decode()


@dataclass(eq=False)
class Notification(Delivery):
    """A notification on its way; every attempt says which one it is, and is signed anew.

    Attributes:
        message: The message of the first attempt.
        signature: Signs a body.
    """

    message: Json = field(default_factory=dict)
    signature: Callable[[bytes], str] = lambda _: ""

    def prepare(self, now: datetime) -> tuple[bytes, Headers]:
        """Return an attempt's body and headers."""
        notification = {
            **self.message["notification"],
            "publishDate": iso_millis(now),
            "publishAttemptCount": len(self.attempts) + 1,
        }
        data = notification.pop("data")
        body = dumps({**self.message, "notification": {**notification, "data": data}})
        self.body = body
        return body, {
            "Content-Type": "application/json",
            "User-Agent": "eBayNotificationService/1.0",
            SIGNATURE_HEADER: self.signature(body),
        }


def user_of(seller: Seller) -> Json:
    """Write the user a notification is for: the one who consented."""
    return {"userId": seller.user_id, "username": seller.username}


def challenge(push: Push) -> tuple[int | None, bool]:
    """Ask the endpoint to prove that it knows the verification token.

    Returns:
        The HTTP status answered, ``None`` without an answer, and whether the answer is right.
    """
    code = secrets.token_hex(32)
    joint = "&" if "?" in push.url else "?"
    with requests.Session() as session:
        session.trust_env = False
        try:
            given = session.get(
                f"{push.url}{joint}challenge_code={code}",
                timeout=(CONNECT_TIMEOUT_SECONDS, ANSWER_TIMEOUT_SECONDS),
                allow_redirects=False,
            )
            body = given.json() if given.content[:1] == b"{" else {}
        except requests.RequestException:
            return None, False
    wanted = hashlib.sha256((code + push.verification_token + push.url).encode()).hexdigest()
    is_json = given.headers.get("Content-Type", "").partition(";")[0].strip() == "application/json"
    right = body.get("challengeResponse") == wanted and is_json and given.status_code == HTTPStatus.OK
    return given.status_code, right


def envelope(topic: str, notification_id: str, at: str, data: Json) -> Json:
    """Write the message of a first attempt."""
    return {
        "metadata": {"topic": topic, "schemaVersion": "1.0", "deprecated": False},
        "notification": {
            "notificationId": notification_id,
            "eventDate": at,
            "publishDate": at,
            "publishAttemptCount": 1,
            "data": data,
        },
    }


def notify(world: World, keys: SigningKeys, seller: Seller, topic: str, data: Json) -> None:
    """Send a notification if the seller's application subscribes to its topic and proved its endpoint.

    Args:
        world: Where it is sent from.
        keys: What signs it.
        seller: Whose it is.
        topic: What happened.
        data: What the message says about it.
    """
    push = seller.push
    if push is None or push.status != "ENABLED" or topic not in push.topics:
        return
    notification_id = f"{uuid.uuid4()}_{uuid.uuid4()}"
    kid = push.kid

    def sign(body: bytes) -> str:
        return keys.sign(kid, body)

    def give_up() -> None:
        with world.lock:
            if topic == DELETION:
                push.marked_down = True

    message = envelope(topic, notification_id, iso_millis(world.clock.now()), data)
    delivery = Notification(
        id=notification_id,
        platform=PLATFORM,
        tenant=seller.id,
        topic=topic,
        url=push.url,
        body=dumps(message),
        sign=lambda _: {},
        delays=DELETION_RETRY_SECONDS if topic == DELETION else RETRY_SECONDS,
        event_id=notification_id,
        on_give_up=give_up,
        message=message,
        signature=sign,
    )
    world.courier.send([delivery])
