"""What the PBX told, kept for a while as it came: for "why did it (not) pop" and for mending what we misread.

Personal data: files are 0600, bounded in size and thrown away by age. A disk that takes no more never stops the
reader; what could not be kept is counted.
"""

from __future__ import annotations

import os
import re
import struct
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from callcenter import metrics
from callcenter.ami.framing import END
from callcenter.log import logger

log = logger(__name__)
FILE_BYTES: Final = 32 * 1024 * 1024
FILES: Final = 1000
OLDER_BYTES: Final = 15 * FILE_BYTES
DAYS: Final = 14
TIMES: Final = ".times"
HEARD: Final = ".heard"
MARK: Final = struct.Struct("<dQ")
"""A mark beside a journal: from this moment on (seconds, by the PBX where it says so) from this byte on."""
_MARK_BYTES: Final = 256 * 1024
_BUFFER: Final = 64 * 1024
_TIMESTAMP: Final = re.compile(rb"\r\nTimestamp: (\d{9,11}\.\d{6})\r\n")


class Journal:
    """Appends bytes to ``<folder>/<pbx>-<time>.ami``, a new file when one is full; beside it, what time it is where.
    No more than so many ``files`` are kept, and of those before the one that is written so many bytes, ``older``."""

    def __init__(self, folder: Path, pbx: str, *, files: int = FILES, older: int = OLDER_BYTES) -> None:
        self._most = files, older
        self._folder = folder
        self._pbx = pbx
        self._file: int | None = None
        self._times: int | None = None
        self._written = 0
        self._marked = -_MARK_BYTES
        self._buffer = bytearray()
        self._lost = metrics.contained.labels(part="journal")

    def append(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) >= _BUFFER:
            self.flush()

    def flush(self) -> None:
        """Writes what is buffered; called by the owner's tick too."""
        if not self._buffer:
            return
        data, self._buffer = bytes(self._buffer), bytearray()
        try:
            self._write(data)
        except OSError as wrong:
            self._lost.inc()
            log.warning("journal_not_written", pbx=self._pbx, reason=wrong.strerror, lost_bytes=len(data))
            self._shut()

    def close(self) -> None:
        """Nobody writes any more for now: what was written outlives a power cut."""
        self.flush()
        try:
            for file in filter(None, (self._file, self._times)):
                os.fsync(file)
        except OSError as wrong:
            log.warning("journal_not_synced", pbx=self._pbx, reason=wrong.strerror)
        self._shut()

    def _shut(self) -> None:
        for file in (self._file, self._times):
            if file is not None:
                os.close(file)
        self._file = self._times = None

    def heard(self, until: datetime) -> None:
        """Everything that was told until then has been understood and kept."""
        try:
            self._heard.touch(0o600)
            os.utime(self._heard, (until.timestamp(), until.timestamp()))
        except OSError as wrong:
            log.warning("journal_not_marked", pbx=self._pbx, reason=wrong.strerror)

    def last(self) -> datetime | None:
        """Until when that was so, by this service or the one before it; None where it never was. What is written while
        a link is set up has not been understood."""
        marks = [self._heard] if self._heard.exists() else of_pbx(self._folder, self._pbx)
        times = [path.stat().st_mtime for path in marks]
        return datetime.fromtimestamp(max(times), UTC) if times else None

    @property
    def _heard(self) -> Path:
        return self._folder / f"{self._pbx}{HEARD}"

    def _write(self, data: bytes) -> None:
        if self._file is not None and self._written >= FILE_BYTES:
            head, end, rest = data.partition(END)  # no message is torn in two
            if end:
                os.write(self._file, head + end)
                data = rest
            self._shut()
        if self._file is None:
            self._open()
        if self._file is not None:
            self._mark(data)
            self._written += os.write(self._file, data)

    def _mark(self, data: bytes) -> None:
        if self._times is None or self._written - self._marked < _MARK_BYTES:
            return
        found = _TIMESTAMP.search(data)
        os.write(self._times, MARK.pack(float(found[1]) if found else time.time(), self._written))
        self._marked = self._written

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._prune()
        path = self._folder / f"{self._pbx}-{time.time_ns()}.ami"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._times = os.open(path.with_suffix(TIMES), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._written, self._marked = 0, -_MARK_BYTES

    def _prune(self) -> None:
        """Room for one more; a link that is lost every minute leaves many small files."""
        oldest, (most, room) = time.time() - DAYS * 86400, self._most
        for number, path in enumerate(reversed(of_pbx(self._folder, self._pbx)), start=1):
            said = path.stat()
            room -= said.st_size
            if number >= most or room < 0 or said.st_mtime < oldest:
                _remove(path)


def of_pbx(folder: Path, pbx: str) -> list[Path]:
    """The files of one PBX, oldest first; another one's name may begin alike."""
    named = re.compile(re.escape(pbx) + r"-\d+\.ami")
    return sorted(path for path in folder.glob("*.ami") if named.fullmatch(path.name))


def older(folder: Path, before: datetime) -> list[Path]:
    """The files of all PBXs that nobody wrote to since."""
    return [path for path in sorted(folder.glob("*.ami")) if path.stat().st_mtime < before.timestamp()]


def drop(folder: Path, before: datetime) -> int:
    """Removes those; how many."""
    found = older(folder, before)
    for path in found:
        _remove(path)
    return len(found)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_suffix(TIMES).unlink(missing_ok=True)


def blot(folder: Path, numbers: Iterable[str], names: Iterable[str] = ()) -> int:
    """Writes ``x`` over these numbers and names, in place and of the same length, so that the stream stays readable
    and an open file can go on being written to; in how many places.

    A number is any run of digits that ends with one of ``numbers``, however it was prefixed.
    """
    wanted = [rb"(?<!\d)\d*" + re.escape(number.encode()) + rb"(?!\d)" for number in numbers if number]
    wanted += [re.escape(name.encode()) for name in names if name]
    if not wanted:
        return 0
    pattern = re.compile(b"|".join(wanted))
    return sum(_blot(path, pattern) for path in sorted(folder.glob("*.ami")))


def _blot(path: Path, pattern: re.Pattern[bytes]) -> int:
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return 0
    try:
        found = [match.span() for match in pattern.finditer(path.read_bytes())]
        for start, end in found:
            os.pwrite(file, b"x" * (end - start), start)
        os.fsync(file)
    finally:
        os.close(file)
    return len(found)
