from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from ledger import deliveries
from ledger.database import Database
from ledger.deliveries import GRACE, LEASE, NewDelivery
from ledger.events import event_from_json, person_ref_of
from ledger.models import Account, AuditEntry, Delivery, DeliveryState, NetSuiteAccount
from ledger.platforms import Platform
from ledger.reasons import UnknownReasonError
from ledger.secrets import Vault
from tests.support.ledger import TRACE, make_account, make_delivery, make_seen


def accept(database: Database, new: NewDelivery, now: datetime) -> int:
    with database.write() as session:
        number = deliveries.accept(session, new, now=now)
    assert number is not None
    return number


def claim(database: Database, number: int, now: datetime) -> Delivery | None:
    with database.write() as session:
        return deliveries.claim(session, number, now=now)


def stored(database: Database, number: int) -> Delivery:
    with database.read() as session:
        return session.get_one(Delivery, number)


@pytest.fixture
def number(database: Database, shop: Account, now: datetime) -> int:
    """The id of a delivery that was just accepted."""
    return accept(database, make_delivery(shop, make_seen()), now)


@pytest.fixture
def claimed(database: Database, number: int, now: datetime) -> Delivery:
    """A delivery that a worker has claimed."""
    delivery = claim(database, number, now)
    assert delivery is not None
    return delivery


def test_a_delivery_is_kept_as_it_came(database: Database, shop: Account, now: datetime) -> None:
    new = make_delivery(shop, make_seen(), headers={"X-Shopify-Topic": "refunds/create"}, body=b"\x00\xff{")
    delivery = stored(database, accept(database, new, now))
    assert (delivery.source, delivery.topic) == ("shopify", "refunds/create")
    assert (delivery.account_id, delivery.netsuite_account_id) == (shop.id, shop.netsuite_account_id)
    assert (delivery.headers, delivery.body) == (new.headers, new.body)
    assert tuple(event_from_json(event) for event in delivery.events) == new.events
    assert (delivery.order_ref, delivery.trace_id, delivery.delivery_key) == (
        "450789469",
        TRACE,
        new.delivery_key,
    )
    assert (delivery.state, delivery.reason, delivery.detail) == (DeliveryState.RECEIVED, "", "")
    assert (delivery.received_at, delivery.due_at, delivery.processed_at) == (now, now + GRACE, None)
    assert (delivery.attempts, delivery.lease_token, delivery.lease_until) == (0, 0, None)


def test_a_delivery_of_a_known_key_is_a_duplicate(
    database: Database, shop: Account, number: int, now: datetime
) -> None:
    with database.write() as session:
        again = make_delivery(shop, body=b"another", topic="refunds/update")
        assert deliveries.accept(session, again, now=now) is None
    assert stored(database, number).topic == "refunds/create"


def test_keys_are_counted_for_each_account_and_for_netsuite_itself(
    database: Database, vault: Vault, shop: Account, books: NetSuiteAccount, now: datetime
) -> None:
    with database.write() as session:
        seller = make_account(session, vault, platform=Platform.EBAY)
        first = [deliveries.accept(session, make_delivery(each), now=now) for each in (shop, seller, books)]
        again = [deliveries.accept(session, make_delivery(each), now=now) for each in (shop, seller, books)]
        assert len(set(first)) == 3
        assert None not in first
        assert again == [None, None, None]


def test_what_was_not_understood_is_kept_and_not_looked_at(
    database: Database, shop: Account, now: datetime
) -> None:
    number = accept(database, make_delivery(shop, reason="NOT_OF_SCHEMA", detail="id: Missing"), now)
    delivery = stored(database, number)
    assert (delivery.state, delivery.reason) == (DeliveryState.QUARANTINED, "NOT_OF_SCHEMA")
    assert (delivery.detail, delivery.due_at) == ("id: Missing", None)
    assert claim(database, number, now) is None


def test_a_quarantine_needs_a_known_reason(database: Database, shop: Account, now: datetime) -> None:
    with pytest.raises(UnknownReasonError), database.write() as session:
        deliveries.accept(session, make_delivery(shop, reason="BECAUSE"), now=now)


def test_a_claim_is_a_lease_with_a_token(claimed: Delivery, now: datetime) -> None:
    assert claimed.lease_until == claimed.due_at == now + LEASE
    assert (claimed.lease_token, claimed.attempts) == (1, 1)


def test_what_somebody_has_cannot_be_claimed(database: Database, claimed: Delivery, now: datetime) -> None:
    assert claim(database, claimed.id, now + LEASE - timedelta(seconds=1)) is None
    assert claim(database, claimed.id + 1, now) is None  # there is no such delivery


def test_what_a_killed_worker_had_is_taken_over_with_a_higher_token(
    database: Database, claimed: Delivery, now: datetime
) -> None:
    second = claim(database, claimed.id, now + LEASE)
    assert second is not None
    assert (second.lease_token, second.attempts) == (2, 2)


def test_a_finished_delivery_is_done(database: Database, claimed: Delivery, now: datetime) -> None:
    with database.write() as session:
        assert deliveries.finish(session, claimed, now=now, reason="TEST_DELIVERY", detail="ping")
    delivery = stored(database, claimed.id)
    assert (delivery.state, delivery.reason, delivery.detail) == (
        DeliveryState.PROCESSED,
        "TEST_DELIVERY",
        "ping",
    )
    assert (delivery.processed_at, delivery.due_at, delivery.lease_until) == (now, None, None)
    assert claim(database, claimed.id, now + LEASE) is None


def test_a_postponed_delivery_is_given_back(database: Database, claimed: Delivery, now: datetime) -> None:
    until = now + timedelta(minutes=5)
    with database.write() as session:
        assert deliveries.postpone(session, claimed, until, reason="TRANSIENT", detail="503")
    delivery = stored(database, claimed.id)
    assert (delivery.state, delivery.due_at, delivery.lease_until) == (DeliveryState.RECEIVED, until, None)
    assert (delivery.reason, delivery.detail, delivery.processed_at) == ("TRANSIENT", "503", None)
    assert claim(database, claimed.id, until) is not None


def test_a_delivery_that_was_given_up_waits_for_a_person(
    database: Database, claimed: Delivery, now: datetime
) -> None:
    with database.write() as session:
        assert deliveries.give_up(session, claimed, now=now, reason="INTERNAL", detail="KeyError")
    delivery = stored(database, claimed.id)
    assert (delivery.state, delivery.reason, delivery.due_at) == (DeliveryState.FAILED, "INTERNAL", None)
    assert delivery.processed_at == now
    assert claim(database, claimed.id, now + LEASE) is None


def test_a_worker_whose_lease_was_taken_over_settles_nothing(
    database: Database, claimed: Delivery, now: datetime
) -> None:
    second = claim(database, claimed.id, now + LEASE)
    assert second is not None
    with database.write() as session:
        assert not deliveries.finish(session, claimed, now=now)
        assert not deliveries.give_up(session, claimed, now=now, reason="INTERNAL", detail="")
        assert not deliveries.postpone(session, claimed, now, reason="TRANSIENT", detail="")
    assert stored(database, claimed.id).state is DeliveryState.RECEIVED
    with database.write() as session:
        assert deliveries.finish(session, second, now=now)


def replay(database: Database, delivery: Delivery, now: datetime) -> None:
    with database.write() as session:
        session.add(delivery)
        deliveries.replay(session, delivery, (make_seen(refund_id="2"),), now=now, actor="cli:anna")


def test_a_replayed_delivery_is_new_again_as_understood_today(
    database: Database, shop: Account, now: datetime
) -> None:
    number = accept(database, make_delivery(shop, reason="NOT_OF_SCHEMA", detail="id: Missing"), now)
    replay(database, stored(database, number), now)
    delivery = stored(database, number)
    assert (delivery.state, delivery.reason, delivery.detail) == (DeliveryState.RECEIVED, "", "")
    assert (delivery.due_at, delivery.attempts, delivery.lease_until) == (now, 0, None)
    assert event_from_json(delivery.events[0]) == make_seen(refund_id="2")
    assert claim(database, number, now) is not None
    with database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.subject == "delivery")).one()
    assert (entry.action, entry.actor, entry.subject_id) == ("replay", "cli:anna", number)
    assert entry.from_state == "quarantined"


def test_a_replay_ends_the_claim_it_did_not_know_of(database: Database, number: int, now: datetime) -> None:
    looked_at = stored(database, number)
    worker = claim(database, number, now)
    assert worker is not None
    replay(database, looked_at, now)
    with database.write() as session:
        assert not deliveries.finish(session, worker, now=now)
    assert stored(database, number).state is DeliveryState.RECEIVED


def test_old_settled_deliveries_are_forgotten_a_few_at_a_time(
    database: Database, shop: Account, now: datetime
) -> None:
    old, limit = now - timedelta(days=91), now - timedelta(days=90)
    for key in ("processed", "waiting", "failed"):
        accept(database, make_delivery(shop, key=key), old)
    accept(database, make_delivery(shop, key="quarantined", reason="NOT_JSON"), old)
    young = accept(database, make_delivery(shop, key="young"), limit)
    with database.write() as session:
        settled = {d.delivery_key: d for d in session.scalars(select(Delivery))}
        deliveries.finish(session, settled["processed"], now=now)
        deliveries.give_up(session, settled["failed"], now=now, reason="INTERNAL", detail="")
        deliveries.finish(session, session.get_one(Delivery, young), now=now)
    for forgotten in (1, 1, 0):
        with database.write() as session:
            assert deliveries.forget(session, limit, limit=1) == forgotten
    with database.read() as session:
        assert set(session.scalars(select(Delivery.delivery_key))) == {"waiting", "failed", "young"}
        emptied = session.scalars(select(Delivery.delivery_key).where(Delivery.body == b""))
        assert set(emptied) == {"failed"}


def of_person(account: Account, person: str, key: str, **more: Any) -> NewDelivery:  # noqa: ANN401 - see make_delivery
    return replace(make_delivery(account, key=key, **more), person_ref=person)


def test_a_persons_id_is_kept_hashed(database: Database, shop: Account, now: datetime) -> None:
    named = stored(database, accept(database, of_person(shop, "ada", "1"), now))
    nobody = stored(database, accept(database, of_person(shop, "", "2"), now))
    assert (named.person_ref, nobody.person_ref) == (person_ref_of("ada"), "")
    assert "ada" not in named.person_ref
