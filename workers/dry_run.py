"""What would be done with a refund now: read what is needed, decide, and write nothing anywhere."""

from dataclasses import replace
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from ledger import orders, refunds
from ledger.clock import utcnow
from ledger.events import RefundSeen
from ledger.models import Account, Refund
from ledger.models.accounts import Direction
from ledger.reasons import DISCREPANCIES
from workers.asking import AskedError, asking
from workers.platforms.errors import PlatformError
from workers.posting.side import PlanT, Side
from workers.posting.to_netsuite import ToNetSuite
from workers.posting.to_storefront import ToStorefront
from workers.posting.work import Work, work_of
from workers.rules.views import Action, Decision, NetSuitePlan, StorefrontPlan
from workers.runtime import Runtime


def would(runtime: Runtime, refund_id: int) -> Decision[NetSuitePlan] | Decision[StorefrontPlan]:
    """Return what would be done with a refund of the ledger if a worker looked at it now.

    Raises:
        ledger.refunds.RefundNotFoundError: If there is none.
        workers.asking.AskedError: If a platform does not say, or the credentials are not usable.
    """
    with runtime.database.rehearse() as session:
        work = work_of(session, refunds.load(session, refund_id))

    def learn(side: Side[PlanT]) -> None:
        with runtime.database.rehearse() as session:
            side.learn(session, refunds.load(session, refund_id), now=utcnow())

    return decide(runtime, work, learn=learn)


def would_with(
    runtime: Runtime, account: Account, seen: RefundSeen, *, now: datetime
) -> Decision[NetSuitePlan] | Decision[StorefrontPlan]:
    """Return what would be done with a refund that is not in the ledger; it is not there afterwards either.

    Raises:
        workers.asking.AskedError: If a platform does not say, or the credentials are not usable.
    """
    with runtime.database.rehearse() as session:
        row = _recorded(session, account, seen, now=now)
        work = work_of(session, refunds.load(session, row.id))

    def learn(side: Side[PlanT]) -> None:
        with runtime.database.rehearse() as session:
            side.learn(session, refunds.load(session, _recorded(session, account, seen, now=now).id), now=now)

    return decide(runtime, work, learn=learn)


def _recorded(session: Session, account: Account, seen: RefundSeen, *, now: datetime) -> Refund:
    link = orders.ensure(session, account.id, seen.order_id, now=now, name=seen.order_name)
    return refunds.record(session, account, seen, link, now=now, trace_id="")[0]


class _Learn(Protocol):
    """Lets the ledger learn, for as long as is rehearsed, what a side read."""

    def __call__(self, side: Side[PlanT]) -> None: ...


def decide(
    runtime: Runtime, work: Work, *, learn: _Learn | None = None
) -> Decision[NetSuitePlan] | Decision[StorefrontPlan]:
    """Return what would be done with a refund, as it would be after a review.

    Raises:
        workers.asking.AskedError: If a platform does not say, or the credentials are not usable.
    """
    work = replace(work, refund=replace(work.refund, reviewed=True))
    account = work.row.account
    with asking(account):
        storefront = runtime.storefront(account)
    if work.refund.direction is Direction.FROM_NETSUITE:
        return _of(ToStorefront(work, storefront), account, learn)
    with asking(account.netsuite):
        books = runtime.netsuite(account.netsuite)
    return _of(ToNetSuite(work, books, storefront), account, learn)


def _of(side: Side[PlanT], account: Account, learn: _Learn | None) -> Decision[PlanT]:
    decision = side.decide()
    if decision.action is not Action.READ:
        return decision
    try:
        side.read()
    except PlatformError as error:
        if error.reason in DISCREPANCIES:  # it says something of this one refund
            return Decision(Action.DISPUTE, error.reason, error.detail)
        raise AskedError(account if side.asks_storefront else account.netsuite, error) from error
    if learn is not None:
        learn(side)
    return side.decide()
