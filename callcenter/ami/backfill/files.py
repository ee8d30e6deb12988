"""Files that a PBX writes its history to: cel_custom, cdr_csv, queue_log, with those that were rotated away.

Nothing is read that is older than what is asked for, as far as a file can be searched: lines stand in the order in
which they were written.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Final, cast

from callcenter.ami.backfill.columns import CEL_EVENTS, CSV_CDR, cdr, cel, cel_columns, moment, queue_line
from callcenter.ami.backfill.rows import HistoryRow, Kind, Wall
from callcenter.errors import Unavailable

ZONES: Final = timedelta(hours=15)
"""A time without a zone is no further from UTC than this."""
_SLACK: Final = timedelta(minutes=1)
_NEAR: Final = 64 * 1024
_PIECES: Final = 50
_BEGINS: Final = re.compile(rb'^"(?:%s)","\d' % "|".join(filter(None, CEL_EVENTS)).encode())
"""No field can begin a line like this."""


def rotated(path: Path) -> list[Path]:
    """The file and its forerunners (``.1``, ``.2.gz``, ``-20261101``), oldest first. Raises Unavailable."""
    try:
        found = [one for one in path.parent.glob(f"{path.name}*") if one.is_file() and _ours(path, one)]
    except OSError as wrong:
        raise Unavailable(f"{path} cannot be looked for: {wrong.strerror}", code="history_unreadable") from wrong
    if not found:
        raise Unavailable(
            f"{path} cannot be read: it is not there; check the path and let the user of the service read it",
            code="history_missing",
        )
    return sorted(found, key=lambda one: (one.stat().st_mtime, one == path))


def _ours(path: Path, other: Path) -> bool:
    rest = other.name[len(path.name) :].removesuffix(".gz")
    return not rest or (rest[0] in ".-" and rest[1:].replace("-", "").replace(".", "").isdigit())


def kind_of(path: Path) -> Kind:
    """By its first line. Raises Unavailable where it can not be read or is none of the three."""
    line = ""
    for file in reversed(rotated(path)):
        try:
            with _opened(file) as opened:
                line = next(_records(opened), "")
        except OSError as wrong:
            raise _unreadable(file, wrong) from wrong
        if line.strip():
            break
    if line.count("|") >= 4 and line[:1].isdigit():
        return "queue_log"
    fields = next(csv.reader([line]), [])
    if fields and fields[0] in CEL_EVENTS and cel_columns(len(fields)):
        return "cel"
    if len(fields) >= len(CSV_CDR) - 2 and len(fields) <= len(CSV_CDR) + 1:
        return "cdr"
    if not line.strip():
        return "queue_log" if "queue_log" in path.name else "cdr" if "cdr" in str(path).lower() else "cel"
    raise Unavailable(
        f"{path} is no history that is known here: neither cel_custom with the columns of asterisk-conf/cel_custom.conf"
        " or of Asterisk's sample, nor cdr_csv, nor queue_log",
        code="history_unknown",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file with those that were rotated away."""

    path: Path
    kind: Kind

    @property
    def name(self) -> str:
        return str(self.path)

    def rows(self, since: datetime, until: datetime) -> Iterator[HistoryRow]:
        """In the order of writing; records may be younger than ``until``. Raises Unavailable."""
        wall = Wall()
        for file in rotated(self.path):
            if datetime.fromtimestamp(file.stat().st_mtime, UTC) < since - _SLACK:
                continue
            try:
                for line in _lines(file, self.kind, since - ZONES):
                    row = row_of(line, self.kind, wall)
                    if row is None or row.at < since:
                        continue
                    if row.at > until + _SLACK and self.kind != "cdr":
                        return
                    if row.at <= until:
                        yield row
            except (OSError, EOFError) as wrong:
                raise _unreadable(file, wrong) from wrong


def find(path: Path) -> File:
    """Raises Unavailable where there is none, or what is there is unknown."""
    return File(path=path, kind=kind_of(path))


def row_of(line: str, kind: Kind, wall: Wall) -> HistoryRow | None:
    """None for a line that says nothing, or was cut off."""
    if kind == "queue_log":
        return queue_line(line.split("|"), wall)
    try:
        fields = next(csv.reader([line.replace("\0", "")]), [])
    except csv.Error:
        return None
    if kind == "cdr":
        names = CSV_CDR if fields and len(fields) <= len(CSV_CDR) else (*CSV_CDR, "sequence")
        return cdr(dict(zip(names, fields, strict=False)), wall)
    columns = cel_columns(len(fields))
    return cel(dict(zip(columns, fields, strict=True)), wall) if columns else None


def _lines(file: Path, kind: Kind, since: datetime) -> Iterator[str]:
    with _opened(file) as opened:
        if file.suffix != ".gz":
            _seek(opened, file.stat().st_size, kind, since)
        if kind == "queue_log":
            yield from (raw.decode("utf-8", "replace").rstrip("\r\n") for raw in opened if raw.endswith(b"\n"))
        else:
            yield from _records(opened)


def _records(opened: IO[bytes]) -> Iterator[str]:
    """A caller's number may hold line breaks: a record ends where all that was quoted ends. What looks like a record
    inside a number is none, for the quotes of a field are doubled. One that is still being written is read later."""
    record, pieces = b"", 0
    for raw in opened:
        if pieces and (pieces >= _PIECES or _BEGINS.match(raw)):
            record, pieces = b"", 0
        record, pieces = record + raw, pieces + 1
        if record.count(b'"') % 2 == 0 and record.endswith(b"\n"):
            yield record.decode("utf-8", "replace").rstrip("\r\n")
            record, pieces = b"", 0


def _seek(opened: IO[bytes], size: int, kind: Kind, since: datetime) -> None:
    """Goes to a line that is no younger than ``since``, by halves."""
    low, high = 0, size
    while high - low > _NEAR:
        middle = (low + high) // 2
        opened.seek(middle)
        opened.readline()
        at = next((found for raw in (opened.readline() for _ in range(20)) if (found := _written(raw, kind))), None)
        if at is None or at >= since:
            high = middle
        else:
            low = middle
    opened.seek(low)
    if low:
        opened.readline()


def _written(raw: bytes, kind: Kind) -> datetime | None:
    text = raw.decode("utf-8", "replace")
    if kind == "queue_log":
        return moment(text.partition("|")[0], "", Wall(), first=False)
    fields = next(csv.reader([text.replace("\0", "")]), [])
    place = 1 if kind == "cel" else CSV_CDR.index("end")
    return moment(fields[place], "", Wall(), first=False) if len(fields) > place else None


def _opened(file: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(file, "rb")) if file.suffix == ".gz" else file.open("rb")


def _unreadable(file: Path, wrong: Exception) -> Unavailable:
    return Unavailable(
        f"{file} cannot be read: {getattr(wrong, 'strerror', None) or wrong}; let the user of the service read it "
        "(the group asterisk, as a rule)",
        code="history_unreadable",
    )
