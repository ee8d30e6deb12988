"""Real speech, a real model, a process of its own: who said what, and what a fault of speech costs."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from obstore.store import ObjectStore
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter.bus import Bus
from callcenter.clock import SetClock
from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.crm.models.queues import Queue
from callcenter.crm.models.transcripts import Transcript, Utterance
from callcenter.db import Database
from callcenter.demo.spool import Dialogue, dialogues, header, pcm
from callcenter.errors import Unavailable
from callcenter.health import Health
from callcenter.ids import new_id
from callcenter.jobs import Job
from callcenter.recording import models, waiting
from callcenter.recording.capture import open_store
from callcenter.recording.ears import Ears
from callcenter.recording.listeners import Listeners
from callcenter.recording.listening import GIVES_WAY
from callcenter.recording.models import HOW, OFF, Model, Models
from callcenter.recording.spoken import Part, agent_at
from callcenter.recording.transcribe import Transcriber
from tests.recording.words import script, words_of, wrong_words
from tests.until import until_async

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
MODEL = Path(__file__).parents[2] / "callcenter" / "demo" / "speech" / "model-tiny"
TALK = next(one for one in dialogues() if one.name == "late_delivery")


class Room:
    """A store with recordings in it, and whoever listens to them."""

    def __init__(self, db: Database, folder: Path, model: Path | None = MODEL, silent_s: float = 60.0) -> None:
        self.db = db
        self.folder = folder / "store"
        self.health = Health(Bus(), SetClock(at=NOW))
        self.ears = Ears(silent_s)
        self.models = Models(folder / "models", model)
        self.hear_from(open_store(self.folder.as_uri()))

    def hear_from(self, store: ObjectStore) -> None:
        listeners = Listeners(self.models, [self.ears], self.health)
        self.transcriber = Transcriber(self.db, SetClock(at=NOW), store, listeners)

    async def lay(self, sound: bytes, seconds: float, queue: str = "") -> UUID:
        """A stored recording of an ended call, which a queue's agent answered."""
        call = CallRow(pbx="main", uniqueid=str(new_id()), direction="inbound", state="ended", number_raw="1")
        call.withheld, call.started_at, call.ended_at = False, NOW, NOW
        row = RecordingRow(
            id=new_id(), pbx="main", path=f"/{new_id()}.wav", state="stored", store_key=f"{new_id()}.wav"
        )
        row.started_at, row.stored_at, row.duration_s, row.channels = NOW, NOW, seconds, 2
        (self.folder / row.store_key).write_bytes(sound)
        part = SegmentRow(seq=0, device="PJSIP/101", leg="1.2", role="owner", via="queue", queue=queue, answered_at=NOW)

        def write(session: Session) -> None:
            session.add(call)
            session.flush()
            row.call_id = part.call_id = call.id
            session.add_all([row, part])

        await self.db.write(write)
        return row.id

    async def listen(self, recording: UUID) -> None:
        await self.transcriber.job({"recording": str(recording)})

    async def transcript(self, recording: UUID) -> Transcript | None:
        return await self.db.read(lambda s: s.scalar(select(Transcript).where(Transcript.recording_id == recording)))

    async def state(self, recording: UUID) -> tuple[str, int]:
        """How far it is, and how many attempts count against it."""
        kept = await self.transcript(recording)
        assert kept is not None
        return kept.state, kept.attempts

    async def file(self, recording: UUID) -> Path:
        return self.folder / (await self.db.read(lambda s: s.get_one(RecordingRow, recording).store_key))

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


def long_sound(talk: Dialogue) -> bytes:
    """The same again and again: it takes an engine seconds."""
    data = pcm(talk, talk.seconds) * 60
    return header(len(data)) + data


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


async def test_who_listens_leaves_the_processor_to_the_service(room: Room) -> None:
    await room.ears.load(models.of(MODEL))
    listens = os.getpriority(os.PRIO_PROCESS, room.ears.pid or 0)
    assert listens == min(19, os.getpriority(os.PRIO_PROCESS, 0) + GIVES_WAY)


async def test_an_engine_that_dies_costs_its_own_recording_one_attempt(room: Room) -> None:
    fine, unlucky = await room.lay(sound(TALK), TALK.seconds), await room.lay(long_sound(TALK), TALK.seconds)
    listening = asyncio.create_task(room.listen(unlucky))
    await until_async(lambda: room.ears.hearing)
    os.kill(room.ears.pid or 0, signal.SIGKILL)
    with pytest.raises(Unavailable) as died:
        await listening
    await room.listen(fine)
    assert (died.value.code, await room.state(unlucky)) == ("speech_worker_died", ("waiting", 1))
    assert words_of(await room.said(fine), "customer") == script(TALK, caller=True)


async def test_an_engine_that_hangs_is_ended_and_an_unlucky_recording_is_left_in_the_end(
    sqlite_db: Database, tmp_path: Path
) -> None:
    room, hasty = Room(sqlite_db, tmp_path), Room(sqlite_db, tmp_path, silent_s=1.0)
    unlucky = await room.lay(long_sound(TALK), TALK.seconds)
    for _ in range(3):
        listening = asyncio.create_task(hasty.listen(unlucky))
        await until_async(lambda: hasty.ears.hearing)
        os.kill(hasty.ears.pid or 0, signal.SIGSTOP)
        with pytest.raises(Unavailable):
            await listening
        assert hasty.ears.pid is None
    await room.listen(unlucky)
    assert await room.state(unlucky) == ("failed", 4)


async def test_a_store_that_does_not_answer_costs_no_attempt_and_a_file_that_is_gone_is_told(room: Room) -> None:
    recording = await room.lay(sound(TALK), TALK.seconds)
    file, away = await room.file(recording), room.folder.parent / "away"
    file.rename(away)
    file.symlink_to(file)
    for _ in range(5):
        with pytest.raises(Unavailable):
            await room.listen(recording)
    assert await room.state(recording) == ("waiting", 0)
    file.unlink()
    await room.listen(recording)
    assert await room.state(recording) == ("failed", 1)


async def test_a_missing_model_is_told_with_its_remedy_and_costs_no_attempt(db: Database, tmp_path: Path) -> None:
    room = Room(db, tmp_path, model=tmp_path / "nothing")
    recording = await room.lay(sound(TALK), TALK.seconds)
    with pytest.raises(Unavailable, match="callcenter speech list"):
        await room.listen(recording)
    assert await room.state(recording) == ("waiting", 0)
    assert room.health.parts["speech"].code == "speech_unavailable"
    await room.ears.close()


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


async def test_a_queue_says_who_hears_its_talks(room: Room) -> None:
    shutil.copytree(MODEL, room.models.folder / "vosk-model-small-it-0.22")
    for queue, speech in (("sales", "vosk-model-small-it-0.22"), ("secret", OFF), ("later", "not-yet")):
        await room.db.write(partial(_queue, queue, speech))
    sales, secret, later = [await room.lay(sound(TALK), TALK.seconds, queue) for queue in ("sales", "secret", "later")]
    await room.listen(sales)
    await room.listen(secret)
    with pytest.raises(Unavailable, match="callcenter speech install not-yet"):
        await room.listen(later)
    kept = await room.transcript(sales)
    assert kept is not None
    assert (kept.model, (await room.state(secret))[0], await room.said(secret)) == (
        "vosk-model-small-it-0.22",
        "off",
        [],
    )
    assert room.health.parts["speech"].code == "speech_model_missing"
    (room.models.folder / "vosk-model-small-it-0.22").rename(room.models.folder / "not-yet")
    await room.listen(later)
    assert (await room.state(later))[0] == "done"


def _queue(name: str, speech: str, session: Session) -> None:
    session.add(Queue(pbx="main", name=name, speech=speech))


async def test_it_is_told_when_a_transcript_will_be_there(room: Room) -> None:
    first, second, third = [await room.lay(sound(TALK), TALK.seconds) for _ in range(3)]
    await room.transcriber.take_up()
    assert await room.db.read(lambda s: waiting.ready_in(s, third, 1)) is None
    await room.db.write(partial(_heard, first, work_s=TALK.seconds / 2))
    await room.db.write(lambda s: s.execute(update(Job).values(run_at=NOW - timedelta(seconds=1))))
    late = update(Job).where(Job.args["recording"].as_string() == str(third)).values(run_at=NOW)
    await room.db.write(lambda s: s.execute(late))
    told = [await room.db.read(partial(waiting.ready_in, recording=one, processes=2)) for one in (first, second, third)]
    each = TALK.seconds / 2
    assert told == [None, pytest.approx(each), pytest.approx(each + each / 2)]
    backlog = await room.db.read(lambda s: waiting.backlog(s, NOW + timedelta(seconds=1), 2))
    assert backlog.waiting == 2
    assert backlog.ready_in_s == pytest.approx(each)


def _heard(recording: UUID, session: Session, *, work_s: float) -> None:
    session.add(Transcript(recording_id=recording, state="done", work_s=work_s, at=NOW))
    session.execute(update(Job).where(Job.args["recording"].as_string() == str(recording)).values(done_at=NOW))


@pytest.mark.parametrize(
    ("second", "agent"),
    [
        (-3, "anna"),
        (10, "anna"),
        (29, "anna"),
        (31, "boris"),
        (45, "boris"),
        (70, "boris"),
        (75, "clara"),
        (99, "clara"),
    ],
)
def test_words_are_the_agents_who_had_the_customer_then(second: int, agent: str) -> None:
    def part(name: str, began: int, ended: int | None) -> Part:
        at = [None if one is None else NOW + timedelta(seconds=one) for one in (began, ended)]
        return Part(agent=name, answered_at=at[0] or NOW, ended_at=at[1])

    handed_on = [part("clara", 72, None), part("anna", 0, 40), part("boris", 30, 60)]
    assert agent_at(handed_on, NOW + timedelta(seconds=second)) == agent
    assert agent_at([], NOW) == ""


def test_the_only_model_is_the_usual_one_and_of_several_one_is_chosen(tmp_path: Path) -> None:
    assert Models(tmp_path, None).usual_or_lack() == (HOW, None)
    for name in ("vosk-model-small-ru-0.22", "vosk-model-en-us-0.22"):
        (tmp_path / name / "am").mkdir(parents=True)
    lack, usual = Models(tmp_path, None).usual_or_lack()
    assert (lack.partition(":")[2], usual) == (" vosk-model-en-us-0.22, vosk-model-small-ru-0.22", None)
    chosen = Models(tmp_path, Path("vosk-model-small-ru-0.22")).usual()
    assert chosen == Model(
        name="vosk-model-small-ru-0.22", path=tmp_path / "vosk-model-small-ru-0.22", engine="vosk", language="ru"
    )
