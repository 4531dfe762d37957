"""The database: whether it answers, is new enough, and has this version's schema."""

import sqlite3
from collections.abc import Iterator
from typing import Final

from sqlalchemy.exc import DBAPIError

from cli.checks.finding import Finding
from cli.errors import sentence
from ledger import schema
from ledger.database import Database

OLDEST_POSTGRESQL: Final = 14
"""Older ones get no fixes any more: https://www.postgresql.org/support/versioning/."""


def look(database: Database) -> Iterator[Finding]:
    """Look at the database; stops at what keeps it from being looked at further."""
    try:
        yield _version(database)
        yield _schema(database)
    except DBAPIError as error:
        yield Finding.fail("database", sentence(error), "Start the database, or correct DATABASE_URL.")


def _version(database: Database) -> Finding:
    if database.is_sqlite:
        database.ping()
        return Finding.ok("database", f"SQLite {sqlite3.sqlite_version}, for one host: {database.url}")
    with database.engine.connect() as connection:
        known = connection.dialect.server_version_info or (0,)
    return judge_version(tuple(int(part) for part in known), database.url)


def judge_version(version: tuple[int, ...], url: str) -> Finding:
    """Return whether a PostgreSQL is new enough."""
    text = f"PostgreSQL {'.'.join(map(str, version))}: {url}"
    if version[0] < OLDEST_POSTGRESQL:
        return Finding.fail("database", text, f"Use PostgreSQL {OLDEST_POSTGRESQL} or newer.")
    return Finding.ok("database", text)


def _schema(database: Database) -> Finding:
    current, newest = schema.current(database), schema.newest()
    if current == newest:
        return Finding.ok("schema", f"up to date ({current})")
    if schema.is_newer(current):
        return Finding.warn(
            "schema", f"at {current}, newer than this version's {newest}", "Upgrade this host as well."
        )
    return Finding.fail(
        "schema", f"at {current or 'nothing'}, needed is {newest}", "Run `refund-sync migrate`."
    )
