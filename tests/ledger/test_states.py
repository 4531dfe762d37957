import pytest

from ledger.states import (
    AT_REST,
    TRANSITIONS,
    UNDER_WAY,
    IllegalTransitionError,
    State,
    Transition,
    follow,
)

PERSON = {
    Transition.CANCEL,
    Transition.UNCANCEL,
    Transition.RETRY,
    Transition.POST_NOW,
    Transition.RESOLVE,
}
DECISIONS = {
    Transition.BEGIN,
    Transition.POST,
    Transition.WAIT,
    Transition.RETRY_LATER,
    Transition.FAIL,
    Transition.DISPUTE,
    Transition.HOLD,
    Transition.IGNORE,
}
WAYS_OUT = {
    State.SCHEDULED: DECISIONS | {Transition.RECONSIDER, Transition.CANCEL},
    State.WAITING: DECISIONS | PERSON - {Transition.UNCANCEL} | {Transition.RECONSIDER},
    State.RETRYING: DECISIONS | PERSON - {Transition.UNCANCEL} | {Transition.RECONSIDER},
    State.POSTING: DECISIONS,
    State.HELD: {Transition.CANCEL, Transition.POST_NOW, Transition.RESOLVE, Transition.IGNORE},
    State.ERROR: PERSON - {Transition.UNCANCEL} | {Transition.IGNORE},
    State.DISCREPANCY: PERSON - {Transition.UNCANCEL} | {Transition.IGNORE},
    State.CANCELLED: {Transition.UNCANCEL},
    State.IGNORED: {Transition.RECONSIDER, Transition.RETRY},
    State.POSTED: set(),
    State.RESOLVED: set(),
}
ENTERS = {
    Transition.RECONSIDER: State.SCHEDULED,
    Transition.BEGIN: State.POSTING,
    Transition.POST: State.POSTED,
    Transition.WAIT: State.WAITING,
    Transition.RETRY_LATER: State.RETRYING,
    Transition.FAIL: State.ERROR,
    Transition.DISPUTE: State.DISCREPANCY,
    Transition.HOLD: State.HELD,
    Transition.IGNORE: State.IGNORED,
    Transition.CANCEL: State.CANCELLED,
    Transition.UNCANCEL: State.SCHEDULED,
    Transition.RETRY: State.SCHEDULED,
    Transition.POST_NOW: State.SCHEDULED,
    Transition.RESOLVE: State.RESOLVED,
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("transition", Transition)
def test_a_transition_leads_where_it_should_or_is_refused(state: State, transition: Transition) -> None:
    if transition in WAYS_OUT[state]:
        assert follow(transition, state) is ENTERS[transition]
        return
    with pytest.raises(IllegalTransitionError, match=f"a refund that is {state} cannot ") as refused:
        follow(transition, state)
    assert refused.value.transition is transition
    assert refused.value.state is state
    assert refused.value.reason == "illegal_transition"


@pytest.mark.parametrize("transition", Transition)
def test_a_refusal_names_the_states_that_would_do(transition: Transition) -> None:
    refusal = str(IllegalTransitionError(transition, State.POSTED))
    named = refusal.partition("must be one of: ")[2].split(", ")
    assert set(named) == {state for state in State if transition in WAYS_OUT[state]}


def test_no_person_moves_a_refund_whose_write_may_be_under_way() -> None:
    assert not [each for each in PERSON if State.POSTING in TRANSITIONS[each].leaves]


def test_every_state_but_the_final_ones_has_a_way_out() -> None:
    final = {state for state in State if not any(state in way.leaves for way in TRANSITIONS.values())}
    assert final == {State.POSTED, State.RESOLVED}


def test_every_state_can_be_reached() -> None:
    assert {way.enters for way in TRANSITIONS.values()} == set(State)


def test_a_posted_refund_can_be_reached_from_wherever_one_is_not_settled() -> None:
    reaches = {State.POSTED}
    while (
        grown := {state for way in TRANSITIONS.values() if way.enters in reaches for state in way.leaves}
        - reaches
    ):
        reaches |= grown
    assert reaches == set(State) - {State.RESOLVED}


def test_a_state_is_either_under_way_or_at_rest() -> None:
    assert set(State) == UNDER_WAY | AT_REST
    assert not UNDER_WAY & AT_REST
    assert {State.SCHEDULED, State.WAITING, State.RETRYING, State.POSTING} == UNDER_WAY
