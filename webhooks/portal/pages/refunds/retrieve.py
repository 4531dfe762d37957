"""What a worker is asked for, since this process speaks to no platform: retrieve, and what would be sent."""

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from ledger import accounts, queries, requests, search
from ledger.accounts import AccountError
from ledger.models import Request, RequestKind, RequestState, Role
from ledger.refunds import RefundNotFoundError
from ledger.requests import SIDES, RequestNotFoundError
from webhooks.portal import context, planned
from webhooks.portal.forms import asked, sent
from webhooks.portal.pages.refunds.section import pages
from webhooks.portal.visitors import visitor

_SHOWN: Final = frozenset({RequestKind.RETRIEVE, RequestKind.DRY_RUN})
_LONGEST_ORDER: Final = 120  # characters of an order's name
_MENDS: Final[Mapping[str, str]] = {
    "order_not_found": "Check the number, and whether the order is of this account.",
    "order_deleted": "If the order was made again in NetSuite, link it to that one first; else settle the "
    "refund by hand on both sides.",
    "order_not_synced": "Import the order into NetSuite, or check how the account recognises its orders.",
    "order_not_billed": "Bill the order in NetSuite, then retrieve it again.",
    "ambiguous_order": "Keep one of the orders in NetSuite, then retrieve it again.",
    "no_refund": "Make the refund first; in NetSuite from the cash sale or invoice that billed the order.",
    "not_taken": "Mend what it says, then retrieve it again.",
}


@pages.page("/refunds/retrieve", Role.OPERATOR)
def ask_retrieve() -> ResponseReturnValue:
    """Ask for an order whose refunds are to be read."""
    return _form({"account": asked("account"), "order": asked("order"), "side": asked("side")}, {})


@pages.form("/refunds/retrieve", Role.OPERATOR)
def retrieve() -> ResponseReturnValue:
    """Have a worker read the refunds of an order and take them over."""
    portal = context.current()
    values = {name: sent(name) for name in ("account", "order", "side")}
    wrong = {}
    if not 0 < len(values["order"]) <= _LONGEST_ORDER:
        wrong["order"] = "Give the order's number, as the storefront shows it, or its id."
    if values["side"] not in ("", *SIDES):
        wrong["side"] = "Choose a side."
    try:
        with portal.database.write() as session:
            account = accounts.by_slug(session, values["account"])
            if wrong:
                return _form(values, wrong)
            made = requests.retrieve(
                session,
                account,
                values["order"],
                values["side"] or None,
                now=portal.clock(),
                actor=visitor().actor,
                trace_id=uuid.uuid4().hex,
            )
    except AccountError:
        return _form(values, {**wrong, "account": "Choose an account."})
    return _ask(made)


@pages.form("/refunds/<int:refund_id>/dry-run", Role.OPERATOR)
def dry_run(refund_id: int) -> ResponseReturnValue:
    """Have a worker say what would be sent if a transaction were posted now; nothing is written anywhere."""
    portal = context.current()
    try:
        with portal.database.write() as session:
            made = requests.dry_run(
                session, refund_id, now=portal.clock(), actor=visitor().actor, trace_id=uuid.uuid4().hex
            )
    except RefundNotFoundError:
        raise NotFound from None
    return _ask(made)


@pages.page("/refunds/requests/<int:request_id>", Role.VIEWER)
def outcome(request_id: int) -> ResponseReturnValue:
    """Show what came of what a worker was asked for; looks again by itself until something did."""
    with context.current().database.read() as session:
        try:
            found = requests.get(session, request_id)
        except RequestNotFoundError:
            raise NotFound from None
        if found.kind not in _SHOWN:
            raise NotFound
        is_retrieve = found.kind is RequestKind.RETRIEVE
        numbers = found.result.get("refund_ids", []) if is_retrieve else [found.params["refund_id"]]
        refunds = search.of_ids(session, numbers)
    return render_template(
        "retrieved.html" if is_retrieve else "dry_run.html",
        asked=found,
        is_open=found.state is RequestState.QUEUED,
        refunds=refunds,
        plan=planned.of_result(found.result),
        says=f"{found.detail[:1].upper()}{found.detail[1:]}",
        mend=_MENDS.get(found.reason, ""),
    )


def _ask(made: Request) -> ResponseReturnValue:
    context.current().waker.requests(made.source, [made.id])
    return redirect(url_for("refunds.outcome", request_id=made.id), HTTPStatus.SEE_OTHER)


def _form(values: Mapping[str, str], wrong: Mapping[str, str]) -> ResponseReturnValue:
    with context.current().database.read() as session:
        known = queries.storefront_accounts(session)
    page = render_template("retrieve.html", accounts=known, values=values, wrong=wrong)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
