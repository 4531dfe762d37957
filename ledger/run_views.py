"""Runs, what they found, and requests to a worker, as JSON values; see `ledger.views`."""

from collections.abc import Iterable

from ledger.models import Finding, Request, Run, RunItem
from ledger.money import Money
from ledger.views import View, moment


def run_view(run: Run) -> View:
    """Return a run as JSON values."""
    return {
        "id": run.id,
        "kind": run.kind.value,
        "account": run.account.slug,
        "from": moment(run.since),
        "to": moment(run.until),
        "state": run.state.value,
        "done_until": moment(run.done_until),
        "found": run.found,
        "taken": run.taken,
        "reason": run.reason,
        "detail": run.detail,
        "actor": run.actor,
        "created_at": moment(run.created_at),
        "ended_at": moment(run.ended_at),
    }


def item_view(item: RunItem) -> View:
    """Return what a run found as JSON values."""
    return {
        "id": item.id,
        "finding": item.finding.value,
        "order": item.order_name or item.order_id,
        "occurred_at": moment(item.occurred_at),
        "storefront_refund_id": item.storefront_refund_id,
        "storefront_amount": _money(item.storefront_minor, item.currency, item.currency_exponent),
        "netsuite_type": item.netsuite_type,
        "netsuite_id": item.netsuite_id,
        "netsuite_number": item.netsuite_number,
        "netsuite_amount": _money(item.netsuite_minor, item.netsuite_currency, item.netsuite_exponent),
        "refund": item.refund_id,
        "note": item.note,
    }


def totals_view(totals: Iterable[tuple[Finding, str, int, int, int, int]]) -> list[View]:
    """Return what a run found in all, by finding and currency, as `ledger.runs.totals` tells it."""
    return [
        {
            "finding": finding.value,
            "currency": currency,
            "number": number,
            "storefront_amount": Money.from_minor(there, currency, exponent).to_json(),
            "netsuite_amount": Money.from_minor(here, currency, exponent).to_json(),
        }
        for finding, currency, exponent, number, there, here in totals
    ]


def request_view(request: Request) -> View:
    """Return what a worker was asked for, and its answer; the result is null until there is one."""
    return {
        "id": request.id,
        "kind": request.kind.value,
        "account": request.account.slug if request.account else request.netsuite.slug,
        "params": request.params,
        "state": request.state.value,
        "reason": request.reason,
        "detail": request.detail,
        "result": request.result or None,
        "actor": request.actor,
        "created_at": moment(request.created_at),
        "ended_at": moment(request.ended_at),
    }


def _money(minor: int | None, currency: str, exponent: int) -> dict[str, str] | None:
    return None if minor is None else Money.from_minor(minor, currency, exponent).to_json()
