"""Take a period's refunds over as if news of them had just come, or list what would come of that."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from ledger import refunds, runs
from ledger.clock import utcnow
from ledger.events import RecordChanged, RefundSeen
from ledger.looks import Look, StaleLookError
from ledger.models import Finding, Refund, Run, RunKind
from ledger.reasons import reason as known_reason
from ledger.records import record_name
from ledger.states import UNDER_WAY
from workers import dry_run
from workers.asking import asking
from workers.bits import Bit, refunds_of
from workers.platforms.errors import PlatformError
from workers.posting.work import work_of
from workers.rules.facts import NetSuiteRefund
from workers.rules.views import Action, Decision, NetSuitePlan, StorefrontPlan
from workers.understanding import netsuite, owner, storefront
from workers.understanding.owner import Found, OwnerError, UnaskedError, UnsureError

_WORDS: Final = {
    Action.WRITE: "would be posted",
    Action.LINK: "would be linked: it is there already",
    Action.WAIT: "would wait",
    Action.HOLD: "would be held for review",
    Action.IGNORE: "would be ignored",
    Action.DISPUTE: "would become a discrepancy",
    Action.FAIL: "would become an error",
}


def step(bit: Bit) -> None:
    """Take over, or list, what the storefront has.

    Raises:
        ledger.refunds.LeaseLostError: If the run was stopped or taken over.
        workers.platforms.errors.PlatformError: If a platform does not say what is needed.
    """
    for seen in refunds_of(bit):
        if bit.run.kind is RunKind.DRY_RUN:
            _list(bit, seen)
        else:
            _take(bit, seen)


def step_from_netsuite(bit: Bit) -> None:
    """Take over, or list, the account's NetSuite refunds of the period that changed in a bit of time.

    Raises:
        ledger.refunds.LeaseLostError: If the run was stopped or taken over.
        workers.platforms.errors.PlatformError: If a platform does not say what is needed.
    """
    runtime, run, books = bit.runtime, bit.run, bit.run.account.netsuite
    with asking(books):
        client = runtime.netsuite(books)
        changed, _ = client.changes(bit.since_in_netsuite, bit.until, with_deleted=False)
    entered = [each for each in changed if run.since <= each.created_at < run.until]
    with runtime.database.read() as session:
        fields = netsuite.order_fields(session, books)
    for each in bit.each(entered, at=lambda record: record.modified_at):
        event = RecordChanged(each.record_type, each.record_id, "create", external_id=each.external_id)
        with runtime.database.read() as session:
            if not netsuite.needs_reading(session, books, event):
                continue
            look = netsuite.look(session, books, event, now=utcnow())
        with asking(books):
            record = client.refund(each.record_type, each.record_id, match_fields=fields)
        try:
            _from_netsuite(bit, event, record, look)
        except StaleLookError as error:  # all of the bit is read again
            raise PlatformError("TRANSIENT", str(error)) from error


def _from_netsuite(bit: Bit, event: RecordChanged, record: NetSuiteRefund, look: Look) -> None:
    runtime, run = bit.runtime, bit.run
    try:
        asked = owner.ask(runtime, run.account.netsuite, record, since=run.created_at)
    except (UnaskedError, UnsureError) as error:
        if run.account_id in error.without:
            return  # it is somebody else's, whoever that is
        if isinstance(error, UnaskedError):
            raise
        _leave(bit, event, record, f"{error.reason} {error.detail}")
        return
    is_dry = run.kind is RunKind.DRY_RUN
    with runtime.database.rehearse() if is_dry else bit.writing() as session:
        known = refunds.known(session, run.account_id, "netsuite", event.record_id)
        row = _recorded(session, run, event, record, asked, look)
        if row is None:
            return
        if not is_dry:
            _keep(session, run, RefundSeen.from_json(row.source_facts), row.id, was_known=known is not None)
        work = work_of(session, row)
    if is_dry:
        note = _in_words(dry_run.decide(runtime, work)) if known is None else ""
        _say(bit, RefundSeen.from_json(row.source_facts), known, note)
    elif row.state in UNDER_WAY:
        runtime.waker.refunds(run.source, [row.id])


def _leave(bit: Bit, event: RecordChanged, record: NetSuiteRefund, note: str) -> None:
    """Write a refund down that is left to a person, and why."""
    run, document = bit.run, record.document
    if document is None:
        return
    with bit.writing() as session:
        was_new = runs.put(
            session,
            run,
            f"netsuite:{event.record_id}",
            finding=Finding.NEW,
            order_name=owner.number_of(run.account, record),
            occurred_at=document.created_at,
            currency=document.total.currency,
            currency_exponent=document.total.exponent,
            netsuite_type=event.record_type,
            netsuite_id=event.record_id,
            netsuite_currency=document.total.currency,
            netsuite_exponent=document.total.exponent,
            netsuite_minor=document.total.minor,
            note=note,
        )
        runs.count(session, run, found=int(was_new), taken=0)


def _recorded(
    session: Session,
    run: Run,
    event: RecordChanged,
    record: NetSuiteRefund,
    asked: Sequence[Found],
    look: Look,
) -> Refund | None:
    """Return the refund of a record if it is one of the run's account; those of others are left alone."""
    now, books = utcnow(), run.account.netsuite
    if record.document is None or not record.order_id:
        return None
    try:
        account, _ = owner.find(session, books, record, asked, now=now)
    except OwnerError:
        return None
    if account.id != run.account_id:
        return None
    taken = netsuite.take(
        session, books, event, record, asked=asked, now=now, trace_id=run.trace_id, look=look
    )
    return refunds.load(session, taken.refund_ids[0]) if taken.refund_ids else None


def _take(bit: Bit, seen: RefundSeen) -> None:
    run = bit.run
    with bit.writing() as session:
        was_known = refunds.known(session, run.account_id, seen.origin, seen.refund_id) is not None
        (refund,) = storefront.take(session, run.account, seen, now=utcnow(), trace_id=run.trace_id)
        _keep(session, run, seen, refund.id, was_known=was_known)
    if refund.state in UNDER_WAY:
        bit.runtime.waker.refunds(run.source, [refund.id])


def _keep(session: Session, run: Run, seen: RefundSeen, refund_id: int, *, was_known: bool) -> None:
    """Write down that a refund was taken over, in the same transaction, so that it is counted once."""
    finding = Finding.KNOWN if was_known else Finding.NEW
    if _note(session, run, seen, finding, refund_id, ""):
        runs.count(session, run, found=1, taken=int(not was_known))


def _list(bit: Bit, seen: RefundSeen) -> None:
    runtime, account = bit.runtime, bit.run.account
    with runtime.database.read() as session:
        known = refunds.known(session, account.id, seen.origin, seen.refund_id)
    note = _in_words(dry_run.would_with(runtime, account, seen, now=utcnow())) if known is None else ""
    _say(bit, seen, known, note)


def _say(bit: Bit, seen: RefundSeen, known: int | None, note: str) -> None:
    """Write down what would be done with a refund."""
    with bit.writing() as session:
        finding = Finding.NEW if known is None else Finding.KNOWN
        if _note(session, bit.run, seen, finding, known, note):
            runs.count(session, bit.run, found=1, taken=0)


def _in_words(decision: Decision[NetSuitePlan] | Decision[StorefrontPlan]) -> str:
    kind = f" as {record_name(decision.target_type)}" if decision.target_type else ""
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
    if seen.origin != "netsuite":
        return {"storefront_refund_id": seen.refund_id, "storefront_minor": seen.amount.minor}
    return {
        "netsuite_type": seen.record_type,
        "netsuite_id": seen.refund_id,
        "netsuite_currency": seen.currency,
        "netsuite_exponent": seen.amount.exponent,
        "netsuite_minor": seen.amount.minor,
    }
