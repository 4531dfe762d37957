"""Settings: Audit trail: who did what to what, when and why."""

from datetime import UTC, datetime, timedelta
from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from ledger import trail
from ledger.models import AuditEntry, Role
from ledger.trail import SUBJECTS, TrailFilter
from webhooks.portal import context
from webhooks.portal.access import Section
from webhooks.portal.forms import asked, day
from webhooks.portal.navigation import url_if
from webhooks.portal.paging import PAGE, number, paged

pages = Section("audit")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PAGES_OF: Final = {
    "refund": ("refunds.show", "refund_id"),
    "delivery": ("deliveries.show", "delivery_id"),
    "user": ("users.show", "user_id"),
    "alert_channel": ("alerts.show", "channel_id"),
}


@pages.page("/settings/audit", Role.ADMIN)
def index() -> ResponseReturnValue:
    """Show the trail, newest first, filtered."""
    wanted = TrailFilter(
        actor=asked("actor"),
        action=asked("action"),
        subject=asked("subject") if asked("subject") in SUBJECTS else "",
        subject_id=number(asked("id")),
        since=day(asked("since")),
        until=day(asked("until"), is_end=True),
        after=_after(),
        limit=PAGE + 1,
    )
    with context.current().database.read() as session:
        found = trail.page(session, wanted)
    return render_template(
        "audit.html", page=paged(found, _cursor), asked=asked, subjects=SUBJECTS, link=_link
    )


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
