"""One transaction: where it stands and why, both sides, and everything that led to it."""

from collections.abc import Mapping
from typing import Any, Final

from flask import render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from ledger import exact_json, queries, whole
from ledger.exact_json import NotJsonError
from ledger.models import Role
from ledger.money import Money
from ledger.refunds import RefundNotFoundError
from ledger.states import State
from webhooks.portal import acting, context, elsewhere, ways_out
from webhooks.portal.pages.refunds.section import pages

_MOST_OTHERS: Final = 10  # refunds of the same order that are shown


@pages.page("/refunds/<int:refund_id>", Role.VIEWER)
def show(refund_id: int) -> ResponseReturnValue:
    """Show a transaction."""
    with context.current().database.read() as session:
        try:
            refund = queries.refund(session, refund_id)
        except RefundNotFoundError:
            raise NotFound from None
        attempts = queries.attempts(session, refund_id)
        history = queries.audit_trail(session, "refund", refund_id)
        deliveries = queries.deliveries_behind(session, refund)
        others = whole.of_order(session, refund, limit=_MOST_OTHERS)

    def money(minor: int) -> Money:
        return Money.from_minor(minor, refund.currency, refund.currency_exponent)

    return render_template(
        "refund.html",
        refund=refund,
        attempts=attempts,
        history=history,
        deliveries=deliveries,
        others=others,
        verbs=acting.allowed(refund),
        money=money,
        payments=_payments(refund.source_facts),
        elsewhere=elsewhere,
        body=body,
        ways=ways_out.of(refund.reason) if refund.state is State.DISCREPANCY else (),
    )


def body(value: object) -> str:
    """Return a request or an answer as it is shown: JSON with a value a line, anything else as it is."""
    if not isinstance(value, str):
        return exact_json.indented(value)
    try:
        return exact_json.indented(exact_json.loads(value))
    except NotJsonError:
        return value


def _payments(facts: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the movements of money behind a refund: id, state and amount."""
    found = []
    for each in facts.get("payments", []):
        amount = each["amount"]
        text = f"{amount['amount']} {amount['currency']}" if amount else ""
        found.append((str(each["id"]), str(each["state"]), text))
    return found
