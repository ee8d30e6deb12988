"""The histories of a PBX: each setting is a file's path or a database's URL, and the one that tells most is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from callcenter.ami.backfill import files, tables
from callcenter.ami.backfill.cdr import Records
from callcenter.ami.backfill.queue_log import QueueLines
from callcenter.ami.backfill.rows import CdrRow, HistoryRow, Kind, QueueRow
from callcenter.ami.cel_rows import CelRow
from callcenter.ami.past import Times
from callcenter.errors import Unavailable
from callcenter.events import Filled, Gap
from callcenter.pbxmap import PbxMap

_ORDER: Final[tuple[Kind, ...]] = ("cel", "cdr", "queue_log")


class Source(Protocol):
    """One file, or one table. ``name`` is for people and holds no password."""

    @property
    def kind(self) -> Kind: ...

    @property
    def name(self) -> str: ...

    def rows(self, since: datetime, until: datetime) -> Iterator[HistoryRow]:
        """In the order of writing. Raises Unavailable."""
        ...


def find(setting: str, only: str = "") -> list[Source]:
    """What a setting of several, parted by blanks, leads to; the most telling first. Raises Unavailable."""
    found = [one for part in setting.split() for one in _one(part)]
    wanted = [one for one in found if not only or one.kind == only]
    if not wanted:
        raise Unavailable("there is no such history; set CALLCENTER_PBX__<NAME>__HISTORY", code="history_missing")
    return sorted(wanted, key=lambda one: _ORDER.index(one.kind))


def events(source: Source, since: datetime, until: datetime) -> Iterator[CelRow]:
    """Its channel events. Raises Unavailable."""
    return (row for row in source.rows(since, until) if isinstance(row, CelRow))


def records(
    kind: Kind, rows: Iterable[HistoryRow], map: PbxMap, spool: str, when: tuple[Gap, Times]
) -> Iterator[Filled]:
    """Whole calls out of call detail records or a queue log: those of the gap. Raises Unavailable."""
    gap, times = when
    told = (
        _told_by_records(Records(map, spool, gap, times.since), rows)
        if kind == "cdr"
        else _told_by_lines(QueueLines(map, gap, times.since), rows)
    )
    return (one for one in told if times.until is None or one.events[0].at <= times.until)


def _one(setting: str) -> Sequence[Source]:
    return tables.find(setting) if "://" in setting else [files.find(Path(setting))]


def _told_by_records(told: Records, rows: Iterable[HistoryRow]) -> Iterator[Filled]:
    for row in rows:
        if isinstance(row, CdrRow):
            yield from told.feed(row)
    yield from told.end()


def _told_by_lines(told: QueueLines, rows: Iterable[HistoryRow]) -> Iterator[Filled]:
    for row in rows:
        if isinstance(row, QueueRow):
            yield from told.feed(row)
    yield from told.end()
