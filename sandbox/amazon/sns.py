"""Amazon SNS: its messages to an HTTPS endpoint, their signatures, and the certificate behind those.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html and
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

import base64
import functools
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from sandbox.amazon.answers import moment
from sandbox.jsonish import Json, dumps

KEY_BITS: Final = 2048
NOTIFICATION_KEYS: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION_KEYS: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
RETRY_SECONDS: Final = (20.0, 20.0, 20.0)
"""https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.retry.html: 3 retries, 20 seconds apart."""
XMLNS: Final = "http://sns.amazonaws.com/doc/2010-03-31/"


@dataclass(frozen=True)
class Signer:
    """A key and the certificate of its public half, as PEM."""

    key: rsa.RSAPrivateKey
    pem: bytes

    @property
    def file_name(self) -> str:
        """The certificate's name on SNS's host."""
        return f"SimpleNotificationService-{self.fingerprint}.pem"

    @property
    def fingerprint(self) -> str:
        """A short name of the key."""
        digest = x509.load_pem_x509_certificate(self.pem).fingerprint(hashes.SHA256())
        return digest.hex()[:32]


@functools.cache
def signer() -> Signer:
    """Return the process's key, made when it is first asked for."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    return Signer(key, certificate.public_bytes(Encoding.PEM))


def host(topic_arn: str) -> str:
    """Return SNS's host in a topic's region."""
    return f"sns.{topic_arn.split(':')[3]}.amazonaws.com"


def string_to_sign(message: Json) -> bytes:
    """Return what is signed: each key and its value on a line of its own."""
    keys = NOTIFICATION_KEYS if message["Type"] == "Notification" else CONFIRMATION_KEYS
    return "".join(f"{key}\n{message[key]}\n" for key in keys if key in message).encode()


def signed(message: Json, version: str) -> Json:
    """Sign a message.

    Args:
        message: The message, all but what speaks of the signature.
        version: ``1`` for SHA-1, a topic's default, or ``2`` for SHA-256.
    """
    digest = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303  # what SNS signs with by default
    signature = signer().key.sign(string_to_sign(message), padding.PKCS1v15(), digest)
    return {
        **message,
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": f"https://{host(message['TopicArn'])}/{signer().file_name}",
    }


def notification(text: str, topic_arn: str, subscription_arn: str, version: str, now: datetime) -> Json:
    """Write and sign a notification."""
    unsubscribe = urlencode({"Action": "Unsubscribe", "SubscriptionArn": subscription_arn})
    message = {
        "Type": "Notification",
        "MessageId": str(uuid.uuid4()),
        "TopicArn": topic_arn,
        "Message": text,
        "Timestamp": moment(now),
    }
    return {**signed(message, version), "UnsubscribeURL": f"https://{host(topic_arn)}/?{unsubscribe}"}


def confirmation(kind: str, topic_arn: str, about: str, token: str, version: str, now: datetime) -> Json:
    """Write and sign the confirmation of a subscription or of its end.

    Args:
        kind: ``SubscriptionConfirmation`` or ``UnsubscribeConfirmation``.
        topic_arn: The topic.
        about: What the message says.
        token: What confirms it.
        version: Of the signature.
        now: The present time.
    """
    query = urlencode({"Action": "ConfirmSubscription", "TopicArn": topic_arn, "Token": token})
    message = {
        "Type": kind,
        "MessageId": str(uuid.uuid4()),
        "Token": token,
        "TopicArn": topic_arn,
        "Message": about,
        "SubscribeURL": f"https://{host(topic_arn)}/?{query}",
        "Timestamp": moment(now),
    }
    return signed(message, version)


def headers(message: Json, subscription_arn: str) -> dict[str, str]:
    """Return the headers a message is sent with; a confirmation has no subscription yet."""
    found = {
        "x-amz-sns-message-type": message["Type"],
        "x-amz-sns-message-id": message["MessageId"],
        "x-amz-sns-topic-arn": message["TopicArn"],
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
    }
    if message["Type"] != "SubscriptionConfirmation":
        found["x-amz-sns-subscription-arn"] = subscription_arn
    return found


def as_bytes(message: Json) -> bytes:
    """Write a message as it is sent."""
    return dumps(message)


def response_xml(action: str, arn: str, request_id: str) -> str:
    """Write the answer of an action: https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html."""
    result = (
        f"<{action}Result><SubscriptionArn>{escape(arn)}</SubscriptionArn></{action}Result>" if arn else ""
    )
    return (
        f'<{action}Response xmlns="{XMLNS}">{result}'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    )


def error_xml(code: str, message: str, request_id: str) -> str:
    """Write a refusal of an action."""
    return (
        f'<ErrorResponse xmlns="{XMLNS}"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{escape(message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
