"""Arithmetic with times in SQL, in the words of both databases."""

from typing import Any

from sqlalchemy import BigInteger, Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class hour_of(FunctionElement[int]):  # noqa: N801 - reads as the SQL function that it is
    """The hour of a time, counted from 1970-01-01 00:00 UTC."""

    type = BigInteger()
    inherit_cache = True
    name = "hour_of"


class seconds_between(FunctionElement[float]):  # noqa: N801 - reads as the SQL function that it is
    """The seconds from one time to a later one."""

    type = Float()
    inherit_cache = True
    name = "seconds_between"


@compiles(hour_of, "postgresql")
def _postgresql_hour(element: hour_of, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - its signature
    return f"floor(extract(epoch FROM {compiler.process(element.clauses, **options)}) / 3600)::bigint"


@compiles(hour_of, "sqlite")
def _sqlite_hour(element: hour_of, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - its signature
    return f"(CAST(strftime('%s', {compiler.process(element.clauses, **options)}) AS INTEGER) / 3600)"


@compiles(seconds_between, "postgresql")
def _postgresql_span(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - as above
    earlier, later = (compiler.process(each, **options) for each in element.clauses)
    return f"extract(epoch FROM ({later} - {earlier}))::double precision"


@compiles(seconds_between, "sqlite")
def _sqlite_span(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - as above
    earlier, later = (compiler.process(each, **options) for each in element.clauses)
    return f"((julianday({later}) - julianday({earlier})) * 86400.0)"
