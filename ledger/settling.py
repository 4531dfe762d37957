"""Which refunds a transaction settles: noted as it moves them, told on once it is committed.

They are counted as they are settled, for of those that are there may be millions, and nobody could count them
each time somebody asks.
"""

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy.orm import Session

from ledger.states import State

_NOTES: Final = "refund_sync_settled"

Listener = Callable[[Sequence[tuple[str, str]]], None]
"""Takes states with their reasons, one pair a refund."""


def note(session: Session, state: State, reason: str) -> None:
    """Note in a writing transaction that a refund is settled by it, with a code of `ledger.reasons`."""
    session.info.setdefault(_NOTES, []).append((state.value, reason))


def noted(session: Session) -> Sequence[tuple[str, str]]:
    """Return what a session noted, as states with their reasons; nothing of it counts before the commit."""
    return tuple(session.info.get(_NOTES, ()))
