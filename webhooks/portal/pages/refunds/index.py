"""The list of transactions: filtered by its address, and kept up to date without moving anything."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger import queries, search
from ledger.models import Refund, Role
from ledger.platforms import Platform
from ledger.reasons import REASONS
from ledger.search import FAR, NEAR, Found
from ledger.states import State
from webhooks.portal import context, elsewhere, filters
from webhooks.portal.acting import MOST, VERBS, Verb, allowed
from webhooks.portal.filters import CHANNELS, NAMES, TYPES, Asked
from webhooks.portal.formats import name
from webhooks.portal.forms import asked
from webhooks.portal.pages.refunds.section import pages
from webhooks.portal.paging import PAGE, Page, number

_MOST_NEW: Final = 99  # refunds that the hint counts
_OF_DELIVERIES: Final = frozenset(
    {
        "NOT_JSON",
        "NOT_OF_SCHEMA",
        "UNKNOWN_TOPIC",
        "TEST_DELIVERY",
        "ROWS_LATE",
        "NOTHING_FOUND",
        "ORDER_UNTOLD",
    }
)
_FOLDED: Final = ("platform", "reason", "order", "since", "until", "least", "most")
_LABELS: Final[Mapping[str, str]] = {
    "platform": "Connector",
    "account": "Account",
    "channel": "Source channel",
    "type": "Transaction type",
    "state": "State",
    "reason": "Reason",
    "since": "Made from",
    "until": "Made until",
    "least": "Amount from",
    "most": "Amount to",
}


@pages.page("/refunds", Role.VIEWER)
def index() -> ResponseReturnValue:
    """List transactions, newest first."""
    with context.current().database.read() as session:
        accounts = queries.storefront_accounts(session)
        wanted = filters.asked_for(accounts)
        found = Found([])
        if not wanted.wrong:
            found = search.find(
                session,
                wanted.wanted,
                after=filters.place_asked(wanted.wanted),
                limit=PAGE,
                reach=FAR if asked("far") else NEAR,
            )
        newest = search.newest_id(session)
    return render_template(
        "refunds.html",
        wanted=wanted,
        found=found,
        page=filters.page(found.rows, found),
        has_more=any(wanted.values[each] for each in _FOLDED),
        account_names=[(account.slug, account.slug) for account in accounts],
        platforms=[(platform.value, name(platform.value)) for platform in Platform],
        states=[(state.value, name(state.value)) for state in State],
        channels=[(channel, name(channel)) for channel in CHANNELS],
        types=[(each, name(each)) for each in TYPES],
        reasons=[(code, name(code.lower())) for code in sorted(set(REASONS) - _OF_DELIVERIES)],
        labels=_LABELS,
        verbs=VERBS.values(),
        most=MOST,
        export_url=url_for("refunds.export", **_filters()),
        **_rows(wanted, found.rows, newest),
    )


@pages.page("/refunds/live", Role.VIEWER)
def live() -> ResponseReturnValue:
    """Show the same rows as they are now, in the same order, and how many new ones there are."""
    shown = [number(text) for text in request.args.get("shown", "").split(",") if number(text)][:PAGE]
    newest = number(asked("newest"))
    with context.current().database.read() as session:
        wanted = filters.asked_for(queries.storefront_accounts(session))
        rows = search.of_ids(session, shown)
        news = 0
        if not wanted.wrong and not asked("after"):
            new = search.find(session, filters.newer(wanted, newest), limit=_MOST_NEW)
            news = len(new.rows) + bool(new.next)
    return render_template("refunds_rows.html", page=Page(rows), **_rows(wanted, rows, newest, news))


def _rows(wanted: Asked, rows: Sequence[Refund], newest: int, news: int = 0) -> dict[str, Any]:
    """Return what the rows need: who they are, and where to look for what became of them."""
    shown = ",".join(str(refund.id) for refund in rows)
    kept = {**_filters(), "after": asked("after") or None}
    here = url_for("refunds.index", **kept)
    acting_at, back = url_for("refunds.ask_act"), quote(here)

    def act_url(verb: Verb, refund: Refund) -> str:
        return f"{acting_at}?action={verb.name}&id={refund.id}&next={back}"  # a page has hundreds of them

    return {
        "news": news,
        "is_live": bool(rows) or not asked("after"),
        "is_wrong": bool(wanted.wrong),
        "is_narrowed": wanted.is_narrowed,
        "live_url": url_for("refunds.live", **kept, shown=shown, newest=newest),
        "here": here,
        "act_url": act_url,
        "first_url": url_for("refunds.index", **_filters()),
        "allowed": allowed,
        "elsewhere": elsewhere,
    }


def _filters() -> dict[str, Any]:
    """Return the filters as they stand in the address."""
    return {
        each: values for each in NAMES if (values := [text for text in request.args.getlist(each) if text])
    }
