from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.events import OrderTouched, RequestTouched
from tests.support.ledger import NOW
from tests.webhooks.ebay_pushes import (
    BUYER_ID,
    CLIENT,
    LEGACY,
    ORDER,
    SELLER,
    ebay_endpoint,
    soap,
    soap_signature,
    stamp,
)
from webhooks.sources.ebay import Ebay
from webhooks.sources.protocol import Endpoint, Reading, Request, SignatureError, UnreadableError

RETURN = (
    "<ReturnId>5132021997</ReturnId><CreationDate>2026-03-14T15:00:00.000Z</CreationDate>"
    f"<OtherPartyId>{BUYER_ID}</OtherPartyId><OtherPartyRole>BUYER</OtherPartyRole>"
    "<ReturnStatus>CLOSED</ReturnStatus><ReturnGlobalId>EBAY-US</ReturnGlobalId>"
)
CHECKOUT = f"""<Ack>Success</Ack><CorrelationID>9876543210987</CorrelationID>
  <TransactionArray><Transaction>
    <Buyer><Email>buyer@example.com</Email><UserID>test_user</UserID></Buyer>
    <ContainingOrder><OrderID>110035400937-24152730001</OrderID>
      <ExtendedOrderID>{ORDER}</ExtendedOrderID></ContainingOrder>
    <ExtendedOrderID>{ORDER}</ExtendedOrderID>
  </Transaction></TransactionArray>"""
BODY = soap(RETURN)
BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>"""


def with_legacy(legacy: object) -> Endpoint:
    return ebay_endpoint(credentials={**CLIENT, "legacy": legacy})


def verify(body: bytes, endpoint: Endpoint | None = None, headers: dict[str, str] | None = None) -> None:
    Ebay().verify(Request(headers or {}, body, NOW), endpoint or ebay_endpoint())


def refused(body: bytes, endpoint: Endpoint | None = None) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(body, endpoint)
    return caught.value.reason


def read(body: bytes) -> Reading:
    return Ebay().read(Request({}, body, NOW, replayed=True), ebay_endpoint(credentials={}))


def unreadable(body: bytes) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        read(body)
    return caught.value


# Signature


def test_the_signature_computed_by_hand_is_accepted() -> None:
    # echo -n 2026-03-14T15:09:26.000Zdev-1Example-App-PRD-1PRD-cert | openssl md5 -binary | base64
    verify(soap(RETURN, at="2026-03-14T15:09:26.000Z", signature="rlzylEQPHMMtfdWB/lkDbg=="))


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n  "])
def test_a_signed_notification_is_accepted(before: bytes) -> None:
    verify(before + BODY.removeprefix(b'<?xml version="1.0" encoding="UTF-8"?>\n'))
    verify(b"\xef\xbb\xbf" + BODY)


def test_every_live_certificate_is_accepted() -> None:
    verify(BODY, with_legacy({**LEGACY, "cert_id": ["a-newer-one", LEGACY["cert_id"]]}))


def test_soap_is_judged_as_soap_whatever_its_headers_say() -> None:
    verify(BODY, headers={"X-EBAY-SIGNATURE": "x", "Content-Type": "application/json"})


@pytest.mark.parametrize(
    "legacy",
    [
        None,
        "x",
        {},
        {**LEGACY, "dev_id": ""},
        {**LEGACY, "app_id": None},
        {**LEGACY, "cert_id": ""},
        {**LEGACY, "cert_id": []},
        {**LEGACY, "cert_id": [LEGACY["cert_id"], ""]},
        {name: text for name, text in LEGACY.items() if name != "cert_id"},
    ],
)
def test_an_account_that_takes_no_such_pushes_refuses_them(legacy: Any) -> None:  # noqa: ANN401 - as configured
    assert refused(BODY, with_legacy(legacy)) == "missing_signature"
    assert refused(BODY, ebay_endpoint(credentials={})) == "missing_signature"


@pytest.mark.parametrize(
    "body",
    [
        soap(RETURN, signature=""),
        soap(RETURN, signature="  "),
        BODY.replace(b"NotificationSignature", b"Something"),
        BODY.replace(b"Header>", b"Footer>"),
        b"<NotificationEvent/>",
        b"<",
        b"<x>",
        b"<?xml version='1.0' encoding='no-such'?><x/>",
        b"<?xml version='1.0' encoding='utf-7'?><x/>",
        b"<?xml version='1.0' encoding='utf-16'?><x/>",
        BOMB,
        BODY.replace(b"\n", b'\n<!DOCTYPE x SYSTEM "http://evil.example/x.dtd">', 1),
        BODY.replace(b"</soapenv:Body>", b" " * 1024 * 1024 + b"</soapenv:Body>"),
    ],
    ids=range(13),
)
def test_what_carries_no_signature_or_is_not_safe_to_read_is_refused(body: bytes) -> None:
    assert refused(body) == "missing_signature"


@pytest.mark.parametrize(
    "signature",
    ["AAAA", "not base64!", "é", soap_signature(stamp(NOW), "another-cert"), soap_signature("another-time")],
)
def test_a_wrong_signature_is_refused(signature: str) -> None:
    assert refused(soap(RETURN, signature=signature)) == "wrong_signature"


def test_another_time_than_the_signed_one_is_refused() -> None:
    later = stamp(NOW + timedelta(seconds=1))
    assert refused(soap(RETURN, at=later, signature=soap_signature(stamp(NOW)))) == "wrong_signature"


@given(st.integers(-700, 700))
def test_a_time_is_good_for_ten_minutes_either_way(seconds: int) -> None:
    body = soap(RETURN, at=stamp(NOW + timedelta(seconds=seconds)))
    if abs(seconds) <= 600:
        verify(body)
    else:
        assert refused(body) == ("from_the_future" if seconds > 0 else "stale")


@pytest.mark.parametrize("at", ["", "soon", "2026-03-14T15:09:26", "1773500966"])
def test_a_signed_time_that_is_none_is_refused(at: str) -> None:
    assert refused(soap(RETURN, at=at)) == "bad_timestamp"


@pytest.mark.parametrize("recipient", ["", "another-seller"])
def test_a_notification_for_somebody_else_is_refused(recipient: str) -> None:
    assert refused(soap(RETURN, recipient=recipient)) == "wrong_shop"


def test_the_recipient_may_be_the_sellers_name() -> None:
    endpoint = replace(
        ebay_endpoint(), platform_id="another", credentials={"legacy": LEGACY, "username": SELLER.upper()}
    )
    verify(BODY, endpoint)


# Reading


@pytest.mark.parametrize(
    "event",
    [
        "ReturnCreated",
        "ReturnClosed",
        "ReturnRefundOverdue",
        "OrderInquiryOpened",
        "BuyerCancelRequested",
        "EBPClosedCase",
    ],
)
def test_a_request_without_its_order_sends_us_to_ask_whose_it_is(event: str) -> None:
    reading = read(soap(RETURN, event=event))
    assert (reading.topic, reading.events) == (event, (RequestTouched("return", "5132021997"),))
    assert (reading.order_ref, reading.person_ref) == ("", BUYER_ID)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("ReturnId", "return"), ("CancelId", "cancellation"), ("InquiryId", "inquiry"), ("CaseId", "case")],
)
def test_a_request_is_told_by_the_name_of_its_number(name: str, kind: str) -> None:
    reading = read(soap(f"<{name}>5132021997</{name}>", event="OrderInquiryOpened"))
    assert reading.events == (RequestTouched(kind, "5132021997"),)


@pytest.mark.parametrize("event", ["AuctionCheckoutComplete", "FixedPriceTransaction"])
def test_a_sale_sends_us_to_its_order_by_the_id_of_today(event: str) -> None:
    reading = read(soap(CHECKOUT, event=event))
    assert reading.events == (OrderTouched(ORDER),)
    assert (reading.order_ref, reading.person_ref) == (ORDER, "test_user")


@pytest.mark.parametrize("name", ["OrderID", "OrderId"])
def test_an_order_is_found_by_its_id(name: str) -> None:
    reading = read(soap(f"<{name}>{ORDER}</{name}>{RETURN}"))
    assert reading.events == (OrderTouched(ORDER),)


def test_an_id_may_be_wrapped() -> None:
    wrapped = soap("<CaseId><id>5012</id><type>EBP_INR</type></CaseId>", event="EBPClosedCase")
    assert read(wrapped).events == (RequestTouched("case", "5012"),)


def test_nothing_of_a_body_but_an_order_to_look_at_is_believed() -> None:
    body = soap(f"<OrderID>{ORDER}</OrderID><OrderStatus>Cancelled</OrderStatus><Total>9.99</Total>")
    assert read(body).events == (OrderTouched(ORDER),)


def test_where_an_order_is_named_nobody_has_to_ask_for_it() -> None:
    assert read(soap(f"{RETURN}<OrderID>{ORDER}</OrderID>")).events == (OrderTouched(ORDER),)


@pytest.mark.parametrize("role", ["SELLER", ""])
def test_another_party_than_the_buyer_is_not_kept_as_one(role: str) -> None:
    assert read(BODY.replace(b">BUYER<", f">{role}<".encode())).person_ref == ""


def test_a_further_attempt_has_the_same_key() -> None:
    assert read(BODY).delivery_key == read(BODY).delivery_key
    again = soap(CHECKOUT, event="FixedPriceTransaction", at=stamp(NOW + timedelta(minutes=5)))
    assert read(again).delivery_key == read(soap(CHECKOUT, event="FixedPriceTransaction")).delivery_key


def test_different_notifications_have_different_keys() -> None:
    bodies = [
        BODY,
        soap(RETURN, event="ReturnCreated"),
        soap(RETURN, at=stamp(NOW + timedelta(seconds=1))),
        soap(RETURN.replace("5132021997", "5132021998")),
        soap(RETURN + f"<OrderID>{ORDER}</OrderID>"),
    ]
    assert len({read(body).delivery_key for body in bodies}) == len(bodies)


@pytest.mark.parametrize("event", ["ItemSold", "TokenRevocation", "Return", "XReturnClosed", "Return1"])
def test_an_event_we_did_not_ask_for_is_unknown(event: str) -> None:
    error = unreadable(soap(RETURN, event=event))
    assert (error.reason, error.topic) == ("UNKNOWN_TOPIC", event)


@pytest.mark.parametrize(
    "body",
    [
        soap(""),
        soap("<ReturnId> </ReturnId>"),
        soap(RETURN, event=""),
        soap(RETURN, at=""),
        soap(RETURN, event="ReturnX" + "x" * 300),
        soap(f"<ReturnId>{'5' * 61}</ReturnId>"),
        soap("<ReturnId>../../x</ReturnId>"),
        soap("<OrderID>../../x</OrderID>"),
        soap("<OrderID>13 14</OrderID>"),
        soap("".join(f"<OrderID>13-{number}</OrderID>" for number in range(21))),
        BODY.replace(b"Body>", b"Corpse>"),
        b"<",
        BOMB,
    ],
    ids=range(13),
)
def test_a_body_of_another_shape_is_not_of_the_schema(body: bytes) -> None:
    error = unreadable(body)
    assert error.reason == "NOT_OF_SCHEMA"
    assert error.delivery_key == unreadable(body).delivery_key


def test_deep_and_wide_documents_are_read_in_one_pass() -> None:
    """Quadratic work on these would hang the test."""
    deep = "<OrderID>" * 40_000 + "</OrderID>" * 40_000
    assert read(soap(RETURN + deep)).events == (RequestTouched("return", "5132021997"),)
    verify(
        soap(deep + RETURN).replace(
            b"<soapenv:Header>", b"<soapenv:Header>" + b"<NotificationSignature/>" * 9
        )
    )
    nested = "<Buyer>" * 50_000 + "</Buyer>" * 50_000
    assert read(soap("<ReturnId>1</ReturnId>" + nested)).person_ref == ""
