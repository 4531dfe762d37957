"""Deliveries over the API: as they came, and once more."""

import json

import pytest

from ledger import deliveries
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Account, Delivery, DeliveryState
from tests.support.ledger import make_delivery
from tests.webhooks.api.conftest import Api
from tests.webhooks.platforms import refund

HEADERS = {
    "x-shopify-topic": "refunds/create",
    "x-shopify-shop-domain": "example.myshopify.com",
    "x-shopify-api-version": "2026-01",
}


def keep(
    database: Database, shop: Account, *, key: str = "k", body: bytes | None = None, reason: str = ""
) -> int:
    payload = json.dumps(refund()).encode() if body is None else body
    new = make_delivery(shop, key=key, headers=HEADERS, body=payload, reason=reason)
    with database.write() as session:
        number = deliveries.accept(session, new, now=utcnow())
    assert number is not None
    return number


@pytest.fixture
def odd(database: Database, shop: Account) -> int:
    """A delivery that was not understood when it came, and would be today."""
    return keep(database, shop, reason="NOT_OF_SCHEMA")


def test_a_list_is_narrowed_down_and_read_page_by_page(viewer: Api, shop: Account) -> None:
    ids = [keep(viewer.database, shop, key=str(number)) for number in range(3)]
    first = viewer.ok("/deliveries?limit=2&account=shop&source=shopify&topic=refunds/create&state=received")
    second = viewer.ok(f"/deliveries?limit=2&cursor={first['next_cursor']}")
    assert [each["id"] for each in first["items"] + second["items"]] == ids[::-1]
    assert second["next_cursor"] is None
    assert viewer.ok("/deliveries?state=failed")["items"] == []


def test_books_are_listed_by_their_own_name(viewer: Api) -> None:
    assert viewer.ok("/deliveries?account=books&source=netsuite")["items"] == []
    viewer.refused(viewer.get("/deliveries?account=nobody"), 404, "not_found")


def test_a_body_is_shown_to_operators_only(viewer: Api, operator: Api, odd: int) -> None:
    seen, hidden = operator.ok(f"/deliveries/{odd}"), viewer.ok(f"/deliveries/{odd}")
    assert json.loads(seen["body"]) == json.loads(json.dumps(refund()))
    assert hidden["body"] is None
    assert {**seen, "body": None} == hidden
    assert hidden["headers"] == HEADERS


def test_a_delivery_that_is_not_there_is_not_found(viewer: Api) -> None:
    viewer.refused(viewer.get("/deliveries/9"), 404, "delivery_not_found")


def test_a_replay_reads_it_as_it_is_understood_today(operator: Api, odd: int) -> None:
    done = operator.did(f"/deliveries/{odd}/replay")
    assert (done["state"], done["reason"]) == ("received", "")
    assert [event["event"] for event in done["events"]]
    assert [(each["action"], each["actor"]) for each in done["audit"]] == [("replay", "api:operator")]
    assert operator.jobs("shopify") == 1
    with operator.database.read() as session:
        assert session.get_one(Delivery, odd).state is DeliveryState.RECEIVED


@pytest.mark.parametrize(("body", "code"), [(b"", "body_erased"), (b"{", "NOT_JSON")])
def test_what_cannot_be_read_is_not_replayed(operator: Api, shop: Account, body: bytes, code: str) -> None:
    number = keep(operator.database, shop, body=body, reason="NOT_JSON")
    operator.refused(operator.post(f"/deliveries/{number}/replay"), 409, code)
    with operator.database.read() as session:
        assert session.get_one(Delivery, number).state is DeliveryState.QUARANTINED
    assert operator.jobs("shopify") == 0
