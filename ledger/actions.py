"""What a person may do with a refund. Each is a named transition with an entry in the audit trail.

The command line, the API and the portal all act through these.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import delete as delete_rows
from sqlalchemy.orm import Session

from ledger import audit, refunds
from ledger.models import Refund
from ledger.models.accounts import Direction
from ledger.states import State, Transition, follow


class ActionError(ValueError):
    """Raised when a person's action lacks what it needs.

    Attributes:
        reason: Always `note_required`.
    """

    reason = "note_required"


class UndeletableError(ActionError):
    """Raised when a refund must stay in the ledger.

    Attributes:
        reason: Always `not_deletable`.
    """

    reason = "not_deletable"


class Action(Protocol):
    """What a person may do with a refund that needs nothing but an optional note."""

    def __call__(
        self, session: Session, refund_id: int, *, now: datetime, actor: str, note: str = ""
    ) -> Refund:
        """Do it in a writing transaction.

        Raises:
            ledger.refunds.RefundNotFoundError: If there is none.
            ledger.states.IllegalTransitionError: If its state does not allow it.
        """


_NOTHING_DONE: Final = frozenset({"REFUSED", "PAYMENT_FAILED"})
"""Reasons that say of a request the other side had taken that no money moved by it."""

_CLOSED: Final = frozenset({State.CANCELLED, State.IGNORED, State.RESOLVED})
"""States in which nobody waits for a refund any more."""


def retry(session: Session, refund_id: int, *, now: datetime, actor: str, note: str = "") -> Refund:
    """Look at a refund again now, with all its tries before it.

    Raises:
        ledger.refunds.RefundNotFoundError: If there is none.
        ledger.states.IllegalTransitionError: If its state does not allow it.
    """
    return _restart(session, refund_id, Transition.RETRY, now=now, actor=actor, note=note)


def post(session: Session, refund_id: int, *, now: datetime, actor: str, note: str = "") -> Refund:
    """Post a refund now, a held one included; every other rule still holds.

    Raises:
        ledger.refunds.RefundNotFoundError: If there is none.
        ledger.states.IllegalTransitionError: If its state does not allow it.
    """
    refund = _restart(session, refund_id, Transition.POST_NOW, now=now, actor=actor, note=note)
    refund.reviewed = True
    return refund


def cancel(session: Session, refund_id: int, *, now: datetime, actor: str, note: str = "") -> Refund:
    """Stop carrying a refund; its data stays, and a job already queued will not post it.

    Raises:
        ledger.refunds.RefundNotFoundError: If there is none.
        ledger.states.IllegalTransitionError: If it is posted, or its write has begun.
    """
    refund = refunds.load(session, refund_id)
    detail = (
        f"a write may have taken effect: look for {refund.key} on the other side"
        if refund.write_began
        else ""
    )
    refunds.move(
        session,
        refund,
        Transition.CANCEL,
        "CANCELLED_BY_PERSON",
        now=now,
        actor=actor,
        note=note,
        detail=detail,
    )
    return refund


def uncancel(session: Session, refund_id: int, *, now: datetime, actor: str, note: str = "") -> Refund:
    """Bring a cancelled refund back.

    Raises:
        ledger.refunds.RefundNotFoundError: If there is none.
        ledger.states.IllegalTransitionError: If its state does not allow it.
    """
    return _restart(session, refund_id, Transition.UNCANCEL, now=now, actor=actor, note=note)


def resolve(
    session: Session, refund_id: int, *, now: datetime, actor: str, note: str, target_id: str = ""
) -> Refund:
    """Close a refund that a person settled, optionally linking the record made by hand.

    Raises:
        ActionError: If there is no note.
        ledger.refunds.RefundNotFoundError: If there is none.
        ledger.states.IllegalTransitionError: If its state does not allow it.
    """
    if not note.strip():
        raise ActionError("a note is required: say how the refund was settled")
    refund = refunds.load(session, refund_id)
    if target_id:
        refund.target_id = target_id
    reason = "LINKED_BY_PERSON" if target_id else "RESOLVED_BY_PERSON"
    refunds.move(session, refund, Transition.RESOLVE, reason, now=now, actor=actor, note=note)
    return refund


def delete(session: Session, refund_id: int, *, now: datetime, actor: str, note: str = "") -> Refund:
    """Delete a refund from the ledger, with lines and attempts, and from nowhere else; return what it was.

    It comes again if the source tells of it again. The audit trail stays.

    Raises:
        UndeletableError: If it is not closed, or may have been written where only the ledger would know.
        ledger.refunds.RefundNotFoundError: If there is none.
    """
    refund = refunds.load(session, refund_id)
    check(refund, "delete")
    order = refund.storefront_order_name or refund.storefront_order_id
    what = f"{refund.origin} refund {refund.source_refund_id} of order {order}, {refund.amount}"
    audit.write(
        session,
        "refund",
        refund.id,
        "delete",
        at=now,
        actor=actor,
        from_state=refund.state,
        reason=refund.reason,
        note=f"{what}: {note}" if note else what,
        trace_id=refund.trace_id,
    )
    session.execute(delete_rows(Refund).where(Refund.id == refund_id))
    return refund


def check(refund: Refund, name: str) -> None:
    """Check that something may be done with a refund as it is: an action's name, `resolve` or `delete`.

    Raises:
        UndeletableError: If it may not be deleted.
        ledger.states.IllegalTransitionError: If its state does not allow it.
    """
    if name != "delete":
        follow(_TRANSITIONS[name], refund.state)
        return
    if refund.state not in _CLOSED:
        allowed = ", ".join(sorted(_CLOSED))
        raise UndeletableError(
            f"a refund that is {refund.state} cannot be deleted; it must be one of: {allowed}"
        )
    # NetSuite is asked for our key before anything is written; some storefronts cannot be asked.
    if refund.write_began and refund.direction is Direction.FROM_NETSUITE:
        raise UndeletableError(
            "a refund that may have been made in the storefront must stay: nothing else keeps it from being "
            "made there again"
        )


def _restart(
    session: Session, refund_id: int, transition: Transition, *, now: datetime, actor: str, note: str
) -> Refund:
    """Begin anew: no try counts any more, and no wait has begun."""
    refund = refunds.load(session, refund_id)
    refund.tries = 0
    refund.waiting_for = ""
    refund.deadline_at = None
    if refund.reason in _NOTHING_DONE and refund.target_id:
        # What was asked of the other side came to nothing there: it is asked anew, not looked up again.
        refund.target_type = refund.target_id = ""
        refund.unanswered_at = None
    refunds.move(session, refund, transition, "REQUESTED_BY_PERSON", now=now, actor=actor, note=note)
    return refund


_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "post": Transition.POST_NOW,
    "retry": Transition.RETRY,
    "cancel": Transition.CANCEL,
    "uncancel": Transition.UNCANCEL,
    "resolve": Transition.RESOLVE,
}

ACTIONS: Final[Mapping[str, Action]] = {"post": post, "retry": retry, "cancel": cancel, "uncancel": uncancel}
"""By name what needs no more than a refund; `resolve` needs a note."""
