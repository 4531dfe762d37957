"""Amazon's notifications over real HTTP, as relays bring them; SNS' certificate is on a server of our own."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import requests
from sqlalchemy import select

from ledger import accounts
from ledger.database import Database
from ledger.events import Event, OrderSeen, OrderTouched, SubscriptionOffered, event_from_json
from ledger.models import Delivery, DeliveryState, OrderState
from ledger.platforms import Platform
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.support.ledger import NOW, SECRET, make_account
from tests.webhooks.amazon_pushes import (
    CERTIFICATE,
    ORDER,
    TOPIC,
    certificate,
    confirmation,
    event,
    feed_finished,
    notification,
    order_change,
    secret_headers,
    signed,
    signing_key,
    sns,
    sns_headers,
    stamp,
    transaction,
)
from tests.webhooks.conftest import Line, counted
from tests.webhooks.keyserver import KeyServer, key_server
from tests.webhooks.platforms import Payload, encoded
from tests.webhooks.test_http import LONGEST, served
from webhooks.app import create_app
from webhooks.replay import reread


@dataclass(frozen=True)
class Shop:
    """The address of a seller's account, and what came there."""

    address: str
    database: Database
    keys: KeyServer

    def post(self, payload: object, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
        body = payload if isinstance(payload, bytes) else encoded(payload)
        with requests.Session() as session:
            answer = session.post(self.address, data=body, headers=headers, timeout=LONGEST)
        return answer.status_code, answer.json()

    def sns(self, message: Payload) -> tuple[int, dict[str, str]]:
        return self.post(message, sns_headers(message))

    def deliveries(self) -> list[Delivery]:
        with self.database.read() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))

    def told(self) -> list[Event]:
        return [event_from_json(each) for delivery in self.deliveries() for each in delivery.events]


@pytest.fixture
def shop(settings: Settings, database: Database, vault: Vault) -> Iterator[Shop]:
    """A seller whose notifications come in all three ways, to a web process in development."""
    with key_server() as keys:
        keys.keep(CERTIFICATE, certificate())
        with database.write() as session:
            make_account(
                session,
                vault,
                platform=Platform.AMAZON,
                slug="shop",
                credentials={"topic_arns": [TOPIC], "refresh_token": "Atzr|IQEBLzAtAhRPpMJxdwVz2Nn6f2y"},
                api_url=keys.url,
            )
        development = replace(settings, allow_private_urls=True)
        app = create_app(development, database=database, vault=vault, clock=lambda: NOW)
        with served(app) as port:
            yield Shop(f"http://127.0.0.1:{port}/webhooks/amazon/shop", database, keys)


def test_an_api_destination_is_believed_by_its_key(shop: Shop, log: list[Line]) -> None:
    body = event(transaction())
    with counted(source="amazon", outcome="accepted", reason="") as grown:
        assert shop.post(body, secret_headers()) == (200, {"outcome": "accepted"})
    (delivery,) = shop.deliveries()
    assert (delivery.topic, delivery.order_ref) == ("TRANSACTION_UPDATE", ORDER)
    assert (delivery.state, delivery.body) == (DeliveryState.RECEIVED, encoded(body))
    assert SECRET not in str(delivery.headers)
    assert shop.told() == [OrderTouched(ORDER, NOW.replace(minute=8, second=0))]
    assert shop.keys.asked == []
    assert [(line["source"], line["outcome"]) for line in log] == [("amazon", "accepted")]
    assert grown == [1]


def test_a_topic_is_confirmed_and_then_believed_by_its_signature(shop: Shop) -> None:
    offered = signed(confirmation())
    assert shop.sns(offered) == (200, {"outcome": "accepted"})
    assert shop.sns(signed(sns(order_change("Canceled"), SignatureVersion="2")))[0] == 200
    confirm, seen = shop.told()
    assert confirm == SubscriptionOffered(offered["SubscribeURL"])
    assert isinstance(seen, OrderSeen)
    assert (seen.order_id, seen.state) == (ORDER, OrderState.CANCELLED)
    assert shop.keys.paths == [CERTIFICATE]


def test_a_notification_is_one_delivery_however_it_comes(shop: Shop, log: list[Line]) -> None:
    whole = transaction()
    shop.post(whole, secret_headers())
    shop.post(event(whole), secret_headers())
    shop.sns(signed(sns(whole)))
    shop.sns(signed(sns(event(whole), MessageId="another", SignatureVersion="2")))
    assert len(shop.deliveries()) == 1
    assert [line["outcome"] for line in log] == ["accepted", "duplicate", "duplicate", "duplicate"]


def test_a_message_that_sns_retries_is_one_delivery(shop: Shop) -> None:
    for message in (signed(confirmation()), signed(sns("Hello from the console."))):
        assert [shop.sns(message)[1]["outcome"] for _ in range(2)][1] == "duplicate"
    assert len(shop.deliveries()) == 2


def test_what_is_not_understood_is_kept_for_a_person(shop: Shop, log: list[Line]) -> None:
    for payload in (
        event(notification("REPORT_PROCESSING_FINISHED", {})),
        transaction(PostedDate="soon"),
        b"{",
    ):
        assert shop.post(payload, secret_headers()) == (200, {"outcome": "quarantined"})
    assert [(each.state, each.reason) for each in shop.deliveries()] == [
        (DeliveryState.QUARANTINED, "UNKNOWN_TOPIC"),
        (DeliveryState.QUARANTINED, "NOT_OF_SCHEMA"),
        (DeliveryState.QUARANTINED, "NOT_JSON"),
    ]
    assert [line["outcome"] for line in log] == ["quarantined"] * 3


OTHER_TOPIC = "arn:aws:sns:us-east-1:999999999999:refunds"
OLD = stamp(NOW - timedelta(hours=2))
AHEAD = stamp(NOW + timedelta(hours=2))


@pytest.mark.parametrize(
    ("payload", "headers", "reason"),
    [
        (transaction(), {}, "missing_signature"),
        (transaction(), secret_headers("a-wrong-secret"), "wrong_signature"),
        (transaction(seller="A3OTHERSELLER1"), secret_headers(), "wrong_shop"),
        (sns(transaction()), {}, "missing_signature"),
        (signed(sns(transaction())) | {"Message": "{}"}, {}, "wrong_signature"),
        (signed(sns(transaction()), signing_key(2)), {}, "wrong_signature"),
        (signed(sns(transaction(), TopicArn=OTHER_TOPIC)), {}, "wrong_topic"),
        (signed(confirmation(TopicArn=OTHER_TOPIC)), {}, "wrong_topic"),
        (signed(sns(transaction(), SigningCertURL="https://evil.example/a.pem")), {}, "unknown_key"),
        (signed(sns(transaction(), Timestamp="soon")), {}, "bad_timestamp"),
        (signed(sns(transaction(), Timestamp=OLD)), {}, "stale"),
        (signed(sns(transaction(), Timestamp=AHEAD)), {}, "from_the_future"),
        (signed(sns(transaction(seller="A3OTHERSELLER1"))), {}, "wrong_shop"),
    ],
)
def test_what_is_not_the_sellers_is_refused_and_not_kept(
    shop: Shop, log: list[Line], payload: Payload, headers: dict[str, str], reason: str
) -> None:
    with counted(source="amazon", outcome="refused", reason=reason) as grown:
        status, answer = shop.post(payload, headers)
    assert (status, answer["code"]) == (401, reason)
    assert shop.deliveries() == []
    assert [line["reason"] for line in log] == [reason]
    assert grown == [1]


def test_while_the_certificate_cannot_be_had_sns_is_asked_to_come_again(shop: Shop, log: list[Line]) -> None:
    shop.keys.keep(CERTIFICATE, status=503)
    message = signed(sns(transaction()))
    status, answer = shop.sns(message)
    assert (status, answer["code"]) == (503, "key_unreachable")
    assert shop.deliveries() == []
    assert [(line["log_level"], line["reason"]) for line in log] == [("error", "key_unreachable")]
    shop.keys.keep(CERTIFICATE, certificate())
    assert shop.sns(message) == (200, {"outcome": "accepted"})


def test_no_challenge_is_answered(shop: Shop) -> None:
    with requests.Session() as session:
        assert session.get(shop.address, params={"challenge": "x"}, timeout=LONGEST).status_code == 404


def test_every_way_is_understood_again_from_what_is_kept(shop: Shop) -> None:
    shop.post(event(transaction()), secret_headers())
    shop.post(feed_finished(), secret_headers())
    shop.sns(signed(sns(event(order_change()))))
    shop.sns(signed(confirmation()))
    with shop.database.read() as session:
        account = accounts.by_slug(session, "shop")
    assert len(shop.deliveries()) == 4
    for delivery in shop.deliveries():
        assert [each.to_json() for each in reread(account, delivery)] == delivery.events
