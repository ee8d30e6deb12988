"""A finished call's recording is stored once, and what cannot be stored says why and heals."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from callcenter.bus import Bus
from callcenter.clock import SetClock
from callcenter.config import Recordings
from callcenter.crm.models import CallRow, RecordingRow
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.health import Health
from callcenter.ids import new_id
from callcenter.recording.capture import Capture, open_store
from tests.recording.test_files import crashed, speech

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
        settings = Recordings(spool=self.spool)
        store = open_store(self.kept.as_uri())
        self.capture = Capture(db, self.clock, self.health, settings, store)

    async def add(self, name: str) -> UUID:
        call = CallRow(pbx="main", uniqueid=str(new_id()), direction="inbound", state="ended", number_raw="1")
        call.withheld, call.started_at, call.ended_at = False, NOW, NOW
        recording = RecordingRow(id=new_id(), pbx="main", path=f"/var/spool/asterisk/monitor/{name}", state="waiting")
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

    async def store(self, recording: UUID) -> RecordingRow:
        await self.capture.store({"recording": str(recording)})
        return await self.row(recording)


@pytest.fixture
async def desk(sqlite_db: Database, tmp_path: Path) -> Desk:
    return Desk(sqlite_db, tmp_path)


async def test_a_whole_file_is_stored_with_its_hash_and_length(desk: Desk) -> None:
    file = speech(desk.spool / "1.wav", seconds=1.5)
    row = await desk.store(await desk.add("1.wav"))
    kept = desk.kept / row.store_key
    assert (row.state, row.duration_s, row.channels) == ("stored", 1.5, 1)
    assert kept.read_bytes() == file.read_bytes()
    assert row.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert file.exists()


async def test_a_crashed_pbx_costs_the_header_not_the_sound(desk: Desk) -> None:
    crashed(desk.spool / "1.wav")
    row = await desk.store(await desk.add("1.wav"))
    assert (row.state, row.error, row.duration_s) == ("stored", "repaired", 1.0)


async def test_hostile_and_empty_ones_end_with_a_reason(desk: Desk) -> None:
    speech(desk.spool / "empty.wav", seconds=0)
    assert (await desk.store(await desk.add("empty.wav"))).state == "empty"
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
