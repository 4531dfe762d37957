"""What changed in NetSuite in a time: refund records that were entered or edited, and records deleted. Pure.

SuiteQL: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html

No documentation says in which time zone SuiteQL compares dates over REST, so NetSuite's own clock is asked
first and every time is counted from that. Where that zone has a summer time, what happened in the other half
of the year comes out an hour off; whoever reads on from an earlier time reaches `CLOCK_CHANGE` further back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from ledger.money import Money, parse_amount
from workers.platforms.netsuite_queries import Query, column_of

Row = Mapping[str, object]

CLOCK_CHANGE: Final = timedelta(hours=1)
"""How far NetSuite's own clock is moved between summer and winter."""

_STAMP: Final = 'YYYY-MM-DD"T"HH24:MI:SS'
_ORACLE: Final = "YYYY-MM-DD HH24:MI:SS"
_TYPES: Final = {"CashRfnd": "cashrefund", "CustCred": "creditmemo"}
_DELETED: Final = {
    "salesorder": "salesorder",
    "cashsale": "cashsale",
    "invoice": "invoice",
    "cashrefund": "cashrefund",
    "creditmemo": "creditmemo",
}


@dataclass(frozen=True, slots=True)
class Changed:
    """A refund record as it stands.

    Attributes:
        record_type: `cashrefund` or `creditmemo`.
        created_at: In UTC, from NetSuite's own clock.
        modified_at: Likewise.
        stamp: The same as NetSuite wrote it, which no reading of our clock changes.
        created_from: Internal id of the record its lines were made from; empty for a stand-alone one.
    """

    record_type: str
    record_id: str
    number: str
    external_id: str
    created_at: datetime
    modified_at: datetime
    total: Money
    voided: bool
    created_from: str
    stamp: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """A record that is gone."""

    record_type: str
    record_id: str
    deleted_at: datetime


CLOCK: Final = Query(f"SELECT TO_CHAR(SYSDATE, '{_STAMP}') AS asked FROM DUAL", ())  # noqa: S608 - a constant
"""Asks NetSuite what time it is there."""


def offset(rows: Iterable[Row], now: datetime) -> timedelta:
    """Return how far NetSuite's clock is ahead of ours in UTC, to the second.

    Args:
        rows: What `CLOCK` found.
        now: When the answer came, in UTC: a slow one makes every change look newer, never older, than it is.

    Raises:
        ValueError: If the rows are not what `CLOCK` asks for.
    """
    row = next(iter(rows), {})
    ahead = _moment(_text(row, "asked")) - now.astimezone(UTC).replace(tzinfo=None)
    return timedelta(seconds=ahead // timedelta(seconds=1))


def changed_query(since: datetime, until: datetime, ahead: timedelta) -> Query:
    """Return the query for the refund records changed in a time, in UTC, the oldest change first."""
    text = (
        "SELECT t.id AS docid, t.type AS type, t.tranid AS tranid, t.externalid AS externalid,"  # noqa: S608 - constants
        " t.foreigntotal AS doctotal, t.voided AS voided, t.status AS docstatus, c.symbol AS currency,"
        f" TO_CHAR(t.createddate, '{_STAMP}') AS entered, TO_CHAR(t.lastmodifieddate, '{_STAMP}') AS changed,"
        " MAX(l.createdfrom) AS createdfrom"
        " FROM transaction t INNER JOIN transactionline l ON l.transaction = t.id"
        " LEFT JOIN currency c ON c.id = t.currency"
        " WHERE t.type IN ('CashRfnd', 'CustCred')"
        f" AND t.lastmodifieddate >= TO_DATE(?, '{_ORACLE}')"
        f" AND t.lastmodifieddate <= TO_DATE(?, '{_ORACLE}')"
        " GROUP BY t.id, t.type, t.tranid, t.externalid, t.foreigntotal, t.voided, t.status, c.symbol,"
        " t.createddate, t.lastmodifieddate"
        " ORDER BY t.lastmodifieddate, t.id"
    )
    return Query(text, (_local(since, ahead), _local(until, ahead)))


def deleted_query(since: datetime, until: datetime, ahead: timedelta) -> Query:
    """Return the query for the records deleted in a time.

    The columns of `DeletedRecord` are not documented for SuiteQL; they are assumed here and nowhere else.
    """
    text = (
        f"SELECT d.recordid AS recordid, d.type AS type, TO_CHAR(d.deleteddate, '{_STAMP}') AS deleted"  # noqa: S608 - constants
        f" FROM DeletedRecord d WHERE d.deleteddate >= TO_DATE(?, '{_ORACLE}')"
        f" AND d.deleteddate <= TO_DATE(?, '{_ORACLE}') ORDER BY d.deleteddate, d.recordid"
    )
    return Query(text, (_local(since, ahead), _local(until, ahead)))


def changed(rows: Iterable[Row], ahead: timedelta) -> tuple[Changed, ...]:
    """Return what `changed_query` found.

    Raises:
        KeyError: If a row lacks what every transaction has.
        ValueError: If a value is not what NetSuite documents.
    """
    return tuple(_changed(row, ahead) for row in rows)


def _changed(row: Row, ahead: timedelta) -> Changed:
    return Changed(
        record_type=_TYPES[str(row["type"])],
        record_id=str(row["docid"]),
        number=_text(row, "tranid"),
        external_id=_text(row, "externalid"),
        created_at=_utc(str(row["entered"]), ahead),
        modified_at=_utc(str(row["changed"]), ahead),
        total=Money.rounded(abs(_number(row["doctotal"])), str(row["currency"])),
        voided=_text(row, "voided") == "T" or _text(row, "docstatus").endswith("V"),
        created_from=_text(row, "createdfrom"),
        stamp=str(row["changed"]),
    )


def deleted(rows: Iterable[Row], ahead: timedelta) -> tuple[Deleted, ...]:
    """Return what `deleted_query` found, of the types we know.

    Raises:
        KeyError: If a row lacks a column.
        ValueError: If a value is not what NetSuite documents.
    """
    found = ((_DELETED.get(str(row["type"]).lower().replace(" ", "")), row) for row in rows)
    return tuple(
        Deleted(kind, str(row["recordid"]), _utc(str(row["deleted"]), ahead)) for kind, row in found if kind
    )


@dataclass(frozen=True, slots=True)
class Origin:
    """A transaction, and what it was made from.

    Attributes:
        number: The storefront order's number that it carries; empty if none.
        created_from: Internal id of the record its lines were made from; empty if none.
    """

    record_id: str
    record_type: str
    number: str
    created_from: str


def origins_query(record_ids: Sequence[str], *, match: str) -> Query:
    """Return the query for transactions by their internal ids.

    Raises:
        workers.platforms.netsuite_queries.UnknownFieldError: If `match` is no field that holds a number.
    """
    column = column_of(match)
    marks = ", ".join("?" * len(record_ids))
    text = (
        f"SELECT t.id AS docid, t.recordtype AS recordtype, t.{column} AS ordernumber,"  # noqa: S608 - checked
        " MAX(l.createdfrom) AS createdfrom"
        " FROM transaction t INNER JOIN transactionline l ON l.transaction = t.id"
        f" WHERE t.id IN ({marks}) GROUP BY t.id, t.recordtype, t.{column} ORDER BY t.id"
    )
    return Query(text, tuple(int(each) for each in record_ids))


def origins(rows: Iterable[Row]) -> Iterator[Origin]:
    """Yield what `origins_query` found."""
    for row in rows:
        yield Origin(
            record_id=_text(row, "docid"),
            record_type=_text(row, "recordtype").lower(),
            number=_text(row, "ordernumber"),
            created_from=_text(row, "createdfrom"),
        )


def bills_query(order_ids: Sequence[str]) -> Query:
    """Return the query for what billed sales orders, by their internal ids."""
    marks = ", ".join("?" * len(order_ids))
    text = (
        "SELECT l.createdfrom AS orderid, t.recordtype AS recordtype"  # noqa: S608 - constants
        " FROM transaction t INNER JOIN transactionline l ON l.transaction = t.id"
        f" WHERE t.type IN ('CashSale', 'CustInvc') AND l.createdfrom IN ({marks})"
        " GROUP BY l.createdfrom, t.recordtype ORDER BY l.createdfrom, t.recordtype"
    )
    return Query(text, tuple(int(each) for each in order_ids))


def bills(rows: Iterable[Row]) -> dict[str, str]:
    """Return the type of what billed each order that `bills_query` found, where all of it is of one."""
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(_text(row, "orderid"), set()).add(_text(row, "recordtype").lower())
    return {order_id: types.pop() for order_id, types in found.items() if len(types) == 1}


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)


def _number(value: object) -> Decimal:
    return parse_amount(str(value))


def _local(moment: datetime, ahead: timedelta) -> str:
    return (moment.astimezone(UTC) + ahead).strftime("%Y-%m-%d %H:%M:%S")


def _utc(text: str, ahead: timedelta) -> datetime:
    return (_moment(text) - ahead).replace(tzinfo=UTC)


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - NetSuite's own zone, see above
