"""Link the order of a transaction to another NetSuite record, because it was deleted and made again."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from ledger import queries, relinking
from ledger.models import Role
from ledger.orders import NetSuiteOrder
from ledger.queries import NoOrderError
from ledger.refunds import RefundNotFoundError
from webhooks.portal import context
from webhooks.portal.forms import sent
from webhooks.portal.pages.refunds.section import pages
from webhooks.portal.paging import number
from webhooks.portal.visitors import tell, visitor

_TYPES: Final = ("salesorder", "cashsale", "invoice")


@pages.page("/refunds/<int:refund_id>/relink", Role.OPERATOR)
def ask_relink(refund_id: int) -> ResponseReturnValue:
    """Ask for the record, and say what will happen."""
    return _form(refund_id, {"record_id": "", "record_type": _TYPES[0]}, {})


@pages.form("/refunds/<int:refund_id>/relink", Role.OPERATOR)
def relink(refund_id: int) -> ResponseReturnValue:
    """Link the order anew, and have what waited for it looked at again."""
    portal = context.current()
    values = {"record_id": sent("record_id"), "record_type": sent("record_type")}
    wrong = {}
    if not number(values["record_id"]):
        wrong["record_id"] = "NetSuite's internal ids are whole numbers."
    if values["record_type"] not in _TYPES:
        wrong["record_type"] = "Choose what it is."
    if wrong:
        return _form(refund_id, values, wrong)
    order = NetSuiteOrder(values["record_id"], values["record_type"])
    try:
        with portal.database.write() as session:
            relinked = relinking.relink(session, refund_id, order, now=portal.clock(), actor=visitor().actor)
    except (RefundNotFoundError, NoOrderError):
        raise NotFound from None
    portal.waker.due_refunds(relinked.woken)
    tell(f"The order is linked to NetSuite record {order.record_id} now.")
    if relinked.disputed:
        names = ", ".join(map(str, relinked.disputed))
        tell(f"Its discrepancies can be retried: {names}.", "info")
    return redirect(url_for("refunds.show", refund_id=refund_id), HTTPStatus.SEE_OTHER)


def _form(refund_id: int, values: Mapping[str, str], wrong: Mapping[str, str]) -> ResponseReturnValue:
    with context.current().database.read() as session:
        try:
            refund = queries.refund(session, refund_id)
        except RefundNotFoundError:
            raise NotFound from None
    if refund.order_link is None:
        raise NotFound
    page = render_template("relink.html", refund=refund, values=values, wrong=wrong)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
