"""Deliveries that are written down before they are read: kept whole until then, or set aside."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from ledger import deliveries, personal
from ledger.database import Database
from ledger.events import Event, Unread, event_from_json
from ledger.models import Account, Alert, Delivery, DeliveryState, News
from ledger.reading import NobodyReadsError, NotUnderstoodError, nobody
from tests.ledger.test_deliveries import accept, claim, stored
from tests.support.ledger import make_delivery, make_seen

LATE = timedelta(days=60)


@pytest.fixture
def number(database: Database, shop: Account, now: datetime) -> int:
    """The id of a delivery that nobody has read."""
    return accept(database, make_delivery(shop, Unread(), body=b"{}"), now)


def claimed(database: Database, number: int, now: datetime) -> Delivery:
    delivery = claim(database, number, now)
    assert delivery is not None
    return delivery


def aside(database: Database, delivery: Delivery, now: datetime, key: str = "of the body") -> bool:
    with database.write() as session:
        return deliveries.quarantine(
            session, delivery, now=now, reason="NOT_OF_SCHEMA", detail="id: Missing", delivery_key=key
        )


def alerts(database: Database) -> list[Alert]:
    with database.read() as session:
        return list(session.scalars(select(Alert)))


def test_what_is_unread_is_known_as_such_until_it_is_read(
    database: Database, shop: Account, number: int, now: datetime
) -> None:
    read = accept(database, make_delivery(shop, make_seen(), key="2"), now)
    assert [deliveries.is_unread(stored(database, each)) for each in (number, read)] == [True, False]
    with database.read() as session:
        assert deliveries.unread(session, shop.id) == [number]
        assert deliveries.unread(session, shop.id + 1) == []
        assert deliveries.oldest_unread(session) == now
    worker = claimed(database, number, now)
    worker.events = [make_seen().to_json()]
    with database.write() as session:
        assert deliveries.postpone(session, worker, now, reason="TRANSIENT", detail="")
    kept = stored(database, number)
    assert (kept.state, event_from_json(kept.events[0])) == (DeliveryState.RECEIVED, make_seen())
    with database.read() as session:
        assert (deliveries.unread(session, shop.id), deliveries.oldest_unread(session)) == ([], None)


def test_what_is_not_understood_is_set_aside_under_the_key_of_its_body(
    database: Database, number: int, now: datetime
) -> None:
    assert aside(database, claimed(database, number, now), now)
    kept = stored(database, number)
    assert (kept.state, kept.reason, kept.detail) == (
        DeliveryState.QUARANTINED,
        "NOT_OF_SCHEMA",
        "id: Missing",
    )
    assert (kept.events, kept.due_at, kept.delivery_key) == ([], None, "of the body")
    (alert,) = alerts(database)
    assert (alert.kind, alert.subject_id) == (News.QUARANTINED, number)


def test_the_same_body_is_set_aside_once(
    database: Database, shop: Account, number: int, now: datetime
) -> None:
    assert aside(database, claimed(database, number, now), now)
    again = accept(database, make_delivery(shop, Unread()), now)
    assert aside(database, claimed(database, again, now), now)
    kept = stored(database, again)
    assert (kept.state, kept.reason, kept.events) == (DeliveryState.PROCESSED, "NOT_OF_SCHEMA", [])
    assert len(alerts(database)) == 1


def test_who_has_lost_a_delivery_sets_nothing_aside(database: Database, number: int, now: datetime) -> None:
    slow = claimed(database, number, now)
    assert claim(database, number, now + deliveries.LEASE)
    assert not aside(database, slow, now)
    assert stored(database, number).state is DeliveryState.RECEIVED
    assert alerts(database) == []


def test_what_came_after_the_oldest_unread_one_is_not_emptied_by_age(
    database: Database, shop: Account, now: datetime
) -> None:
    bodies: dict[str, Event] = {"1": make_seen(), "2": Unread(), "3": make_seen()}
    for place, (key, event) in enumerate(bodies.items()):
        accept(database, make_delivery(shop, event, key=key, body=b"{}"), now + timedelta(hours=place))
    with database.write() as session:
        assert personal.forget_deliveries(session, now + LATE, limit=10) == 1
        session.execute(select(Delivery).where(Delivery.delivery_key == "2")).scalar_one().events = []
    with database.write() as session:
        assert personal.forget_deliveries(session, now + LATE, limit=10) == 2


def test_where_there_is_no_reader_nothing_is_read(database: Database, shop: Account, number: int) -> None:
    with pytest.raises(NobodyReadsError, match=f"delivery {number} "):
        nobody(shop, stored(database, number))


def test_what_is_not_understood_says_why() -> None:
    error = NotUnderstoodError("NOT_JSON", "the body is not JSON", "unread:1")
    assert (error.reason, error.delivery_key, str(error)) == ("NOT_JSON", "unread:1", "the body is not JSON")
