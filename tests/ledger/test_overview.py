from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from ledger import deliveries, flow, overview, polls, trail
from ledger.database import Database
from ledger.models import Account, Delivery, DeliveryState, Poll, Refund
from ledger.states import State
from ledger.trail import TrailFilter
from tests.support.explaining import explained
from tests.support.ledger import make_delivery, make_refund, make_seen

HOUR = timedelta(hours=1)


def add(database: Database, shop: Account, number: int, **columns: object) -> None:
    with database.write() as session:
        refund = make_refund(session, shop, make_seen(refund_id=str(number)))
        session.execute(update(Refund).where(Refund.id == refund.id).values(columns))


def test_refunds_that_wait_for_a_person_are_counted_by_why_and_where(
    database: Database, shop: Account, now: datetime
) -> None:
    for number, (state, reason) in enumerate(
        [
            (State.DISCREPANCY, "ORDER_DELETED"),
            (State.ERROR, "NOT_JSON"),
            (State.ERROR, "MAPPING_MISSING"),
            (State.ERROR, "MAPPING_MISSING"),
            (State.HELD, "REVIEW_FIRST"),
            (State.POSTED, "POSTED"),
            (State.WAITING, "NOT_BILLED"),
        ]
    ):
        add(database, shop, number, state=state, reason=reason, updated_at=now - number * HOUR)
    with database.read() as session:
        found = overview.stuck(session)
    assert [(each.state, each.reason, each.account_id, each.count, now - each.since) for each in found] == [
        (State.ERROR, "MAPPING_MISSING", shop.id, 2, 3 * HOUR),
        (State.ERROR, "NOT_JSON", shop.id, 1, HOUR),
        (State.DISCREPANCY, "ORDER_DELETED", shop.id, 1, timedelta()),
        (State.HELD, "REVIEW_FIRST", shop.id, 1, 4 * HOUR),
    ]


def test_more_than_can_be_told_apart_are_not_counted(
    database: Database, shop: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "MOST", 2)
    for number in range(4):
        add(database, shop, number, state=State.ERROR, reason="MAPPING_MISSING")
    with database.read() as session:
        assert [each.count for each in overview.stuck(session)] == [2]


def test_deliveries_that_could_not_be_worked_off_are_counted_by_why(
    database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        for number, (state, reason) in enumerate(
            [
                (DeliveryState.QUARANTINED, "NOT_JSON"),
                (DeliveryState.QUARANTINED, "NOT_JSON"),
                (DeliveryState.FAILED, "INTERNAL"),
                (DeliveryState.PROCESSED, ""),
            ]
        ):
            id_ = deliveries.accept(session, make_delivery(shop, key=f"k{number}"), now=now + number * HOUR)
            session.execute(update(Delivery).where(Delivery.id == id_).values(state=state, reason=reason))
        found = overview.unread(session)
    assert [(each.state, each.source, each.reason, each.count, each.since) for each in found] == [
        (DeliveryState.FAILED, "shopify", "INTERNAL", 1, now + 2 * HOUR),
        (DeliveryState.QUARANTINED, "shopify", "NOT_JSON", 2, now),
    ]


def test_polls_that_failed_last_time_are_told(database: Database, shop: Account, now: datetime) -> None:
    assert shop.slug
    with database.write() as session:
        polls.ensure(session, now=now)
        session.execute(update(Poll).where(Poll.account_id.is_not(None)).values(failures=2))
        assert [poll.account_id for poll in overview.failing_polls(session)] == [shop.id]


def test_every_question_goes_by_an_index(database: Database, shop: Account, now: datetime) -> None:
    add(database, shop, 1, state=State.ERROR, reason="NOT_JSON")
    plans: list[str] = []
    with explained(database.engine, plans), database.read() as session:
        overview.stuck(session)
        overview.unread(session)
        flow.flow(session, now=now)
        for wanted in (
            TrailFilter(),
            TrailFilter(actor="a", after=(now, 7)),
            TrailFilter(action="a", since=now, until=now),
            TrailFilter(subject="refund", subject_id=1),
        ):
            trail.page(session, wanted)
    assert len(plans) == 10
    for plan in plans:
        for table in ("refunds", "deliveries", "audit_entries"):
            assert f"Seq Scan on {table}" not in plan
            assert f"SCAN {table}" not in plan.replace(f"SCAN {table} USING INDEX", "")
