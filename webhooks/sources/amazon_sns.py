"""Amazon SNS, which relays notifications to HTTPS: what a topic posts, who signed it, and how to confirm it.

Signature: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html. Formats:
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, TypeGuard
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import load_pem_x509_certificate
from marshmallow import ValidationError, fields

from webhooks.parsing import Json
from webhooks.sources.fields import Shape, moment_of
from webhooks.sources.protocol import Endpoint, NoSuchKeyError, SignatureError

NOTIFICATION: Final = "Notification"
SUBSCRIPTION_CONFIRMATION: Final = "SubscriptionConfirmation"
UNSUBSCRIBE_CONFIRMATION: Final = "UnsubscribeConfirmation"

_CONFIRMATION_KEYS: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED_KEYS: Final = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION_CONFIRMATION: _CONFIRMATION_KEYS,
    UNSUBSCRIBE_CONFIRMATION: _CONFIRMATION_KEYS,
}
_HASHES: Final[Mapping[str, HashAlgorithm]] = {
    "1": SHA1(),  # noqa: S303 - a topic's default; SNS offers nothing stronger without its owner's doing
    "2": SHA256(),
}
# A region starts with two letters: `sns.s3-us-west-2.amazonaws.com` would be somebody's bucket.
_HOST: Final = r"https://sns\.[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}\.amazonaws\.com(?:\.cn)?"
_CERTIFICATE_URL: Final = re.compile(rf"({_HOST})(/[A-Za-z0-9_-]{{1,100}}\.pem)")
_CONFIRMING_URL: Final = re.compile(rf"{_HOST}/\?([A-Za-z0-9%&=:._~+-]{{1,2000}})")
_OLDEST: Final = timedelta(hours=1)  # the longest that SNS goes on retrying an HTTPS address
_AHEAD: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Message:
    """What a topic posts.

    Attributes:
        type: `Notification`, `SubscriptionConfirmation` or `UnsubscribeConfirmation`.
        text: What was published to the topic, or a sentence for people.
        id: The same in every retry.
        timestamp: When it was published, in ISO 8601.
        certificate_url: Where the certificate is that it is signed with.
        version: The signature's: `1` for SHA-1, `2` for SHA-256.
        subject: None where there is none, which is signed otherwise than an empty one.
        token: Of a confirmation.
        subscribe_url: Of a confirmation: the address whose visit subscribes us.
    """

    type: str
    text: str
    id: str
    timestamp: str
    topic_arn: str
    signature: str
    certificate_url: str
    version: str
    subject: str | None = None
    token: str = ""
    subscribe_url: str = ""

    @property
    def signed(self) -> bytes:
        """Return the bytes that the topic signs."""
        values = {
            "Message": self.text,
            "MessageId": self.id,
            "Subject": self.subject,
            "SubscribeURL": self.subscribe_url,
            "Timestamp": self.timestamp,
            "Token": self.token,
            "TopicArn": self.topic_arn,
            "Type": self.type,
        }
        keys = [key for key in _SIGNED_KEYS[self.type] if values[key] is not None]
        return "".join(f"{key}\n{values[key]}\n" for key in keys).encode()


class _MessageSchema(Shape):
    makes: ClassVar[type] = Message
    type = fields.String(required=True, data_key="Type")
    text = fields.String(required=True, data_key="Message")
    id = fields.String(required=True, data_key="MessageId")
    timestamp = fields.String(required=True, data_key="Timestamp")
    topic_arn = fields.String(required=True, data_key="TopicArn")
    signature = fields.String(required=True, data_key="Signature")
    certificate_url = fields.String(required=True, data_key="SigningCertURL")
    version = fields.String(required=True, data_key="SignatureVersion")
    subject = fields.String(allow_none=True, data_key="Subject")
    token = fields.String(allow_none=True, data_key="Token")
    subscribe_url = fields.String(allow_none=True, data_key="SubscribeURL")


_SCHEMA: Final = _MessageSchema()


def is_message(body: Json) -> TypeGuard[dict[str, Json]]:
    """Tell whether a body is what a topic posts; neither notifications nor EventBridge's events are alike."""
    return isinstance(body, dict) and "Type" in body and "TopicArn" in body


def load(body: Json) -> Message:
    """Return a body as a message.

    Raises:
        marshmallow.ValidationError: If a key is missing that every message has.
    """
    message: Message = _SCHEMA.load(body)  # type: ignore[arg-type] # it refuses what is no object
    return message


def verify(body: dict[str, Json], endpoint: Endpoint, now: datetime) -> None:
    """Check that a message was signed by SNS just now, for a topic that the account's owner named.

    Anybody can make a topic and have SNS sign what they publish to it. So the topic comes first, and a key is
    only fetched for who knows its name.

    Args:
        body: A message, as `is_message` says.
        endpoint: Its credentials name the topics as a list, `topic_arns`.
        now: When it came, in UTC.

    Raises:
        SignatureError: `missing_signature`, `wrong_topic`, `unknown_key`, `wrong_signature`, `bad_timestamp`,
            `stale` or `from_the_future`.
        webhooks.sources.protocol.KeyUnreachableError: If the certificate cannot be had just now.
    """
    if not body.get("Signature"):
        raise SignatureError("missing_signature")
    try:
        message = load(body)
    except ValidationError:
        raise SignatureError("wrong_signature") from None
    if message.topic_arn not in _topics(endpoint.credentials):
        raise SignatureError("wrong_topic")
    if not _is_signed(message, endpoint):
        raise SignatureError("wrong_signature")
    _check_time(message, now)


def confirming_url(message: Message) -> str:
    """Return the address whose visit confirms the subscription; empty if it does anything else."""
    match = _CONFIRMING_URL.fullmatch(message.subscribe_url)
    asked = dict(parse_qsl(match[1])) if match else {}
    wanted = {"Action": "ConfirmSubscription", "TopicArn": message.topic_arn, "Token": message.token}
    return message.subscribe_url if asked.items() >= wanted.items() else ""


def _topics(credentials: Mapping[str, Any]) -> tuple[object, ...]:
    topics = credentials.get("topic_arns")
    return tuple(topics) if isinstance(topics, list) else ()  # of one text, every part would be `in` it


def _is_signed(message: Message, endpoint: Endpoint) -> bool:
    algorithm = _HASHES.get(message.version)
    if algorithm is None or message.type not in _SIGNED_KEYS:
        return False
    key = _key(message.certificate_url, endpoint)
    try:
        key.verify(base64.b64decode(message.signature, validate=True), message.signed, PKCS1v15(), algorithm)
    except (InvalidSignature, ValueError):  # what is not base64, or not even ASCII
        return False
    return True


def _key(url: str, endpoint: Endpoint) -> RSAPublicKey:
    place = _CERTIFICATE_URL.fullmatch(url)
    if place is None:
        raise SignatureError("unknown_key")
    try:
        key = load_pem_x509_certificate(endpoint.keys.get(endpoint.at(place[1], place[2]))).public_key()
    except (NoSuchKeyError, ValueError):  # what is no certificate
        raise SignatureError("unknown_key") from None
    if not isinstance(key, RSAPublicKey):
        raise SignatureError("unknown_key")
    return key


def _check_time(message: Message, now: datetime) -> None:
    moment = moment_of(message.timestamp)
    if moment is None:
        raise SignatureError("bad_timestamp")
    if now - moment > _OLDEST:
        raise SignatureError("stale")
    if moment - now > _AHEAD:
        raise SignatureError("from_the_future")
