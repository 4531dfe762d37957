"""Arithmetic with times in SQL, in the words of both databases."""

from typing import Any

from sqlalchemy import BigInteger, Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class epoch_of(FunctionElement[int]):  # noqa: N801 - reads as the SQL function that it is
    """The whole seconds of a time, counted from 1970-01-01 00:00 UTC."""

    type = BigInteger()
    inherit_cache = True
    name = "epoch_of"


class seconds_between(FunctionElement[float]):  # noqa: N801 - reads as the SQL function that it is
    """The seconds from one time to a later one."""

    type = Float()
    inherit_cache = True
    name = "seconds_between"


@compiles(epoch_of, "postgresql")
def _postgresql_epoch(element: epoch_of, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - its signature
    return f"floor(extract(epoch FROM {compiler.process(element.clauses, **options)}))::bigint"


@compiles(epoch_of, "sqlite")
def _sqlite_epoch(element: epoch_of, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - its signature
    # Without what is below a second, which SQLite would round up.
    return f"CAST(strftime('%s', substr({compiler.process(element.clauses, **options)}, 1, 19)) AS INTEGER)"


@compiles(seconds_between, "postgresql")
def _postgresql_span(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - as above
    earlier, later = (compiler.process(each, **options) for each in element.clauses)
    return f"extract(epoch FROM ({later} - {earlier}))::double precision"


@compiles(seconds_between, "sqlite")
def _sqlite_span(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - as above
    earlier, later = (compiler.process(each, **options) for each in element.clauses)
    return f"((julianday({later}) - julianday({earlier})) * 86400.0)"
