"""What eBay sends and serves, built and signed by code of its own from eBay's documentation.

Notifications: https://developer.ebay.com/develop/api/buy/notification_events. Signature:
https://github.com/eBay/event-notification-nodejs-sdk. SOAP:
https://developer.ebay.com/api-docs/static/platform-notifications-landing.html.
"""

import base64
import hashlib
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.policy import Policy
from tests.support.ledger import NOW
from webhooks.keys import FetchedKeys
from webhooks.sources.protocol import Endpoint, NoKeys

Payload = dict[str, Any]

SELLER: Final = "example-seller"
SELLER_ID: Final = "TFHVhLbkQtu"
BUYER_ID: Final = "ma8vp1jySJC"
ORDER: Final = "13-14786-65872"
KID: Final = "9936261a-7d7b-4621-a0f1-96ccb428af49"
KEY: Final = ec.generate_private_key(ec.SECP256R1())
SHA1: Final = hashes.SHA1()  # noqa: S303 - eBay's choice
CLIENT: Final = MappingProxyType({"client_id": "Example-App-PRD-1", "client_secret": "PRD-0123456789"})
LEGACY: Final = MappingProxyType({"dev_id": "dev-1", "app_id": "Example-App-PRD-1", "cert_id": "PRD-cert"})

DATA: Final[dict[str, Payload]] = {
    "ORDER_CONFIRMATION": {
        "user": {"userId": SELLER_ID, "username": SELLER},
        "order": {
            "orderId": ORDER,
            "orderLineItems": [
                {"orderLineItemId": "10084048110913", "listingId": "287403994390", "quantity": 19}
            ],
        },
    },
    "ORDER_CANCELLATION_ACTIVITY": {
        "activityType": "CANCELLATION_COMPLETED",
        "user": {"userId": SELLER_ID, "username": SELLER},
        "orderCancellation": {"cancellationId": "5012345678", "orderId": ORDER},
    },
    "ORDER_RETURN_ACTIVITY": {
        "activityType": "RETURN_CLOSED",
        "user": {"userId": SELLER_ID, "username": SELLER},
        "orderReturn": {
            "returnId": "5132021997",
            "returnStatus": "CLOSED",
            "buyer": {"userId": BUYER_ID, "username": "test_user"},
            "returnLineItems": [{"orderId": ORDER, "quantity": 1}, {"orderId": ORDER, "quantity": 2}],
        },
    },
    "ORDER_INQUIRY_ACTIVITY": {
        "activityType": "INQUIRY_CLOSED",
        "user": {"userId": SELLER_ID, "username": SELLER},
        "inquiry": {"inquiryId": "5087654321", "orderId": ORDER},
    },
    "MARKETPLACE_ACCOUNT_DELETION": {
        "username": "test_user",
        "userId": BUYER_ID,
        "eiasToken": "nY+sHZ2PrBmdj6wVnY+sEZ2PrA2dj6wJnY+gAZGEpwmdj6x9nY+seQ==",
    },
    "AUTHORIZATION_REVOCATION": {
        "username": SELLER,
        "userId": SELLER_ID,
        "eiasToken": "nY+sHZ2PrBmdj6wVnY+sEZ2PrA2dj6wJnY+gAZGEpwmdj6x9nY+seQ==",
        "revokeReason": "REVOKED_BY_USER",
        "revocationDate": "2026-03-14T15:09:20.000Z",
    },
}
"""Data of each topic that is asked for."""


def notification(topic: str, data: object = None, *, id_: str = "", attempt: int = 1) -> Payload:
    """Return a notification, by default of the topic's usual data and under an id of its own."""
    return {
        "metadata": {"topic": topic, "schemaVersion": "1.0", "deprecated": False},
        "notification": {
            "notificationId": id_ or f"{uuid.uuid4()}_{uuid.uuid4()}",
            "eventDate": "2026-03-14T15:09:23.110Z",
            "publishDate": f"2026-03-14T15:09:2{3 + attempt}.407Z",
            "publishAttemptCount": attempt,
            "data": DATA[topic] if data is None else data,
        },
    }


def compact(payload: object) -> bytes:
    """Return a payload as eBay sends it."""
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()


def header(signature: bytes, /, **changes: object) -> dict[str, str]:
    """Return the header that carries a signature; `changes` replace what it says, None leaves it out."""
    said = {"alg": "ecdsa", "kid": KID, "signature": base64.b64encode(signature).decode(), "digest": "SHA1"}
    kept = {name: value for name, value in (said | changes).items() if value is not None}
    return {"X-EBAY-SIGNATURE": base64.b64encode(compact(kept)).decode()}


def signed(
    body: bytes, *, key: ec.EllipticCurvePrivateKey = KEY, digest: hashes.HashAlgorithm = SHA1
) -> dict[str, str]:
    """Return the headers of a body that eBay signed."""
    return {"Content-Type": "application/json"} | header(key.sign(body, ec.ECDSA(digest)))


def public_key(key: Any = KEY, digest: str = "SHA1") -> Payload:  # noqa: ANN401 - of any kind, also useless ones
    """Return what eBay answers for a key: PEM without line breaks."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = f"-----BEGIN PUBLIC KEY-----{base64.b64encode(der).decode()}-----END PUBLIC KEY-----"
    return {"key": pem, "algorithm": "ECDSA", "digest": digest}


@dataclass
class EbayServer:
    """eBay's API as far as a receiver needs it.

    Attributes:
        keys: What it answers for the ids of keys; an id that is not here is unknown to it.
        clients: The applications it gives tokens to, with their secrets.
        token: The token it gives, and wants to see.
        token_status: What it answers, with an error, instead of giving tokens.
        token_answer: What it answers as if it were a token.
        calls: What it was asked for.
    """

    url: str = ""
    keys: dict[str, Any] = field(default_factory=lambda: {KID: public_key()})
    clients: dict[str, str] = field(default_factory=lambda: {CLIENT["client_id"]: CLIENT["client_secret"]})
    token: str = "v^1.1#i^1#application-token"
    token_status: HTTPStatus | None = None
    token_answer: bytes | None = None
    calls: list[str] = field(default_factory=list)

    def answer(self, path: str, authorization: str, form: dict[str, list[str]]) -> tuple[int, Any]:
        """Return status and body of the answer to a request, as eBay documents them."""
        self.calls.append(path)
        if path == "/identity/v1/oauth2/token":
            return self._token(authorization, form)
        if authorization != f"Bearer {self.token}":
            return 401, _error(1001, "OAuth", "Invalid access token")
        start = "/commerce/notification/v1/public_key/"
        kid = path.removeprefix(start)
        if not path.startswith(start) or kid not in self.keys:
            return 404, _error(195001, "API_NOTIFICATION", "The specified key id is invalid.")
        return 200, self.keys[kid]

    def _token(self, authorization: str, form: dict[str, list[str]]) -> tuple[int, Any]:
        if self.token_status:
            return self.token_status, {"error": "invalid_scope", "error_description": "refused"}
        client, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        if self.clients.get(client) != secret:
            return 401, {"error": "invalid_client", "error_description": "client authentication failed"}
        wanted = {"grant_type": ["client_credentials"], "scope": ["https://api.ebay.com/oauth/api_scope"]}
        if form != wanted:
            return 400, {"error": "invalid_scope", "error_description": "the requested scope is invalid"}
        token = {"access_token": self.token, "expires_in": 7200, "token_type": "Application Access Token"}
        return 200, token if self.token_answer is None else self.token_answer


def _error(number: int, domain: str, message: str) -> Payload:
    return {"errors": [{"errorId": number, "domain": domain, "category": "REQUEST", "message": message}]}


@contextmanager
def ebay_server() -> Iterator[EbayServer]:
    """Serve eBay's API on a port of its own."""
    ebay = EbayServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(parse_qs(body.decode()))

        def _answer(self, form: dict[str, list[str]]) -> None:
            status, body = ebay.answer(self.path, self.headers.get("Authorization", ""), form)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else compact(body))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        ebay.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield ebay
        finally:
            server.shutdown()
            thread.join()


def fetched_keys() -> FetchedKeys:
    """Return keys that may be fetched from this host."""
    return FetchedKeys(allow_private=True)


def soap_signature(timestamp: str, cert_id: str = LEGACY["cert_id"]) -> str:
    """Return what eBay signs a SOAP notification with, which is nothing of its content."""
    signed_text = timestamp + LEGACY["dev_id"] + LEGACY["app_id"] + cert_id
    return base64.b64encode(hashlib.md5(signed_text.encode(), usedforsecurity=False).digest()).decode()


def stamp(moment: datetime) -> str:
    """Return a time as eBay writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def soap(
    content: str,
    *,
    event: str = "ReturnClosed",
    at: str = stamp(NOW),
    signature: str | None = None,
    recipient: str = SELLER,
) -> bytes:
    """Return a SOAP notification around the XML of what it tells."""
    proof = soap_signature(at) if signature is None else signature
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">
 <soapenv:Header>
  <ebl:RequesterCredentials soapenv:mustUnderstand="0" xmlns:ebl="urn:ebay:apis:eBLBaseComponents">
   <ebl:NotificationSignature xmlns:ebl="urn:ebay:apis:eBLBaseComponents">{proof}
</ebl:NotificationSignature>
  </ebl:RequesterCredentials>
 </soapenv:Header>
 <soapenv:Body>
  <NotificationEvent xmlns="urn:ebay:apis:eBLBaseComponents">
   <Timestamp>{at}</Timestamp>
   <NotificationEventName>{event}</NotificationEventName>
   <RecipientUserID>{recipient}</RecipientUserID>
   {content}
  </NotificationEvent>
 </soapenv:Body>
</soapenv:Envelope>""".encode()


VERIFICATION_TOKEN: Final = "verify_0123456789-abcdefghijklmnopqrstuvwxyz"
ADDRESS: Final = "https://sync.example.com/webhooks/ebay/ebay-shop"


def ebay_endpoint(ebay: EbayServer | None = None, *, credentials: Payload | None = None) -> Endpoint:
    """Return the address of the seller's account, with eBay's API where it is served."""
    return Endpoint(
        "ebay",
        "ebay-shop",
        SELLER,
        1,
        1,
        Policy(),
        (VERIFICATION_TOKEN,),
        ADDRESS,
        api_url=ebay.url if ebay else "",
        credentials={**CLIENT, "legacy": dict(LEGACY)} if credentials is None else credentials,
        keys=fetched_keys() if ebay else NoKeys(),
    )
