"""Statements of the ring's hot path: compiled once a dialect, run on the driver's own cursor.

A phone is ringing while they run. SQLAlchemy builds and types them as always; what is left out is its machinery around
each execution, which costs several times what the database takes.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Delete, Dialect, Insert, Select, Update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import ScalarElementColumnDefault

Built: TypeAlias = Select[*tuple[Any, ...]] | Insert | Update | Delete
Processor = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    """What the driver gets. ``takes`` names the parameters in the order of their places."""

    text: str
    takes: tuple[tuple[str, Any, Processor], ...]
    gives: tuple[Processor, ...]
    row: Callable[..., Any]


class Statement:
    """``build`` makes the statement for a dialect's name (``sqlite``, ``postgresql``)."""

    def __init__(self, build: Callable[[str], Built]) -> None:
        self._build = build
        self._compiled: dict[str, _Compiled] = {}

    def __call__(self, session: Session, values: Mapping[str, Any]) -> list[Any]:
        """Runs it; its rows as named tuples. Raises what SQLAlchemy would raise for a fault of the database."""
        connection = session.connection()
        dialect = connection.dialect
        ready = self._compiled.get(dialect.name) or self._compile(dialect)
        get = values.get
        places = tuple([p(get(name, usual)) if p else get(name, usual) for name, usual, p in ready.takes])
        cursor = connection.connection.cursor()
        try:
            cursor.execute(ready.text, places)
            found = cursor.fetchall() if ready.gives else ()
        except Exception as wrong:
            base: type[Exception] = dialect.loaded_dbapi.Error
            raise DBAPIError.instance(ready.text, None, wrong, base, hide_parameters=True, dialect=dialect) from wrong
        finally:
            cursor.close()
        return [ready.row(*[p(v) if p else v for v, p in zip(row, ready.gives, strict=True)]) for row in found]

    def _compile(self, dialect: Dialect) -> _Compiled:
        statement = self._build(dialect.name)
        compiled = statement.compile(dialect=dialect)
        columns = tuple(statement.exported_columns)
        usual = compiled.params | _defaults(compiled)
        takes = [
            (name, usual[name], compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ]
        ready = self._compiled[dialect.name] = _Compiled(
            text=str(compiled),
            takes=tuple(takes),
            gives=tuple(c.type.dialect_impl(dialect).result_processor(dialect, None) for c in columns),
            row=namedtuple("Row", [str(c.key) for c in columns]),
        )
        return ready


def _defaults(compiled: SQLCompiler) -> dict[str, Any]:
    """What the models say of columns that are not given a value. One that would have to be computed must be given."""
    plain = [(c.key, c.default) for c in compiled.insert_prefetch]
    return {key: default.arg for key, default in plain if isinstance(default, ScalarElementColumnDefault)}
