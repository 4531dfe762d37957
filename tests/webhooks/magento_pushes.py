"""What Magento shops send, built and signed by code of its own from the documentation.

Events: https://developer.adobe.com/commerce/extensibility/events/events-reference/ . Signatures:
https://developer.adobe.com/events/docs/guides/ and
https://developer.adobe.com/commerce/extensibility/webhooks/signature-verification .
"""

import base64
import uuid
from functools import cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.ledger import SECRET
from tests.webhooks.platforms import Payload

CLIENT_ID: Final = "259721d002e04ebc806c28da8696975f"
"""The client that Adobe's events are for."""

KEY_PATHS: Final = (
    "/prod/keys/pub-key-3fVj0Lv0QB.pem",
    "/prod/keys/pub-key-IkpzhSpTw0-2a.pem",
)
CREDIT_MEMO: Final = "com.adobe.commerce.observer.sales_order_creditmemo_save_after"
ORDER: Final = "com.adobe.commerce.observer.sales_order_save_after"


@cache
def private_key(number: int) -> RSAPrivateKey:
    """Return one of the keys: 1 and 2 are Adobe's, 3 is the shop's."""
    assert number
    return generate_private_key(65537, 2048)


def public_pem(number: int) -> bytes:
    """Return the public half of one of the keys."""
    return private_key(number).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def signature(number: int, message: bytes) -> str:
    """Return one of the keys' signatures in base64."""
    return base64.b64encode(private_key(number).sign(message, PKCS1v15(), SHA256())).decode()


def credit_memo(**changes: object) -> Payload:
    """Return the value of a credit memo's event, as far as it matters here."""
    return {
        "increment_id": "000000003",
        "order_id": 5,
        "invoice_id": 4,
        "state": 2,
        "grand_total": 20,
        "base_grand_total": 20,
        "created_at": "2026-03-14 15:09:20",
        "updated_at": "2026-03-14 15:09:21",
        "items": [{"entity_id": 9, "parent_id": 7, "order_item_id": 11, "sku": "TSHIRT-M", "qty": 1}],
        "_origData": None,
        "_isNew": True,
    } | changes


def order(**changes: object) -> Payload:
    """Return the value of an order's event, as far as it matters here."""
    return {
        "entity_id": "5",
        "increment_id": "000000005",
        "state": "processing",
        "status": "processing",
        "customer_id": "12",
        "grand_total": 100.0,
        "created_at": "2026-03-14 10:00:00",
        "updated_at": "2026-03-14 15:09:21",
        "items": [{"item_id": 11, "order_id": 5, "sku": "TSHIRT-M", "qty_ordered": 5}],
        "payment": {"method": "checkmo", "parent_id": 5},
        "_isNew": False,
    } | changes


def cloud_event(kind: str, value: object, **changes: object) -> Payload:
    """Return the body that Adobe I/O Events delivers."""
    event_id = str(uuid.uuid4())
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": "urn:uuid:f4a5e3a9-2b1d-4f0e-9c41-6f2f6a1b6a55",
        "type": kind,
        "datacontenttype": "application/json",
        "time": "2026-03-14T15:09:24.553Z",
        "eventid": event_id,
        "event_id": event_id,
        "recipient_client_id": CLIENT_ID,
        "recipientclientid": CLIENT_ID,
        "data": {
            "key": "ddaa98ca-bd8b-4fb9-9f01-8035ec430e62",
            "value": value,
            "source": "example.production",
            "_metadata": {"commerceEdition": "Adobe Commerce", "storeId": "1", "websiteId": "1"},
        },
    } | changes


def event_headers(message: bytes, **changes: str | None) -> dict[str, str]:
    """Return an event's headers; `changes` replace `signature_1`, `path_1`, `signature_2` and `path_2`."""
    values: dict[str, str | None] = {
        "signature_1": signature(1, message),
        "path_1": KEY_PATHS[0],
        "signature_2": signature(2, message),
        "path_2": KEY_PATHS[1],
        **changes,
    }
    names = {
        "signature_1": "x-adobe-digital-signature-1",
        "path_1": "x-adobe-public-key1-path",
        "signature_2": "x-adobe-digital-signature-2",
        "path_2": "x-adobe-public-key2-path",
    }
    return {"Content-Type": "application/json"} | {names[n]: text for n, text in values.items() if text}


def hook_headers(body: bytes) -> dict[str, str]:
    """Return the headers of a hook of the Commerce Webhooks module."""
    return {
        "Content-Type": "application/json",
        "x-adobe-commerce-webhook-signature": signature(3, base64.b64encode(body)),
    }


def secret_headers(secret: str = SECRET, name: str = "X-Refund-Sync-Secret") -> dict[str, str]:
    """Return the headers of an extension that knows the secret."""
    return {"Content-Type": "application/json", name: secret}
