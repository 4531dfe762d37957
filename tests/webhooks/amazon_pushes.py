"""Amazon's notifications as relays bring them, built and signed by code of its own from the documentation.

Notifications: the schemas of https://github.com/amzn/selling-partner-api-models. SNS:
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html.
"""

import base64
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from tests.support.ledger import NOW, SECRET
from tests.webhooks.platforms import Payload, encoded

SELLER: Final = "A3TESTSELLER01"
ORDER: Final = "903-8868176-2219830"
NOTIFICATION_ID: Final = "d0e9e693-c3ad-4373-979f-ed4ec98dd746"
TOPIC: Final = "arn:aws:sns:us-east-1:123456789012:refunds"
HOST: Final = "https://sns.us-east-1.amazonaws.com"
CERTIFICATE: Final = "/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem"
TOKEN: Final = "2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92"


def metadata(**changes: object) -> Payload:
    return {
        "ApplicationId": "amzn1.sellerapps.app.aacccfff-4455-4b7c-4422-664ecacdd336",
        "SubscriptionId": "subscription-id-d0e9e693-c3ad-4373-979f-ed4ec98dd746",
        "PublishTime": "2026-03-14T15:09:21.000Z",
        "NotificationId": NOTIFICATION_ID,
    } | changes


def notification(kind: str, payload: object, **changes: object) -> Payload:
    """Return a notification's envelope."""
    return {
        "NotificationVersion": "1.0",
        "NotificationType": kind,
        "PayloadVersion": "1.0",
        "EventTime": "2026-03-14T15:09:20.500Z",
        "Payload": payload,
        "NotificationMetadata": metadata(),
    } | changes


def related(name: str, value: str) -> Payload:
    return {"RelatedIdentifierName": name, "RelatedIdentifierValue": value}


def transaction(kind: str = "Refund", *orders: str, seller: str = SELLER, **changes: object) -> Payload:
    """Return a `TRANSACTION_UPDATE`; `changes` are of its payload."""
    payload = {
        "SellingPartnerMetadata": {
            "SellingPartnerId": seller,
            "MarketplaceId": "ATVPDKIKX0DER",
            "AccountType": "PAYABLE",
        },
        "RelatedIdentifiers": [related("OrderId", order) for order in orders or (ORDER,)],
        "TransactionType": kind,
        "PostedDate": "2026-03-14T15:08:00.000Z",
        "TotalAmount": {"CurrencyAmount": -21.6, "CurrencyCode": "USD"},
    } | changes
    return notification("TRANSACTION_UPDATE", {"TransactionUpdateNotification": payload})


def order_change(status: str = "Unshipped", *, seller: str = SELLER, **changes: object) -> Payload:
    """Return an `ORDER_CHANGE`; `changes` are of its payload."""
    payload = {
        "NotificationLevel": "OrderLevel",
        "SellerId": seller,
        "AmazonOrderId": ORDER,
        "OrderChangeType": "OrderStatusChange",
        "OrderChangeTrigger": {
            "TimeOfOrderChange": "2026-03-14T15:09:19.000Z",
            "ChangeReason": "OrderStatusChange",
        },
        "Summary": {
            "MarketplaceId": "ATVPDKIKX0DER",
            "OrderStatus": status,
            "PurchaseDate": "2026-03-01T10:00:00.000Z",
            "DestinationPostalCode": "48110",
            "FulfillmentType": "MFN",
            "OrderType": "StandardOrder",
            "NumberOfItemsShipped": 0,
            "NumberOfItemsUnshipped": 1,
            "OrderItems": [
                {
                    "OrderItemId": "OIID34853450",
                    "SellerSKU": "SKU-1",
                    "SupplySourceId": None,
                    "OrderItemStatus": "Unshipped",
                    "Quantity": 1,
                    "QuantityShipped": 0,
                }
            ],
        },
    } | changes
    return notification("ORDER_CHANGE", {"OrderChangeNotification": payload})


def feed_finished(seller: str | None = SELLER) -> Payload:
    """Return a `FEED_PROCESSING_FINISHED`, whose keys begin in lower case."""
    body = {
        "sellerId": seller,
        "accountId": "amzn1.merchant.o.A3TESTSELLER01",
        "feedId": "53347018456",
        "feedType": "POST_PAYMENT_ADJUSTMENT_DATA",
        "processingStatus": "DONE",
    }
    whole = notification("FEED_PROCESSING_FINISHED", {"feedProcessingFinishedNotification": body})
    inner = {name[0].lower() + name[1:]: value for name, value in metadata().items()}
    lowered = {name[0].lower() + name[1:]: value for name, value in whole.items()}
    return lowered | {"notificationMetadata": inner}


def event(detail: Payload) -> Payload:
    """Return EventBridge's event of a notification."""
    return {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": detail.get("NotificationType") or detail.get("notificationType"),
        "source": "aws.partner/sellingpartnerapi.amazon.com/123456789012/amzn1.sellerapps.app.aacccfff",
        "account": "123456789012",
        "time": "2026-03-14T15:09:22Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }


def secret_headers(secret: str = SECRET, name: str = "X-Api-Key") -> dict[str, str]:
    """Return the headers of an API destination's request."""
    return {"Content-Type": "application/json; charset=utf-8", name: secret}


@cache
def signing_key(number: int) -> rsa.RSAPrivateKey:
    """Return one of several keys, made once a run."""
    assert number
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate(*, elliptic: bool = False) -> bytes:
    """Return the certificate of the first key, or of one of another kind, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1()) if elliptic else signing_key(1)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + timedelta(days=395))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def stamp(moment: datetime) -> str:
    """Return a time as SNS writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def sns(text: object, **changes: object) -> Payload:
    """Return a message of SNS before it is signed; None leaves a key out."""
    message = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": text if isinstance(text, str) else encoded(text).decode(),
        "Timestamp": stamp(NOW - timedelta(seconds=3)),
        "SignatureVersion": "1",
        "SigningCertURL": HOST + CERTIFICATE,
        "UnsubscribeURL": f"{HOST}/?Action=Unsubscribe&SubscriptionArn={TOPIC}:c9135db0-26c4-47ec",
    } | changes
    return {key: value for key, value in message.items() if value is not None}


def confirmation(kind: str = "SubscriptionConfirmation", **changes: object) -> Payload:
    """Return a confirmation of SNS before it is signed."""
    return sns(
        f"You have chosen to subscribe to the topic {TOPIC}.\nTo confirm, visit the SubscribeURL.",
        Type=kind,
        MessageId="165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
        Token=TOKEN,
        SubscribeURL=f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}",
        UnsubscribeURL=None,
    ) | {key: value for key, value in changes.items() if value is not None}


def signed(message: Payload, key: rsa.RSAPrivateKey | None = None) -> Payload:
    """Sign a message as its `SignatureVersion` says."""
    keys = ["Message", "MessageId", "Timestamp", "TopicArn", "Type"]
    keys += ["Subject"] if message["Type"] == "Notification" else ["SubscribeURL", "Token"]
    lines = [f"{key}\n{message[key]}\n" for key in sorted(keys) if key in message]
    digest = hashes.SHA1() if message["SignatureVersion"] == "1" else hashes.SHA256()  # noqa: S303 - SNS' own
    signature = (key or signing_key(1)).sign("".join(lines).encode(), padding.PKCS1v15(), digest)
    return message | {"Signature": base64.b64encode(signature).decode()}


def sns_headers(message: Payload) -> dict[str, str]:
    """Return the headers that SNS sends with a message."""
    return {
        "Content-Type": "text/plain; charset=UTF-8",
        "X-Amz-Sns-Message-Type": str(message["Type"]),
        "X-Amz-Sns-Message-Id": str(message["MessageId"]),
        "X-Amz-Sns-Topic-Arn": str(message["TopicArn"]),
    }


def wrappings(whole: Payload) -> dict[str, Any]:
    """Return every body that a relay makes of one notification, by its name."""
    return {
        "bare": whole,
        "event": event(whole),
        "sns": signed(sns(whole)),
        "sns again": signed(sns(whole, MessageId="33b80b92-fdea-4c2c-8f9d-bdfb0c7bf324")),
        "event in sns": signed(sns(event(whole))),
    }
