"""Deliveries of Magento shops over real HTTP, signed as Magento signs, with keys from a server of our own."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import requests
from sqlalchemy import select

from ledger import accounts
from ledger.database import Database
from ledger.events import Event, OrderSeen, OrderTouched, event_from_json, person_ref_of
from ledger.models import Delivery, DeliveryState, OrderState
from ledger.platforms import Platform
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.support.ledger import NOW, make_account
from tests.webhooks.conftest import Line, counted
from tests.webhooks.keyserver import KeyServer, key_server
from tests.webhooks.magento_pushes import (
    CLIENT_ID,
    CREDIT_MEMO,
    KEY_PATHS,
    ORDER,
    cloud_event,
    credit_memo,
    event_headers,
    hook_headers,
    order,
    public_pem,
    secret_headers,
)
from tests.webhooks.platforms import encoded
from tests.webhooks.test_http import LONGEST, served
from webhooks.app import create_app
from webhooks.replay import reread

SUCCESS = {"op": "success"}
EVENT = encoded(cloud_event(CREDIT_MEMO, credit_memo()))
NOTICE = b'{"order_id": 5, "creditmemo_id": 7}'


@dataclass(frozen=True)
class Shop:
    """The address of a shop's account, and what came there."""

    address: str
    database: Database
    keys: KeyServer

    def post(self, headers: dict[str, str], body: bytes) -> tuple[int, object]:
        with requests.Session() as session:
            answer = session.post(self.address, data=body, headers=headers, timeout=LONGEST)
        return answer.status_code, answer.json()

    def deliveries(self) -> list[Delivery]:
        with self.database.read() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))

    def told(self) -> list[Event]:
        return [event_from_json(event) for each in self.deliveries() for event in each.events]


@pytest.fixture
def shop(settings: Settings, database: Database, vault: Vault) -> Iterator[Shop]:
    """A shop that sends in all three ways, to a web process in development."""
    with key_server() as keys:
        for number, path in enumerate(KEY_PATHS, 1):
            keys.keep(path, public_pem(number))
        credentials = {"adobe_client_id": CLIENT_ID, "commerce_public_key": [public_pem(3).decode()]}
        with database.write() as session:
            make_account(
                session,
                vault,
                platform=Platform.MAGENTO,
                slug="shop",
                credentials=credentials,
                api_url=keys.url,
            )
        app = create_app(replace(settings, allow_private_urls=True), database=database, vault=vault)
        with served(app) as port:
            yield Shop(f"http://127.0.0.1:{port}/webhooks/magento/shop", database, keys)


def test_an_event_is_accepted_once_and_its_key_fetched_once(shop: Shop, log: list[Line]) -> None:
    with counted(source="magento", outcome="accepted", reason="") as grown:
        assert shop.post(event_headers(EVENT), EVENT) == (200, SUCCESS)
    again = event_headers(EVENT) | {"x-adobe-retry-count": "1"}
    assert shop.post(again, EVENT) == (200, SUCCESS)
    (delivery,) = shop.deliveries()
    assert (delivery.topic, delivery.order_ref) == ("observer.sales_order_creditmemo_save_after", "5")
    assert (delivery.state, delivery.body) == (DeliveryState.RECEIVED, EVENT)
    (touched,) = shop.told()
    assert isinstance(touched, OrderTouched)
    assert (touched.order_id, touched.expected_at) == ("5", NOW.replace(second=20))
    assert shop.keys.paths == [KEY_PATHS[0]]
    assert [line["outcome"] for line in log] == ["accepted", "duplicate"]
    assert grown == [1]


def test_an_event_in_base64_is_a_duplicate_of_itself_in_json(shop: Shop, log: list[Line]) -> None:
    for body in (EVENT, base64.b64encode(EVENT)):
        assert shop.post(event_headers(EVENT), body) == (200, SUCCESS)
    assert [line["outcome"] for line in log] == ["accepted", "duplicate"]


def test_a_hook_lets_the_shop_go_on(shop: Shop, log: list[Line]) -> None:
    body = encoded({"eventName": "observer.sales_order_save_after", "data": {"order": order()}})
    assert shop.post(hook_headers(body), body) == (200, SUCCESS)
    (delivery,) = shop.deliveries()
    (seen,) = shop.told()
    assert isinstance(seen, OrderSeen)
    assert (seen.order_id, seen.state) == ("5", OrderState.OPEN)
    assert delivery.person_ref == person_ref_of("12")
    assert [(line["outcome"], line["reason"]) for line in log] == [("accepted", "")]


def test_an_extension_with_the_secret_is_believed(shop: Shop) -> None:
    assert shop.post(secret_headers(), NOTICE) == (200, SUCCESS)
    (delivery,) = shop.deliveries()
    assert (delivery.topic, delivery.delivery_key) == ("creditmemo", "creditmemo:5:7:-")
    assert not {name for name in delivery.headers if "secret" in name}


def test_what_is_not_understood_lets_the_shop_go_on_too(shop: Shop, log: list[Line]) -> None:
    body = encoded({"customer": {"id": 5}})
    assert shop.post(hook_headers(body), body) == (200, SUCCESS)
    event = encoded(cloud_event("com.adobe.commerce.observer.rma_save_after", {"order_id": 5}))
    assert shop.post(event_headers(event), event) == (200, SUCCESS)
    assert [(each.state, each.reason) for each in shop.deliveries()] == [
        (DeliveryState.QUARANTINED, "NOT_OF_SCHEMA"),
        (DeliveryState.QUARANTINED, "UNKNOWN_TOPIC"),
    ]
    assert [line["outcome"] for line in log] == ["quarantined", "quarantined"]


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("event tampered with", "wrong_signature"),
        ("event for another", "wrong_shop"),
        ("event with an unknown key", "unknown_key"),
        ("hook tampered with", "wrong_signature"),
        ("wrong secret", "wrong_signature"),
        ("nothing", "missing_signature"),
    ],
)
def test_what_is_not_the_shops_is_refused_and_not_kept(
    shop: Shop, log: list[Line], way: str, reason: str
) -> None:
    foreign = encoded(cloud_event(CREDIT_MEMO, credit_memo(), recipient_client_id="another"))
    headers, body = {
        "event tampered with": (event_headers(EVENT), EVENT.replace(b"000000003", b"000000004")),
        "event for another": (event_headers(foreign), foreign),
        "event with an unknown key": (event_headers(EVENT, path_1="/gone.pem", path_2=None), EVENT),
        "hook tampered with": (hook_headers(NOTICE), NOTICE + b" "),
        "wrong secret": (secret_headers("a-wrong-secret"), NOTICE),
        "nothing": ({}, NOTICE),
    }[way]
    with counted(source="magento", outcome="refused", reason=reason) as grown:
        status, answer = shop.post(headers, body)
    assert (status, isinstance(answer, dict) and answer["code"]) == (401, reason)
    assert shop.deliveries() == []
    assert [line["reason"] for line in log] == [reason]
    assert grown == [1]


def test_while_adobes_keys_cannot_be_had_adobe_is_asked_to_come_again(shop: Shop, log: list[Line]) -> None:
    for path in KEY_PATHS:
        shop.keys.keep(path, status=503)
    status, answer = shop.post(event_headers(EVENT), EVENT)
    assert (status, isinstance(answer, dict) and answer["code"]) == (503, "key_unreachable")
    assert shop.deliveries() == []
    assert [(line["log_level"], line["reason"]) for line in log] == [("error", "key_unreachable")]
    for number, path in enumerate(KEY_PATHS, 1):
        shop.keys.keep(path, public_pem(number))
    assert shop.post(event_headers(EVENT), EVENT) == (200, SUCCESS)


def test_in_production_no_key_comes_from_where_there_is_no_tls(
    settings: Settings, database: Database, vault: Vault, shop: Shop
) -> None:
    with served(create_app(settings, database=database, vault=vault)) as port:
        strict = replace(shop, address=f"http://127.0.0.1:{port}/webhooks/magento/shop")
        assert strict.post(event_headers(EVENT), EVENT)[0] == 503
    assert shop.keys.asked == []


def test_every_way_is_understood_again_from_what_is_kept(shop: Shop) -> None:
    body = encoded(cloud_event(ORDER, order()))
    shop.post(event_headers(body, path_1=None), body)
    shop.post(event_headers(EVENT), base64.b64encode(EVENT))
    shop.post(hook_headers(NOTICE), NOTICE)
    shop.post(secret_headers(), b'{"order_id": 6}')
    with shop.database.read() as session:
        account = accounts.by_slug(session, "shop")
    assert len(shop.deliveries()) == 4
    for delivery in shop.deliveries():
        assert [event.to_json() for event in reread(account, delivery)] == delivery.events
