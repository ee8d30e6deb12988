"""The histories of a PBX: each setting is a file's path or a database's URL, and the one that tells most is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from callcenter.ami.backfill import files, tables
from callcenter.ami.backfill.cdr import Records
from callcenter.ami.backfill.queue_log import QueueLines
from callcenter.ami.backfill.rows import CdrRow, HistoryRow, Kind, QueueRow
from callcenter.ami.cel import CelRow
from callcenter.errors import Unavailable
from callcenter.events import Filled, Gap
from callcenter.pbxmap import PbxMap

_LATE: Final = timedelta(seconds=10)
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


def records(source: Source, map: PbxMap, spool: str, gap: Gap, begun: datetime) -> Iterator[Filled]:
    """Whole calls out of call detail records or a queue log, read from ``begun`` on: those that ended in the gap.

    Raises Unavailable.
    """
    gap = replace(gap, filled_from=source.kind)
    rows = source.rows(begun, gap.to_at + _LATE)
    if source.kind == "cdr":
        return _told_by_records(Records(map, spool, gap, gap.from_at - _LATE), rows)
    return _told_by_lines(QueueLines(map, gap, gap.from_at - _LATE), rows)


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
