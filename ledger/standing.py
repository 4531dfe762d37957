"""How things stand in the whole ledger, in few rows and by index: what needs a person, and what waits."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.models import Delivery, DeliveryState, Refund
from ledger.states import SETTLED, State

UNSETTLED: Final = tuple(state for state in State if state not in SETTLED)
"""The states in which a refund is not done with; of the others there may be millions."""

_KEPT: Final = (DeliveryState.RECEIVED, DeliveryState.QUARANTINED, DeliveryState.FAILED)


def refunds_by_reason(session: Session) -> Mapping[tuple[str, str], int]:
    """Return how many refunds that are not settled are where and why, by (state, reason)."""
    query = (
        select(Refund.state, Refund.reason, func.count())
        .where(Refund.state.in_(UNSETTLED))
        .group_by(Refund.state, Refund.reason)
    )
    return {(state.value, reason): number for state, reason, number in session.execute(query)}


def oldest(session: Session) -> Mapping[str, datetime]:
    """Return since when, in UTC, the oldest refund of each state that is not settled is in it."""
    query = (
        select(Refund.state, func.min(Refund.updated_at))
        .where(Refund.state.in_(UNSETTLED))
        .group_by(Refund.state)
    )
    return {state.value: since for state, since in session.execute(query)}


def deliveries_by_state(session: Session) -> Mapping[str, int]:
    """Return how many deliveries are not worked off, by state."""
    query = select(Delivery.state, func.count()).where(Delivery.state.in_(_KEPT)).group_by(Delivery.state)
    return {state.value: number for state, number in session.execute(query)}
