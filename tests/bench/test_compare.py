"""The comparison of the chaos run has to find what it is there for."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.chaos.compare import Evidence, Kept, Made, Name, Sent, Step, broken_trail, compare
from ledger.states import TRANSITIONS, State, Transition, follow

NAME: Name = ("shop", "shopify", "71")
TRAIL = (
    Step("record", "", "scheduled"),
    Step("begin", "scheduled", "posting"),
    Step("target_edit", "", ""),
    Step("post", "posting", "posted"),
)
SENT = Sent(NAME, "credit_memo", Decimal("10.00"))
KEPT = Kept(NAME, State.POSTED, "POSTED", "credit_memo", TRAIL)
MADE = Made("credit_memo", Decimal("10.00"))
WELL = Evidence(
    sent=[SENT],
    kept=[KEPT],
    made={NAME: [MADE]},
    counted={("books", "creditMemo"): 1},
    wanted={("books", "creditMemo"): 1},
    told=["a"],
    taken=frozenset({"a", "b"}),
)


def test_what_is_as_it_should_be_is_clean() -> None:
    assert compare(WELL).is_clean


@pytest.mark.parametrize(
    ("evidence", "sentence"),
    [
        (replace(WELL, kept=[]), "shop shopify refund 71 is not in the ledger"),
        (replace(WELL, made={}), "shop shopify refund 71 is posted, and there is no record of it"),
        (
            replace(WELL, told=["a", "c"]),
            "the delivery c was answered well and is not in the ledger",
        ),
        (replace(WELL, unsettled=["delivery 7 is received"]), "delivery 7 is received"),
        (replace(WELL, counted={}), "books counted 1 creditMemo less than the ledger"),
    ],
)
def test_what_is_lost_is_found(evidence: Evidence, sentence: str) -> None:
    found = compare(evidence)
    assert (found.lost, found.doubled, found.wrong) == ([sentence], [], [])


@pytest.mark.parametrize("state", sorted(set(State) - {State.POSTED, State.RESOLVED}))
def test_a_refund_that_is_left_on_the_way_is_lost(state: State) -> None:
    kept = replace(KEPT, state=state, reason="TRANSIENT")
    assert compare(replace(WELL, kept=[kept])).lost == [f"shop shopify refund 71 is {state} TRANSIENT"]


@pytest.mark.parametrize(
    ("evidence", "sentence"),
    [
        (replace(WELL, made={NAME: [MADE, MADE]}), "shop shopify refund 71 has 2 records"),
        (replace(WELL, kept=[KEPT, KEPT]), "shop shopify refund 71 is in the ledger 2 times"),
        (
            replace(WELL, counted={("books", "creditMemo"): 3}),
            "books counted 2 creditMemo more than the ledger",
        ),
        (
            replace(WELL, counted={("books", "creditMemo"): 1, ("shop", "refundCreate"): 1}),
            "shop counted 1 refundCreate more than the ledger",
        ),
    ],
)
def test_what_is_doubled_is_found(evidence: Evidence, sentence: str) -> None:
    found = compare(evidence)
    assert (found.lost, found.doubled, found.wrong) == ([], [sentence], [])


@pytest.mark.parametrize(
    ("evidence", "sentence"),
    [
        (
            replace(WELL, made={NAME: [replace(MADE, type="cash_refund")]}),
            "shop shopify refund 71 became a cash_refund, not a credit_memo",
        ),
        (
            replace(WELL, made={NAME: [replace(MADE, total=Decimal("9.99"))]}),
            "shop shopify refund 71 became 9.99, not 10.00",
        ),
        (
            replace(WELL, kept=[replace(KEPT, type="")]),
            "shop shopify refund 71 is a nothing in the ledger, not a credit_memo",
        ),
        (
            replace(WELL, kept=[replace(KEPT, is_claimed=True)]),
            "shop shopify refund 71 is posted and still claimed",
        ),
        (
            replace(WELL, kept=[replace(KEPT, open_attempts=1)]),
            "shop shopify refund 71 is posted, with 1 attempts that never ended",
        ),
        (
            replace(WELL, kept=[KEPT, replace(KEPT, name=("shop", "netsuite", "9"))]),
            "shop netsuite refund 9 is posted POSTED, and nobody made it",
        ),
        (
            replace(WELL, kept=[replace(KEPT, trail=TRAIL[:2])]),
            "shop shopify refund 71: its trail ends in posting, and it is posted",
        ),
    ],
)
def test_what_is_wrong_is_found(evidence: Evidence, sentence: str) -> None:
    found = compare(evidence)
    assert (found.lost, found.doubled, found.wrong) == ([], [], [sentence])


def test_an_echo_that_is_ignored_is_as_it_should_be() -> None:
    trail = (Step("record", "", "scheduled"), Step("ignore", "scheduled", "ignored"))
    echo = Kept(("shop", "netsuite", "9"), State.IGNORED, "ECHO", "credit_memo", trail)
    assert compare(replace(WELL, kept=[KEPT, echo])).is_clean


def test_a_storefronts_record_has_no_type() -> None:
    assert compare(replace(WELL, made={NAME: [replace(MADE, type="")]})).is_clean


@pytest.mark.parametrize(
    ("trail", "said"),
    [
        ((), "its trail ends in None, and it is posted"),
        (TRAIL[1:], "its trail has begin leave scheduled while it was None"),
        ((TRAIL[0], TRAIL[3]), "its trail has post leave posting while it was scheduled"),
        (
            (TRAIL[0], Step("begin", "scheduled", "posted")),
            "its trail has begin enter posted, not posting",
        ),
        (
            (*TRAIL, Step("begin", "posted", "posting")),
            (
                "its trail breaks: a refund that is posted cannot be posted; it must be one of: "
                "posting, retrying, scheduled, waiting"
            ),
        ),
    ],
)
def test_a_trail_with_a_gap_is_found(trail: tuple[Step, ...], said: str) -> None:
    assert broken_trail(trail, State.POSTED) == said


@given(st.lists(st.sampled_from(Transition), max_size=12))
def test_whatever_way_a_refund_goes_its_trail_is_followed(ways: list[Transition]) -> None:
    now, trail = State.SCHEDULED, [Step("record", "", State.SCHEDULED)]
    for way in ways:
        if now in TRANSITIONS[way].leaves:
            trail.append(Step(way, now, follow(way, now)))
            now = follow(way, now)
    assert broken_trail(trail, now) == ""
    for at in range(1, len(trail)):
        gap = [*trail[:at], *trail[at + 1 :]]
        if trail[at].leaves != trail[at].enters:
            assert broken_trail(gap, now)
