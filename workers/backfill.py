"""Take a period's refunds over as if news of them had just come, or list what would come of that."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from ledger import refunds, runs
from ledger.clock import utcnow
from ledger.events import RecordChanged, RefundSeen
from ledger.models import Finding, Refund, Run, RunKind
from ledger.reasons import reason as known_reason
from ledger.states import UNDER_WAY
from workers import dry_run
from workers.posting.work import work_of
from workers.rules.facts import NetSuiteRefund
from workers.rules.views import Action, Decision, NetSuitePlan, StorefrontPlan
from workers.runtime import Runtime
from workers.understanding import netsuite, owner, storefront

_WORDS: Final = {
    Action.WRITE: "would be posted",
    Action.LINK: "would be linked: it is there already",
    Action.WAIT: "would wait",
    Action.HOLD: "would be held for review",
    Action.IGNORE: "would be ignored",
    Action.DISPUTE: "would become a discrepancy",
    Action.FAIL: "would become an error",
}


def step(runtime: Runtime, run: Run, found: Iterable[RefundSeen]) -> None:
    """Take over, or list, what the storefront has.

    Raises:
        workers.platforms.errors.PlatformError: If a platform does not say what is needed.
    """
    for seen in found:
        if run.kind is RunKind.DRY_RUN:
            _list(runtime, run, seen)
        else:
            _take(runtime, run, seen)


def step_from_netsuite(runtime: Runtime, run: Run, until: datetime) -> None:
    """Take over, or list, the account's NetSuite refunds of the period that changed up to a time.

    Raises:
        workers.platforms.errors.PlatformError: If a platform does not say what is needed.
    """
    books = run.account.netsuite
    client = runtime.netsuite(books)
    changed, _ = client.changes(run.done_until, until)
    with runtime.database.read() as session:
        fields = netsuite.order_fields(session, books)
    for each in changed:
        if run.since <= each.created_at < run.until:
            event = RecordChanged(each.record_type, each.record_id, "create", external_id=each.external_id)
            with runtime.database.read() as session:
                is_wanted = netsuite.needs_reading(session, books, event)
            if is_wanted:
                record = client.refund(each.record_type, each.record_id, match_fields=fields)
                _from_netsuite(runtime, run, event, record)


def _from_netsuite(runtime: Runtime, run: Run, event: RecordChanged, record: NetSuiteRefund) -> None:
    now, books = utcnow(), run.account.netsuite
    asked = owner.ask(runtime, books, record)
    is_dry = run.kind is RunKind.DRY_RUN
    with runtime.database.rehearse() if is_dry else runtime.database.write() as session:
        known = refunds.known(session, run.account_id, "netsuite", event.record_id)
        taken = netsuite.take(session, books, event, record, asked=asked, now=now, trace_id=run.trace_id)
        rows = [refunds.load(session, number) for number in taken.refund_ids]
        works = [work_of(session, row) for row in rows if row.account_id == run.account_id]
    for work in works:
        note = _in_words(dry_run.decide(runtime, work)) if is_dry and known is None else ""
        with runtime.database.write() as session:
            refund_id = known if is_dry else work.row.id
            finding = Finding.NEW if known is None else Finding.KNOWN
            seen = RefundSeen.from_json(work.row.source_facts)
            if _note(session, run, seen, finding, refund_id, note):
                runs.count(session, run, found=1, taken=int(known is None and not is_dry))
        if not is_dry and work.row.state in UNDER_WAY:
            runtime.waker.refunds("netsuite", [work.row.id])


def _take(runtime: Runtime, run: Run, seen: RefundSeen) -> None:
    now = utcnow()
    with runtime.database.write() as session:
        was_known = refunds.known(session, run.account_id, seen.origin, seen.refund_id) is not None
        ids = storefront.take(session, run.account, seen, now=now, trace_id=run.trace_id)
        is_new = _note(session, run, seen, Finding.KNOWN if was_known else Finding.NEW, ids[0], "")
        if is_new:
            runs.count(session, run, found=1, taken=int(not was_known))
        state = session.get_one(Refund, ids[0]).state
    if state in UNDER_WAY:
        runtime.waker.refunds(seen.origin, ids)


def _list(runtime: Runtime, run: Run, seen: RefundSeen) -> None:
    with runtime.database.read() as session:
        refund_id = refunds.known(session, run.account_id, seen.origin, seen.refund_id)
    note = ""
    if refund_id is None:
        note = _in_words(dry_run.would_with(runtime, run.account, seen, now=utcnow()))
    with runtime.database.write() as session:
        finding = Finding.NEW if refund_id is None else Finding.KNOWN
        if _note(session, run, seen, finding, refund_id, note):
            runs.count(session, run, found=1, taken=0)


def _in_words(decision: Decision[NetSuitePlan] | Decision[StorefrontPlan]) -> str:
    kind = f" as {decision.target_type}" if decision.target_type else ""
    why = known_reason(decision.reason)
    said = f"{_WORDS[decision.action]}{kind}"
    return said if decision.action is Action.WRITE else f"{said}: {why.code} {decision.detail}".strip()


def _note(
    session: Session, run: Run, seen: RefundSeen, finding: Finding, refund_id: int | None, note: str
) -> bool:
    return runs.put(
        session,
        run,
        f"{seen.origin}:{seen.refund_id}",
        finding=finding,
        order_id=seen.order_id,
        order_name=seen.order_name,
        occurred_at=seen.occurred_at,
        currency=seen.currency,
        currency_exponent=seen.amount.exponent,
        refund_id=refund_id,
        note=note,
        **_side(seen),
    )


def _side(seen: RefundSeen) -> dict[str, Any]:
    blank = {"storefront_refund_id": "", "netsuite_type": "", "netsuite_id": "", "netsuite_number": ""}
    if seen.origin == "netsuite":
        mine: dict[str, Any] = {"netsuite_type": seen.record_type, "netsuite_id": seen.refund_id}
        return {**blank, **mine, "netsuite_minor": seen.amount.minor}
    return {**blank, "storefront_refund_id": seen.refund_id, "storefront_minor": seen.amount.minor}
