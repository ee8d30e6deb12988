"""Databases that a PBX writes its history to: tables ``cel``, ``cdr``, ``queue_log``, however their columns are spelt.

A URL of SQLAlchemy; a driver that is not there is named with what installs it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, DateTime, Integer, MetaData, Numeric, Select, Table, create_engine, select
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from callcenter.ami.backfill.columns import cdr, cel, queue_line, spelt
from callcenter.ami.backfill.files import ZONES
from callcenter.ami.backfill.rows import HistoryRow, Kind, Wall
from callcenter.errors import Unavailable

_DRIVERS: Final = {
    "mysql": ("mysql+pymysql", "pymysql"),
    "mariadb": ("mysql+pymysql", "pymysql"),
    "postgresql": ("postgresql+psycopg", "psycopg[binary]"),
    "sqlite": ("sqlite+pysqlite", "sqlite3"),
}
_NAMES: Final[Mapping[Kind, tuple[str, ...]]] = {
    "cel": ("cel",),
    "cdr": ("cdr",),
    "queue_log": ("queue_log", "queuelog"),
}
_TIME: Final[Mapping[Kind, str]] = {"cel": "eventtime", "cdr": "start", "queue_log": "time"}
_BATCH: Final = 2_000
_SECONDS: Final = re.compile(r"\d{10}(\.\d+)?$")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")
_LONGEST: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A table that holds a history."""

    kind: Kind
    url: URL
    table: Table

    @property
    def name(self) -> str:
        return f"{shown(self.url)} {self.table.name}"

    @property
    def unindexed(self) -> tuple[str, str] | None:
        """Table and column where times are looked for row by row."""
        time = _column(self.table, _TIME[self.kind])
        first = {next(iter(index.columns)).name for index in self.table.indexes}
        key = {column.name for column in list(self.table.primary_key)[:1]}
        return None if time is None or time.name in first | key else (self.table.name, time.name)

    def rows(self, since: datetime, until: datetime) -> Iterator[HistoryRow]:
        """In the order of writing. Raises Unavailable."""
        wall = Wall()
        engine = engine_of(self.url)
        try:
            with engine.connect().execution_options(stream_results=True) as connection:
                for fields in connection.execute(_wanted(self, connection, since, until)).yield_per(_BATCH).mappings():
                    row = _row(self.kind, {spelt(name): value for name, value in fields.items()}, wall)
                    if row is not None and since <= row.at <= until:
                        yield row
        except SQLAlchemyError as wrong:
            raise _unavailable(self.url, wrong) from wrong
        finally:
            engine.dispose()


def find(setting: str) -> list[Found]:
    """The tables of a database, the most telling first. Raises Unavailable."""
    url = address(setting)
    engine = engine_of(url)
    try:
        with engine.connect() as connection:
            tables = _reflected(connection)
    except SQLAlchemyError as wrong:
        raise _unavailable(url, wrong) from wrong
    finally:
        engine.dispose()
    found = [Found(kind=kind, url=url, table=table) for kind, table in tables]
    if not found:
        raise Unavailable(f"{shown(url)} has no table cel, cdr or queue_log", code="history_missing")
    return found


def address(text: str) -> URL:
    """The URL with a driver that works here. Raises Unavailable, without what the URL holds."""
    try:
        url = make_url(text)
    except ArgumentError as wrong:
        raise Unavailable(
            "a history is neither a file's path nor a database's URL (mysql://user:password@host/asteriskcdrdb)",
            code="history_unknown",
        ) from wrong
    backend = url.get_backend_name()
    if "+" not in url.drivername and backend in _DRIVERS:
        url = url.set(drivername=_DRIVERS[backend][0])
    return url


def engine_of(url: URL) -> Engine:
    """Raises Unavailable, with the command that installs the driver."""
    shared = (
        {"check_same_thread": False} if url.get_backend_name() == "sqlite" else {}
    )  # one thread after another reads
    try:
        return create_engine(url, hide_parameters=True, poolclass=NullPool, connect_args=shared)
    except ModuleNotFoundError as wrong:
        package = _DRIVERS.get(url.get_backend_name(), ("", str(wrong.name)))[1]
        raise Unavailable(
            f"the driver for {url.get_backend_name()} is not installed here: pip install {package}",
            code="history_driver",
        ) from wrong
    except SQLAlchemyError as wrong:
        raise Unavailable(f"{shown(url)} cannot be opened: {type(wrong).__name__}", code="history_unknown") from wrong


def shown(url: URL) -> str:
    """For people: without user and password."""
    plain = URL.create(url.get_backend_name(), host=url.host, port=url.port, database=url.database)
    return plain.render_as_string()


def told(setting: str) -> str:
    """A path or a URL, for people."""
    try:
        return shown(make_url(setting)) if "://" in setting else setting
    except ArgumentError:
        return "…"


def _reflected(connection: Connection) -> list[tuple[Kind, Table]]:
    metadata = MetaData()
    wanted = {name: kind for kind, names in _NAMES.items() for name in names}
    metadata.reflect(connection, only=lambda name, _: name.lower() in wanted, views=True)
    found = [(wanted[name.lower()], table) for name, table in metadata.tables.items()]
    return sorted(found, key=lambda one: list(_NAMES).index(one[0]))


def _wanted(found: Found, connection: Connection, since: datetime, until: datetime) -> Select[Any]:
    time = _column(found.table, _TIME[found.kind])
    if time is None:
        raise Unavailable(f"table {found.table.name} has no column {_TIME[found.kind]}", code="history_unknown")
    order = [column for name in ("id", "sequence") if (column := _column(found.table, name)) is not None]
    wanted = select(found.table).order_by(*(order or [time]))
    one = connection.execute(select(time).where(time.is_not(None)).limit(1)).scalar()
    bounds = _bounds(time, one, since - ZONES - _LONGEST, until + ZONES)
    return wanted.where(time >= bounds[0], time <= bounds[1]) if bounds else wanted


def _column(table: Table, name: str) -> Column[Any] | None:
    return next((column for column in table.columns if spelt(column.name) == name), None)


def _bounds(column: Column[Any], one: object, low: datetime, high: datetime) -> tuple[Any, Any] | None:
    """As the column keeps moments, by its type or by ``one`` of them: texts of one form stand in the order of time.
    None where neither tells: all rows are then read, and looked at."""
    if isinstance(column.type, Integer | Numeric) or isinstance(one, int | float):
        return low.timestamp(), high.timestamp()
    if isinstance(one, str):
        return _written_bounds(one, low, high)
    if not isinstance(column.type, DateTime):
        return None
    zoned = getattr(column.type, "timezone", False)
    return (low, high) if zoned else (low.replace(tzinfo=None), high.replace(tzinfo=None))


def _written_bounds(one: str, low: datetime, high: datetime) -> tuple[str, str] | None:
    if _SECONDS.match(one):
        return f"{low.timestamp():.6f}", f"{high.timestamp():.6f}"
    if _DATE.match(one):
        return tuple(at.replace(tzinfo=None).isoformat(one[10], "seconds") for at in (low, high))  # type: ignore[return-value]
    return None


def _row(kind: Kind, fields: Mapping[str, Any], wall: Wall) -> HistoryRow | None:
    if kind == "cel":
        return cel(fields, wall)
    if kind == "cdr":
        return cdr(fields, wall)
    named = [str(fields.get(name) or "") for name in ("callid", "queuename", "agent", "event")]
    data = [str(fields.get(f"data{n}") or "") for n in range(1, 6)]
    if not any(data):
        data = str(fields.get("data") or "").split("|")
    return queue_line([str(fields.get("time") or ""), *named, *data], wall)


def _unavailable(url: URL, wrong: SQLAlchemyError) -> Unavailable:
    cause = getattr(wrong, "orig", None) or wrong
    said = " ".join(str(part) for part in getattr(cause, "args", ()) if isinstance(part, str)).splitlines()
    why = said[0][:200] if said else type(cause).__name__
    why = why.replace(str(url.password), "***") if url.password else why
    return Unavailable(
        f"{shown(url)} cannot be read: {why}; check address, user, password and the right to SELECT",
        code="history_unreadable",
    )
