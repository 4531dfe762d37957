"""The schema's migrations: bring a database up to date, and tell whether it is.

Revisions are numbered. A revision leaves the version before it able to work, so that processes of both run
side by side while a new version is rolled out; and it waits for nobody's lock for long, because whoever else
wants the table waits behind it (https://www.postgresql.org/docs/current/explicit-locking.html).
"""

import time
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import inspect, text
from sqlalchemy.exc import OperationalError

from ledger.database import Database

PATIENCE: Final = 600.0
"""Seconds for which a migration tries to get the locks that it needs."""

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_TABLE: Final = "alembic_version"
_PAUSE: Final = 0.2  # seconds in which those who waited behind a migration have their turn
_IN_THE_WAY: Final = frozenset({"55P03", "40P01"})  # PostgreSQL's lock_not_available, deadlock_detected


class SchemaError(Exception):
    """Raised when the database's schema is not the one this version needs.

    Attributes:
        reason: Always `schema_outdated`.
    """

    reason = "schema_outdated"


@cache
def newest() -> str:
    """Return the revision this version of the code needs."""
    return max(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def current(database: Database) -> str:
    """Return the revision the database is at; empty for an empty one."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table(_TABLE):
            return ""
        return connection.scalar(text(f"SELECT version_num FROM {_TABLE}")) or ""  # noqa: S608 - a constant


def is_newer(revision: str) -> bool:
    """Return whether a revision is of a newer version of the code than this one."""
    return revision.isdecimal() and revision > newest()


def migrate(database: Database, *, patience: float = PATIENCE) -> None:
    """Bring the database up to date; safe to run from several hosts at once, and while others work on it.

    A database that a newer version has migrated is left alone.

    Args:
        database: The ledger.
        patience: Seconds for which locks that others hold are waited for.
    """
    # Only here: every process asks for its revision, and Alembic is a tenth of what they load to start.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    if is_newer(current(database)):
        return
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["engine"] = database.engine
    deadline = time.monotonic() + patience
    while True:
        try:
            command.upgrade(config, "head")
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") not in _IN_THE_WAY or time.monotonic() >= deadline:
                raise
        else:
            return
        time.sleep(_PAUSE)


def require(database: Database) -> None:
    """Check that this version of the code can work with the schema: with its own, or a newer one.

    Raises:
        SchemaError: If it cannot.
    """
    found = current(database)
    if found != newest() and not is_newer(found):
        raise SchemaError("the database's schema is not up to date: run `refund-sync migrate`")
