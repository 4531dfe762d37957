"""What several processes do at once, done by threads that share nothing but the database."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import event, func, select

from ledger import deliveries, orders, refunds, whole
from ledger.database import Database
from ledger.events import OrderSeen
from ledger.models import Account, AuditEntry, Delivery, OrderLink, OrderState, Refund, RefundLine
from ledger.refunds import LEASE, LeaseLostError
from ledger.states import IllegalTransitionError, State, Transition
from tests.support.ledger import TRACE, make_delivery, make_part, make_payment, make_seen
from tests.support.racing import race

MANY = 6


def count(database: Database, table: type) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_racing_duplicates_of_a_delivery_make_one_row(
    database: Database, shop: Account, now: datetime
) -> None:
    def accept() -> int | None:
        with database.write() as session:
            return deliveries.accept(session, make_delivery(shop, make_seen()), now=now)

    numbers = race(*[accept] * MANY)
    assert len([number for number in numbers if number is not None]) == 1
    assert count(database, Delivery) == 1


def test_of_racing_claims_of_a_delivery_one_wins(database: Database, shop: Account, now: datetime) -> None:
    with database.write() as session:
        number = deliveries.accept(session, make_delivery(shop), now=now)
    assert number is not None

    def claim() -> int:
        with database.write() as session:
            claimed = deliveries.claim(session, number, now=now)
            return claimed.lease_token if claimed else 0

    assert sorted(race(*[claim] * MANY)) == [0] * (MANY - 1) + [1]


def test_racing_news_of_a_refund_makes_one_row_with_its_lines_once(
    database: Database, shop: Account, now: datetime
) -> None:
    seen = make_seen(parts=(make_part("15.00"), make_part("5.00")))

    def record() -> bool:
        with database.write() as session:
            link, _ = orders.see_storefront(
                session, shop.id, OrderSeen(seen.order_id, "#1001", OrderState.OPEN, now), now=now
            )
            return refunds.record(session, shop, seen, link, now=now, trace_id=TRACE)[1]

    assert sorted(race(*[record] * MANY)) == [False] * (MANY - 1) + [True]
    assert [count(database, table) for table in (Refund, RefundLine, OrderLink)] == [1, 2, 1]
    with database.read() as session:
        recorded = session.scalars(select(AuditEntry).where(AuditEntry.subject == "refund")).all()
    assert [entry.action for entry in recorded] == ["record"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_a_refund_that_somebody_else_writes_down_first_is_taken_for_known(
    database: Database, shop: Account, now: datetime
) -> None:
    """Between the look whether it is there and the insert."""

    def record() -> tuple[int, bool]:
        with database.write() as session:
            refund, is_new = refunds.record(session, shop, make_seen(), None, now=now, trace_id=TRACE)
            return refund.id, is_new

    others: list[tuple[int, bool]] = []

    def overtake(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO refunds") and not others:
            others.append((0, False))  # what it inserts itself is not overtaken
            others[:] = [record()]

    event.listen(database.engine, "before_cursor_execute", overtake)
    try:
        mine = record()
    finally:
        event.remove(database.engine, "before_cursor_execute", overtake)
    assert (others, mine) == ([(mine[0], True)], (mine[0], False))
    assert [count(database, table) for table in (Refund, RefundLine)] == [1, 1]


def test_racing_different_news_of_a_refund_leaves_whole_news(
    database: Database, shop: Account, refund_id: int, now: datetime
) -> None:
    def hear(amount: str) -> Callable[[], int]:
        seen = make_seen(parts=(make_part(amount),) * 3, payments=(make_payment(amount),))

        def record() -> int:
            with database.write() as session:
                return refunds.record(session, shop, seen, None, now=now, trace_id=TRACE)[0].id

        return record

    assert set(race(*[hear(f"{amount}.00") for amount in range(1, MANY + 1)])) == {refund_id}
    with database.read() as session:
        (refund,) = whole.refunds(session, [refund_id])
    assert [line.net_minor for line in refund.lines] == [refund.amount_minor] * 3 + [-2 * refund.amount_minor]


def test_of_racing_claims_of_a_refund_one_wins(database: Database, refund_id: int, now: datetime) -> None:
    def claim() -> int:
        with database.write() as session:
            claimed = refunds.claim(session, refund_id, now=now)
            return claimed.lease_token if claimed else 0

    assert sorted(race(*[claim] * MANY)) == [0] * (MANY - 1) + [1]


def test_of_racing_takeovers_of_a_killed_workers_refund_one_wins(
    database: Database, refund_id: int, now: datetime
) -> None:
    with database.write() as session:
        assert refunds.claim(session, refund_id, now=now)

    def take_over() -> int:
        with database.write() as session:
            claimed = refunds.claim(session, refund_id, now=now + LEASE)
            return claimed.lease_token if claimed else 0

    assert sorted(race(*[take_over] * MANY)) == [0] * (MANY - 1) + [2]


def test_either_the_cancel_or_the_write_comes_first_and_the_other_is_refused(
    database: Database, refund_id: int, now: datetime
) -> None:
    with database.write() as session:
        claimed = refunds.claim(session, refund_id, now=now)
    assert claimed is not None

    def follow(transition: Transition, reason: str, token: int | None) -> bool:
        try:
            with database.write() as session:
                refund = refunds.load(session, refund_id)
                refunds.move(session, refund, transition, reason, now=now, token=token)
        except (LeaseLostError, IllegalTransitionError):
            return False
        return True

    cancelled, began = race(
        lambda: follow(Transition.CANCEL, "CANCELLED_BY_PERSON", None),
        lambda: follow(Transition.BEGIN, "RECEIVED", claimed.lease_token),
    )
    assert cancelled is not began
    with database.read() as session:
        state = session.get_one(Refund, refund_id).state
    assert state is (State.CANCELLED if cancelled else State.POSTING)


def test_of_people_who_act_at_once_one_is_first(database: Database, refund_id: int, now: datetime) -> None:
    def cancel() -> bool:
        try:
            with database.write() as session:
                refund = refunds.load(session, refund_id)
                refunds.move(
                    session, refund, Transition.CANCEL, "CANCELLED_BY_PERSON", now=now, actor="cli:anna"
                )
        except IllegalTransitionError:
            return False
        return True

    assert sorted(race(*[cancel] * MANY)) == [False] * (MANY - 1) + [True]
    with database.read() as session:
        cancels = session.scalars(select(AuditEntry).where(AuditEntry.action == "cancel")).all()
    assert len(cancels) == 1
