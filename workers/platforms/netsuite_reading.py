"""From SuiteQL rows to facts. Pure.

SuiteQL: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html

NetSuite quirks undone here: every value is a text, a column without a value is left out, and amounts have the
general ledger's signs, so that the lines of a sale are negative and its total is positive, and the other way
round for a credit.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from ledger.money import Money, MoneyError, total
from workers.platforms.errors import PlatformError
from workers.platforms.netsuite_queries import column_of
from workers.rules.facts import Document, DocumentLine, NetSuiteOrder, NetSuiteRefund

Row = Mapping[str, object]
"""A row of a SuiteQL answer; what `netsuite_queries` selects."""

_SHIPPING: Final = "ShipItem"
# Lines that structure a transaction, or repeat what other lines say.
_NO_ITEMS: Final = frozenset(
    {"Subtotal", "Description", "Group", "EndGroup", "TaxItem", "TaxGroup", "Payment"}
)
_BILLED: Final = frozenset({"cashsale", "invoice"})
_REFUNDS: Final = frozenset({"cashrefund", "creditmemo"})
_SALES: Final = frozenset({"salesorder", *_BILLED})
_VOIDED: Final = "V"  # status of a credit memo; section "creditMemo" of the REST API Browser
# Oracle writes a number below one without its zero, and a long one with an exponent.
_NUMBER: Final = re.compile(r"[+-]?([0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20})([eE][+-]?[0-9]{1,2})?")


def facts_from_rows(
    rows: Iterable[Row], *, linked_id: str = "", now: datetime | None = None
) -> NetSuiteOrder:
    """Return everything NetSuite has of an order.

    Args:
        rows: All rows of `netsuite_queries.order_query`.
        linked_id: Internal id of a record known to be the order's; may be empty.
        now: When NetSuite was asked, in UTC; without it nobody can tell when a document was entered.

    Raises:
        PlatformError: If the rows cannot be understood; see `documents`.
    """
    found = documents(rows, now=now)
    return NetSuiteOrder(
        orders=tuple(each for each in found if each.record_type == "salesorder"),
        billed=tuple(each for each in found if each.record_type in _BILLED),
        refunds=tuple(each for each in found if each.record_type in _REFUNDS),
        returns=tuple(each for each in found if each.record_type == "returnauthorization"),
        linked_exists=any(each.id == linked_id for each in found) if linked_id else None,
    )


def refund_from_rows(
    rows: Iterable[Row],
    *,
    record_type: str,
    record_id: str,
    match_fields: Sequence[str],
    now: datetime | None = None,
) -> NetSuiteRefund:
    """Return a cash refund or credit memo, and what it goes back to.

    Args:
        rows: All rows of `netsuite_queries.refund_query`.
        record_type: What the record is to be; one of another type is not it.
        record_id: Its internal id.
        match_fields: The fields that may hold the storefront order's number.
        now: When NetSuite was asked, in UTC.

    Raises:
        PlatformError: If the rows cannot be understood; see `documents`.
    """
    kept = list(rows)
    found = documents(kept, now=now)
    document = next(
        (each for each in found if each.id == record_id and each.record_type == record_type), None
    )
    if document is None:
        return NetSuiteRefund(document=None)
    billed = next((each for each in found if each.record_type in _BILLED), None)
    order = next((each for each in found if each.record_type == "salesorder"), None) or billed
    named = [each.id for each in (order, billed) if each is not None]
    return NetSuiteRefund(
        document=document,
        order_id=order.id if order else "",
        order_type=order.record_type if order else "",
        billed_id=billed.id if billed else "",
        billed_type=billed.record_type if billed else "",
        order_numbers={field: _number_of(kept, named, column_of(field)) for field in match_fields},
        order_total=order.total if order else None,
        order_at=order.created_at if order else None,
    )


def documents(rows: Iterable[Row], *, now: datetime | None = None) -> tuple[Document, ...]:
    """Return the transactions of rows that have one for each of their lines, in the rows' order.

    Raises:
        PlatformError: `NO_PERMISSION` if a transaction has no currency, which the role may then not see;
            `REFUSED` if a value is not what NetSuite documents.
    """
    lines: dict[str, list[Row]] = {}
    for row in rows:
        lines.setdefault(_text(row, "docid"), []).append(row)
    return tuple(_document(each, now) for each in lines.values())


@dataclass(frozen=True, slots=True)
class _Amounts:
    """The lines of one transaction with their signs set right: what adds to its total is positive."""

    items: tuple[DocumentLine, ...]
    shipping: Money | None
    tax: Money


def _document(rows: Sequence[Row], now: datetime | None) -> Document:
    head = next((row for row in rows if _text(row, "mainline") == "T"), rows[0])
    currency = _text(head, "currency")
    if not currency:
        raise PlatformError(
            "NO_PERMISSION",
            f"transaction {_text(head, 'docid')} has no currency: the role may not see the list Currency",
        )
    record_type = _text(head, "recordtype").lower()
    whole = abs(_money(head, "doctotal", currency))
    amounts = _amounts(rows, record_type, whole)
    # Seen both as a letter and as "CustCred:V".
    status = _text(head, "docstatus").rpartition(":")[2]
    return Document(
        id=_text(head, "docid"),
        record_type=record_type,
        number=_text(head, "tranid"),
        external_id=_text(head, "externalid"),
        status=status,
        total=whole,
        tax=amounts.tax,
        created_from=frozenset(_text(row, "createdfrom") for row in rows) - {""},
        lines=amounts.items,
        shipping=amounts.shipping,
        voided=_text(head, "voided") == "T" or (record_type in _REFUNDS and status == _VOIDED),
        location_id=next(filter(None, (_text(row, "location") for row in (head, *rows))), ""),
        created_at=_entered(head, now),
    )


def _amounts(rows: Sequence[Row], record_type: str, whole: Money) -> _Amounts:
    currency = whole.currency
    parts = [row for row in rows if _text(row, "mainline") != "T" and _text(row, "itemtype") not in _NO_ITEMS]
    taxes = [row for row in rows if _text(row, "taxline") == "T"]
    priced = [row for row in parts if _text(row, "taxline") != "T"]
    sign = _sign(total([_money(row, "amount", currency) for row in priced], currency), record_type)
    net = total([_signed(row, currency, sign) for row in priced], currency)
    shipping = [_signed(row, currency, sign) for row in priced if _text(row, "itemtype") == _SHIPPING]
    if taxes:
        tax = total([_signed(row, currency, sign) for row in taxes], currency)
    else:
        # Without a line of its own, tax is what the lines do not explain.
        tax = max(whole - net, Money.zero(currency)) if priced else Money.zero(currency)
    return _Amounts(
        items=tuple(
            _line(row, currency, sign)
            for row in priced
            if _text(row, "itemtype") != _SHIPPING and _text(row, "item")
        ),
        shipping=total(shipping, currency) if shipping else None,
        tax=tax,
    )


def _sign(lines: Money, record_type: str) -> int:
    """Return what makes a transaction's lines positive; a discount among them then is negative."""
    if lines:
        return 1 if lines.amount > 0 else -1
    return -1 if record_type in _SALES else 1


def _signed(row: Row, currency: str, sign: int) -> Money:
    amount = _money(row, "amount", currency)
    return amount if sign > 0 else -amount


def _line(row: Row, currency: str, sign: int) -> DocumentLine:
    return DocumentLine(
        line=int(_decimal(row, "lineid")),
        item_id=_text(row, "item"),
        sku=_text(row, "sku"),
        item_type=_text(row, "itemtype"),
        quantity=abs(_decimal(row, "quantity")),
        amount=_signed(row, currency, sign),
    )


def _number_of(rows: Sequence[Row], document_ids: Sequence[str], column: str) -> str:
    """Return an order's number from the first of the documents that has one."""
    numbers = (
        _text(row, column) for document in document_ids for row in rows if _text(row, "docid") == document
    )
    return next(filter(None, numbers), "")


def _entered(row: Row, now: datetime | None) -> datetime | None:
    """Return the moment a transaction was entered, in UTC; None if that cannot be told.

    No documentation says in which time zone SuiteQL gives it over REST. NetSuite's own clock is asked along
    with it, so that the difference of the two, and our clock, tell without one.
    """
    try:
        age = _moment(_text(row, "asked")) - _moment(_text(row, "entered"))
    except ValueError:
        return None
    return None if now is None else now - max(age, timedelta(0))


def _moment(text: str) -> datetime:
    """Return a moment on NetSuite's clock; the zone named here is not its own, and cancels out."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)


def _decimal(row: Row, name: str) -> Decimal:
    text = _text(row, name) or "0"
    if not _NUMBER.fullmatch(text):
        raise PlatformError("REFUSED", f"NetSuite's column {name} holds {text[:40]!r}, which is no number")
    return Decimal(text)


def _money(row: Row, name: str, currency: str) -> Money:
    amount = _decimal(row, name)
    try:
        return Money.rounded(amount, currency)
    except (MoneyError, InvalidOperation):
        raise PlatformError("REFUSED", f"NetSuite's {amount} {currency[:10]} is no amount of money") from None
