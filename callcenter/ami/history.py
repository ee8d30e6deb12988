"""Where a PBX keeps its history: a CEL file, or the table of a database. Reading blocks: not for the event loop."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from callcenter.ami import celfile
from callcenter.ami.cel import CelRow, Translation, extra_of
from callcenter.ami.past import Past, Times, calls_of
from callcenter.errors import Unavailable
from callcenter.events import Filled, Gap
from callcenter.pbxmap import PbxMap

_LATE: Final = timedelta(seconds=10)
_FAR: Final = timedelta(days=1)
_QUARTER: Final = 900
_AT_ONCE: Final = 5000
_COLUMNS: Final = (
    "eventtype, eventtime, uniqueid, linkedid, channame, cid_num, cid_name, exten, context, appname, appdata"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What one PBX wrote down. ``source`` is a CEL file's path or a database's URL, ``spool`` where the PBX keeps
    recordings."""

    source: str
    spool: str
    kind: str = "cel"

    def calls(self, map: PbxMap, gap: Gap, begun: datetime, booted_at: datetime | None = None) -> list[Filled]:
        """The calls that ended in the gap, read from ``begun`` on, when the first of them may have begun. ``booted_at``
        is since when the PBX lives.

        Raises Unavailable.
        """
        rows = read(self.source, begun, gap.to_at + _LATE)
        times = Times(since=gap.from_at - _LATE, booted_at=booted_at)
        return list(calls_of(rows, Past(map, Translation(self.spool), gap, times)))


def read(source: str, since: datetime, until: datetime) -> Iterator[CelRow]:
    """The rows from ``since`` to ``until``, oldest first. Raises Unavailable, with the remedy."""
    found = _from_database(source, since, until) if "://" in source else _from_file(Path(source), since)
    with closing(found) as rows:
        for row in rows:
            if row.at > until:
                return
            if row.at >= since:
                yield row


def _from_file(path: Path, since: datetime) -> Generator[CelRow]:
    """The file grows by time, so that its place of a moment is found by halving."""
    try:
        with path.open("rb") as file:
            _seek(file, path.stat().st_size, since)
            yield from celfile.rows(line.decode("utf-8", "replace") for line in file)
    except OSError as wrong:
        raise Unavailable(
            f"{path} cannot be read: {wrong.strerror}; let the user of the service read it", code="history_unreadable"
        ) from wrong


def _seek(file: io.BufferedReader, size: int, since: datetime) -> None:
    low, high = 0, size
    while high - low > io.DEFAULT_BUFFER_SIZE:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()
        first = next(celfile.rows([file.readline().decode("utf-8", "replace")]), None)
        if first is None or first.at >= since:
            high = middle
        else:
            low = middle
    file.seek(low)
    if low:
        file.readline()


def _from_database(url: str, since: datetime, until: datetime) -> Generator[CelRow]:
    """FreePBX's `asteriskcdrdb.cel` and the tables of cel_pgsql, cel_odbc and cel_sqlite3_custom."""
    try:
        engine = create_engine(url)
    except (ArgumentError, NoSuchModuleError) as wrong:
        raise Unavailable(f"the URL of the history is none: {wrong}", code="history_unreadable") from wrong
    except ModuleNotFoundError as wrong:
        raise Unavailable(
            f"the history's database needs the package {wrong.name}; install it beside Callcenter",
            code="history_unreadable",
        ) from wrong
    try:
        with engine.connect() as connection:
            wanted = text(_statement(connection, sqlite=engine.dialect.name == "sqlite"))
            window = {"since": _local(since - _FAR), "until": _local(until + _FAR)}
            rows = connection.execution_options(stream_results=True).execute(wanted, window)
            yield from _read_rows(rows.yield_per(_AT_ONCE).mappings())
    except SQLAlchemyError as wrong:
        raise Unavailable(f"the history's database: {type(wrong).__name__}", code="history_unreadable") from wrong
    finally:
        engine.dispose()


def _statement(connection: Connection, *, sqlite: bool) -> str:
    """Rows in the order in which they were written: many share a second. SQLite keeps times as whatever was put in."""
    names = {name.lower() for name in connection.execute(text("SELECT * FROM cel WHERE 1 = 0")).keys()}  # noqa: SIM118
    extra = next((name for name in ("extra", "eventextra") if name in names), "''")
    order = "rowid" if sqlite else "id" if "id" in names else "eventtime"
    where = "CAST(:since AS TEXT) <= CAST(:until AS TEXT)" if sqlite else "eventtime BETWEEN :since AND :until"
    return f"SELECT {_COLUMNS}, {extra} AS extra FROM cel WHERE {where} ORDER BY {order}"  # noqa: S608 - names of ours


def _local(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def _read_rows(rows: Any) -> Iterator[CelRow]:
    """Tables keep the time of the PBX's own clock without a zone: what a channel's start says of it, its Uniqueid,
    which begins with the epoch, tells the zone."""
    zone: timezone = UTC
    for row in rows:
        told = _moment(row["eventtime"])
        if told is None:
            continue
        if row["eventtype"] == "CHAN_START" and told.tzinfo is None:
            zone = _zone(told, str(row["uniqueid"]), zone)
        at = told if told.tzinfo else told.replace(tzinfo=zone)
        yield CelRow(
            type=row["eventtype"],
            at=at.astimezone(UTC),
            uniqueid=row["uniqueid"] or "",
            linkedid=row["linkedid"] or row["uniqueid"] or "",
            channel=row["channame"] or "",
            number=row["cid_num"] or "",
            name=row["cid_name"] or "",
            exten=row["exten"] or "",
            context=row["context"] or "",
            app=row["appname"] or "",
            data=row["appdata"] or "",
            extra=extra_of(row["extra"] or ""),
        )


def _moment(told: Any) -> datetime | None:
    """Without a zone where the table has none."""
    if isinstance(told, datetime):
        return told
    try:
        return datetime.fromtimestamp(float(told), UTC)
    except (TypeError, ValueError):
        pass
    try:
        return datetime.fromisoformat(str(told))
    except ValueError:
        return None


def _zone(local: datetime, uniqueid: str, known: timezone) -> timezone:
    epoch = uniqueid.rpartition("-")[2].partition(".")[0]
    if not epoch.isdigit():
        return known
    ahead = local.replace(tzinfo=UTC).timestamp() - int(epoch)
    quarters = round(ahead / _QUARTER)
    return timezone(timedelta(seconds=quarters * _QUARTER)) if abs(quarters) <= 14 * 4 else known
