"""The schema's migrations: bring a database up to date, and tell whether it is."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from ledger.database import Database


class SchemaError(Exception):
    """Raised when the database's schema is not the one this version needs.

    Attributes:
        reason: Always `schema_outdated`.
    """

    reason = "schema_outdated"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def newest() -> str:
    """Return the revision this version of the code needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    return head or ""


def current(database: Database) -> str:
    """Return the revision the database is at; empty for an empty one."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def migrate(database: Database) -> None:
    """Bring the database up to date; safe to run from several hosts at once."""
    config = _config()
    config.attributes["engine"] = database.engine
    command.upgrade(config, "head")


def require(database: Database) -> None:
    """Check that the schema is up to date.

    Raises:
        SchemaError: If it is not.
    """
    if current(database) != newest():
        raise SchemaError("the database's schema is not up to date: run `refund-sync migrate`")
