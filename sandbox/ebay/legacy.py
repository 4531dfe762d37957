"""Platform Notifications of the Trading API: SOAP, signed by a hash that does not cover the body.

https://developer.ebay.com/api-docs/static/pn_return-created.html and
https://developer.ebay.com/support/kb-article?KBid=1201
"""

import base64
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from xml.sax.saxutils import escape

from sandbox.clock import iso_millis
from sandbox.ebay.model import CANCELLATION, INQUIRY, RETURN, Order, Request
from sandbox.ebay.pushes import RETRY_SECONDS
from sandbox.ebay.seller import Legacy, Seller
from sandbox.ebay.visit import PLATFORM
from sandbox.webhooks import Delivery, Headers
from sandbox.world import World

EVENTS: Final = ("ReturnCreated", "ReturnClosed", "BuyerCancelRequested", "OrderInquiryOpened")
OPENED: Final = {
    RETURN: "ReturnCreated",
    CANCELLATION: "BuyerCancelRequested",
    INQUIRY: "OrderInquiryOpened",
}
_ENVELOPE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
    '<soapenv:Header><ebl:RequesterCredentials soapenv:mustUnderstand="0" '
    'xmlns:ebl="urn:ebay:apis:eBLBaseComponents">'
    "<ebl:NotificationSignature>{signature}</ebl:NotificationSignature>"
    "</ebl:RequesterCredentials></soapenv:Header>"
    '<soapenv:Body><NotificationEvent xmlns="urn:ebay:apis:eBLBaseComponents">{fields}</NotificationEvent>'
    "</soapenv:Body></soapenv:Envelope>"
)


def signature(timestamp: str, legacy: Legacy) -> str:
    """Return the ``NotificationSignature``: base64 of MD5 over timestamp, DevID, AppID and CertID."""
    text = timestamp + legacy.dev_id + legacy.app_id + legacy.cert_id
    return base64.b64encode(hashlib.md5(text.encode(), usedforsecurity=False).digest()).decode()


@dataclass(eq=False)
class SoapDelivery(Delivery):
    """A platform notification on its way."""

    def accepts(self, status: int) -> bool:
        """Take 200 OK and nothing else for delivered."""
        return status == HTTPStatus.OK


def notify(world: World, seller: Seller, event: str, order: Order, request: Request) -> None:
    """Send a platform notification if the seller wants it.

    Args:
        world: Where it is sent from.
        seller: Whose it is.
        event: What happened, one of ``EVENTS``.
        order: The order it is about.
        request: The request it is about.
    """
    legacy = seller.push.legacy if seller.push else None
    if legacy is None or event not in legacy.events:
        return
    timestamp = iso_millis(world.clock.now())
    text = _ENVELOPE.format(
        signature=signature(timestamp, legacy),
        fields="".join(
            f"<{name}>{escape(value)}</{name}>"
            for name, value in _fields(seller, event, order, request, timestamp).items()
        ),
    )
    headers: Headers = {
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPACTION": f'"https://developer.ebay.com/notification/{event}"',
    }
    world.courier.send(
        [
            SoapDelivery(
                id=str(uuid.uuid4()),
                platform=PLATFORM,
                tenant=seller.id,
                topic=event,
                url=legacy.url,
                body=text.encode(),
                sign=lambda _: headers,
                delays=RETRY_SECONDS,
            )
        ]
    )


def _fields(seller: Seller, event: str, order: Order, request: Request, timestamp: str) -> Mapping[str, str]:
    name = {RETURN: "ReturnId", CANCELLATION: "CancelId", INQUIRY: "InquiryId"}[request.kind]
    fields = {
        "Timestamp": timestamp,
        "NotificationEventName": event,
        "RecipientUserID": seller.username,
        name: request.id,
        "CreationDate": iso_millis(request.created),
        "OtherPartyId": order.buyer,
        "OtherPartyRole": "BUYER",
    }
    if request.kind == RETURN:
        status = "MY_RESPONSE_DUE" if request.open else "CLOSED"
        site = seller.marketplace.replace("_", "-")
        return {**fields, "ReturnStatus": status, "ReturnGlobalId": site}
    names_order = seller.push is not None and seller.push.names_orders
    return {**fields, "OrderId": order.id} if names_order else fields
