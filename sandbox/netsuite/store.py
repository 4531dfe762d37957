"""The SuiteQL tables: an SQLite database that mirrors an account's records, made to be queried.

Columns: https://timdietrich.me/blog/netsuite-suiteql-guide/ for the links, the Records Catalog for the rest.
Amounts have the signs of the general ledger: a sale's item lines are credits and so negative, its main line
is the debit; a credit or refund is the other way round. SQLite has no decimals, hence REAL; the records
keep exact amounts, and what is read here is rounded before it is shown.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Final

from sandbox.netsuite.account import Account
from sandbox.netsuite.flow import relatives, status_of
from sandbox.netsuite.kinds import BILLS, CREDITS, RETURN, TYPES
from sandbox.netsuite.model import Currency, Customer, Item, Place, Transaction

DATE_MARK: Final = "\x02"
POSTING: Final = BILLS | CREDITS
LINKS: Final = (
    "previousdoc INTEGER, previousline INTEGER, previoustype TEXT, nextdoc INTEGER, nextline INTEGER, "
    "nexttype TEXT, linktype TEXT, foreignamount REAL, lastmodifieddate TEXT COLLATE NSDATE"
)
SCHEMA: Final = """
CREATE TABLE "transaction" (id INTEGER PRIMARY KEY, type TEXT, recordtype TEXT, tranid TEXT, externalid TEXT,
    otherrefnum TEXT, status TEXT, entity INTEGER, currency INTEGER, exchangerate REAL, foreigntotal REAL,
    taxtotal REAL, trandate TEXT COLLATE NSDATE, createddate TEXT COLLATE NSDATE,
    lastmodifieddate TEXT COLLATE NSDATE, memo TEXT, voided TEXT);
CREATE TABLE transactionline ("transaction" INTEGER, id INTEGER, uniquekey INTEGER,
    linesequencenumber INTEGER, mainline TEXT, taxline TEXT, item INTEGER, itemtype TEXT, quantity REAL,
    rate REAL, foreignamount REAL, netamount REAL, createdfrom INTEGER, location INTEGER, subsidiary INTEGER,
    iscogs TEXT);
CREATE TABLE item (id INTEGER PRIMARY KEY, itemid TEXT, itemtype TEXT, displayname TEXT, isinactive TEXT);
CREATE TABLE currency (id INTEGER PRIMARY KEY, symbol TEXT, name TEXT, currencyprecision INTEGER);
CREATE TABLE customer (id INTEGER PRIMARY KEY, entityid TEXT, email TEXT);
CREATE TABLE location (id INTEGER PRIMARY KEY, name TEXT, isinactive TEXT);
CREATE TABLE subsidiary (id INTEGER PRIMARY KEY, name TEXT, isinactive TEXT);
CREATE TABLE nexttransactionlinelink (%(links)s);
CREATE TABLE previoustransactionlinelink (%(links)s);
CREATE VIEW nexttransactionlink AS SELECT DISTINCT previousdoc, previoustype, nextdoc, nexttype, linktype,
    lastmodifieddate FROM nexttransactionlinelink;
CREATE VIEW previoustransactionlink AS SELECT DISTINCT previousdoc, previoustype, nextdoc, nexttype, linktype,
    lastmodifieddate FROM previoustransactionlinelink;
CREATE TABLE deletedrecord (name TEXT, recordid INTEGER, recordtypeid INTEGER, type TEXT, scriptid TEXT,
    deleteddate TEXT COLLATE NSDATE);
CREATE INDEX by_order ON "transaction" (otherrefnum);
CREATE INDEX by_key ON "transaction" (externalid);
CREATE INDEX by_document ON transactionline ("transaction");
CREATE INDEX by_source ON transactionline (createdfrom);
CREATE INDEX by_previous ON nexttransactionlinelink (previousdoc);
CREATE INDEX by_next ON nexttransactionlinelink (nextdoc);
CREATE INDEX by_end ON previoustransactionlinelink (nextdoc);
CREATE TABLE dual (dummy TEXT);
INSERT INTO dual VALUES ('X');
"""


def stamp(moment: datetime | date) -> str:
    """Write a date for the tables: marked, so that it is only ever compared with dates, in UTC."""
    if isinstance(moment, datetime):
        return DATE_MARK + moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return DATE_MARK + moment.strftime("%Y-%m-%d 00:00:00")


def create_tables(database: sqlite3.Connection) -> None:
    """Make the empty tables; the NSDATE collation must be known to the connection."""
    database.executescript(SCHEMA % {"links": LINKS})


def add_custom_field(account: Account, name: str) -> None:
    """Add a custom transaction body field, as its column too."""
    if name not in account.custom_fields:
        account.custom_fields.add(name)
        account.database.execute(f'ALTER TABLE "transaction" ADD COLUMN {name} TEXT')


def mirror_item(account: Account, item: Item) -> None:
    """Write an item."""
    inactive = "T" if item.inactive else "F"
    _replace(account, "item", (item.id, item.itemid, item.itemtype, item.itemid, inactive))


def mirror_customer(account: Account, customer: Customer) -> None:
    """Write a customer."""
    _replace(account, "customer", (customer.id, customer.entityid, customer.email))


def mirror_currency(account: Account, currency: Currency) -> None:
    """Write a currency."""
    _replace(account, "currency", (currency.id, currency.symbol, currency.name, currency.precision))


def mirror_place(account: Account, table: str, place: Place) -> None:
    """Write a location or a subsidiary."""
    _replace(account, table, (place.id, place.name, "F"))


def _replace(account: Account, table: str, values: tuple[object, ...]) -> None:
    marks = ", ".join("?" * len(values))
    account.database.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", values)  # noqa: S608  # our own table names


def mirror(account: Account, transaction: Transaction) -> None:
    """Write a transaction, and the ones whose status may follow from it, anew."""
    for each in relatives(account, transaction):
        _remove(account, each.id)
        _insert(account, each)


def mirror_deletion(account: Account, transaction: Transaction, now: datetime) -> None:
    """Take a deleted transaction out of the tables and note its deletion."""
    _remove(account, transaction.id)
    account.database.execute(
        "INSERT INTO deletedrecord VALUES (?, ?, ?, ?, ?, ?)",
        (
            f"{transaction.type.label} #{transaction.tran_id}",
            transaction.id,
            -30 - TYPES.index(transaction.type),
            transaction.type.label,
            transaction.type.script,
            stamp(account.local(now)),
        ),
    )
    for each in relatives(account, transaction)[1:]:
        mirror(account, each)


def _remove(account: Account, internal_id: str) -> None:
    account.database.execute('DELETE FROM "transaction" WHERE id = ?', (internal_id,))
    account.database.execute('DELETE FROM transactionline WHERE "transaction" = ?', (internal_id,))
    account.database.execute("DELETE FROM nexttransactionlinelink WHERE nextdoc = ?", (internal_id,))
    account.database.execute("DELETE FROM previoustransactionlinelink WHERE nextdoc = ?", (internal_id,))


def _insert(account: Account, transaction: Transaction) -> None:
    sign = 1 if transaction.type.sells else -1
    columns: dict[str, object] = {
        "id": int(transaction.id),
        "type": transaction.type.code,
        "recordtype": transaction.type.script,
        "tranid": transaction.tran_id,
        "externalid": transaction.external_id,
        "otherrefnum": transaction.other_ref_num,
        "status": status_of(account, transaction),
        "entity": int(transaction.entity.id),
        "currency": int(transaction.currency.id),
        "exchangerate": float(transaction.exchange_rate),
        "foreigntotal": float(sign * transaction.total),
        "taxtotal": float(sign * transaction.tax_total),
        "trandate": stamp(transaction.tran_date),
        "createddate": stamp(account.local(transaction.created_at)),
        "lastmodifieddate": stamp(account.local(transaction.modified_at)),
        "memo": transaction.memo,
        "voided": "T" if transaction.voided else "F",
        **transaction.custom,
    }
    marks = ", ".join("?" * len(columns))
    account.database.execute(
        f'INSERT INTO "transaction" ({", ".join(columns)}) VALUES ({marks})',  # noqa: S608  # our own names
        list(columns.values()),
    )
    rows = [row.values(transaction) for row in line_rows(transaction)]
    account.database.executemany(f"INSERT INTO transactionline VALUES ({', '.join('?' * 16)})", rows)  # noqa: S608  # same
    for table in ("nexttransactionlinelink", "previoustransactionlinelink"):
        account.database.executemany(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  # our own table names
            link_rows(account, transaction),
        )


@dataclass(frozen=True)
class LineRow:
    """A row of ``transactionline``: what sets it apart from the others of its transaction."""

    number: int
    unique_key: int
    amount: Decimal
    mainline: str = "F"
    taxline: str = "F"
    itemtype: str | None = None
    item: str | None = None
    quantity: Decimal | None = None
    rate: Decimal | None = None
    location: str | None = None
    iscogs: str = "F"

    def values(self, transaction: Transaction) -> tuple[object, ...]:
        """Return the row for the database."""
        return (
            int(transaction.id),
            self.number,
            self.unique_key,
            self.number,
            self.mainline,
            self.taxline,
            None if self.item is None else int(self.item),
            self.itemtype,
            None if self.quantity is None else float(self.quantity),
            None if self.rate is None else float(self.rate),
            float(self.amount),
            float(self.amount * transaction.exchange_rate),
            None if transaction.created_from is None else int(transaction.created_from),
            None if self.location is None else int(self.location),
            int(transaction.subsidiary),
            self.iscogs,
        )


def line_rows(transaction: Transaction) -> list[LineRow]:
    """Return a transaction's lines: its total, items, shipping, tax, and what the items cost."""
    sign = Decimal(1 if transaction.type.sells else -1)
    key = int(transaction.id) * 1000
    rows = [LineRow(0, key, sign * transaction.total, mainline="T", location=transaction.location)]
    rows += [
        LineRow(
            line.line,
            line.unique_key,
            -sign * line.amount,
            itemtype=line.item.itemtype,
            item=line.item.id,
            quantity=-sign * line.quantity,
            rate=line.rate,
            location=line.location,
        )
        for line in transaction.lines
    ]
    number = count(max((line.line for line in transaction.lines), default=0) + 1)
    if transaction.shipping_cost:
        at = next(number)
        rows.append(LineRow(at, key + at, -sign * transaction.shipping_cost, itemtype="ShipItem"))
    if transaction.tax_total:
        at = next(number)
        rows.append(LineRow(at, key + at, -sign * transaction.tax_total, taxline="T", itemtype="TaxItem"))
    return rows + _cost_rows(transaction, sign, number, key)


def _cost_rows(transaction: Transaction, sign: Decimal, number: Iterator[int], key: int) -> list[LineRow]:
    """Return two lines for every item whose cost is booked with it: out of stock, into cost of goods sold."""
    rows: list[LineRow] = []
    if transaction.type.code not in POSTING:
        return rows
    for line in transaction.lines:
        cost = line.item.cost * line.quantity / transaction.exchange_rate
        for side in (-sign, sign) if cost else ():
            at = next(number)
            rows.append(
                LineRow(
                    at,
                    key + at,
                    side * cost,
                    itemtype=line.item.itemtype,
                    item=line.item.id,
                    quantity=side * line.quantity,
                    iscogs="T",
                )
            )
    return rows


def link_rows(account: Account, transaction: Transaction) -> list[tuple[object, ...]]:
    """Return the links that lead to a transaction: line by line from its source, and its applications."""
    when = stamp(account.local(transaction.modified_at))
    rows: list[tuple[object, ...]] = []
    for line in transaction.lines:
        if line.source is None:
            continue
        doc, number = line.source
        previous = account.transactions.get(doc)
        if previous is None:
            continue
        linktype = "OrdBill" if previous.type is RETURN else transaction.type.links
        end = (int(transaction.id), line.line, transaction.type.code, linktype, float(abs(line.amount)), when)
        rows.append((int(doc), number, previous.type.code, *end))
    for part in transaction.applications:
        previous = account.transactions.get(part.doc)
        if previous is not None:
            end = (int(transaction.id), 0, transaction.type.code, "Payment", float(part.amount), when)
            rows.append((int(part.doc), 0, previous.type.code, *end))
    return rows
