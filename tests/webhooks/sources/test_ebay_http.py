"""eBay's pushes over real HTTP, signed for real, with eBay's key and token fetched from a server."""

import hashlib
import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select

from ledger.clock import utcnow
from ledger.database import Database
from ledger.events import OrderTouched, event_from_json, person_ref_of
from ledger.models import Account, Delivery
from ledger.models.deliveries import DeliveryState
from ledger.platforms import Platform
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.support.ledger import make_account
from tests.webhooks.conftest import counted
from tests.webhooks.ebay_pushes import (
    BUYER_ID,
    CLIENT,
    LEGACY,
    ORDER,
    SELLER,
    VERIFICATION_TOKEN,
    EbayServer,
    compact,
    ebay_server,
    notification,
    signed,
    soap,
    stamp,
)
from tests.webhooks.test_http import LONGEST, served
from webhooks.app import create_app
from webhooks.replay import reread

PUBLIC_URL = "https://sync.example.com"
PATH = "/webhooks/ebay/ebay-shop"


@dataclass
class Address:
    """The web process over HTTP, with the seller's account and eBay's API."""

    port: int
    ebay: EbayServer
    database: Database

    def send(
        self, method: str, path: str = PATH, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, str]:
        """Return status, body and content type of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONGEST)
        try:
            connection.request(method, path, body or None, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers.get("Content-Type", "")
        finally:
            connection.close()

    def push(self, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        return self.send("POST", PATH, body, signed(body) if headers is None else headers)[:2]

    def deliveries(self) -> list[Delivery]:
        with self.database.read() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))


@pytest.fixture
def address(settings: Settings, database: Database, vault: Vault) -> Iterator[Address]:
    with ebay_server() as ebay:
        with database.write() as session:
            make_account(
                session,
                vault,
                platform=Platform.EBAY,
                storefront_id=SELLER,
                credentials={**CLIENT, "legacy": dict(LEGACY)},
                secret=VERIFICATION_TOKEN,
                api_url=ebay.url,
            )
        here = replace(settings, allow_private_urls=True, public_url=PUBLIC_URL)
        with served(create_app(here, database=database, vault=vault)) as port:
            yield Address(port, ebay, database)


def test_an_answer_without_a_body_says_nothing_of_its_length(address: Address) -> None:
    body = compact(notification("ORDER_RETURN_ACTIVITY", id_="n-1", attempt=1))
    with closing(http.client.HTTPConnection("127.0.0.1", address.port, timeout=LONGEST)) as connection:
        connection.request("POST", PATH, body, signed(body))
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (204, b"")
    # https://www.rfc-editor.org/rfc/rfc9110#section-8.6
    assert {"Content-Length", "Content-Type"}.isdisjoint(answer.headers)


def test_an_activity_is_accepted_once_however_often_ebay_sends_it(address: Address) -> None:
    for attempt in (1, 2, 3):
        body = compact(notification("ORDER_RETURN_ACTIVITY", id_="n-1", attempt=attempt))
        assert address.push(body) == (204, b"")
    (delivery,) = address.deliveries()
    assert (delivery.topic, delivery.delivery_key) == ("ORDER_RETURN_ACTIVITY", "n-1")
    assert (delivery.order_ref, delivery.person_ref) == (ORDER, person_ref_of(BUYER_ID))
    assert [event_from_json(event) for event in delivery.events] == [OrderTouched(ORDER)]
    assert [path.split("/")[1] for path in address.ebay.calls] == ["identity", "commerce"]


def test_a_wrong_signature_is_answered_412_and_nothing_is_kept(address: Address) -> None:
    body = compact(notification("ORDER_CONFIRMATION"))
    with counted(source="ebay", outcome="refused", reason="wrong_signature") as grown:
        status, answer = address.push(body, signed(body + b"x"))
    assert (status, json.loads(answer)["code"]) == (412, "wrong_signature")
    assert address.push(body, {})[0] == 412
    assert (grown, address.deliveries()) == ([1], [])


def test_another_sellers_push_is_answered_412_and_nothing_is_kept(address: Address) -> None:
    body = compact(notification("ORDER_CONFIRMATION", {"user": {"userId": "x"}, "order": {"orderId": ORDER}}))
    status, answer = address.push(body)
    assert (status, json.loads(answer)["code"], address.deliveries()) == (412, "wrong_shop", [])


def test_while_ebays_key_cannot_be_had_ebay_is_asked_to_send_again(address: Address) -> None:
    body = compact(notification("ORDER_CONFIRMATION"))
    address.ebay.clients.clear()
    status, answer = address.push(body)
    assert (status, json.loads(answer)["code"], address.deliveries()) == (503, "key_unreachable", [])
    address.ebay.clients = {CLIENT["client_id"]: CLIENT["client_secret"]}
    assert address.push(body)[0] == 204
    assert len(address.deliveries()) == 1


def test_what_is_signed_but_not_understood_is_kept_and_can_be_read_again(address: Address) -> None:
    body = compact(notification("LISTING", {"orderId": ORDER}))
    assert address.push(body) == (204, b"")
    (delivery,) = address.deliveries()
    assert (delivery.state, delivery.reason) == (DeliveryState.QUARANTINED, "UNKNOWN_TOPIC")


def test_an_accepted_push_reads_the_same_from_the_ledger(address: Address) -> None:
    address.push(compact(notification("ORDER_CANCELLATION_ACTIVITY")))
    with address.database.read() as session:
        (delivery,) = address.deliveries()
        account = session.scalars(select(Account)).one()
        assert reread(account, delivery) == (OrderTouched(ORDER),)


def test_ebays_challenge_is_answered(address: Address) -> None:
    status, answer, content_type = address.send("GET", f"{PATH}?challenge_code=a8628072-3d33")
    proof = hashlib.sha256(f"a8628072-3d33{VERIFICATION_TOKEN}{PUBLIC_URL}{PATH}".encode()).hexdigest()
    assert (status, content_type, json.loads(answer)) == (
        200,
        "application/json",
        {"challengeResponse": proof},
    )


@pytest.mark.parametrize("path", [PATH, "/webhooks/ebay/nobody?challenge_code=x"])
def test_without_a_challenge_or_an_account_there_is_nothing_here(address: Address, path: str) -> None:
    assert address.send("GET", path)[0] == 404


def test_a_platform_notification_of_old_is_accepted_with_200(address: Address) -> None:
    body = soap(f"<OrderID>{ORDER}</OrderID>", event="FixedPriceTransaction", at=stamp(utcnow()))
    headers = {"Content-Type": 'text/xml; charset="utf-8"', "SOAPACTION": '"FixedPriceTransaction"'}
    assert [address.push(body, headers) for _ in range(2)] == [(200, b""), (200, b"")]
    (delivery,) = address.deliveries()
    assert [event_from_json(event) for event in delivery.events] == [OrderTouched(ORDER)]
    assert address.push(soap("<ReturnId>1</ReturnId>"), headers)[0] == 412  # signed long ago
    assert address.ebay.calls == []
