"""Data flows: Discrepancies: what no rule may carry across, and a person settles with a note."""

from dataclasses import replace
from typing import Final

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger import queries, search, whole
from ledger.models import Role
from ledger.reasons import DISCREPANCIES
from ledger.search import FAR, NEAR, Found
from ledger.states import State
from webhooks.portal import acting, context, elsewhere, filters, ways_out
from webhooks.portal.access import Section
from webhooks.portal.formats import name
from webhooks.portal.forms import asked
from webhooks.portal.navigation import Entry

pages = Section("discrepancies")

_PAGE: Final = 20  # discrepancies on a page


@pages.page("/discrepancies", Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show discrepancies, newest first: those that are open, or those that were resolved."""
    is_settled = bool(asked("settled"))
    state = State.RESOLVED if is_settled else State.DISCREPANCY
    with context.current().database.read() as session:
        accounts = queries.storefront_accounts(session)
        wanted = filters.asked_for(accounts)
        found = Found([])
        if not wanted.wrong:
            found = search.find(
                session,
                replace(wanted.wanted, states=(state,)),
                after=filters.place_asked(wanted.wanted),
                limit=_PAGE,
                reach=FAR if asked("far") else NEAR,
                is_whole=True,
            )
        ids = [refund.id for refund in found.rows]
        rows = whole.refunds(session, ids)
        histories = whole.histories(session, ids)
    return render_template(
        "discrepancies.html",
        page=filters.page(rows, found),
        found=found,
        histories=histories,
        is_settled=is_settled,
        wanted=wanted,
        account_names=[(account.slug, account.slug) for account in accounts],
        tabs=_tabs(is_settled=is_settled),
        here=request.full_path.rstrip("?"),
        reasons=[(code, name(code.lower())) for code in sorted(DISCREPANCIES)],
        ways=ways_out.of,
        allowed=acting.allowed,
        elsewhere=elsewhere,
    )


def _tabs(*, is_settled: bool) -> list[Entry]:
    return [
        Entry("To be settled", url_for("discrepancies.index"), not is_settled, ""),
        Entry("Resolved", url_for("discrepancies.index", settled="1"), is_settled, ""),
    ]
