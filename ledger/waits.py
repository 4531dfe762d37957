"""How a refund came to be posted: whether a webhook told of it first, and whether it had to wait on its way.

How long a refund takes from its webhook says something of this service only where it was not waiting for an
order, its billing, its money or a person meanwhile.
"""

from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from ledger.models import AuditEntry, Delivery, Refund
from ledger.polls import TOPIC
from ledger.states import State

_ON_ITS_WAY: Final = frozenset({State.SCHEDULED, State.POSTING, State.RETRYING, State.POSTED})
_WAITS: Final = frozenset(State) - _ON_ITS_WAY


class Way(NamedTuple):
    """How a refund came to where it is.

    Attributes:
        by_webhook: A webhook told of it first: not a poll, a backfill or a person's question.
        has_waited: It waited for something other than its turn or another try.
    """

    by_webhook: bool
    has_waited: bool


def has_rested(refund_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """Return that a refund was ever in a state in which nobody carries it."""
    return exists().where(
        AuditEntry.subject == "refund",
        AuditEntry.subject_id == refund_id,
        AuditEntry.to_state.in_(_WAITS),
    )


def way_of(session: Session, refund: Refund) -> Way:
    """Return how a refund came to where it is.

    It bears the trace of what told of it first, and only deliveries have a row with it. It has waited if it
    was ever in a state in which nobody carries it, if the delivery that told of it had to be replayed, or if
    that was put off without counting as a try: for a row that a platform did not show yet, or while its
    account was paused.
    """
    told = {"trace_id": refund.trace_id, "refund_id": refund.id}
    by_webhook, has_waited = session.execute(_WAY, told).one()
    return Way(bool(refund.trace_id) and bool(by_webhook), bool(has_waited))


def _way() -> Select[bool, bool]:
    of_it = Delivery.trace_id == bindparam("trace_id")
    replayed = exists().where(
        AuditEntry.subject == "delivery",
        AuditEntry.subject_id == Delivery.id,
        AuditEntry.action == "replay",
    )
    uncounted = and_(Delivery.not_before.is_not(None), Delivery.attempts <= 1)
    rested = has_rested(bindparam("refund_id", type_=Refund.id.type))
    told = exists().where(of_it, Delivery.topic != TOPIC)
    return select(told, or_(rested, exists().where(of_it, or_(uncounted, replayed))))


_WAY: Final = _way()
