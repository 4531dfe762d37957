"""How transactions follow from one another: what a line has left, and which status that makes."""

from decimal import Decimal

from sandbox.netsuite.account import Account
from sandbox.netsuite.kinds import (
    BILLS,
    CASH_SALE,
    CREDIT_MEMO,
    CREDITS,
    CUSTOMER_REFUND,
    INVOICE,
    RETURN,
    SALES_ORDER,
    RecordType,
)
from sandbox.netsuite.model import ZERO, Line, Transaction

DEAD_RETURNS = frozenset({"C", "H"})
OPEN_ORDERS = frozenset({"B", "D", "E", "F"})
RECEIVED_RETURNS = frozenset({"D", "E", "F"})


def made_from(
    account: Account, source: tuple[str, int], codes: frozenset[str]
) -> list[tuple[Transaction, Line]]:
    """Return the live lines of some transaction types that were made from a line."""
    return [
        (each, line)
        for each in account.index.children(source[0])
        if each.type.code in codes
        and not each.voided
        and not (each.type is RETURN and each.status in DEAD_RETURNS)
        for line in each.lines
        if line.source == source
    ]


def _units(lines: list[tuple[Transaction, Line]]) -> Decimal:
    return sum((line.quantity for _, line in lines), ZERO)


def left(account: Account, source: Transaction, line: Line, target: RecordType) -> Decimal:
    """Return how much of a line can still be made into a transaction of another type.

    A credit by way of a return authorization counts against the line that was returned, and so does a
    direct one; an authorization that is not refunded yet does not stop a direct credit.
    """
    here = (source.id, line.line)
    if target.code in BILLS:
        return line.quantity - _units(made_from(account, here, BILLS))
    returned = made_from(account, here, frozenset({RETURN.code}))
    if target is RETURN:
        return line.quantity - _units(returned)
    credited = _units(made_from(account, here, CREDITS))
    for each, part in returned:
        credited += _units(made_from(account, (each.id, part.line), CREDITS))
    return line.quantity - credited


def exhausted(account: Account, source: Transaction, target: RecordType) -> bool:
    """Tell whether nothing of a transaction's lines is left for another type."""
    return bool(source.lines) and all(left(account, source, line, target) <= ZERO for line in source.lines)


def shipping_left(account: Account, source: Transaction) -> Decimal:
    """Return the shipping of a transaction that was not yet taken over by the ones made from it."""
    taken = (
        each.shipping_cost for each in account.children(source) if not each.voided and each.type is not RETURN
    )
    return max(ZERO, source.shipping_cost - sum(taken, ZERO))


def amount_remaining(account: Account, invoice: Transaction) -> Decimal:
    """Return what an invoice's customer still owes."""
    return ZERO if invoice.paid else invoice.total - account.applied_to(invoice)


def unapplied(account: Account, credit: Transaction) -> Decimal:
    """Return what of a credit memo is neither applied to invoices nor refunded."""
    return credit.total - credit.applied - account.applied_to(credit)


def status_of(account: Account, transaction: Transaction) -> str | None:
    """Return a transaction's status letter as it follows from all there is."""
    kind = transaction.type
    status = transaction.status
    if transaction.voided and kind.statuses:
        return "V"
    if kind is SALES_ORDER and status in OPEN_ORDERS:
        status = "G" if exhausted(account, transaction, INVOICE) else status
    elif kind is RETURN and status not in DEAD_RETURNS:
        status = "G" if exhausted(account, transaction, CREDIT_MEMO) else status
    elif kind is INVOICE:
        status = "B" if amount_remaining(account, transaction) <= ZERO else "A"
    elif kind is CREDIT_MEMO:
        status = "B" if unapplied(account, transaction) <= ZERO else "A"
    elif kind is CUSTOMER_REFUND:
        status = "R"
    elif kind is CASH_SALE:
        status = "C"
    return status


def relatives(account: Account, transaction: Transaction) -> list[Transaction]:
    """Return the transactions whose status may follow from this one, itself first."""
    found = [transaction]
    for each in found:
        names = [each.created_from, *(part.doc for part in each.applications)]
        found += [
            account.transactions[name]
            for name in names
            if name in account.transactions and account.transactions[name] not in found
        ]
    return found
