"""What all tables have in common, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Dialect, MetaData, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

MICROSECONDS: Final = 1_000_000
_WITHOUT_ZONE: Final = len("2026-11-24 09:00:00.000000")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no zone: it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """SQLite keeps text: written at once, as SQLAlchemy would write it in three steps. Each call has dozens."""
        return _text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _text(value: datetime | None) -> str | None:
    if value is None:
        return None
    utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return utc.isoformat(" ", "microseconds")[:_WITHOUT_ZONE]


class Between(FunctionElement[int]):
    """From one moment to another in microseconds, as Python would count them: ``Between(since, until)``."""

    type = BigInteger()
    inherit_cache = True


@compiles(Between, "sqlite")
def _between_texts(element: Between, compiler: SQLCompiler, **how: Any) -> str:
    """Whole seconds and what is behind the point apart: SQLite's own functions round to milliseconds."""
    since, until = (compiler.process(one, **how) for one in element.clauses)
    whole = f"(strftime('%s', substr({until}, 1, 19)) - strftime('%s', substr({since}, 1, 19)))"
    return f"({whole} * {MICROSECONDS} + substr({until}, 21, 6) - substr({since}, 21, 6))"


@compiles(Between, "postgresql")
def _between_moments(element: Between, compiler: SQLCompiler, **how: Any) -> str:
    since, until = (compiler.process(one, **how) for one in element.clauses)
    return f"CAST(extract(epoch FROM {until} - {since}) * {MICROSECONDS} AS bigint)"


class Base(DeclarativeBase):
    """All tables. Names of constraints are fixed so that migrations can name them on both engines."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
