"""Compare the refunds of both sides over a period: collect them bit by bit, then match them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select

from ledger import runs
from ledger.clock import utcnow
from ledger.events import MoneyState, RefundSeen
from ledger.models import Finding, OrderLink, Run
from ledger.policy import Policy
from workers import sides
from workers.asking import asking
from workers.bits import Bit, check, refunds_of
from workers.platforms.netsuite_changes import Changed, Origin
from workers.rules.comparing import Line, compare_sides
from workers.runtime import Runtime

LATE: Final = timedelta(days=30)
"""How long before the period NetSuite's record of one of its refunds is looked for."""

_AT_ONCE: Final = 200  # records written down in one transaction
_IDS_AT_ONCE: Final = 500
_BILLS: Final = frozenset({"cashsale", "invoice"})
_GENERATIONS: Final = 3  # from a credit memo: return authorization, invoice, sales order


def collect(bit: Bit) -> None:
    """Write down what both sides have that changed in a bit of time, each once.

    Raises:
        ledger.refunds.LeaseLostError: If the run was stopped or taken over.
        workers.platforms.errors.PlatformError: If a platform does not say.
    """
    run, names = bit.run, dict[str, str]()
    for seen in refunds_of(bit):
        if seen.money is not MoneyState.MOVED or not seen.amount:
            continue
        if seen.order_id not in names:
            names[seen.order_id] = _name_of(bit, seen)
        with bit.writing() as session:
            if runs.put(session, run, **_refund(seen, names[seen.order_id])):
                runs.count(session, run, found=1, taken=0)
    found = _documents(bit)
    for start in range(0, len(found), _AT_ONCE):
        with bit.writing() as session:
            for changed, ancestry in found[start : start + _AT_ONCE]:
                runs.put(session, run, **_document(changed, ancestry))


def compare(runtime: Runtime, run: Run) -> None:
    """Match what was collected, and write down what came of it.

    A record of an order that neither the ledger nor the storefront's refunds of the period know was looked up
    by `strangers`.

    Raises:
        LeaseLostError: If the run was stopped or taken over.
    """
    with runtime.database.read() as session:
        there = tuple(sides.there(session, run))
        here = tuple(sides.here(session, run, there))
    lines = compare_sides(there, here, since=run.since, until=run.until)
    rows = [_compared(line) for line in lines]
    with runtime.database.write() as session:
        check(run, held=runs.renew(session, run, now=utcnow()))
        runs.replace(session, run, rows)


def _name_of(bit: Bit, seen: RefundSeen) -> str:
    """Return the order's name, which is what NetSuite may know it by."""
    runtime, account = bit.runtime, bit.run.account
    if seen.order_name:
        return seen.order_name
    query = select(OrderLink.storefront_order_name).where(
        OrderLink.account_id == account.id, OrderLink.storefront_order_id == seen.order_id
    )
    with runtime.database.read() as session:
        known = session.scalar(query)
    if known:
        return known
    order = runtime.storefront(account).order(seen.order_id)
    return order.name if order is not None else ""


@dataclass(frozen=True, slots=True)
class _Ancestry:
    """What a NetSuite record goes back to.

    Attributes:
        line: From what it was made from, on to the order.
        billed_type: Type of the record that billed the order; empty where that was not found.
    """

    line: tuple[Origin, ...]
    billed_type: str


def _documents(bit: Bit) -> list[tuple[Changed, _Ancestry]]:
    """Return NetSuite's refund records that changed in a bit of time, with what they go back to."""
    runtime, books = bit.runtime, bit.run.account.netsuite
    since = bit.since_in_netsuite - (LATE if bit.is_first else timedelta(0))
    with asking(books):
        changed, _ = runtime.netsuite(books).changes(since, bit.until, with_deleted=False)
        kept = [each for each in changed if not each.voided]
        ancestors = _ancestors(runtime, bit.run, kept)
        lines = [tuple(_line_of(each.created_from, ancestors)) for each in kept]
        bills = _bills(runtime, bit.run, lines)
    found = zip(kept, lines, strict=True)
    return [(each, _Ancestry(line, _billed(line) or bills.get(_order(line), ""))) for each, line in found]


def _billed(line: Iterable[Origin]) -> str:
    return next((each.record_type for each in line if each.record_type in _BILLS), "")


def _order(line: Iterable[Origin]) -> str:
    return next((each.record_id for each in line if each.record_type == "salesorder"), "")


def _bills(runtime: Runtime, run: Run, lines: Iterable[tuple[Origin, ...]]) -> dict[str, str]:
    """Return by what the orders were billed whose returns were authorized from the order itself."""
    client = runtime.netsuite(run.account.netsuite)
    asked = sorted({_order(line) for line in lines if not _billed(line)} - {""})
    found: dict[str, str] = {}
    for start in range(0, len(asked), _IDS_AT_ONCE):
        found |= client.bills(asked[start : start + _IDS_AT_ONCE])
    return found


def _ancestors(runtime: Runtime, run: Run, found: Iterable[Changed]) -> dict[str, Origin]:
    client = runtime.netsuite(run.account.netsuite)
    match = Policy.of(run.account.settings).order_match
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


def _refund(seen: RefundSeen, order_name: str) -> dict[str, Any]:
    return {
        "identity": f"storefront:{seen.refund_id}",
        "finding": Finding.COLLECTED,
        "order_id": seen.order_id,
        "order_name": order_name,
        "occurred_at": seen.occurred_at,
        "currency": seen.currency,
        "currency_exponent": seen.amount.exponent,
        "storefront_refund_id": seen.refund_id,
        "storefront_minor": seen.amount.minor,
        "facts": {"mark": seen.mark},
    }


def _document(changed: Changed, ancestry: _Ancestry) -> dict[str, Any]:
    return {
        "identity": f"netsuite:{changed.record_id}",
        "finding": Finding.COLLECTED,
        "occurred_at": changed.created_at,
        "currency": changed.total.currency,
        "currency_exponent": changed.total.exponent,
        "netsuite_type": changed.record_type,
        "netsuite_id": changed.record_id,
        "netsuite_number": changed.number,
        "netsuite_currency": changed.total.currency,
        "netsuite_exponent": changed.total.exponent,
        "netsuite_minor": changed.total.minor,
        "facts": {
            "external_id": changed.external_id,
            "billed_type": ancestry.billed_type,
            "made_from": [each.record_id for each in ancestry.line],
            "numbers": sorted({each.number for each in ancestry.line if each.number}),
        },
    }


def _compared(line: Line) -> dict[str, Any]:
    """Return the columns that hold a line of the comparison."""
    first, there, here = line.first, line.there, line.here
    columns: dict[str, Any] = {
        "identity": f"storefront:{there.refund_id}" if there else "",
        "finding": line.finding,
        "order_id": first.order_id,
        "order_name": first.order_name,
        "occurred_at": first.at,
        "currency": first.amount.currency,
        "currency_exponent": first.amount.exponent,
        "storefront_refund_id": there.refund_id if there else "",
        "storefront_minor": there.amount.minor if there else None,
        "netsuite_type": "",
        "netsuite_id": "",
        "netsuite_number": "",
        "netsuite_currency": "",
        "netsuite_exponent": 0,
        "netsuite_minor": None,
        "refund_id": first.ledger_id,
        "note": line.note,
    }
    if here is None:
        return columns
    return columns | {
        "identity": columns["identity"] or f"netsuite:{here.record_id}",
        "order_name": first.order_name or here.order_name,
        "netsuite_type": here.record_type,
        "netsuite_id": here.record_id,
        "netsuite_number": here.number,
        "netsuite_currency": here.amount.currency,
        "netsuite_exponent": here.amount.exponent,
        "netsuite_minor": here.amount.minor,
        "refund_id": first.ledger_id or here.ledger_id,
    }
