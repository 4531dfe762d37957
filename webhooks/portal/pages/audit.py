"""Settings: Audit trail: who did what to what, when and why."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger import trail
from ledger.database import Database
from ledger.models import AuditEntry, Role
from ledger.spreadsheets import harmless, written
from ledger.trail import SUBJECTS, TrailFilter
from ledger.views import moment
from webhooks.portal import context
from webhooks.portal.access import Section
from webhooks.portal.forms import asked, day
from webhooks.portal.navigation import url_if
from webhooks.portal.paging import PAGE, number, paged

pages = Section("audit")

HEADER: Final = (
    *("id", "at", "actor", "action", "subject", "subject_id", "from_state", "to_state"),
    *("reason", "note", "trace_id"),
)
"""The columns of an export."""

_AT_ONCE: Final = 500  # rows of an export
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FILTERS: Final = ("actor", "action", "subject", "id", "since", "until")
_PAGES_OF: Final = {
    "refund": ("refunds.show", "refund_id"),
    "delivery": ("deliveries.show", "delivery_id"),
    "user": ("users.show", "user_id"),
    "alert_channel": ("alerts.show", "channel_id"),
}


@pages.page("/settings/audit", Role.ADMIN)
def index() -> ResponseReturnValue:
    """Show the trail, newest first, filtered."""
    wanted = replace(_wanted(), after=_after(), limit=PAGE + 1)
    with context.current().database.read() as session:
        found = trail.page(session, wanted)
    return render_template(
        "audit.html",
        page=paged(found, _cursor),
        asked=asked,
        subjects=SUBJECTS,
        link=_link,
        export_url=url_for("audit.export", **_filters()),
    )


@pages.page("/settings/audit/export.csv", Role.ADMIN)
def export() -> ResponseReturnValue:
    """Send everything that the filters let through as a table for spreadsheets, newest first."""
    portal = context.current()
    answer = Response(_lines(portal.database, _wanted()), content_type="text/csv; charset=utf-8")
    name = f"audit-{portal.clock():%Y-%m-%d}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _filters() -> dict[str, Any]:
    """Return the filters as they stand in the address."""
    return {name: asked(name) for name in _FILTERS if asked(name)}


def _wanted() -> TrailFilter:
    """Return what the address asks for, from the first entry on."""
    return TrailFilter(
        actor=asked("actor"),
        action=asked("action"),
        subject=asked("subject") if asked("subject") in SUBJECTS else "",
        subject_id=number(asked("id")),
        since=day(asked("since")),
        until=day(asked("until"), is_end=True),
    )


def _lines(database: Database, wanted: TrailFilter) -> Iterator[str]:
    """Yield the table, in parts; no transaction is open while one is sent."""
    yield written([HEADER])
    while True:
        with database.read() as session:
            entries = trail.page(session, replace(wanted, limit=_AT_ONCE))
        if not entries:
            return
        yield written(map(_row, entries))
        wanted = replace(wanted, after=(entries[-1].at, entries[-1].id))


def _row(entry: AuditEntry) -> list[str]:
    values = [getattr(entry, name) for name in HEADER]
    return [harmless(moment(each) if isinstance(each, datetime) else each) for each in values]


def _cursor(entry: AuditEntry) -> str:
    since = entry.at - _EPOCH  # whole numbers, since a float has not enough digits
    return f"{since // timedelta(microseconds=1)}-{entry.id}"


def _after() -> tuple[datetime, int] | None:
    microseconds, _, id_ = request.args.get("after", "").partition("-")
    if not number(microseconds) or not number(id_):
        return None
    try:
        return _EPOCH + timedelta(microseconds=number(microseconds)), number(id_)
    except OverflowError:
        return None


def _link(entry: AuditEntry) -> str:
    endpoint, argument = _PAGES_OF.get(entry.subject, ("", ""))
    return url_if(endpoint, **{argument: entry.subject_id}) if endpoint else ""
