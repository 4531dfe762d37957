"""Runs SuiteQL against an account's tables and writes the answer as NetSuite does.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html
"""

import re
import sqlite3
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from sandbox.clock import Clock
from sandbox.jsonish import Json
from sandbox.netsuite.account import Account
from sandbox.netsuite.kinds import TYPES
from sandbox.netsuite.store import create_tables, stamp
from sandbox.netsuite.suiteql_dialect import UNSUPPORTED, SuiteQLError, translate
from sandbox.netsuite.suiteql_functions import DateOrder, Value, install, moment

PREFIX: Final = "Invalid search query. Detailed unprocessed description follows. "
NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")
DIGITS: Final = 8
DOCUMENTS: Final = frozenset({"transaction", "createdfrom", "previousdoc", "nextdoc"})
ALLOWED_ACTIONS: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)


class SuiteQLDatabase:
    """The connection to an account's tables.

    Attributes:
        connection: The SQLite connection, empty tables made; its account's lock guards it.
    """

    def __init__(self, clock: Clock) -> None:
        self.connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._clock = clock
        self._dates: DateOrder = install(self.connection, clock)
        create_tables(self.connection)

    def show(self, account: Account) -> None:
        """Let ``BUILTIN.DF`` look up display values in an account, and ``SYSDATE`` tell its time."""

        def display(column: str, kind: str | None, value: Value) -> str | None:
            return display_value(account, column, kind, value)

        self.connection.create_function("ns_df", 3, display)
        self.connection.create_function("ns_now", 0, lambda: stamp(account.local(self._clock.now())))

    def run(self, query: str, params: Sequence[Value]) -> tuple[list[str], list[tuple[Value, ...]]]:
        """Run a query.

        Args:
            query: SuiteQL.
            params: Values for its question marks.

        Returns:
            The columns' names, and all rows.

        Raises:
            SuiteQLError: It cannot be run; the message is NetSuite's.
        """
        sql = translate(query)
        self._dates.misused = False
        self.connection.set_authorizer(_authorize)
        try:
            cursor = self.connection.execute(sql, tuple(params))
            names = _names([column[0] for column in cursor.description])
            rows = cursor.fetchall()
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise SuiteQLError(_wording(str(error))) from error
        finally:
            self.connection.set_authorizer(None)
        if self._dates.misused:
            raise SuiteQLError(f"{UNSUPPORTED}: a date is compared with text, use TO_DATE")
        return names, rows

    def close(self) -> None:
        """Free the tables."""
        self.connection.close()


def _authorize(action: int, table: str | None, *_rest: str | None) -> int:
    """Allow nothing but reading NetSuite's tables."""
    if action == sqlite3.SQLITE_READ and table and table.lower().startswith("sqlite_"):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in ALLOWED_ACTIONS else sqlite3.SQLITE_DENY


def _wording(message: str) -> str:
    """Put the database's complaint as NetSuite would."""
    head, _, what = message.partition(": ")
    if head == "no such column":
        return f"Search error occurred: Unknown identifier '{what.rpartition('.')[2]}'."
    if head == "no such table":
        return f"Search error occurred: Record '{what}' was not found."
    if head.startswith("ambiguous column name"):
        return f"Search error occurred: Column '{what}' is ambiguous."
    return f"{UNSUPPORTED}: {message}"


def _names(columns: Sequence[str]) -> list[str]:
    """Return the names the answer uses: lower case; columns without a name are numbered."""
    names: list[str] = []
    for index, column in enumerate(columns, start=1):
        name = column.lower()
        if not NAME.fullmatch(name):
            name = f"expr{index}"
        names.append(f"{name}_{index}" if name in names else name)
    return names


def shown(value: Value) -> str | None:
    """Write a value as SuiteQL answers do: text, dates as M/D/YYYY, numbers without needless zeros."""
    at = moment(value)
    if at is not None:
        return f"{at.month}/{at.day}/{at.year}"
    if isinstance(value, float):
        text = f"{Decimal(repr(round(value, DIGITS))).normalize():f}"
        return "0" if text == "-0" else text
    return None if value is None else str(value)


def page(names: Sequence[str], rows: Sequence[tuple[Value, ...]], limit: int, offset: int, url: str) -> Json:
    """Write one page of an answer; columns without a value are left away."""
    chosen = rows[offset : offset + limit]
    items: list[Json] = []
    for row in chosen:
        values = {name: shown(value) for name, value in zip(names, row, strict=True)}
        items.append({"links": [], **{name: value for name, value in values.items() if value is not None}})
    more = offset + limit < len(rows)
    links = [{"rel": "self", "href": f"{url}?limit={limit}&offset={offset}"}]
    if more:
        links.append({"rel": "next", "href": f"{url}?limit={limit}&offset={offset + limit}"})
    if offset:
        links.append({"rel": "previous", "href": f"{url}?limit={limit}&offset={max(0, offset - limit)}"})
    return {
        "links": links,
        "count": len(items),
        "hasMore": more,
        "items": items,
        "offset": offset,
        "totalResults": len(rows),
    }


def display_value(account: Account, column: str, kind: str | None, value: Value) -> str | None:
    """Return what ``BUILTIN.DF`` shows for a column's value."""
    if value is None:
        return None
    key = str(value)
    if column == "status":
        known = next((each for each in TYPES if each.code == kind), None)
        return f"{known.label} : {known.statuses.get(key, key)}" if known else key
    names: dict[str, dict[str, str]] = {
        "type": {each.code: each.label for each in TYPES},
        "currency": {each.id: each.name for each in account.currencies.values()},
        "entity": {each.id: each.entityid for each in account.customers.values()},
        "item": {each.id: each.itemid for each in account.items.values()},
        "location": {each.id: each.name for each in account.locations.values()},
        "subsidiary": {each.id: each.name for each in account.subsidiaries.values()},
    }
    if column in DOCUMENTS and key in account.transactions:
        found = account.transactions[key]
        return f"{found.type.label} #{found.tran_id}"
    return names.get(column, {}).get(key, key)
