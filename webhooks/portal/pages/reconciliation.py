"""Reconciliation: both sides of a period compared, and the runs that take over or list what it has."""

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final

from flask import Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from ledger import accounts, queries, runs
from ledger.accounts import AccountError
from ledger.database import Database
from ledger.models import Finding, Role, Run, RunItem, RunKind, RunState
from ledger.money import Money
from ledger.runs import RunError
from ledger.spreadsheets import RUN_HEADER, run_row, written
from webhooks.portal import context
from webhooks.portal.access import Section
from webhooks.portal.forms import asked, day, one_of, sent
from webhooks.portal.navigation import url_if
from webhooks.portal.paging import PAGE, after_id, paged
from webhooks.portal.visitors import tell, visitor

pages = Section("reconciliation")

_HERE: Final = "/reconciliation"
_AT_ONCE: Final = 500  # rows of an export
_KINDS: Final = (
    (RunKind.RECONCILE.value, "Reconcile: compare both sides, and change nothing"),
    (RunKind.DRY_RUN.value, "Dry run: list what a backfill would take over, and change nothing"),
    (RunKind.BACKFILL.value, "Backfill: take over every refund of the period that is not known"),
)
_DIFFERENCES: Final = tuple(
    finding for finding in Finding if finding not in {Finding.MATCHED, Finding.KNOWN, Finding.COLLECTED}
)
_LACKING: Final = {
    Finding.MISSING_IN_NETSUITE: "storefront",
    Finding.MISSING_IN_STOREFRONT: "netsuite",
}
"""From which side a refund is retrieved that the other lacks."""


@pages.page(_HERE, Role.VIEWER)
def index() -> ResponseReturnValue:
    """List runs, newest first, and offer to begin one."""
    return _index_page({"account": asked("account"), "kind": asked("kind"), "since": "", "until": ""}, {})


@pages.form(_HERE, Role.OPERATOR)
def begin() -> ResponseReturnValue:
    """Begin a run over a period; workers do it bit by bit."""
    portal = context.current()
    now = portal.clock()
    values = {name: sent(name) for name in ("account", "kind", "since", "until")}
    kind, since = one_of(RunKind, values["kind"]), day(values["since"])
    until = day(values["until"], is_end=True) if values["until"] else now
    wrong = _wrong(kind, since, until)
    if wrong or kind is None or since is None or until is None:
        return _index_page(values, wrong)
    if kind is RunKind.BACKFILL and sent("confirmed") != "yes":
        return _ask_backfill(values)
    try:
        with portal.database.write() as session:
            run = runs.begin(
                session,
                accounts.by_slug(session, values["account"]),
                kind,
                since,
                until,
                actor=visitor().actor,
                trace_id=uuid.uuid4().hex,
                now=now,
            )
    except AccountError:
        return _index_page(values, {"account": "Choose an account."})
    except RunError as error:
        field = "since" if error.reason == "bad_period" else "account"
        return _index_page(values, {field: f"{error}."[:1].upper() + f"{error}."[1:]})
    portal.waker.runs(run.source, [run.id])
    return _to(run.id)


@pages.page(f"{_HERE}/<int:run_id>", Role.VIEWER)
def show(run_id: int) -> ResponseReturnValue:
    """Show how far a run is and what it found: by default what differs, and the totals of each currency."""
    finding = one_of(Finding, asked("finding"))
    with context.current().database.read() as session:
        run = _run(session, run_id)
        is_everything = asked("finding") == "all" or run.kind is not RunKind.RECONCILE
        wanted = (finding,) if finding else () if is_everything else _DIFFERENCES
        items = runs.items(session, run_id, findings=wanted, after=after_id(), limit=PAGE + 1)
        totals = [
            (
                each,
                Money.from_minor(there, currency, exponent),
                Money.from_minor(here, currency, exponent),
                number,
            )
            for each, currency, exponent, number, there, here in runs.totals(session, run_id)
        ]
    return render_template(
        "run.html",
        run=run,
        is_running=run.state is RunState.RUNNING,
        percent=_percent(run),
        page=paged(items, lambda item: str(item.id)),
        totals=totals,
        findings=[(each.value, each.value) for each in Finding],
        asked=asked,
        sides=_sides,
        retrieve=_retrieve_url,
    )


@pages.page(f"{_HERE}/<int:run_id>/stop", Role.OPERATOR)
def ask_stop(run_id: int) -> ResponseReturnValue:
    """Ask before a run is stopped."""
    with context.current().database.read() as session:
        run = _run(session, run_id)
    here = url_for("reconciliation.show", run_id=run.id)
    return render_template(
        "confirm.html",
        title=f"Stop run {run_id}?",
        effects=("It goes on no more; what it did and found stays.", "A stopped run cannot be resumed."),
        action=f"{here}/stop",
        button="Stop the run",
        back=here,
        is_danger=True,
    )


@pages.form(f"{_HERE}/<int:run_id>/stop", Role.OPERATOR)
def stop(run_id: int) -> ResponseReturnValue:
    """End a run; what it did stays."""
    portal = context.current()
    try:
        with portal.database.write() as session:
            runs.stop(session, run_id, now=portal.clock(), actor=visitor().actor)
    except RunError as error:
        if error.reason == "not_found":
            raise NotFound from None
        tell(f"Run {run_id} had ended already.", "info")
    else:
        tell(f"Run {run_id} was stopped.")
    return _to(run_id)


@pages.page(f"{_HERE}/<int:run_id>/export.csv", Role.VIEWER)
def export(run_id: int) -> ResponseReturnValue:
    """Send everything a run found as a table for spreadsheets."""
    database = context.current().database
    with database.read() as session:
        run = _run(session, run_id)
    name = f"{run.kind.value}-{run.account.slug}-{run.since:%Y-%m-%d}-{run_id}.csv"
    answer = Response(_lines(database, run_id), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _lines(database: Database, run_id: int) -> Iterator[str]:
    """Yield the table, in parts; no transaction is open while one is sent."""
    yield written([RUN_HEADER])
    after = 0
    while True:
        with database.read() as session:
            items = runs.items(session, run_id, after=after, limit=_AT_ONCE)
        if not items:
            return
        yield written(map(run_row, items))
        after = items[-1].id


def _wrong(kind: RunKind | None, since: datetime | None, until: datetime | None) -> dict[str, str]:
    wrong = {} if kind else {"kind": "Choose what to do."}
    if since is None:
        wrong["since"] = "Give the first day, such as 2026-03-01."
    if until is None:
        wrong["until"] = "Give the last day, such as 2026-03-31, or none for now."
    return wrong


def _ask_backfill(values: Mapping[str, str]) -> ResponseReturnValue:
    period = f"{values['since']} to {values['until'] or 'now'}"
    return render_template(
        "backfill.html",
        title=f"Backfill {values['account']}?",
        effects=(
            f"Every refund from {period} that is not known is taken over.",
            "Each is then written to the other side by the account's rules, like one that just came.",
            "A dry run lists them first, and changes nothing.",
        ),
        action=_HERE,
        button="Begin the backfill",
        back=url_for("reconciliation.index", account=values["account"]),
        values=values,
    )


def _index_page(values: Mapping[str, str], wrong: Mapping[str, str]) -> ResponseReturnValue:
    with context.current().database.read() as session:
        known = queries.storefront_accounts(session)
        of_account = next((each.id for each in known if each.slug == asked("account")), None)
        kind = one_of(RunKind, asked("kind"))
        found = runs.latest(
            session,
            kinds=[kind] if kind else tuple(RunKind),
            account_id=of_account,
            before=after_id() or None,
            limit=PAGE + 1,
        )
    page = render_template(
        "reconciliation.html",
        page=paged(found, lambda run: str(run.id)),
        percent=_percent,
        accounts=[(each.slug, each.slug) for each in known],
        kinds=_KINDS,
        values=values,
        wrong=wrong,
        asked=asked,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK


def _percent(run: Run) -> int:
    """Return how much of the time that a run looks through it has looked through."""
    if run.state is RunState.DONE:
        return 100
    whole = (run.reaches_to - run.since).total_seconds()
    part = (run.done_until - run.since).total_seconds()
    return min(99, max(0, int(100 * part / whole))) if whole > 0 else 0


def _sides(item: RunItem) -> tuple[Money | None, Money | None]:
    """Return what a refund amounts to in the storefront and in NetSuite; None where it is not there."""
    there, here = item.storefront_minor, item.netsuite_minor
    return (
        None if there is None else Money.from_minor(there, item.currency, item.currency_exponent),
        None if here is None else Money.from_minor(here, item.netsuite_currency, item.netsuite_exponent),
    )


def _retrieve_url(run: Run, item: RunItem) -> str:
    """Return where a refund that one side lacks is retrieved; empty where there is nothing to retrieve."""
    side, order = _LACKING.get(item.finding), item.order_name or item.order_id
    if side is None or not order:
        return ""
    return url_if("refunds.ask_retrieve", account=run.account.slug, order=order, side=side)


def _run(session: Session, run_id: int) -> Run:
    try:
        return runs.get(session, run_id)
    except RunError:
        raise NotFound from None


def _to(run_id: int) -> ResponseReturnValue:
    return redirect(url_for("reconciliation.show", run_id=run_id), HTTPStatus.SEE_OTHER)
