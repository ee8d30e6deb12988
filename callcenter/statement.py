"""Statements of the ring's hot path: compiled once a dialect, run on the driver's own cursor.

A phone is ringing while they run. SQLAlchemy builds and types them as always; what is left out is its machinery around
each execution, which costs several times what the database takes.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Delete, Dialect, Float, Insert, Select, Update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from callcenter.sqlite import Begun

Built: TypeAlias = Select[*tuple[Any, ...]] | Insert | Update | Delete
Processor: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    """What the driver gets. ``takes`` names the parameters in the order of their places, each with what it is where no
    value is given; of some, by place, ``binds`` makes what the driver takes, and ``reads`` of columns what we take."""

    text: str
    takes: tuple[tuple[str, Any], ...]
    binds: tuple[tuple[int, Processor], ...]
    columns: int
    reads: tuple[tuple[int, Processor], ...]
    row: Callable[..., Any]


class Statement:
    """``build`` makes the statement for a dialect's name (``sqlite``, ``postgresql``)."""

    def __init__(self, build: Callable[[str], Built]) -> None:
        self._build = build
        self._compiled: dict[str, _Compiled] = {}

    def __call__(self, session: Session, values: Mapping[str, Any]) -> list[Any]:
        """Runs it; its rows as named tuples. Raises what SQLAlchemy would raise for a fault of the database."""
        ready, source = self._at(session)
        places = _places(ready, values)
        with _cursor(session, ready, source) as cursor:
            cursor.execute(ready.text, places)
            found = cursor.fetchall() if ready.columns else ()
        return [_row(ready, one) for one in found]

    def many(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        """Runs it for each of the rows, in one go. Raises the same."""
        ready, source = self._at(session)
        places = [_places(ready, values) for values in rows]
        with _cursor(session, ready, source) as cursor:
            cursor.executemany(ready.text, places)

    def _at(self, session: Session) -> tuple[_Compiled, Any]:
        """The statement as the session's database takes it, and whence its cursors come."""
        if isinstance(session, Begun) and (ready := self._compiled.get("sqlite")):
            return ready, session.driver
        connection = session.connection()
        ready = self._compiled.get(connection.dialect.name) or self._compile(connection.dialect)
        return ready, connection.connection

    def _compile(self, dialect: Dialect) -> _Compiled:
        statement = self._build(dialect.name)
        compiled = statement.compile(dialect=dialect)
        columns = tuple(statement.exported_columns)
        usual = compiled.params | _defaults(compiled)
        names = compiled.positiontup or ()
        binds = [compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
        # Drivers give floats as they are; PostgreSQL's dialect would ask which kind of number the column told it was.
        kinds = [None if isinstance(column.type, Float) else column.type.dialect_impl(dialect) for column in columns]
        reads = [kind.result_processor(dialect, None) if kind else None for kind in kinds]
        ready = self._compiled[dialect.name] = _Compiled(
            text=str(compiled),
            takes=tuple((name, usual[name]) for name in names),
            binds=tuple((at, bind) for at, bind in enumerate(binds) if bind),
            columns=len(columns),
            reads=tuple((at, read) for at, read in enumerate(reads) if read),
            row=namedtuple("Row", [str(column.key) for column in columns]),
        )
        return ready


@contextmanager
def _cursor(session: Session, ready: _Compiled, source: Any) -> Iterator[Any]:
    cursor = source.cursor()
    try:
        yield cursor
    except Exception as wrong:
        dialect = session.connection().dialect
        base: type[Exception] = dialect.loaded_dbapi.Error
        raise DBAPIError.instance(ready.text, None, wrong, base, hide_parameters=True, dialect=dialect) from wrong
    finally:
        cursor.close()


def _places(ready: _Compiled, values: Mapping[str, Any]) -> list[Any]:
    get = values.get
    places = [get(name, usual) for name, usual in ready.takes]
    for at, bind in ready.binds:
        places[at] = bind(places[at])
    return places


def _row(ready: _Compiled, found: Sequence[Any]) -> Any:
    values = list(found)
    for at, read in ready.reads:
        values[at] = read(values[at])
    return ready.row(*values)


def _defaults(compiled: SQLCompiler) -> dict[str, Any]:
    """What the models say of columns that are not given a value. One that would have to be computed must be given."""
    plain = [(c.key, c.default) for c in compiled.insert_prefetch]
    return {key: default.arg for key, default in plain if isinstance(default, ScalarElementColumnDefault)}
