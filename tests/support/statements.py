"""Statements compiled once for all databases that the tests open.

SQLAlchemy keeps what it compiled with an engine, which a process of ours has for as long as it runs. Tests
open thousands of engines, and to compile for each of them was a good part of what they did.
"""

from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

_COMPILED: Final[LRUCache[Any, Any]] = LRUCache(20_000)


class _Shared:
    """A dialect that counts as every other of its class to those who look up what was compiled for it."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Give a new engine what was compiled for the others."""
        engine._compiled_cache = _COMPILED  # noqa: SLF001 - there is no other way to hand it in


class Psycopg(_Shared, PGDialect_psycopg):
    """PostgreSQL's."""

    supports_statement_cache = True


class Pysqlite(_Shared, SQLiteDialect_pysqlite):
    """SQLite's."""

    supports_statement_cache = True


def share_compiled() -> None:
    """Let all engines that are made from now on share what is compiled for them."""
    registry.register("postgresql.psycopg", __name__, Psycopg.__name__)
    registry.register("sqlite", __name__, Pysqlite.__name__)
