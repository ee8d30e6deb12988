"""What was recorded of calls nobody answered: empty files are settled together, sounds are stored like any other."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from callcenter.clock import SetClock
from callcenter.config import Received, Recordings
from callcenter.crm.models.calls import RecordingRow
from callcenter.db import Database
from callcenter.jobs import Job
from callcenter.recording.unanswered import Unanswered
from tests.recording.test_files import speech
from tests.spine.story import START, Story
from tests.spine.test_ledger import running

GONE = START + timedelta(seconds=4)


class Room:
    """A spool, and whoever looks at what is in it."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.clock = SetClock(at=GONE)
        self.place: Recordings = Recordings(spool=folder)
        self.unanswered = Unanswered(db, self.clock, lambda _pbx: self.place)

    def file(self, name: str, seconds: float) -> None:
        """What the PBX wrote when the caller was gone."""
        assert self.place.spool is not None
        file = speech(self.place.spool / name, seconds)
        os.utime(file, (GONE.timestamp(), GONE.timestamp()))

    async def gives_up(self, *names: str) -> None:
        """Callers whom nobody answers, each recorded to a file."""
        async with running(self.db) as (ledger, heard):
            for name in names:
                story = Story(uniqueid=name).arrives().is_recorded(f"/var/spool/asterisk/monitor/{name}")
                for event in story.ends().events:
                    await ledger.take(event)
            for change in heard:
                await self.unanswered.changed(change)

    async def look(self, seconds: float) -> tuple[dict[str, str], int]:
        """So long after the last of them: the recordings' states by file, and how many will be stored."""
        self.clock.at = GONE + timedelta(seconds=seconds)
        await self.unanswered.look()
        rows = await self.db.read(lambda s: s.execute(select(RecordingRow.path, RecordingRow.state)).all())
        jobs = await self.db.read(lambda s: len(s.scalars(select(Job.id)).all()))
        return {Path(path).name: state for path, state in rows}, jobs


@pytest.fixture
async def room(db: Database, tmp_path: Path) -> Room:
    return Room(db, tmp_path)


async def test_empty_files_are_settled_once_nobody_writes_to_them(room: Room) -> None:
    room.file("1.wav", seconds=0)
    room.file("2.wav", seconds=0)
    await room.gives_up("1.wav", "2.wav")
    assert await room.look(4) == ({"1.wav": "recording", "2.wav": "recording"}, 0)
    assert await room.look(7) == ({"1.wav": "empty", "2.wav": "empty"}, 0)


async def test_a_message_and_a_file_that_is_not_there_are_handed_over(room: Room) -> None:
    room.file("message.wav", seconds=2)
    await room.gives_up("message.wav", "late.wav", "../outside.wav")
    assert await room.look(7) == ({"message.wav": "waiting", "late.wav": "waiting", "outside.wav": "waiting"}, 3)


async def test_what_was_sent_here_is_settled_by_whoever_stores_it(room: Room) -> None:
    room.file("1.wav", seconds=0)
    room.place = Received(spool=room.place.spool)
    await room.gives_up("1.wav")
    assert await room.look(7) == ({"1.wav": "waiting"}, 1)


async def test_what_was_handed_over_meanwhile_is_left_alone(room: Room) -> None:
    room.file("1.wav", seconds=0)
    await room.gives_up("1.wav")
    await room.db.write(lambda s: setattr(s.scalars(select(RecordingRow)).one(), "state", "waiting"))
    assert await room.look(7) == ({"1.wav": "waiting"}, 0)
