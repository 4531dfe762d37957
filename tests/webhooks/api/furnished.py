"""A ledger in which every list of the API has something to show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from ledger import attempts, deliveries, orders, refunds, requests, runs
from ledger.database import Database
from ledger.models import Account, Finding, Run, RunKind
from ledger.states import State, Transition
from tests.support.ledger import TRACE, make_delivery, make_refund, make_seen

# How a refund that was just received gets into each state, with a reason that fits.
_WAYS: Final = {
    State.SCHEDULED: (),
    State.ERROR: (Transition.FAIL,),
    State.POSTING: (Transition.BEGIN,),
    State.POSTED: (Transition.POST,),
    State.WAITING: (Transition.WAIT,),
    State.RETRYING: (Transition.RETRY_LATER,),
    State.DISCREPANCY: (Transition.DISPUTE,),
    State.RESOLVED: (Transition.DISPUTE, Transition.RESOLVE),
    State.HELD: (Transition.HOLD,),
    State.CANCELLED: (Transition.CANCEL,),
    State.IGNORED: (Transition.IGNORE,),
}
_REASONS: Final = {
    Transition.BEGIN: "RECEIVED",
    Transition.POST: "POSTED",
    Transition.WAIT: "NOT_BILLED",
    Transition.RETRY_LATER: "TRANSIENT",
    Transition.FAIL: "MAPPING_MISSING",
    Transition.DISPUTE: "ORDER_DELETED",
    Transition.RESOLVE: "RESOLVED_BY_PERSON",
    Transition.HOLD: "REVIEW_FIRST",
    Transition.CANCEL: "CANCELLED_BY_PERSON",
    Transition.IGNORE: "ECHO",
}


@dataclass(frozen=True)
class Furnished:
    """The ids of what is there.

    Attributes:
        refunds: One refund in each state.
        delivery: A delivery that was worked off, which a refund came by.
        quarantined: One that was not understood.
        run: A backfill under way.
        reconciliation: A reconciliation that found something.
        request: A request that nobody has answered.
    """

    refunds: dict[State, int]
    delivery: int
    quarantined: int
    run: int
    reconciliation: int
    request: int


def furnish(database: Database, shop: Account, *, now: datetime) -> Furnished:
    """Fill the ledger of a shop."""
    with database.write() as session:
        shop = session.get_one(Account, shop.id)
        link = orders.ensure(session, shop.id, "450789469", now=now, name="#1001")
        by_state = {}
        for number, (state, ways) in enumerate(_WAYS.items()):
            seen = make_seen(refund_id=str(509562969 + number))
            refund = make_refund(session, shop, seen, link, now=now)
            by_state[state] = refund.id
            for way in ways:
                refunds.move(session, refund, way, _REASONS[way], now=now, due_at=now + timedelta(hours=1))
        waiting = refunds.load(session, by_state[State.ERROR])
        attempts.begin(session, waiting, now=now)
        kept = deliveries.accept(session, make_delivery(shop), now=now)
        odd = deliveries.accept(session, make_delivery(shop, key="2", reason="NOT_OF_SCHEMA"), now=now)
        run, reconciliation = (
            _run(session, shop, kind, now=now) for kind in (RunKind.BACKFILL, RunKind.RECONCILE)
        )
        _found(session, reconciliation, tuple(Finding))
        request = requests.check(session, shop, now=now, actor="test", trace_id=TRACE)
        assert kept
        assert odd
        return Furnished(by_state, kept, odd, run.id, reconciliation.id, request.id)


def _run(session: Session, shop: Account, kind: RunKind, *, now: datetime) -> Run:
    since, until = now - timedelta(days=3), now
    return runs.begin(session, shop, kind, since, until, actor="test", trace_id=TRACE, now=now)


def _found(session: Session, run: Run, findings: Sequence[Finding]) -> None:
    for number, finding in enumerate(findings):
        runs.put(
            session,
            run,
            f"shopify:{number}",
            finding=finding,
            order_name="#1001",
            currency="USD",
            currency_exponent=2,
            storefront_minor=1999,
            **_there(finding),
        )


def _there(finding: Finding) -> dict[str, object]:
    """Return NetSuite's side, which one kind of finding has not."""
    if finding is Finding.MISSING_IN_NETSUITE:
        return {}
    return {"netsuite_currency": "USD", "netsuite_exponent": 2, "netsuite_minor": 1999}
