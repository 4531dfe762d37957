from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import actions, attempts, refunds
from ledger.actions import ACTIONS, ActionError, UndeletableError
from ledger.database import Database
from ledger.models import Account, Attempt, AuditEntry, Refund, RefundLine
from ledger.models.accounts import Direction
from ledger.states import IllegalTransitionError, State, Transition
from tests.support.ledger import make_refund

CLOSING = {
    State.CANCELLED: (Transition.CANCEL, "CANCELLED_BY_PERSON"),
    State.IGNORED: (Transition.IGNORE, "NO_MONEY_MOVED"),
    State.RESOLVED: (Transition.RESOLVE, "RESOLVED_BY_PERSON"),
}


def move(database: Database, refund_id: int, transition: Transition, reason: str, now: datetime) -> None:
    with database.write() as session:
        refunds.move(session, refunds.load(session, refund_id), transition, reason, now=now)


def close(database: Database, refund_id: int, state: State, now: datetime) -> None:
    if state is State.RESOLVED:
        move(database, refund_id, Transition.DISPUTE, "OVER_REFUND", now)
    move(database, refund_id, *CLOSING[state], now)


@pytest.mark.parametrize("state", list(CLOSING))
def test_a_closed_refund_is_deleted_with_all_that_is_its_own_and_the_audit_trail_stays(
    database: Database, shop: Account, refund_id: int, now: datetime, state: State
) -> None:
    with database.write() as session:
        attempts.begin(session, refunds.load(session, refund_id), now=now)
    close(database, refund_id, state, now)
    with database.write() as session:
        gone = actions.delete(session, refund_id, now=now, actor="cli:anna", note="a test")
    assert (gone.id, gone.account.slug) == (refund_id, shop.slug)
    with database.read() as session:
        assert session.get(Refund, refund_id) is None
        assert not session.scalars(select(RefundLine)).all()
        assert not session.scalars(select(Attempt)).all()
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert last is not None
    assert (last.subject_id, last.action, last.actor) == (refund_id, "delete", "cli:anna")
    assert (last.from_state, last.to_state) == (state, "")
    assert last.note == "shopify refund 509562969 of order #1001, 20.00 USD: a test"


def test_a_deleted_refund_comes_again_under_a_number_that_was_never_given(
    database: Database, shop: Account, refund_id: int, now: datetime
) -> None:
    close(database, refund_id, State.CANCELLED, now)
    with database.write() as session:
        actions.delete(session, refund_id, now=now, actor="cli:anna")
    with database.write() as session:
        again = make_refund(session, shop)
    assert again.id > refund_id
    assert again.state is State.SCHEDULED


@pytest.mark.parametrize("state", sorted(set(State) - set(CLOSING)))
def test_a_refund_that_somebody_waits_for_is_not_deleted(
    database: Database, refund_id: int, now: datetime, state: State
) -> None:
    with database.write() as session:
        refunds.load(session, refund_id).state = state
    says = f"that is {state} cannot be deleted"
    with database.write() as session, pytest.raises(UndeletableError, match=says) as refused:
        actions.delete(session, refund_id, now=now, actor="cli:anna")
    assert refused.value.reason == "not_deletable"
    with database.read() as session:
        assert session.get(Refund, refund_id) is not None


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("write_began", [True, False])
def test_what_may_be_in_the_storefront_is_not_deleted_since_nothing_else_knows_of_it(
    database: Database, refund_id: int, now: datetime, direction: Direction, *, write_began: bool
) -> None:
    close(database, refund_id, State.CANCELLED, now)
    with database.write() as session:
        refund = refunds.load(session, refund_id)
        refund.write_began, refund.direction = write_began, direction
    is_lost = write_began and direction is Direction.FROM_NETSUITE
    with database.write() as session:
        if is_lost:
            with pytest.raises(UndeletableError, match="made there again"):
                actions.delete(session, refund_id, now=now, actor="cli:anna")
        else:
            actions.delete(session, refund_id, now=now, actor="cli:anna")
    with database.read() as session:
        assert (session.get(Refund, refund_id) is not None) is is_lost


@pytest.mark.parametrize("name", [*ACTIONS, "resolve", "delete"])
def test_what_may_be_done_is_told_before_it_is_done(
    database: Database, refund_id: int, now: datetime, name: str
) -> None:
    for state in State:
        with database.rehearse() as session:
            refunds.load(session, refund_id).state = state
            session.flush()
            assert told(session, refund_id, name) == done(session, refund_id, name, now), state
            session.rollback()


def told(session: Session, refund_id: int, name: str) -> str:
    try:
        actions.check(refunds.load(session, refund_id), name)
    except (ActionError, IllegalTransitionError) as error:
        return str(error)
    return ""


def done(session: Session, refund_id: int, name: str, now: datetime) -> str:
    try:
        if name == "resolve":
            actions.resolve(session, refund_id, now=now, actor="cli:anna", note="by hand")
        else:
            {**ACTIONS, "delete": actions.delete}[name](session, refund_id, now=now, actor="cli:anna")
    except (ActionError, IllegalTransitionError) as error:
        return str(error)
    return ""
