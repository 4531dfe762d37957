"""Alembic's environment: runs the migrations over an engine that `ledger.schema` hands in."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from sqlalchemy import Connection, Engine, text

from ledger.models import Base

_LOCK_TIMEOUT = "500ms"  # less than the web process waits, which stands behind us meanwhile
_LOCK = 7_236_841  # any number; two hosts that migrate at once must share it


def _run(engine: Engine) -> None:
    with engine.execution_options(refund_sync_writes=True).connect() as connection, _alone(connection):
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=engine.dialect.name == "sqlite",
            transactional_ddl=True,
        )
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
            context.run_migrations()
        connection.commit()


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Keep other hosts from migrating meanwhile; SQLite's own lock does, since writers take it first.

    A revision may have to make a table of SQLite anew. While references are enforced, to drop the old one
    would take whatever refers to it along, and within a transaction nobody can stop enforcing them
    (https://www.sqlite.org/lang_altertable.html#otheralter).
    """
    if connection.dialect.name == "sqlite":
        _enforce_references(connection, "OFF")
        try:
            yield
        finally:
            connection.rollback()
            _enforce_references(connection, "ON")
        return
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
    connection.commit()
    try:
        yield
    finally:
        # The lock belongs to the connection, which goes back to the pool even where a migration failed.
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
        connection.commit()


def _enforce_references(connection: Connection, switch: str) -> None:
    # Past SQLAlchemy, which would begin a transaction first.
    connection.connection.cursor().execute(f"PRAGMA foreign_keys={switch}").close()


_run(context.config.attributes["engine"])
