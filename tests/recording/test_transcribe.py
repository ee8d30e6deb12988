"""Real speech, a real model, a process of its own: who said what, and what a fault of speech costs."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.bus import Bus
from callcenter.clock import SetClock
from callcenter.crm.models.calls import CallRow, RecordingRow
from callcenter.crm.models.transcripts import Transcript, Utterance
from callcenter.db import Database
from callcenter.demo.spool import Dialogue, dialogues, header, pcm
from callcenter.errors import Unavailable
from callcenter.health import Health
from callcenter.ids import new_id
from callcenter.jobs import Job
from callcenter.recording.capture import open_store
from callcenter.recording.ears import Ears
from callcenter.recording.transcribe import Transcriber

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
MODEL = Path(__file__).parents[2] / "callcenter" / "demo" / "speech" / "model-tiny"
TALK = next(one for one in dialogues() if one.name == "late_delivery")


class Room:
    """A store with recordings in it, and whoever listens to them."""

    def __init__(self, db: Database, folder: Path, model: Path | None = MODEL) -> None:
        self.db = db
        self.folder = folder / "store"
        self.health = Health(Bus(), SetClock(at=NOW))
        self.ears = Ears(model, self.health)
        self.transcriber = Transcriber(db, SetClock(at=NOW), open_store(self.folder.as_uri()), self.ears)

    async def lay(self, sound: bytes, seconds: float) -> UUID:
        """A stored recording of an ended call."""
        call = CallRow(pbx="main", uniqueid=str(new_id()), direction="inbound", state="ended", number_raw="1")
        call.withheld, call.started_at, call.ended_at = False, NOW, NOW
        row = RecordingRow(id=new_id(), pbx="main", path=f"/{new_id()}.wav", state="stored", store_key="1.wav")
        row.started_at, row.stored_at, row.duration_s, row.channels = NOW, NOW, seconds, 2
        (self.folder / "1.wav").write_bytes(sound)

        def write(session: Session) -> None:
            session.add(call)
            session.flush()
            row.call_id = call.id
            session.add(row)

        await self.db.write(write)
        return row.id

    async def listen(self, recording: UUID) -> None:
        await self.transcriber.job({"recording": str(recording)})

    async def transcript(self, recording: UUID) -> Transcript | None:
        return await self.db.read(lambda s: s.scalar(select(Transcript).where(Transcript.recording_id == recording)))

    async def said(self, recording: UUID) -> list[Utterance]:
        wanted = select(Utterance).where(Utterance.recording_id == recording).order_by(Utterance.seq)
        return await self.db.read(lambda s: list(s.scalars(wanted)))


@pytest.fixture
async def room(db: Database, tmp_path: Path) -> AsyncIterator[Room]:
    made = Room(db, tmp_path)
    yield made
    await made.ears.close()


def sound(talk: Dialogue) -> bytes:
    data = pcm(talk, talk.seconds)
    return header(len(data)) + data


def words_of(said: list[Utterance], speaker: str) -> list[str]:
    return " ".join(one.text for one in said if one.speaker == speaker).split()


def script(talk: Dialogue, *, caller: bool) -> list[str]:
    return " ".join(turn.words for turn in talk.turns if turn.caller is caller).split()


def wrong_words(true: list[str], heard: list[str]) -> int:
    """The least number of words to change, add or leave out (Levenshtein), as word error rates count them."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(true, start=1):
        above, row[0] = row[0], at
        for place, other in enumerate(heard, start=1):
            above, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, above + (word != other))
    return row[-1]


async def test_each_speakers_words_are_heard_right(room: Room) -> None:
    wrong = spoken = 0
    for talk in dialogues():
        recording = await room.lay(sound(talk), talk.seconds)
        await room.listen(recording)
        said = await room.said(recording)
        for caller, name in ((True, "customer"), (False, "agent")):
            wrong += wrong_words(script(talk, caller=caller), words_of(said, name))
            spoken += len(script(talk, caller=caller))
    assert wrong / spoken <= 0.05


async def test_every_word_is_its_speakers_and_in_its_place(room: Room) -> None:
    recording = await room.lay(sound(TALK), TALK.seconds)
    await room.listen(recording)
    said = await room.said(recording)
    starts = [(turn.start / 8000, "customer" if turn.caller else "agent") for turn in TALK.turns]
    begun = [(one.start_s, one.speaker) for one in said]
    assert [speaker for _, speaker in begun] == [speaker for _, speaker in starts]
    assert all(abs(ours - true) < 0.3 for (ours, _), (true, _) in zip(begun, starts, strict=True))
    kept = await room.transcript(recording)
    assert kept is not None
    assert (kept.state, kept.model) == ("done", "model-tiny")


async def test_listening_twice_keeps_one_transcript(room: Room) -> None:
    recording = await room.lay(sound(TALK), TALK.seconds)
    await room.listen(recording)
    first = [one.text for one in await room.said(recording)]
    await room.listen(recording)
    assert [one.text for one in await room.said(recording)] == first


async def test_a_file_that_is_no_sound_fails_alone(room: Room) -> None:
    broken = await room.lay(b"RIFF" + bytes(100), 1.0)
    await room.listen(broken)
    kept = await room.transcript(broken)
    assert kept is not None
    assert kept.state == "failed"
    assert kept.error
    fine = await room.lay(sound(TALK), TALK.seconds)
    await room.listen(fine)
    assert words_of(await room.said(fine), "agent")


async def test_an_engine_that_dies_is_started_anew(room: Room) -> None:
    recording = await room.lay(sound(TALK), TALK.seconds)
    await room.listen(recording)
    assert room.ears.pid is not None
    os.kill(room.ears.pid, signal.SIGSTOP)
    os.kill(room.ears.pid, signal.SIGKILL)
    with pytest.raises(Unavailable):
        await room.ears.hear(room.folder / "1.wav", 1.0)
    again = await room.lay(sound(TALK), TALK.seconds)
    await room.listen(again)
    assert words_of(await room.said(again), "customer") == script(TALK, caller=True)


async def test_a_missing_model_is_told_with_its_remedy_and_costs_no_attempt(db: Database, tmp_path: Path) -> None:
    room = Room(db, tmp_path, model=tmp_path / "nothing")
    recording = await room.lay(sound(TALK), TALK.seconds)
    with pytest.raises(Unavailable, match="CALLCENTER_SPEECH__MODEL"):
        await room.listen(recording)
    kept = await room.transcript(recording)
    assert kept is not None
    assert (kept.state, kept.attempts) == ("waiting", 0)
    assert room.health.parts["speech"].code == "speech_unavailable"


async def test_recordings_nobody_heard_are_taken_up_once(room: Room) -> None:
    recording = await room.lay(sound(TALK), TALK.seconds)
    assert (await room.transcriber.take_up(), await room.transcriber.take_up()) == (1, 0)
    (job,) = await room.db.read(lambda s: list(s.scalars(select(Job))))
    assert job.args == {"recording": str(recording)}


async def test_without_a_model_nobody_waits_for_one(db: Database, tmp_path: Path) -> None:
    room = Room(db, tmp_path, model=None)
    recording = await room.lay(sound(TALK), TALK.seconds)
    assert await room.transcriber.take_up() == 0
    await room.listen(recording)
    assert await room.transcript(recording) is None
