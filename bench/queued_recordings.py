"""Ten thousand recordings that wait at once, as after a night without the PBX's folder, with calls that go on ending.

``./run bench queued_recordings [FILES]``: each file is claimed, inspected, read, hashed and stored by the service's own
jobs on SQLite. The baseline in the same run reads, hashes and writes the same sound and commits one row each with
sqlite3. The figure is the one's files a second over the other's. Fails under 0.15, when the recording of a call that
ends meanwhile is not playable within 2 s, when memory grows by more than 5 % after the first tenth, or when anything is
lost or stored twice. Pages that SQLite keeps (up to 4 MB for who writes, 1 MB a reader) are counted apart: they fill
as the database grows. Memory is the median of the first and of the last fifth of the looks at it: files in hand make it
differ by some megabytes from one look to the next.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import ctypes.util
import hashlib
import os
import sqlite3
import statistics
import tempfile
import time
import wave
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter import heap, jobs
from callcenter.bus import Bus
from callcenter.clock import SystemClock
from callcenter.config import Recordings
from callcenter.crm.models.calls import CallRow, RecordingRow
from callcenter.crm.schema import migrate
from callcenter.db import Database
from callcenter.health import Health
from callcenter.ids import new_id
from callcenter.jobs import AT_ONCE, Jobs
from callcenter.recording.capture import Capture, open_store
from callcenter.recording.captured import KIND
from tests.privacy.allowed import allow_recording
from tests.until import until_async

BAR: Final = 0.15
NEWEST_S: Final = 2.0
GROWTH: Final = 0.05
SECONDS: Final = 4
MONITOR: Final = "/var/spool/asterisk/monitor"
_BATCH: Final = 500
_FRESH_EVERY_S: Final = 0.5


@dataclass
class Found:
    """Seconds, megabytes, files."""

    took_s: float = 0.0
    newest_s: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    pages_mb: list[float] = field(default_factory=list)
    stored: int = 0
    kept: int = 0


def sound(file: Path) -> Path:
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(os.urandom(8000 * 2 * SECONDS))
    return file


def bare(folder: Path, file: Path, files: int) -> float:
    """Seconds for as many files without anything of ours."""
    store = folder / "bare"
    store.mkdir()
    db = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE r (id TEXT PRIMARY KEY, sha TEXT)")
    began = time.perf_counter()
    for number in range(files):
        data = file.read_bytes()
        (store / f"{number}.wav").write_bytes(data)
        db.execute("INSERT INTO r VALUES (?, ?)", (str(number), hashlib.sha256(data).hexdigest()))
    took = time.perf_counter() - began
    db.close()
    return took


class Night:
    """A spool, a store and a database, and the jobs that bring one into the other."""

    def __init__(self, folder: Path, file: Path) -> None:
        self.spool, self.store, self.file = folder / "monitor", folder / "store", file
        self.spool.mkdir()
        self.db = Database(f"sqlite:///{folder / 'bench.sqlite3'}")
        clock = SystemClock()
        spools = Recordings(spool=self.spool)
        capture = Capture(self.db, clock, Health(Bus(), clock), lambda _: spools, open_store(self.store.as_uri()))
        self.jobs = Jobs(self.db, clock, at_once=AT_ONCE)
        self.jobs.on(KIND, capture.store)

    async def wait_in_line(self, files: int, ended_at: datetime) -> list[UUID]:
        """Recordings of calls that ended then, all due."""
        made: list[UUID] = []
        for at in range(0, files, _BATCH):
            rows = [self._lay() for _ in range(min(_BATCH, files - at))]

            def write(session: Session, rows: list[UUID] = rows) -> None:
                for recording in rows:
                    self._row(session, recording, ended_at)

            await self.db.write(write)
            made += rows
        return made

    def _lay(self) -> UUID:
        recording = new_id()
        os.link(self.file, self.spool / f"{recording}.wav")
        return recording

    def _row(self, session: Session, recording: UUID, ended_at: datetime) -> None:
        call = CallRow(id=new_id(), pbx="main", uniqueid=str(recording), direction="inbound", state="ended")
        call.number_raw, call.withheld, call.started_at = "1", False, ended_at - timedelta(seconds=SECONDS)
        call.answered_at, call.ended_at = call.started_at, ended_at
        session.add(call)
        session.flush()
        row = RecordingRow(id=recording, call_id=call.id, pbx="main", path=f"{MONITOR}/{recording}.wav")
        row.state, row.started_at = "waiting", call.started_at
        session.add(row)
        session.flush()
        jobs.enqueue(session, KIND, {"recording": str(recording)}, at=ended_at)

    async def stored(self) -> int:
        done = select(func.count()).select_from(RecordingRow).where(RecordingRow.state == "stored")
        return await self.db.read(lambda s: s.scalar(done)) or 0

    async def newest(self) -> float:
        """Seconds from the end of a call until its recording can be played."""
        began = time.perf_counter()
        ended_at = datetime.now(UTC)
        (recording,) = await self.wait_in_line(1, ended_at)
        self.jobs.wake()
        file = self.store / f"{ended_at - timedelta(seconds=SECONDS):%Y/%m/%d}" / f"{recording}.wav"

        async def playable() -> bool:
            """The database is asked when the file is there: asking over and over costs as much as what is measured."""
            state = select(RecordingRow.state).where(RecordingRow.id == recording)
            return file.exists() and await self.db.read(lambda s: s.scalar(state)) == "stored"

        await until_async(playable, 600, "the newest recording")
        return time.perf_counter() - began


def pages_mb() -> float:
    """What SQLite holds, of all connections."""
    library = ctypes.CDLL(ctypes.util.find_library("sqlite3"))
    library.sqlite3_memory_used.restype = ctypes.c_int64
    return float(library.sqlite3_memory_used()) / 1024**2


def memory_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024**2


async def measure(folder: Path, file: Path, files: int) -> Found:
    night, found = Night(folder, file), Found()
    await night.db.start()
    try:
        await night.db.write(lambda s: allow_recording(s, datetime.now(UTC) - timedelta(days=1)))
        await night.wait_in_line(files, datetime.now(UTC) - timedelta(hours=1))
        working = asyncio.create_task(night.jobs.run())
        began, fresh = time.perf_counter(), 0
        while (done := await night.stored()) < files + fresh:
            found.newest_s.append(await night.newest())
            fresh += 1
            if done > files / 10:
                found.pages_mb.append(pages_mb())
                found.memory_mb.append(memory_mb() - found.pages_mb[-1])
            await asyncio.sleep(_FRESH_EVERY_S)
        found.took_s = time.perf_counter() - began
        working.cancel()
        found.stored = await night.stored() - fresh
        found.kept = len(list(night.store.rglob("*.wav"))) - fresh
    finally:
        await night.db.close()
    return found


def report(found: Found, files: int, alone_s: float) -> bool:
    rate, plain = files / found.took_s, files / alone_s
    ratio, newest = rate / plain, max(found.newest_s)
    memory, pages = found.memory_mb or [memory_mb()], found.pages_mb or [0.0]
    fifth = max(1, len(memory) // 5)
    early, late = statistics.median(memory[:fifth]), statistics.median(memory[-fifth:])
    growth = late / early - 1
    print(f"{files} files of {SECONDS} s: {found.took_s:.1f} s, {rate:.0f} a second; bare {plain:.0f} a second")
    print(
        f"newest playable after {statistics.median(found.newest_s):.2f} s (median), {newest:.2f} s (worst of "
        f"{len(found.newest_s)}); bar {NEWEST_S:g}"
    )
    print(f"memory {early:.0f} MB after a tenth, {late:.0f} MB at the end: {growth:+.1%}; bar {GROWTH:.0%}")
    print(f"beside it SQLite's pages: {pages[0]:.0f} MB, {pages[-1]:.0f} MB")
    print(f"{found.stored} stored, {found.kept} kept, of {files}")
    whole = found.stored == found.kept == files
    passed = ratio >= BAR and newest <= NEWEST_S and growth <= GROWTH and whole
    print(f"queued_recordings {ratio:.2f} {BAR:g} {'pass' if passed else 'fail'}")
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=int, nargs="?", default=10_000)
    files: int = parser.parse_args().files
    heap.one_for_all_threads()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = sound(folder / "sound.wav")
        migrate(f"sqlite:///{folder / 'bench.sqlite3'}")
        alone_s = bare(folder, file, files)
        found = asyncio.run(measure(folder, file, files))
    return 0 if report(found, files, alone_s) else 1


if __name__ == "__main__":
    raise SystemExit(main())
