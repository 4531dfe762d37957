"""Deliveries: the list with its filters, one delivery with what may be seen of it, and replay."""

import json
from dataclasses import replace

import pytest

from ledger import deliveries, queries
from ledger.clock import utcnow
from ledger.database import Database
from ledger.deliveries import NewDelivery
from ledger.events import Unread
from ledger.models import Account, AuditEntry, Delivery, DeliveryState, NetSuiteAccount
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.support.ledger import make_delivery
from tests.webhooks.platforms import encoded, netsuite_headers, order, refund, shopify_headers
from tests.webhooks.portal.conftest import Browser, text_of
from webhooks.app import create_app
from webhooks.portal.paging import PAGE


def receive(browser: Browser, shop_id: int, **changes: object) -> int:
    with browser.database.read() as session:
        new = make_delivery(session.get_one(Account, shop_id), **changes)  # type: ignore[arg-type] # its keywords
    return accepted(browser, new)


def accepted(browser: Browser, new: NewDelivery) -> int:
    with browser.database.write() as session:
        return deliveries.accept(session, new, now=utcnow()) or 0


def stored(browser: Browser, number: int) -> Delivery:
    with browser.database.read() as session:
        return queries.delivery(session, number)


def quarantined(browser: Browser, shop_id: int, payload: object) -> int:
    """Return a delivery whose headers were not complete, so that it was not read."""
    body = payload if isinstance(payload, bytes) else encoded(payload)
    headers = {name.lower(): text for name, text in shopify_headers("refunds/create", body).items()}
    return receive(browser, shop_id, headers=headers, body=body, reason="NOT_OF_SCHEMA")


def test_deliveries_are_listed_and_filtered(viewer: Browser, shop_id: int) -> None:
    plain = receive(viewer, shop_id)
    odd = receive(viewer, shop_id, key="2", topic="orders/paid", reason="UNKNOWN_TOPIC", detail="orders/paid")
    with viewer.database.read() as session:
        books = session.get_one(NetSuiteAccount, 1)
    change = accepted(viewer, make_delivery(books, key="3", topic="cashrefund/create"))
    everything = viewer.get("/deliveries").text
    assert all(f'href="/deliveries/{number}"' in everything for number in (plain, odd, change))
    for query, there, absent in (
        ("state=quarantined", odd, plain),
        ("source=netsuite", change, plain),
        ("account=books", change, odd),
        ("topic=orders/paid", odd, change),
        (f"text={odd}", odd, plain),
    ):
        page = viewer.get(f"/deliveries?{query}").text
        assert f'href="/deliveries/{there}"' in page, query
        assert f'href="/deliveries/{absent}"' not in page, query
    assert "1 Quarantined" in text_of(viewer.get("/deliveries"))
    assert "There is no account 'nowhere'." in text_of(viewer.get("/deliveries?account=nowhere"))
    assert "No delivery" in text_of(viewer.get("/deliveries?since=2100-01-01"))


def test_deliveries_go_on_on_the_next_page(viewer: Browser, shop_id: int) -> None:
    numbers = [receive(viewer, shop_id, key=str(place)) for place in range(PAGE + 1)]
    first = viewer.get("/deliveries?source=shopify").text
    assert f'href="/deliveries/{numbers[0]}"' not in first
    assert f'href="/deliveries?source=shopify&amp;after={numbers[1]}"' in first
    last = viewer.get(f"/deliveries?source=shopify&after={numbers[1]}").text
    assert f'href="/deliveries/{numbers[0]}"' in last
    assert "First page" in last


def test_of_a_body_only_what_is_no_secret_is_shown(operator: Browser, shop_id: int) -> None:
    body = json.dumps(
        {"id": 450789469, "email": "jon@example.com", "customer": {"first_name": "Jon"}}
    ).encode()
    headers = {"x-shopify-topic": "orders/updated", "x-shopify-hmac-sha256": "c2lnbmF0dXJl"}
    page = operator.get(f"/deliveries/{receive(operator, shop_id, body=body, headers=headers)}").text
    assert "450789469" in page
    assert "orders/updated" in page
    for secret in ("jon@example.com", "Jon", "c2lnbmF0dXJl"):
        assert secret not in page


def test_what_no_worker_has_read_yet_is_said(viewer: Browser, shop_id: int) -> None:
    with viewer.database.read() as session:
        unread = make_delivery(session.get_one(Account, shop_id), Unread())
    numbers = (accepted(viewer, unread), receive(viewer, shop_id, key="2"))
    said = "It is read by the worker that takes it."
    assert [said in viewer.get(f"/deliveries/{each}").text for each in numbers] == [True, False]


def test_a_body_is_not_shown_to_viewers(viewer: Browser, shop_id: int) -> None:
    number = receive(viewer, shop_id, body=b'{"hint": "body-text"}')
    page = viewer.get(f"/deliveries/{number}").text
    assert "body-text" not in page
    assert "Bodies are shown to operators" in page
    assert "/replay" not in page


def test_a_body_cannot_break_out_of_the_page(operator: Browser, shop_id: int) -> None:
    number = receive(operator, shop_id, body=b'{"a": "<script>alert(1)</script>"}')
    assert "<script>alert" not in operator.get(f"/deliveries/{number}").text


def test_an_erased_body_is_said_and_not_replayed(operator: Browser, shop_id: int) -> None:
    number = receive(operator, shop_id, body=b"", reason="NOT_OF_SCHEMA")
    assert "The body was erased" in text_of(operator.get(f"/deliveries/{number}"))
    told = text_of(operator.follow(operator.post(f"/deliveries/{number}/replay")))
    assert f"Delivery {number} was not replayed: the body of delivery {number} was erased" in told
    assert stored(operator, number).state is DeliveryState.QUARANTINED


def test_a_replayed_delivery_is_read_anew_and_wakes_a_worker(operator: Browser, shop_id: int) -> None:
    number = quarantined(operator, shop_id, refund())
    assert 'id="confirm"' in operator.get(f"/deliveries/{number}/replay").text
    answer = operator.post(f"/deliveries/{number}/replay")
    assert "is worked off again; it tells of 1 event." in text_of(operator.follow(answer))
    found = stored(operator, number)
    assert (found.state, len(found.events)) == (DeliveryState.RECEIVED, 1)
    assert operator.redis.llen("rq:queue:shopify") == 1
    with operator.database.read() as session:
        (entry,) = queries.audit_trail(session, "delivery", number)
    assert (entry.action, entry.actor) == ("replay", "portal:operator@example.com")


def test_what_is_still_not_understood_is_said(operator: Browser, shop_id: int) -> None:
    number = quarantined(operator, shop_id, {"id": 1})
    assert "It was not understood." in text_of(operator.get(f"/deliveries/{number}"))
    told = text_of(operator.follow(operator.post(f"/deliveries/{number}/replay")))
    assert f"Delivery {number} was not replayed" in told
    assert stored(operator, number).state is DeliveryState.QUARANTINED


@pytest.mark.parametrize("path", ["/deliveries/999", "/deliveries/999/replay"])
def test_a_delivery_that_is_not_there_is_not_found(operator: Browser, path: str) -> None:
    assert operator.get(path).status_code == 404


def test_what_came_twice_is_counted_by_account_with_the_time_of_the_last(
    viewer: Browser, settings: Settings, database: Database, vault: Vault, shop_id: int
) -> None:
    """By two web processes, one after the other: what one counted outlives it."""
    assert shop_id
    body = encoded(order())
    headers = shopify_headers("orders/updated", body)
    said = text_of(viewer.get("/deliveries"))
    assert " 0 Duplicates dropped" in said
    assert "Counted since" not in said
    books = encoded({"type": "ping"})
    signed = netsuite_headers(books, at=utcnow())
    for _ in range(2):
        for client in (viewer.client, create_app(settings, database=database, vault=vault).test_client()):
            assert client.post("/webhooks/shopify/shop", data=body, headers=headers).status_code == 200
            assert client.post("/webhooks/netsuite/books", data=books, headers=signed).status_code == 200
    said = text_of(viewer.get("/deliveries"))
    assert " 6 Duplicates dropped" in said
    assert f"shop Shopify 3 {utcnow():%Y-%m-%d}" in said
    assert f"books NetSuite 3 {utcnow():%Y-%m-%d}" in said


def test_without_redis_duplicates_are_dropped_uncounted_and_the_page_says_so(
    viewer: Browser, settings: Settings, database: Database, vault: Vault, shop_id: int
) -> None:
    assert shop_id
    gone = create_app(replace(settings, redis_url="redis://127.0.0.1:1"), database=database, vault=vault)
    client = gone.test_client()
    body = encoded(order())
    headers = shopify_headers("orders/updated", body)
    for _ in range(2):
        assert client.post("/webhooks/shopify/shop", data=body, headers=headers).status_code == 200
    cookie = viewer.client.get_cookie("refund-sync")
    assert cookie is not None
    client.set_cookie("refund-sync", cookie.value)
    assert "nobody can say how many duplicates" in client.get("/deliveries").text


def test_the_history_of_a_delivery_is_shown(operator: Browser, shop_id: int) -> None:
    number = quarantined(operator, shop_id, refund())
    operator.post(f"/deliveries/{number}/replay")
    with operator.database.read() as session:
        assert session.query(AuditEntry).count() > 0
    assert "Replay by portal:operator@example.com" in text_of(operator.get(f"/deliveries/{number}"))
