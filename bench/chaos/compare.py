"""What was made, what the ledger says of it, and what is on the other side: compared. Pure.

Nothing may be lost, doubled or wrong: each refund has exactly one record on the other side, of the right type
and amount; nothing is left under way; and the audit trail of each, followed step by step, ends where it is.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from ledger.states import IllegalTransitionError, State, Transition, follow

SETTLED: Final = frozenset({State.POSTED, State.RESOLVED})
"""Where a refund that was to be carried may end: by itself, or by a person that the service asked for."""

_RECORDED: Final = "record"
_TRANSITIONS: Final = frozenset(each.value for each in Transition)

Name = tuple[str, str, str]
"""A refund by its account, where it came from, and its id there."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A refund that somebody made.

    Attributes:
        type: What it has to be in NetSuite: `cash_refund` or `credit_memo`.
        total: In major units.
    """

    name: Name
    type: str
    total: Decimal


@dataclass(frozen=True, slots=True)
class Step:
    """An entry of the audit trail; one that is no transition has no states."""

    action: str
    leaves: str
    enters: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A refund in the ledger.

    Attributes:
        is_claimed: Whether a worker has it, or died with it.
        open_attempts: Attempts whose end was never written down.
        trail: Oldest first.
    """

    name: Name
    state: State
    reason: str
    type: str
    trail: Sequence[Step]
    is_claimed: bool = False
    open_attempts: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """A record on the other side; without a type where a storefront's has none."""

    type: str
    total: Decimal


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything there is to compare.

    Attributes:
        made: What is on the other side for each refund.
        counted: How many writes each other side counted, by its name and what was written.
        wanted: How many there should be, likewise.
        told: The webhooks that were answered well, each by what tells it apart.
        taken: The deliveries in the ledger, likewise.
        unsettled: Deliveries that were not worked off, in words.
    """

    sent: Sequence[Sent]
    kept: Sequence[Kept]
    made: Mapping[Name, Sequence[Made]]
    counted: Mapping[tuple[str, str], int] = field(default_factory=dict)
    wanted: Mapping[tuple[str, str], int] = field(default_factory=dict)
    told: Sequence[str] = ()
    taken: frozenset[str] = frozenset()
    unsettled: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """What is not as it should be, a sentence each."""

    lost: Sequence[str]
    doubled: Sequence[str]
    wrong: Sequence[str]

    @property
    def is_clean(self) -> bool:
        """Return whether there is nothing."""
        return not (self.lost or self.doubled or self.wrong)


def compare(evidence: Evidence) -> Findings:
    """Return everything that was lost, doubled, or is wrong."""
    kept = {each.name: each for each in evidence.kept}
    sent = {each.name for each in evidence.sent}
    lost = list(_lost(evidence, kept))
    doubled = list(_doubled(evidence))
    wrong = [sentence for each in evidence.sent for sentence in _wrong(each, kept, evidence.made)]
    for each in evidence.kept:
        wrong += _untidy(each, is_sent=each.name in sent)
    return Findings(lost, doubled, wrong)


def _lost(evidence: Evidence, kept: Mapping[Name, Kept]) -> Iterator[str]:
    for each in evidence.sent:
        found = kept.get(each.name)
        if found is None:
            yield f"{_said(each.name)} is not in the ledger"
        elif found.state not in SETTLED:
            yield f"{_said(each.name)} is {found.state} {found.reason}"
        elif not evidence.made.get(each.name):
            yield f"{_said(each.name)} is {found.state}, and there is no record of it"
    for told in evidence.told:
        if told not in evidence.taken:
            yield f"the delivery {told} was answered well and is not in the ledger"
    yield from evidence.unsettled
    for where, number in _differences(evidence.wanted, evidence.counted):
        yield f"{where[0]} counted {number} {where[1]} less than the ledger"


def _doubled(evidence: Evidence) -> Iterator[str]:
    for name, number in Counter(each.name for each in evidence.kept).items():
        if number > 1:
            yield f"{_said(name)} is in the ledger {number} times"
    for name, made in evidence.made.items():
        if len(made) > 1:
            yield f"{_said(name)} has {len(made)} records"
    for where, number in _differences(evidence.counted, evidence.wanted):
        yield f"{where[0]} counted {number} {where[1]} more than the ledger"


def _differences(
    more: Mapping[tuple[str, str], int], less: Mapping[tuple[str, str], int]
) -> Iterator[tuple[tuple[str, str], int]]:
    for where, number in more.items():
        if number > less.get(where, 0):
            yield where, number - less.get(where, 0)


def _wrong(sent: Sent, kept: Mapping[Name, Kept], made: Mapping[Name, Sequence[Made]]) -> Iterator[str]:
    found = kept.get(sent.name)
    if found is not None and found.type != sent.type:
        yield f"{_said(sent.name)} is a {found.type or 'nothing'} in the ledger, not a {sent.type}"
    for record in made.get(sent.name, ()):
        if record.type not in {"", sent.type}:
            yield f"{_said(sent.name)} became a {record.type}, not a {sent.type}"
        if record.total != sent.total:
            yield f"{_said(sent.name)} became {record.total}, not {sent.total}"


def _untidy(kept: Kept, *, is_sent: bool) -> Iterator[str]:
    if not is_sent and kept.state is not State.IGNORED:
        yield f"{_said(kept.name)} is {kept.state} {kept.reason}, and nobody made it"
    if kept.state in SETTLED and kept.is_claimed:
        yield f"{_said(kept.name)} is {kept.state} and still claimed"
    if kept.state in SETTLED and kept.open_attempts:
        yield f"{_said(kept.name)} is {kept.state}, with {kept.open_attempts} attempts that never ended"
    if broken := broken_trail(kept.trail, kept.state):
        yield f"{_said(kept.name)}: {broken}"


def broken_trail(trail: Sequence[Step], state: State) -> str:
    """Follow an audit trail from its beginning; return what is wrong with it, or nothing."""
    now: State | None = None
    for step in trail:
        if step.action == _RECORDED and now is None:
            now = State(step.enters)
        elif step.action in _TRANSITIONS:
            if now is None or step.leaves != now:
                return f"its trail has {step.action} leave {step.leaves} while it was {now}"
            try:
                now = follow(Transition(step.action), now)
            except IllegalTransitionError as error:
                return f"its trail breaks: {error}"
            if step.enters != now:
                return f"its trail has {step.action} enter {step.enters}, not {now}"
    return "" if now is state else f"its trail ends in {now}, and it is {state}"


def _said(name: Name) -> str:
    return f"{name[0]} {name[1]} refund {name[2]}"
