from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import actions, refunds
from ledger.actions import ActionError
from ledger.database import Database
from ledger.models import AuditEntry, Refund
from ledger.refunds import RefundNotFoundError
from ledger.states import IllegalTransitionError, State, Transition

Act = Callable[[Session, int, datetime], Refund]

ACTIONS: dict[str, Act] = {
    "retry": lambda s, n, now: actions.retry(s, n, now=now, actor="cli:anna", note="again"),
    "post_now": lambda s, n, now: actions.post(s, n, now=now, actor="cli:anna", note="looked at it"),
    "cancel": lambda s, n, now: actions.cancel(s, n, now=now, actor="cli:anna", note="paid in cash"),
    "uncancel": lambda s, n, now: actions.uncancel(s, n, now=now, actor="cli:anna", note="was wrong"),
    "resolve": lambda s, n, now: actions.resolve(s, n, now=now, actor="cli:anna", note="by hand"),
}
EXPECTED = {
    "retry": (Transition.FAIL, "REFUSED", State.SCHEDULED, "REQUESTED_BY_PERSON", "again"),
    "post_now": (Transition.HOLD, "REVIEW_FIRST", State.SCHEDULED, "REQUESTED_BY_PERSON", "looked at it"),
    "cancel": (Transition.FAIL, "REFUSED", State.CANCELLED, "CANCELLED_BY_PERSON", "paid in cash"),
    "uncancel": (
        Transition.CANCEL,
        "CANCELLED_BY_PERSON",
        State.SCHEDULED,
        "REQUESTED_BY_PERSON",
        "was wrong",
    ),
    "resolve": (Transition.DISPUTE, "OVER_REFUND", State.RESOLVED, "RESOLVED_BY_PERSON", "by hand"),
}


def prepare(database: Database, number: int, transition: Transition, reason: str, now: datetime) -> None:
    """Bring a refund that has tried and waited a while into a state."""
    with database.write() as session:
        refund = refunds.load(session, number)
        refund.tries = 11
        refund.waiting_for = "NOT_BILLED"
        refund.deadline_at = now + timedelta(days=1)
        refunds.move(session, refund, transition, reason, now=now)


def act(database: Database, number: int, action: Act, now: datetime) -> Refund:
    with database.write() as session:
        action(session, number, now)
    with database.read() as session:
        return session.get_one(Refund, number)


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_moves_the_refund_and_names_who_and_why(
    database: Database, refund_id: int, now: datetime, name: str
) -> None:
    transition, reason, state, new_reason, note = EXPECTED[name]
    prepare(database, refund_id, transition, reason, now)
    later = now + timedelta(hours=1)
    refund = act(database, refund_id, ACTIONS[name], later)
    assert (refund.state, refund.reason, refund.updated_at) == (state, new_reason, later)
    with database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == name)).one()
    assert (entry.actor, entry.note, entry.at, entry.to_state) == ("cli:anna", note, later, state)


@pytest.mark.parametrize("name", ["retry", "post_now", "uncancel"])
def test_what_is_looked_at_again_has_all_its_tries_and_time_before_it(
    database: Database, refund_id: int, now: datetime, name: str
) -> None:
    transition, reason, *_ = EXPECTED[name]
    prepare(database, refund_id, transition, reason, now)
    refund = act(database, refund_id, ACTIONS[name], now)
    assert (refund.tries, refund.waiting_for, refund.deadline_at, refund.due_at) == (0, "", None, now)
    assert refund.reviewed is (name == "post_now")


@pytest.mark.parametrize("name", ACTIONS)
def test_no_action_changes_what_is_posted(
    database: Database, refund_id: int, now: datetime, name: str
) -> None:
    prepare(database, refund_id, Transition.POST, "POSTED", now)
    with pytest.raises(IllegalTransitionError):
        act(database, refund_id, ACTIONS[name], now)
    with database.read() as session:
        refund = session.get_one(Refund, refund_id)
    assert (refund.state, refund.tries, refund.reviewed) == (State.POSTED, 11, False)


@pytest.mark.parametrize("name", ACTIONS)
def test_no_action_finds_what_is_not_there(database: Database, now: datetime, name: str) -> None:
    with pytest.raises(RefundNotFoundError):
        act(database, 4711, ACTIONS[name], now)


@pytest.mark.parametrize("note", ["", "  \n"])
def test_nothing_is_resolved_without_a_note(
    database: Database, refund_id: int, now: datetime, note: str
) -> None:
    prepare(database, refund_id, Transition.DISPUTE, "OVER_REFUND", now)
    with pytest.raises(ActionError, match="a note is required") as refused, database.write() as session:
        actions.resolve(session, refund_id, now=now, actor="cli:anna", note=note)
    assert refused.value.reason == "note_required"


def test_what_was_made_by_hand_may_be_linked(database: Database, refund_id: int, now: datetime) -> None:
    prepare(database, refund_id, Transition.DISPUTE, "OVER_REFUND", now)
    with database.write() as session:
        actions.resolve(session, refund_id, now=now, actor="cli:anna", note="by hand", target_id="9044")
    with database.read() as session:
        refund = session.get_one(Refund, refund_id)
    assert (refund.state, refund.reason, refund.target_id) == (State.RESOLVED, "LINKED_BY_PERSON", "9044")


@pytest.mark.parametrize("write_began", [True, False])
def test_a_cancel_says_where_to_look_if_a_write_may_have_taken_effect(
    database: Database, refund_id: int, now: datetime, *, write_began: bool
) -> None:
    with database.write() as session:
        refunds.load(session, refund_id).write_began = write_began
    refund = act(database, refund_id, ACTIONS["cancel"], now)
    assert (refund.key in refund.detail) is write_began


@pytest.mark.parametrize(
    ("reason", "target"),
    [("REFUSED", ""), ("PAYMENT_FAILED", ""), ("OUTCOME_UNCLEAR", "5001"), ("INTERNAL", "5001")],
)
def test_what_came_to_nothing_on_the_other_side_is_asked_anew_and_anything_else_looked_up(
    database: Database, refund_id: int, now: datetime, reason: str, target: str
) -> None:
    prepare(database, refund_id, Transition.FAIL, reason, now)
    with database.write() as session:
        refund = refunds.load(session, refund_id)
        refund.target_id, refund.unanswered_at = "5001", now
    refund = act(database, refund_id, ACTIONS["retry"], now)
    assert (refund.target_id, refund.unanswered_at) == (target, now if target else None)
