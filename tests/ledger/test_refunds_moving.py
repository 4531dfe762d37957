from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from ledger import orders, refunds
from ledger.database import Database
from ledger.models import Account, AuditEntry, Refund
from ledger.reasons import UnknownReasonError
from ledger.refunds import LEASE, LeaseLostError, RefundNotFoundError
from ledger.states import AT_REST, UNDER_WAY, IllegalTransitionError, State, Transition
from tests.support.ledger import TRACE, make_refund, make_seen

WAY_TO = {
    State.SCHEDULED: [Transition.RECONSIDER],
    State.POSTING: [Transition.BEGIN],
    State.POSTED: [Transition.POST],
    State.WAITING: [Transition.WAIT],
    State.RETRYING: [Transition.RETRY_LATER],
    State.ERROR: [Transition.FAIL],
    State.DISCREPANCY: [Transition.DISPUTE],
    State.RESOLVED: [Transition.FAIL, Transition.RESOLVE],
    State.HELD: [Transition.HOLD],
    State.CANCELLED: [Transition.CANCEL],
    State.IGNORED: [Transition.IGNORE],
}


def stored(database: Database, number: int) -> Refund:
    with database.read() as session:
        return session.get_one(Refund, number)


def claim(database: Database, number: int, now: datetime) -> Refund | None:
    with database.write() as session:
        return refunds.claim(session, number, now=now)


def move(
    database: Database, number: int, transition: Transition, now: datetime, token: int | None = None
) -> Refund:
    with database.write() as session:
        refund = refunds.load(session, number)
        refunds.move(session, refund, transition, "FACTS_CHANGED", now=now, token=token)
    return stored(database, number)


def bring_to(database: Database, number: int, state: State, now: datetime) -> None:
    for transition in WAY_TO[state]:
        move(database, number, transition, now)
    assert stored(database, number).state is state


def test_what_is_loaded_comes_with_what_a_worker_needs(
    database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        link = orders.ensure(session, shop.id, "450789469", now=now)
        number = make_refund(session, shop, link=link).id
    with database.write() as session:
        refund = refunds.load(session, number)
    assert refund.account.slug == shop.slug
    assert refund.account.netsuite.slug == "books"
    assert refund.order_link is not None
    assert refund.order_link.storefront_order_id == "450789469"


def test_a_refund_that_is_not_there_is_not_found(database: Database) -> None:
    with pytest.raises(RefundNotFoundError, match="no refund 4711") as refused, database.write() as session:
        refunds.load(session, 4711)
    assert refused.value.reason == "refund_not_found"


def test_a_claim_is_a_lease_with_a_token(database: Database, refund_id: int, now: datetime) -> None:
    claimed = claim(database, refund_id, now)
    assert claimed is not None
    assert claimed.lease_until == claimed.due_at == now + LEASE
    assert claimed.lease_token == 1
    assert (claimed.state, claimed.account.netsuite.slug, claimed.order_link) == (
        State.SCHEDULED,
        "books",
        None,
    )


def test_what_somebody_has_cannot_be_claimed(database: Database, refund_id: int, now: datetime) -> None:
    assert claim(database, refund_id, now)
    assert claim(database, refund_id, now + LEASE - timedelta(seconds=1)) is None
    assert claim(database, refund_id + 1, now) is None  # there is no such refund


@pytest.mark.parametrize("state", State)
def test_only_what_is_under_way_can_be_claimed(
    database: Database, refund_id: int, now: datetime, state: State
) -> None:
    bring_to(database, refund_id, state, now)
    assert (claim(database, refund_id, now + LEASE) is not None) is (state in UNDER_WAY)


def test_what_a_killed_worker_was_writing_is_taken_over_when_its_lease_is_over(
    database: Database, refund_id: int, now: datetime
) -> None:
    first = claim(database, refund_id, now)
    assert first is not None
    writing = move(database, refund_id, Transition.BEGIN, now + timedelta(seconds=60), first.lease_token)
    # It has its whole time for the write, however long the decision took.
    assert writing.lease_until == writing.due_at == now + timedelta(seconds=60) + LEASE
    assert writing.lease_token == first.lease_token
    assert claim(database, refund_id, now + LEASE) is None
    second = claim(database, refund_id, now + timedelta(seconds=60) + LEASE)
    assert second is not None
    assert second.lease_token > first.lease_token
    with pytest.raises(LeaseLostError) as lost:
        move(database, refund_id, Transition.POST, now, first.lease_token)
    assert lost.value.reason == "lease_lost"
    assert move(database, refund_id, Transition.POST, now, second.lease_token).state is State.POSTED


def test_a_move_is_written_to_the_trail(database: Database, refund_id: int, now: datetime) -> None:
    with database.write() as session:
        refund = refunds.load(session, refund_id)
        refunds.move(session, refund, Transition.WAIT, "NOT_BILLED", now=now, detail="no invoice yet")
        refunds.move(
            session,
            refund,
            Transition.CANCEL,
            "CANCELLED_BY_PERSON",
            now=now,
            actor="cli:anna",
            detail="a write may have taken effect",
            note="paid in cash",
        )
    with database.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.subject_id == refund_id)).all()
        trail = [entry for entry in entries if entry.action in {"wait", "cancel"}]
    assert [
        (entry.subject, entry.action, entry.actor, entry.from_state, entry.to_state, entry.reason, entry.note)
        for entry in trail
    ] == [
        ("refund", "wait", "system", "scheduled", "waiting", "NOT_BILLED", "no invoice yet"),
        ("refund", "cancel", "cli:anna", "waiting", "cancelled", "CANCELLED_BY_PERSON", "paid in cash"),
    ]
    assert {(entry.at, entry.trace_id) for entry in trail} == {(now, TRACE)}
    assert stored(database, refund_id).detail == "a write may have taken effect"


@pytest.mark.parametrize("state", State)
def test_what_is_at_rest_is_not_due_and_what_is_under_way_is(
    database: Database, refund_id: int, now: datetime, state: State
) -> None:
    bring_to(database, refund_id, state, now)
    refund = stored(database, refund_id)
    assert (refund.due_at is None) is (state in AT_REST)
    if state in UNDER_WAY - {State.POSTING}:
        assert (refund.due_at, refund.lease_until) == (now, None)


def test_a_look_may_be_put_off(database: Database, refund_id: int, now: datetime) -> None:
    later = now + timedelta(minutes=15)
    with database.write() as session:
        refund = refunds.load(session, refund_id)
        refunds.move(session, refund, Transition.WAIT, "NOT_BILLED", now=now, due_at=later)
    refund = stored(database, refund_id)
    assert (refund.due_at, refund.reason, refund.updated_at) == (later, "NOT_BILLED", now)


@pytest.mark.parametrize(
    "transition", [Transition.WAIT, Transition.RECONSIDER, Transition.CANCEL, Transition.FAIL]
)
def test_whatever_moves_a_refund_ends_the_claim_on_it(
    database: Database, refund_id: int, now: datetime, transition: Transition
) -> None:
    claimed = claim(database, refund_id, now)
    assert claimed is not None
    move(database, refund_id, transition, now)
    with pytest.raises(LeaseLostError):
        move(database, refund_id, Transition.BEGIN, now, claimed.lease_token)


def test_a_cancel_between_claim_and_write_stops_the_write(
    database: Database, refund_id: int, now: datetime
) -> None:
    claimed = claim(database, refund_id, now)
    assert claimed is not None
    move(database, refund_id, Transition.CANCEL, now)
    with pytest.raises(LeaseLostError):
        move(database, refund_id, Transition.BEGIN, now, claimed.lease_token)
    refund = stored(database, refund_id)
    assert (refund.state, refund.due_at, refund.lease_until) == (State.CANCELLED, None, None)


def test_a_cancel_comes_too_late_once_the_write_may_be_under_way(
    database: Database, refund_id: int, now: datetime
) -> None:
    claimed = claim(database, refund_id, now)
    assert claimed is not None
    move(database, refund_id, Transition.BEGIN, now, claimed.lease_token)
    with pytest.raises(IllegalTransitionError):
        move(database, refund_id, Transition.CANCEL, now)
    assert move(database, refund_id, Transition.POST, now, claimed.lease_token).state is State.POSTED


def test_a_move_that_is_refused_changes_nothing(database: Database, refund_id: int, now: datetime) -> None:
    bring_to(database, refund_id, State.POSTED, now)
    before = stored(database, refund_id)
    later = now + timedelta(hours=1)
    with pytest.raises(IllegalTransitionError):
        move(database, refund_id, Transition.RETRY, later)
    after = stored(database, refund_id)
    assert (after.state, after.reason, after.updated_at) == (before.state, before.reason, now)
    assert after.lease_token == before.lease_token


def test_a_move_needs_a_known_reason(database: Database, refund_id: int, now: datetime) -> None:
    with database.write() as session:
        refund = refunds.load(session, refund_id)
        with pytest.raises(UnknownReasonError):
            refunds.move(session, refund, Transition.WAIT, "BECAUSE", now=now)


@pytest.mark.parametrize("state", [State.SCHEDULED, State.WAITING, State.RETRYING, State.IGNORED])
def test_news_makes_a_refund_worth_another_look(
    database: Database, refund_id: int, now: datetime, state: State
) -> None:
    bring_to(database, refund_id, state, now)
    with database.write() as session:
        refunds.reconsider(session, refunds.load(session, refund_id), "FACTS_CHANGED", now=now)
    assert stored(database, refund_id).state is State.SCHEDULED


def test_news_leaves_a_refund_alone_that_is_being_written(
    database: Database, refund_id: int, now: datetime
) -> None:
    bring_to(database, refund_id, State.POSTING, now)
    with database.write() as session:
        refunds.reconsider(session, refunds.load(session, refund_id), "FACTS_CHANGED", now=now)
    assert stored(database, refund_id).state is State.POSTING


def test_the_waiting_refunds_of_an_order_are_found_by_its_link(
    database: Database, shop: Account, now: datetime
) -> None:
    made = []
    with database.write() as session:
        link = orders.ensure(session, shop.id, "450789469", now=now)
        other = orders.ensure(session, shop.id, "2", now=now)
        for refund_id, of in (("1", link), ("2", link), ("3", link), ("4", other)):
            made.append(make_refund(session, shop, make_seen(refund_id=refund_id), of))
        for refund in (made[0], made[2], made[3]):
            refunds.move(session, refund, Transition.WAIT, "NOT_BILLED", now=now)
        found = [refund.id for refund in refunds.waiting_for_order(session, [link.id])]
        everywhere = [refund.id for refund in refunds.waiting_for_order(session, [link.id, other.id])]
    assert found == [made[0].id, made[2].id]
    assert everywhere == [made[0].id, made[2].id, made[3].id]
