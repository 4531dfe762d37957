"""Platform Notifications: SOAP, and a signature that covers the time and the keys alone."""

import base64
import hashlib
import xml.etree.ElementTree as ET

import pytest

from tests.sandbox.ebay.conftest import Endpoint
from tests.support.sandboxed_ebay import EbaySeller
from tests.support.waiting import until

KEYS = {"dev_id": "dev", "app_id": "app", "cert_id": "cert"}
EBAY = "{urn:ebay:apis:eBLBaseComponents}"


@pytest.fixture
def wired(seller: EbaySeller, endpoint: Endpoint) -> EbaySeller:
    """A seller whose platform notifications, and nothing else, the endpoint gets."""
    push = {"url": endpoint.url, "challenge": False, "topics": [], "legacy": KEYS}
    seller.change(push=push)
    return seller


@pytest.mark.parametrize(
    ("kind", "event", "id_name"),
    [
        ("return", "ReturnCreated", "ReturnId"),
        ("cancellation", "BuyerCancelRequested", "CancelId"),
        ("inquiry", "OrderInquiryOpened", "InquiryId"),
    ],
)
def test_a_request_is_told_in_soap(
    wired: EbaySeller, endpoint: Endpoint, kind: str, event: str, id_name: str
) -> None:
    number = wired.ask(wired.order(buyer="a&b"), kind)
    (got,) = endpoint.wait(1)
    assert got.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert got.headers["SOAPACTION"] == f'"https://developer.ebay.com/notification/{event}"'
    root = ET.fromstring(got.body)  # noqa: S314  # written by the sandbox
    fields = {
        each.tag.removeprefix(EBAY): each.text for each in root.findall(f".//{EBAY}NotificationEvent/*")
    }
    assert (fields["NotificationEventName"], fields["RecipientUserID"]) == (event, "rs_shirts")
    assert (fields[id_name], fields["OtherPartyId"]) == (number, "a&b")
    text = f"{fields['Timestamp']}devappcert".encode()
    wanted = base64.b64encode(hashlib.md5(text).digest()).decode()  # noqa: S324  # eBay signs so
    assert root.findtext(f".//{EBAY}NotificationSignature") == wanted


def test_the_end_of_a_return_is_told(wired: EbaySeller, endpoint: Endpoint) -> None:
    number = wired.ask(wired.order(), "return")
    wired.close(number)
    assert any(b"<NotificationEventName>ReturnClosed<" in each.body for each in endpoint.wait(2))


def test_only_200_is_an_acknowledgement(wired: EbaySeller, endpoint: Endpoint) -> None:
    wired.control.post("settings", {"retry_scale": 0})
    endpoint.statuses = [204, 200]
    wired.ask(wired.order(), "return")
    endpoint.wait(2)
    until(lambda: wired.control.get("webhooks/pending") == {"pending": 0})
    (shown,) = wired.webhooks("ReturnCreated")
    assert [attempt["status"] for attempt in shown["attempts"]] == [204, 200]


def test_only_events_asked_for_are_sent(seller: EbaySeller, endpoint: Endpoint) -> None:
    push = {
        "url": endpoint.url,
        "challenge": False,
        "topics": [],
        "legacy": {**KEYS, "url": f"{endpoint.url}/old", "events": ["ReturnClosed"]},
    }
    seller.change(push=push)
    seller.close(seller.ask(seller.order(), "return"))
    (got,) = endpoint.wait(1)
    assert got.path == "/hook/old"
    assert [each["topic"] for each in seller.webhooks()] == ["ReturnClosed"]
