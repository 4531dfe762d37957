"""The states of a refund and the only ways between them.

A state changes by a named transition, checked against the state it leaves. Whoever wants a new way adds a
row to `TRANSITIONS`; no other code sets a state.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a refund is."""

    SCHEDULED = "scheduled"  # will be looked at at once
    POSTING = "posting"  # a write may be under way: the point of no return
    POSTED = "posted"
    WAITING = "waiting"  # for something that will come
    RETRYING = "retrying"  # a passing failure, next try known
    ERROR = "error"  # needs a person
    DISCREPANCY = "discrepancy"  # needs a person and a note
    RESOLVED = "resolved"
    HELD = "held"  # review before posting
    CANCELLED = "cancelled"
    IGNORED = "ignored"  # not ours to carry


class Transition(StrEnum):
    """A named way from one state to another."""

    RECONSIDER = "reconsider"
    BEGIN = "begin"
    POST = "post"
    WAIT = "wait"
    RETRY_LATER = "retry_later"
    FAIL = "fail"
    DISPUTE = "dispute"
    HOLD = "hold"
    IGNORE = "ignore"
    CANCEL = "cancel"
    UNCANCEL = "uncancel"
    RETRY = "retry"
    POST_NOW = "post_now"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Way:
    """From which states a transition may start, and where it ends."""

    leaves: frozenset[State]
    enters: State


class IllegalTransitionError(Exception):
    """Raised when a refund is not in a state that the transition may leave.

    Attributes:
        reason: Always `illegal_transition`.
    """

    reason = "illegal_transition"

    def __init__(self, transition: Transition, state: State) -> None:
        allowed = ", ".join(sorted(TRANSITIONS[transition].leaves))
        super().__init__(
            f"a refund that is {state} cannot {_VERBS[transition]}; it must be one of: {allowed}"
        )
        self.transition = transition
        self.state = state


_UNDECIDED: Final = frozenset({State.SCHEDULED, State.WAITING, State.RETRYING})
_OPEN: Final = _UNDECIDED | {State.POSTING}
_STUCK: Final = frozenset({State.HELD, State.ERROR, State.DISCREPANCY})

TRANSITIONS: Final[dict[Transition, Way]] = {
    # News made an undecided or ignored refund worth another look.
    Transition.RECONSIDER: Way(_UNDECIDED | {State.IGNORED}, State.SCHEDULED),
    # `posting` may begin again when the worker that began it is gone: its lease is over.
    Transition.BEGIN: Way(_OPEN, State.POSTING),
    Transition.POST: Way(_OPEN, State.POSTED),
    Transition.WAIT: Way(_OPEN, State.WAITING),
    Transition.RETRY_LATER: Way(_OPEN, State.RETRYING),
    Transition.FAIL: Way(_OPEN, State.ERROR),
    Transition.DISPUTE: Way(_OPEN, State.DISCREPANCY),
    Transition.HOLD: Way(_OPEN, State.HELD),
    Transition.IGNORE: Way(_OPEN | _STUCK, State.IGNORED),
    # A person's transitions. Never out of `posting`: the write may have happened.
    Transition.CANCEL: Way(_UNDECIDED | _STUCK, State.CANCELLED),
    Transition.UNCANCEL: Way(frozenset({State.CANCELLED}), State.SCHEDULED),
    Transition.RETRY: Way(
        frozenset({State.WAITING, State.RETRYING, State.ERROR, State.DISCREPANCY, State.IGNORED}),
        State.SCHEDULED,
    ),
    Transition.POST_NOW: Way(
        frozenset({State.HELD, State.WAITING, State.RETRYING, State.ERROR, State.DISCREPANCY}),
        State.SCHEDULED,
    ),
    Transition.RESOLVE: Way(
        frozenset({State.ERROR, State.DISCREPANCY, State.HELD, State.WAITING, State.RETRYING}), State.RESOLVED
    ),
}

_VERBS: Final[dict[Transition, str]] = {
    Transition.RECONSIDER: "be looked at again",
    Transition.BEGIN: "be posted",
    Transition.POST: "become posted",
    Transition.WAIT: "wait",
    Transition.RETRY_LATER: "be tried again later",
    Transition.FAIL: "become an error",
    Transition.DISPUTE: "become a discrepancy",
    Transition.HOLD: "be held",
    Transition.IGNORE: "be ignored",
    Transition.CANCEL: "be cancelled",
    Transition.UNCANCEL: "be uncancelled",
    Transition.RETRY: "be retried",
    Transition.POST_NOW: "be posted now",
    Transition.RESOLVE: "be resolved",
}

# Refunds that still have a way to go by themselves: these keep an account's direction from changing.
UNDER_WAY: Final = _OPEN
# Refunds in these states are looked at again only when a person or news says so.
AT_REST: Final = frozenset(State) - _OPEN
# Refunds in these states are done with, of which there may be millions: nobody waits for them.
SETTLED: Final = frozenset({State.POSTED, State.IGNORED, State.CANCELLED, State.RESOLVED})


def follow(transition: Transition, state: State) -> State:
    """Return the state a transition leads to.

    Raises:
        IllegalTransitionError: If the transition may not leave `state`.
    """
    way = TRANSITIONS[transition]
    if state not in way.leaves:
        raise IllegalTransitionError(transition, state)
    return way.enters
