"""Record how an attempt ended: one transaction, fenced by the claim's token."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from ledger import attempts, orders, pausing, refunds
from ledger.audit import SYSTEM
from ledger.events import OrderSeen
from ledger.installation import Installation
from ledger.models import OrderLink, OrderState, Refund
from ledger.models.accounts import Direction
from ledger.policy import Policy
from ledger.reasons import DISCREPANCIES, Recovery, reason
from ledger.schedule import TRIES, next_look, next_try, set_look
from ledger.states import State, Transition
from workers.platforms.errors import PlatformError
from workers.rules.views import Action, Decision

PAUSED_LOOK: Final = timedelta(hours=1)
"""How often something that waits for a paused account is looked at; resuming wakes it at once."""
_TRANSITIONS: Final = {
    Action.IGNORE: Transition.IGNORE,
    Action.DISPUTE: Transition.DISPUTE,
    Action.FAIL: Transition.FAIL,
    Action.HOLD: Transition.HOLD,
    Action.LINK: Transition.POST,
    Action.WRITE: Transition.POST,
    Action.WAIT: Transition.WAIT,
}
# Waiting for a slot of ours, or for another refund of the order, says nothing of the platform.
_NO_TRY: Final = frozenset({"CONCURRENCY", "ORDER_BUSY"})
_TYPES: Final = {"cashrefund": "cash_refund", "creditmemo": "credit_memo"}


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended.

    Attributes:
        transition: The named way the refund goes.
        counts: Whether it was a failed try, for the retry schedule.
    """

    transition: Transition
    reason: str
    detail: str = ""
    due_at: datetime | None = None
    counts: bool = False


def settle_decision(
    session: Session,
    row: Refund,
    token: int,
    decision: Decision[object],
    *,
    now: datetime,
    shared: Installation,
    looks: Sequence[timedelta] = (),
) -> Ending:
    """Record what the rules decided, or that the write is done.

    Args:
        session: A writing transaction.
        row: The claimed refund.
        token: The claim's.
        decision: What the rules decided.
        now: The time, in UTC.
        shared: The installation's settings.
        looks: How long after the wait began it is looked at, each time, where the decision is to wait for the
            storefront's money; empty where the installation's pace holds.

    Raises:
        ledger.refunds.LeaseLostError: If the claim is over.
    """
    refund = refunds.load(session, row.id)
    ending = Ending(_TRANSITIONS[decision.action], decision.reason, decision.detail)
    if decision.action is Action.WAIT:
        ending = _waiting(refund, decision, now=now, shared=shared, looks=looks)
    if decision.target_type in _TYPES:
        refund.transaction_type = _TYPES[decision.target_type]
    if decision.target_id:
        refund.unanswered_at = None
        refund.target_type = decision.target_type
        refund.target_id = decision.target_id
    if ending.transition is Transition.POST:
        refund.posted_at = now
    elif ending.reason == "AMOUNT_DIFFERS":  # it is there all the same, and less is left of its order
        refund.posted_at = refund.posted_at or now
    if decision.order_gone and refund.order_link is not None:
        _lose_order(session, refund, refund.order_link, now=now)
    if ending.transition is not Transition.WAIT:
        refund.tries = 0
    _move(session, refund, token, ending, now=now)
    return ending


def settle_error(
    session: Session,
    row: Refund,
    token: int,
    error: PlatformError,
    *,
    at_storefront: bool,
    now: datetime,
    shared: Installation,
) -> Ending:
    """Record a platform's error: retry, pause the account it came from, or give it to a person.

    Raises:
        ledger.refunds.LeaseLostError: If the claim is over.
    """
    refund = refunds.load(session, row.id)
    if not error.outcome_unknown and refund.state is State.POSTING:
        refund.unanswered_at = None
    recovery = reason(error.reason).recovery
    if recovery is Recovery.PAUSE:
        account = refund.account if at_storefront else refund.account.netsuite
        pausing.pause(session, account, error.reason, error.detail, now=now, actor=SYSTEM)
        ending = Ending(Transition.WAIT, "ACCOUNT_PAUSED", error.reason, now + PAUSED_LOOK)
    elif recovery in {Recovery.BACKOFF, Recovery.THROTTLE}:
        ending = _retrying(refund, error.reason, recovery, error, now=now, shared=shared)
    else:
        way = Transition.DISPUTE if error.reason in DISCREPANCIES else Transition.FAIL
        ending = Ending(way, error.reason, error.detail)
    _move(session, refund, token, ending, now=now)
    return ending


def close_attempt(
    session: Session, row: Refund, token: int, ending: Ending, calls: list[dict[str, Any]], *, now: datetime
) -> None:
    """Write down how the attempt ended and the calls it made."""
    attempts.end(
        session,
        row.id,
        token,
        now=now,
        outcome=ending.transition.value,
        reason=ending.reason,
        detail=ending.detail,
        calls=calls,
    )


def _move(session: Session, refund: Refund, token: int, ending: Ending, *, now: datetime) -> None:
    refunds.move(
        session,
        refund,
        ending.transition,
        ending.reason,
        now=now,
        token=token,
        detail=ending.detail,
        due_at=ending.due_at,
    )


def _waiting(
    refund: Refund,
    decision: Decision[object],
    *,
    now: datetime,
    shared: Installation,
    looks: Sequence[timedelta],
) -> Ending:
    """Set the next look, or end the wait where its deadline has passed."""
    if decision.reason == "ACCOUNT_PAUSED":
        return Ending(Transition.WAIT, decision.reason, decision.detail, now + PAUSED_LOOK)
    patience = Policy.of(refund.account.settings).deadline(decision.reason)
    if refund.waiting_for != decision.reason or refund.deadline_at is None:
        refund.waiting_for, refund.deadline_at = decision.reason, now + patience
    if now >= refund.deadline_at:
        detail = f"waited {patience.days} days. {decision.detail}".strip()
        return Ending(Transition.FAIL, decision.reason, detail)
    since, deadline = refund.deadline_at - patience, refund.deadline_at
    if looks and decision.reason == "MONEY_PENDING":
        # The patience may have been set anew meanwhile, and would move the beginning to where there was none.
        began = since if refund.received_at <= since <= now else refund.received_at
        look = set_look(began, looks, now=now, deadline=deadline)
    else:
        look = next_look(since, now=now, pace=shared.pace, deadline=deadline)
    return Ending(Transition.WAIT, decision.reason, decision.detail, look)


def _retrying(
    refund: Refund,
    code: str,
    recovery: Recovery,
    error: PlatformError,
    *,
    now: datetime,
    shared: Installation,
) -> Ending:
    refund.tries += 0 if code in _NO_TRY else 1
    due = next_try(
        recovery,
        max(refund.tries, 1),
        now=now,
        pace=shared.pace,
        chance=random.random(),  # noqa: S311 - jitter, not a secret
        retry_after=error.retry_after,
    )
    if due is None:
        return Ending(Transition.FAIL, code, f"gave up after {TRIES} tries: {error.detail}")
    return Ending(Transition.RETRY_LATER, code, error.detail, due)


def _lose_order(session: Session, refund: Refund, link: OrderLink, *, now: datetime) -> None:
    if refund.direction is Direction.TO_NETSUITE:
        orders.lose_netsuite(link, now=now)
        return
    gone = OrderSeen(link.storefront_order_id, "", OrderState.DELETED, seen_at=now)
    orders.see_storefront(session, refund.account_id, gone, now=now)
