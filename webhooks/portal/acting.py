"""What people may do with transactions: what each does, which of some it may be done with, and doing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from ledger import actions, bulk
from ledger.actions import ACTIONS, ActionError
from ledger.bulk import REFUSALS, Outcome
from ledger.models import Refund
from ledger.models.accounts import Direction
from ledger.states import IllegalTransitionError, State
from webhooks.portal import context
from webhooks.portal.visitors import visitor

MOST: Final = 500
"""How many transactions may be acted on at once."""


@dataclass(frozen=True, slots=True)
class Verb:
    """Something that may be done.

    Attributes:
        name: A name that `ledger.actions.check` knows.
        text: On buttons.
        done: What a transaction then was.
        effects: What it will do, for each transaction.
        is_danger: It ends something, or cannot be undone.
        needs_note: Why must be said.
    """

    name: str
    text: str
    done: str
    effects: tuple[str, ...]
    is_danger: bool = False
    needs_note: bool = False


VERBS: Final[Mapping[str, Verb]] = {
    verb.name: verb
    for verb in (
        Verb(
            "post",
            "Post now",
            "is posted now, if no rule is against it",
            (
                "It is looked at at once and written to the other side, a held one without further review.",
                "Every other rule still holds: what the rules refuse is not written.",
            ),
        ),
        Verb(
            "retry",
            "Retry",
            "is looked at again now",
            ("It is looked at again at once, with all its tries before it, and goes on by the rules.",),
        ),
        Verb(
            "cancel",
            "Cancel",
            "was cancelled",
            (
                "It is carried across no more; a job that is queued already writes nothing either.",
                "Its data stays, and it can be uncancelled.",
                "What the storefront and NetSuite have stays as it is there.",
            ),
            is_danger=True,
        ),
        Verb(
            "uncancel",
            "Uncancel",
            "was uncancelled and is looked at now",
            ("It is looked at at once and goes on by the rules, as if it had never been cancelled.",),
        ),
        Verb(
            "resolve",
            "Resolve",
            "was resolved",
            (
                "It counts as settled by hand: nothing will be written.",
                "Your note says how, and stays with it for good.",
                "This cannot be undone.",
            ),
            needs_note=True,
        ),
        Verb(
            "delete",
            "Delete",
            "was deleted here",
            (
                "It is removed from this service only; the storefront and NetSuite keep what they have.",
                "It comes again, and may be posted, if its source tells of it again, or it is retrieved.",
                "To keep it away, leave it cancelled instead.",
                "Its lines and attempts are gone for good; the audit trail stays.",
            ),
            is_danger=True,
        ),
    )
}
"""Everything that may be done, by name."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One transaction that something is to be done with.

    Attributes:
        refusal: Why it cannot be done; empty where it can.
        warning: What else to know before it is done.
    """

    refund: Refund
    refusal: str = ""
    warning: str = ""


def allowed(refund: Refund) -> list[Verb]:
    """Return what may be done with a transaction as it is."""
    return [verb for verb in VERBS.values() if not _refusal(verb, refund)]


def plan(verb: Verb, refunds: Sequence[Refund]) -> list[Planned]:
    """Return which of some transactions something may be done with, and which not and why."""
    return [
        Planned(refund, refusal, "" if refusal else _warning(verb, refund))
        for refund in refunds
        for refusal in [_refusal(verb, refund)]
    ]


def carry_out(verb: Verb, ids: Sequence[int], *, note: str, target_id: str = "") -> list[Outcome]:
    """Do something with each transaction, in the name of whoever asks, and wake workers for them."""
    portal, actor = context.current(), visitor().actor
    now = portal.clock()
    if verb.name == "delete":
        return [_delete(number, note=note) for number in dict.fromkeys(ids)]

    def act(session: Session, number: int) -> Refund:
        if verb.name == "resolve":
            return actions.resolve(session, number, now=now, actor=actor, note=note, target_id=target_id)
        return ACTIONS[verb.name](session, number, now=now, actor=actor, note=note)

    outcomes = list(bulk.each(portal.database, ids, act))
    portal.waker.due_refunds([due for outcome in outcomes for due in outcome.due])
    return outcomes


def _delete(number: int, *, note: str) -> Outcome:
    portal = context.current()
    try:
        with portal.database.write() as session:
            gone = actions.delete(session, number, now=portal.clock(), actor=visitor().actor, note=note)
    except REFUSALS as error:
        return Outcome(number, error=error)
    return Outcome(number, gone)


def _refusal(verb: Verb, refund: Refund) -> str:
    try:
        actions.check(refund, verb.name)
    except (ActionError, IllegalTransitionError) as error:
        return f"{error}."[:1].upper() + f"{error}."[1:]
    return ""


def _warning(verb: Verb, refund: Refund) -> str:
    """Return what may come of it that nobody would expect."""
    if verb.name == "delete" and refund.target_id and refund.state is State.RESOLVED:
        return (
            f"It is linked to {refund.target_id}, which was made by hand: should it come again, it would be "
            "posted beside it."
        )
    if verb.name in {"cancel", "resolve"} and refund.write_began:
        side = "NetSuite" if refund.direction is Direction.TO_NETSUITE else "the storefront"
        return f"A write was sent and may have taken effect: look for {refund.key} in {side}."
    return ""
