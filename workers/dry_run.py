"""What would be done with a refund now: read what is needed, decide, and write nothing anywhere."""

from dataclasses import replace
from datetime import datetime

from ledger import orders, refunds
from ledger.events import RefundSeen
from ledger.models import Account
from ledger.models.accounts import Direction
from workers.platforms.errors import CredentialsError, PlatformError
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
        PlatformError: If a platform does not say, or the credentials are not usable.
    """
    with runtime.database.rehearse() as session:
        work = work_of(session, refunds.load(session, refund_id))
    return decide(runtime, work)


def would_with(
    runtime: Runtime, account: Account, seen: RefundSeen, *, now: datetime
) -> Decision[NetSuitePlan] | Decision[StorefrontPlan]:
    """Return what would be done with a refund that is not in the ledger; it is not there afterwards either.

    Raises:
        PlatformError: If a platform does not say, or the credentials are not usable.
    """
    with runtime.database.rehearse() as session:
        link = orders.ensure(session, account.id, seen.order_id, now=now, name=seen.order_name)
        row, _ = refunds.record(session, account, seen, link, now=now, trace_id="")
        work = work_of(session, refunds.load(session, row.id))
    return decide(runtime, work)


def decide(runtime: Runtime, work: Work) -> Decision[NetSuitePlan] | Decision[StorefrontPlan]:
    """Return what would be done with a refund, as it would be after a review.

    Raises:
        PlatformError: If a platform does not say, or the credentials are not usable.
    """
    work = replace(work, refund=replace(work.refund, reviewed=True))
    try:
        storefront = runtime.storefront(work.row.account)
        if work.refund.direction is Direction.FROM_NETSUITE:
            return _of(ToStorefront(work, storefront))
        return _of(ToNetSuite(work, runtime.netsuite(work.row.account.netsuite), storefront))
    except CredentialsError as error:
        raise PlatformError("BAD_CREDENTIALS", str(error)) from error


def _of(side: Side[PlanT]) -> Decision[PlanT]:
    decision = side.decide()
    if decision.action is Action.READ:
        side.read()
        decision = side.decide()
    return decision
