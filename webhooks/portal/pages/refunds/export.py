"""What is filtered, as a table for spreadsheets: sent bit by bit, so that it may be as long as it likes."""

from collections.abc import Iterator
from typing import Final

from flask import Response
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from ledger import queries, search
from ledger.database import Database
from ledger.models import Refund, Role
from ledger.search import FAR, Wanted
from ledger.spreadsheets import harmless, written
from ledger.views import moment
from webhooks.portal import context, filters
from webhooks.portal.pages.refunds.section import pages

HEADER: Final = (
    *("id", "account", "platform", "source_channel", "source_refund_id", "order", "order_id", "direction"),
    *("transaction_type", "amount", "currency", "money_state", "state", "reason", "detail"),
    *("target_type", "target_id", "key", "occurred_at", "received_at", "posted_at", "trace_id"),
)
"""The columns."""

_AT_ONCE: Final = 500  # rows


@pages.page("/refunds/export.csv", Role.VIEWER)
def export() -> ResponseReturnValue:
    """Send everything that the filters let through, newest first."""
    portal = context.current()
    with portal.database.read() as session:
        wanted = filters.asked_for(queries.storefront_accounts(session))
    if wanted.wrong:
        raise BadRequest(" ".join(wanted.wrong.values()))
    day = portal.clock().strftime("%Y-%m-%d")
    answer = Response(_lines(portal.database, wanted.wanted), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="transactions-{day}.csv"'
    return answer


def _lines(database: Database, wanted: Wanted) -> Iterator[str]:
    """Yield the table, in parts, to its end; no transaction is open while one is sent.

    A search that stops for now is taken up again, since a table that is short would be believed.
    """
    yield written([HEADER])
    place = None
    while True:
        with database.read() as session:
            found = search.find(session, wanted, after=place, limit=_AT_ONCE, reach=FAR, is_whole=True)
            part = written(map(_row, found.rows))
        if part:
            yield part
        if found.next is None:
            return
        place = found.next


def _row(refund: Refund) -> list[str]:
    money = refund.amount.to_json()
    texts = (
        refund.account.slug,
        refund.account.platform.value,
        refund.origin,
        refund.source_refund_id,
        refund.storefront_order_name,
        refund.storefront_order_id,
        refund.direction.value,
        refund.transaction_type,
    )
    rest = (
        money["currency"],
        refund.money_state,
        refund.state.value,
        refund.reason,
        refund.detail,
        refund.target_type,
        refund.target_id,
        refund.key,
        moment(refund.occurred_at) or "",
        moment(refund.received_at) or "",
        moment(refund.posted_at) or "",
        refund.trace_id,
    )
    # Numbers that are ours may be negative; no spreadsheet takes those for formulas.
    return [str(refund.id), *map(harmless, texts), money["amount"], *map(harmless, rest)]
