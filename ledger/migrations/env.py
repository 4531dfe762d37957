"""Alembic's environment: runs the migrations over an engine that `ledger.schema` hands in."""

from alembic import context
from sqlalchemy import Engine, text

from ledger.models import Base

_LOCK = 7_236_841  # any number; two hosts that migrate at once must share it


def _run(engine: Engine) -> None:
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.execution_options(refund_sync_writes=True).connect() as connection:
        if not is_sqlite:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=is_sqlite,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        if not is_sqlite:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            connection.commit()


_run(context.config.attributes["engine"])
