"""Compare the refunds of both sides over a period: collect the storefront's, then match NetSuite's."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import runs
from ledger.clock import utcnow
from ledger.events import MoneyState, RefundSeen
from ledger.models import Finding, OrderLink, Refund, Run, RunItem
from ledger.money import Money
from ledger.policy import Policy
from ledger.refunds import LeaseLostError, key_of
from workers.platforms.netsuite_changes import Changed, Origin
from workers.rules.comparing import Here, Line, There, compare_sides
from workers.runtime import Runtime

LATE: Final = timedelta(days=30)
"""How long after the period the other side's record of one of its refunds is looked for."""

_STEP: Final = timedelta(days=7)
_IDS_AT_ONCE: Final = 500
_GENERATIONS: Final = 3  # credit memo, return authorization, invoice, sales order


def collect(runtime: Runtime, run: Run, found: Iterable[RefundSeen]) -> None:
    """Write the storefront's refunds down whose money moved, each once.

    Raises:
        workers.platforms.errors.PlatformError: If the storefront does not say.
    """
    for seen in found:
        if seen.money is not MoneyState.MOVED or not seen.amount:
            continue
        with runtime.database.write() as session:
            is_new = runs.put(
                session,
                run,
                f"storefront:{seen.refund_id}",
                finding=Finding.MISSING_IN_NETSUITE,
                order_id=seen.order_id,
                order_name=seen.order_name,
                occurred_at=seen.occurred_at,
                currency=seen.currency,
                currency_exponent=seen.amount.exponent,
                storefront_refund_id=seen.refund_id,
                storefront_minor=seen.amount.minor,
                netsuite_type="",
                netsuite_id="",
                netsuite_number="",
                refund_id=None,
                note=seen.mark,
            )
            if is_new:
                runs.count(session, run, found=1, taken=0)


def compare(runtime: Runtime, run: Run) -> None:
    """Match NetSuite's refunds of the period with the storefront's, and write down what came of it.

    Raises:
        workers.platforms.errors.PlatformError: If NetSuite does not say.
        LeaseLostError: If the run was stopped or taken over.
    """
    documents = list(_documents(runtime, run))
    with runtime.database.read() as session:
        there = [_there(session, run, item) for item in runs.items(session, run.id)]
        here = list(_here(session, run, documents))
    lines = compare_sides(there, here, since=run.since, until=run.until)
    with runtime.database.write() as session:
        if not runs.renew(session, run, now=utcnow()):
            raise LeaseLostError(f"run {run.id} was stopped or taken over")
        runs.clear(session, run)
        for line in lines:
            _put(session, run, line)


def _documents(runtime: Runtime, run: Run) -> Iterator[tuple[Changed, tuple[Origin, ...]]]:
    """Yield NetSuite's refund records around the period, with what they were made from."""
    client = runtime.netsuite(run.account.netsuite)
    match = Policy.of(run.account.settings).order_match
    since, end = run.since - LATE, run.reaches_to
    seen: set[str] = set()
    while since < end:
        until = min(end, since + _STEP)
        changed, _ = client.changes(since, until)
        fresh = [each for each in changed if each.record_id not in seen and not each.voided]
        seen.update(each.record_id for each in fresh)
        ancestors = _ancestors(runtime, run, fresh, match=match)
        for each in fresh:
            yield each, tuple(_line_of(each.created_from, ancestors))
        with runtime.database.write() as session:
            if not runs.renew(session, run, now=utcnow()):
                raise LeaseLostError(f"run {run.id} was stopped or taken over")
        since = until


def _ancestors(runtime: Runtime, run: Run, found: list[Changed], *, match: str) -> dict[str, Origin]:
    client = runtime.netsuite(run.account.netsuite)
    known: dict[str, Origin] = {}
    wanted = {each.created_from for each in found if each.created_from}
    for _ in range(_GENERATIONS):
        asked = sorted(wanted - known.keys())
        for start in range(0, len(asked), _IDS_AT_ONCE):
            known |= client.origins(asked[start : start + _IDS_AT_ONCE], match=match)
        wanted = {each.created_from for each in known.values() if each.created_from}
    return known


def _line_of(record_id: str, known: dict[str, Origin]) -> Iterator[Origin]:
    for _ in range(_GENERATIONS):
        origin = known.get(record_id)
        if origin is None:
            return
        yield origin
        record_id = origin.created_from


def _there(session: Session, run: Run, item: RunItem) -> There:
    refund = session.scalars(
        select(Refund).where(
            Refund.account_id == run.account_id,
            (
                (Refund.origin == run.source) & (Refund.source_refund_id == item.storefront_refund_id)
                | (Refund.origin == "netsuite") & (Refund.target_id == item.storefront_refund_id)
            ),
        )
    ).first()
    counterpart = ""
    if refund is not None:
        counterpart = refund.source_refund_id if refund.origin == "netsuite" else refund.target_id
    return There(
        refund_id=item.storefront_refund_id,
        order_id=item.order_id,
        order_name=item.order_name,
        occurred_at=item.occurred_at or run.since,
        amount=Money.from_minor(item.storefront_minor or 0, item.currency, item.currency_exponent),
        key=key_of(run.account.slug, item.storefront_refund_id),
        mark=item.note,
        counterpart=counterpart,
        ledger_id=refund.id if refund else None,
    )


def _here(
    session: Session, run: Run, documents: Iterable[tuple[Changed, tuple[Origin, ...]]]
) -> Iterator[Here]:
    """Yield the records that belong to the account: to one of its orders, or to one of its refunds."""
    prefix = f"rs-{run.account.slug}-"
    by_id = Policy.of(run.account.settings).order_match_value == "id"
    for changed, origins in documents:
        numbers = {origin.number for origin in origins if origin.number}
        ids = [origin.record_id for origin in origins]
        link = _link(session, run, ids, numbers, by_id=by_id)
        refund = _refund(session, run, changed)
        if link is None and refund is None and not changed.external_id.startswith(prefix):
            continue
        if refund is not None and not _is_of_period(refund, run):
            continue
        billed = next((o.record_type for o in origins if o.record_type in {"cashsale", "invoice"}), "")
        yield Here(
            record_type=changed.record_type,
            record_id=changed.record_id,
            number=changed.number,
            external_id=changed.external_id,
            order_id=link.storefront_order_id if link else "",
            order_name=link.storefront_order_name if link else "",
            entered_at=changed.created_at,
            amount=changed.total,
            billed_type=billed,
            key=refund.key if refund else "",
            ledger_id=refund.id if refund else None,
        )


def _is_of_period(refund: Refund, run: Run) -> bool:
    """Tell whether the storefront's side of a refund is of the period, as far as the ledger knows it."""
    moment = refund.posted_at if refund.origin == "netsuite" else refund.occurred_at
    return moment is None or run.since <= moment < run.until


def _link(
    session: Session, run: Run, record_ids: list[str], numbers: set[str], *, by_id: bool
) -> OrderLink | None:
    column = OrderLink.storefront_order_id if by_id else OrderLink.storefront_order_name
    query = select(OrderLink).where(
        OrderLink.account_id == run.account_id,
        column.in_(numbers) | OrderLink.netsuite_order_id.in_(record_ids),
    )
    return session.scalars(query.limit(1)).first()


def _refund(session: Session, run: Run, changed: Changed) -> Refund | None:
    query = select(Refund).where(
        Refund.account_id == run.account_id,
        (
            (Refund.origin == "netsuite") & (Refund.source_refund_id == changed.record_id)
            | (Refund.origin != "netsuite") & (Refund.target_id == changed.record_id)
        ),
    )
    return session.scalars(query.limit(1)).first()


def _put(session: Session, run: Run, line: Line) -> None:
    there, here = line.there, line.here
    amount = there.amount if there is not None else here.amount if here is not None else None
    moment: datetime | None = there.occurred_at if there else here.entered_at if here else None
    if amount is None:
        return
    runs.put(
        session,
        run,
        f"storefront:{there.refund_id}" if there else f"netsuite:{here.record_id if here else ''}",
        finding=line.finding,
        order_id=(there.order_id if there else "") or (here.order_id if here else ""),
        order_name=(there.order_name if there else "") or (here.order_name if here else ""),
        occurred_at=moment,
        currency=amount.currency,
        currency_exponent=amount.exponent,
        storefront_refund_id=there.refund_id if there else "",
        storefront_minor=there.amount.minor if there else None,
        netsuite_type=here.record_type if here else "",
        netsuite_id=here.record_id if here else "",
        netsuite_number=here.number if here else "",
        netsuite_minor=here.amount.minor if here else None,
        refund_id=(there.ledger_id if there else None) or (here.ledger_id if here else None),
        note=line.note,
    )
