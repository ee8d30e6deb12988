"""A finished call's recording is stored once, and what cannot be stored says why and heals."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.bus import Bus
from callcenter.clock import SetClock
from callcenter.config import Recordings
from callcenter.crm.models.calls import CallRow, RecordingRow
from callcenter.crm.sounds import DROP
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.health import Health
from callcenter.ids import new_id
from callcenter.jobs import Job
from callcenter.recording.capture import Capture, open_store
from callcenter.recording.captured import KIND
from callcenter.recording.shelf import Shelf
from tests.privacy.allowed import allow_recording
from tests.recording.test_files import crashed, speech
from tests.until import until_async

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


class Desk:
    """A store and a spool on disk, and a database."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.clock = SetClock(at=NOW)
        self.health = Health(Bus(), self.clock)
        self.spool = folder / "monitor"
        self.spool.mkdir()
        self.kept = folder / "store"
        store = open_store(self.kept.as_uri())
        self.capture = Capture(db, self.clock, self.health, self.recordings_of, store)

    def recordings_of(self, pbx: str) -> Recordings:
        """Where this machine sees what a PBX recorded."""
        return Recordings(spool=self.spool if pbx == "main" else self.spool.with_name(pbx))

    async def add(self, name: str, pbx: str = "main") -> UUID:
        call = CallRow(pbx=pbx, uniqueid=str(new_id()), direction="inbound", state="ended", number_raw="1")
        call.withheld, call.started_at, call.ended_at = False, NOW, NOW
        recording = RecordingRow(id=new_id(), pbx=pbx, path=f"/var/spool/asterisk/monitor/{name}", state="waiting")
        recording.started_at = NOW

        def write(session: Session) -> None:
            session.add(call)
            session.flush()
            recording.call_id = call.id
            session.add(recording)

        await self.db.write(write)
        return recording.id

    async def row(self, recording: UUID) -> RecordingRow:
        return await self.db.read(lambda s: s.get_one(RecordingRow, recording))

    async def same_call(self, first: UUID, second: UUID) -> None:
        """The second recording is of the first one's call, too."""

        def write(session: Session) -> None:
            session.get_one(RecordingRow, second).call_id = session.get_one(RecordingRow, first).call_id

        await self.db.write(write)

    def lay(self, file: Path) -> None:
        """The file was last written to just now, by this desk's clock."""
        now = self.clock.now().timestamp()
        os.utime(file, (now, now))

    async def due(self) -> int:
        """How many jobs may run now."""
        now = self.clock.now()
        return await self.db.read(lambda s: s.query(Job).filter(Job.run_at <= now).count())

    async def to_be_dropped(self) -> list[str]:
        """What has to go from the store."""
        wanted = select(Job.args).where(Job.kind == DROP, Job.done_at.is_(None))
        return [key for args in await self.db.read(lambda s: list(s.scalars(wanted))) for key in args["keys"]]

    async def tried(self, times: int, left: int) -> None:
        """Every recording's job was done so many times; so many are to be done again."""
        all_jobs = select(Job).where(Job.kind == KIND)

        async def so_far() -> bool:
            told = await self.db.read(lambda s: list(s.scalars(all_jobs)))
            undone = [job for job in told if job.done_at is None]
            return len(undone) == left and all(job.attempts == times and not job.leased_until for job in undone)

        await until_async(so_far, 20, f"{left} jobs left after {times} tries")

    async def store(self, recording: UUID) -> RecordingRow:
        await self.capture.store({"recording": str(recording)})
        return await self.row(recording)


@pytest.fixture
async def desk(sqlite_db: Database, tmp_path: Path) -> Desk:
    await sqlite_db.write(lambda s: allow_recording(s, NOW))
    return Desk(sqlite_db, tmp_path)


async def test_a_whole_file_is_stored_with_its_hash_and_length(desk: Desk) -> None:
    file = speech(desk.spool / "1.wav", seconds=1.5)
    row = await desk.store(await desk.add("1.wav"))
    kept = desk.kept / row.store_key
    assert (row.state, row.duration_s, row.channels) == ("stored", 1.5, 1)
    assert kept.read_bytes() == file.read_bytes()
    assert row.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert file.exists()


async def test_files_of_one_name_on_two_pbxs_are_each_their_own_calls(desk: Desk) -> None:
    await desk.db.write(lambda s: allow_recording(s, NOW, pbx="branch"))
    desk.spool.with_name("branch").mkdir()
    mine = speech(desk.spool / "1.wav", seconds=1.5)
    other = speech(desk.spool.with_name("branch") / "1.wav", seconds=2.5)
    rows = [await desk.store(await desk.add("1.wav", pbx)) for pbx in ("main", "branch")]
    assert [row.duration_s for row in rows] == [1.5, 2.5]
    shelf = Shelf(desk.capture.kept, desk.recordings_of, desk.kept)
    assert (await shelf.drop_on_pbx([(rows[1].pbx, rows[1].path)])).gone == 1
    assert (mine.exists(), other.exists()) == (True, False)


async def test_a_crashed_pbx_costs_the_header_not_the_sound(desk: Desk) -> None:
    recording = await desk.add("1.wav")
    desk.lay(crashed(desk.spool / "1.wav"))
    assert (await desk.store(recording)).state == "waiting"
    desk.clock.move(6)
    assert await desk.due() == 1
    row = await desk.store(recording)
    assert (row.state, row.error, row.duration_s) == ("stored", "repaired", 1.0)


async def test_a_file_that_is_still_written_to_is_left_alone(desk: Desk) -> None:
    recording = await desk.add("1.wav")
    desk.clock.move(3600)
    desk.lay(crashed(desk.spool / "1.wav"))
    assert (await desk.store(recording)).state == "waiting"
    assert list(desk.kept.rglob("*.wav")) == []


async def test_hostile_and_empty_ones_end_with_a_reason(desk: Desk) -> None:
    desk.lay(speech(desk.spool / "empty.wav", seconds=0))
    empty = await desk.add("empty.wav")
    desk.clock.move(6)
    assert (await desk.store(empty)).state == "empty"
    assert (await desk.store(await desk.add("../../../etc/shadow.wav"))).state == "refused"


async def test_a_late_file_is_waited_for_and_then_missing(desk: Desk) -> None:
    recording = await desk.add("late.wav")
    with pytest.raises(Unavailable):
        await desk.store(recording)
    desk.clock.move(timedelta(minutes=11).total_seconds())
    assert (await desk.store(recording)).state == "missing"


async def test_an_unreadable_spool_is_told_and_heals(desk: Desk) -> None:
    recording = await desk.add("1.wav")
    away = desk.spool.rename(desk.spool.with_name("unmounted"))
    with pytest.raises(Unavailable):
        await desk.store(recording)
    part = desk.health.parts["recordings"]
    assert (part.ok, part.code) == (False, "spool_unreadable")
    away.rename(desk.spool)
    speech(desk.spool / "1.wav")
    assert (await desk.store(recording)).state == "stored"
    assert desk.health.parts["recordings"].ok


async def test_a_recording_whose_end_nobody_saw_is_swept_up(desk: Desk) -> None:
    recording = await desk.add("1.wav")

    def reopen(session: Session) -> None:
        session.get_one(RecordingRow, recording).state = "recording"

    await desk.db.write(reopen)
    assert await desk.capture.sweep() == 0
    desk.clock.move(600)
    assert await desk.capture.sweep() == 1
    assert (await desk.row(recording)).state == "waiting"


async def test_a_pipe_with_the_name_of_a_recording_blocks_nobody(desk: Desk) -> None:
    os.mkfifo(desk.spool / "1.wav")
    assert (await desk.store(await desk.add("1.wav"))).state == "refused"


async def test_a_long_call_is_not_missing_the_moment_it_ends(desk: Desk) -> None:
    recording = await desk.add("1.wav")

    def long(session: Session) -> None:
        session.get_one(RecordingRow, recording).started_at = NOW - timedelta(hours=2)

    await desk.db.write(long)
    with pytest.raises(Unavailable):
        await desk.store(recording)


async def test_what_is_stored_is_not_stored_again(desk: Desk) -> None:
    speech(desk.spool / "1.wav")
    recording = await desk.add("1.wav")
    first = await desk.store(recording)
    speech(desk.spool / "1.wav", seconds=3)
    assert (await desk.store(recording)).sha256 == first.sha256


async def test_a_store_in_a_folder_with_a_blank(tmp_path: Path) -> None:
    open_store((tmp_path / "my recordings").as_uri())
    assert (tmp_path / "my recordings").is_dir()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    disk = tmp_path / "small"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


def sounds(folder: Path) -> list[Path]:
    return list(folder.rglob("*.wav"))


def grow(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=1m", disk], check=True)


async def test_a_full_store_is_told_leaves_no_half_file_and_heals(sqlite_db: Database, small_disk: Path) -> None:
    desk = Desk(sqlite_db, small_disk.parent)
    await sqlite_db.write(lambda s: allow_recording(s, NOW))
    store = open_store(small_disk.as_uri())
    desk.capture = Capture(sqlite_db, desk.clock, desk.health, desk.recordings_of, store)
    speech(desk.spool / "1.wav", seconds=10)
    recording = await desk.add("1.wav")
    with pytest.raises(Unavailable):
        await desk.store(recording)
    assert desk.health.parts["recordings"].code == "store_unavailable"
    assert sounds(small_disk) == []
    grow(small_disk)
    assert (await desk.store(recording)).state == "stored"
    assert desk.health.parts["recordings"].ok
