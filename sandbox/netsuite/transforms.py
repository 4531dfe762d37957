"""Transforms: one record made from another, by defaults and the body's changes.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4267258715.html

NetSuite lets an amount be credited that is more than was billed; so does the sandbox. Quantities are
limited to what the source's lines have left.
"""

from decimal import Decimal

from sandbox.jsonish import Json
from sandbox.netsuite.errors import bad_request, user_error
from sandbox.netsuite.flow import (
    RECEIVED_RETURNS,
    amount_remaining,
    exhausted,
    shipping_left,
    status_of,
    unapplied,
)
from sandbox.netsuite.kinds import (
    CASH_REFUND,
    CASH_SALE,
    CREDIT_MEMO,
    CREDITS,
    CUSTOMER_REFUND,
    INVOICE,
    RETURN,
    SALES_ORDER,
    TRANSFORMS,
    RecordType,
)
from sandbox.netsuite.lines import LineMaker
from sandbox.netsuite.model import ZERO, Application, Transaction
from sandbox.netsuite.records import Records

BILLABLE = frozenset({"D", "E", "F"})
RETURNABLE = frozenset({"D", "E", "F", "G"})


def transform(
    records: Records, source: Transaction, target: RecordType, body: Json, *, replace: bool
) -> Transaction:
    """Make a record from another one and save it.

    Args:
        records: The account's records.
        source: What it is made from.
        target: What it shall be.
        body: Changes to the defaults, checked.
        replace: Whether the body's item lines replace the default ones instead of changing them.

    Raises:
        NetSuiteError: A rule forbids it.
    """
    if (source.type.rest, target.rest) not in TRANSFORMS:
        raise bad_request("INVALID_REQUEST", f"A {source.type.rest} cannot be transformed to {target.rest}.")
    _check_source(records, source, target)
    made = records.blank(target, source.entity, source.currency)
    made.created_from = source.id
    made.exchange_rate = source.exchange_rate
    made.subsidiary = source.subsidiary
    made.location = source.location
    made.custom = dict(source.custom)
    if target is CUSTOMER_REFUND:
        made.applications = [Application(source.id, unapplied(records.account, source))]
        return records.save_new(made, body)
    made.other_ref_num = source.other_ref_num
    made.lines = LineMaker(records.account, source.currency, target, source).merged(
        body.get("item"), replace=replace
    )
    if target is not RETURN:
        made.shipping_cost = shipping_left(records.account, source)
        made.shipping_tax_rate = source.shipping_tax_rate
    if target is CREDIT_MEMO:
        _apply_to_invoice(records, made, source, body)
    return records.save_new(made, body)


def _check_source(records: Records, source: Transaction, target: RecordType) -> None:
    """Refuse sources whose status or lines leave nothing to make."""
    account = records.account
    status = status_of(account, source)
    name = f"{source.type.label} #{source.tran_id}"
    if source.voided:
        raise user_error(f"{name} is voided.")
    if source.type is SALES_ORDER and status not in (RETURNABLE if target is RETURN else BILLABLE):
        raise user_error(f"{name} has the status {source.type.statuses.get(str(status))}.")
    if source.type is RETURN:
        allowed = RECEIVED_RETURNS | ({"B"} if account.refund_in_advance else set())
        if status not in allowed:
            raise user_error(f"{name} has the status {source.type.statuses.get(str(status))}.")
        _check_origin(records, source, target)
    if target is CUSTOMER_REFUND:
        if unapplied(account, source) <= ZERO:
            raise user_error(f"{name} has no amount left to refund.")
        return
    if exhausted(account, source, target):
        done = "refunded" if target.code in CREDITS else "transformed"
        raise user_error(f"{name} has already been fully {done}.")


def _check_origin(records: Records, source: Transaction, target: RecordType) -> None:
    """A return is refunded as its origin was paid: a cash sale's in cash, anything else's by credit memo."""
    origin = records.account.transactions.get(source.created_from or "")
    paid_at_once = origin is not None and origin.type is CASH_SALE
    if target is CASH_REFUND and origin is not None and origin.type is INVOICE:
        raise user_error("A return of an invoice is refunded by a credit memo.")
    if target is CREDIT_MEMO and paid_at_once:
        raise user_error("A return of a cash sale is refunded by a cash refund.")


def _apply_to_invoice(records: Records, made: Transaction, source: Transaction, body: Json) -> None:
    """Apply a credit memo to the invoice it comes from, as far as that is still open."""
    account = records.account
    invoice = source if source.type is INVOICE else account.transactions.get(source.created_from or "")
    if invoice is None or invoice.type is not INVOICE or "apply" in body:
        return
    cost: Decimal | None = body.get("shippingCost")
    if cost is not None:
        made.shipping_cost = made.currency.rounded(cost)
    amount = min(made.total, amount_remaining(account, invoice))
    if amount > ZERO:
        made.applications = [Application(invoice.id, amount)]
