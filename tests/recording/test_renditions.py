"""A card number that was said is silent in everything that is played: real speech, real model, real routes."""

from __future__ import annotations

import array
import hashlib
import io
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import obstore
import pytest
from aiohttp import ClientResponse
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from callcenter.clock import SetClock
from callcenter.crm import hiding_policy, notes, sounds
from callcenter.crm.card_digits import HIDDEN
from callcenter.crm.customers import Made
from callcenter.crm.hiding_policy import Hiding, PatternRule
from callcenter.crm.models.calls import RecordingRow
from callcenter.crm.models.cards import NoteRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.listening import OutlineRow, RenditionRow
from callcenter.crm.models.transcripts import Utterance
from callcenter.crm.privacy import erasure
from callcenter.crm.sounds import joined
from callcenter.db import Database
from callcenter.demo.spool import dialogues, header, pcm
from callcenter.jobs import Job
from callcenter.recording import again, opus, renditions
from callcenter.recording.files import Wave
from callcenter.recording.hushed import flat, hush, silent
from callcenter.recording.renditions import MAKE, Machine, Renditions
from tests.parts import need
from tests.recording.test_api import Archive
from tests.recording.test_transcribe import NOW, Room

RATE = 8000
TALK = next(one for one in dialogues() if one.name == "refund")
HELLO, DIGITS, GOODBYE = TALK.turns[0], TALK.turns[5], TALK.turns[-1]
Sample = tuple[int, int]


def spoken() -> tuple[bytes, list[tuple[float, float]]]:
    """A customer who says hello, fifteen digits in three goes, and goodbye; and when each of the three is said."""
    said, silence = pcm(TALK, TALK.seconds), bytes(4 * RATE // 2)
    part = [said[4 * turn.start : 4 * turn.end] for turn in (HELLO, DIGITS, DIGITS, DIGITS, GOODBYE)]
    data, moments = b"", []
    for piece in part:
        data += silence
        moments.append((len(data) / 4 / RATE, (len(data) + len(piece)) / 4 / RATE))
        data += piece
    return data + silence, moments[1:4]


def loudest(data: bytes, start_s: float, end_s: float, *voices: int) -> int:
    """Of these channels of a WAV file, or of both."""
    with wave.open(io.BytesIO(data)) as file:
        samples = array.array("h", file.readframes(file.getnframes()))
        at = file.getframerate() * file.getnchannels()
    start, end = (int(moment * at / 2) * 2 for moment in (start_s, end_s))
    return max(abs(int(one)) for voice in voices or (0, 1) for one in samples[start + voice : end : 2])


class Booth:
    """Somebody heard a recording; others would like to hear it over the API."""

    def __init__(self, archive: Archive, room: Room, packer: opus.Packer) -> None:
        self.archive, self.room, self.db = archive, room, archive.db
        self.renditions = Renditions(
            archive.db, SetClock(at=NOW), archive.store, Machine(packer=packer, listens=lambda: True)
        )
        self.sound, self.secret = spoken()

    async def record(self) -> None:
        """Puts the talk in the place of the archive's recording."""
        data = header(len(self.sound)) + self.sound
        (self.archive.folder / "2026/11/24/1.wav").write_bytes(data)
        values = {"size": len(data), "duration_s": len(self.sound) / 4 / RATE, "channels": 2}
        await self.db.write(lambda s: s.execute(update(RecordingRow).values(values)))

    async def hush(self, *spans: tuple[float, float]) -> None:
        """As if card numbers had been heard there."""

        def write(session: Session) -> None:
            sounds.hush(session, self.archive.recording, spans)
            renditions.ask(session, self.archive.recording, NOW)

        await self.db.write(write)

    async def heard(self) -> None:
        await self.room.transcriber.job({"recording": str(self.archive.recording)})

    async def said(self) -> list[str]:
        texts = select(Utterance.text).order_by(Utterance.seq)
        return await self.db.read(lambda s: " ".join(s.scalars(texts)).split())

    async def decide(self, **values: Any) -> None:
        await self.db.write(lambda s: hiding_policy.write(s, Hiding(**values)))

    async def write_note(self, words: str) -> UUID:
        def write(session: Session) -> UUID:
            card = Customer(kind="person", name="Ada", created_at=NOW, updated_at=NOW)
            session.add(card)
            session.flush()
            return notes.write(session, card, words, False, Made(by=None, at=NOW))

        return await self.db.write(write)

    async def look_again(self) -> None:
        run = await self.db.write(lambda s: again.begin(s, NOW))
        steps = select(Job.args).where(Job.kind == again.KIND).order_by(Job.id)
        for n in range(4):
            args = (await self.db.read(lambda s: list(s.scalars(steps))))[n]
            assert args["run"] == str(run.run)
            await again.Again(self.db, SetClock(at=NOW)).step(args)

    async def work(self) -> int:
        """Does what waits to be made; how much it was."""
        waiting = select(Job).where(Job.kind == MAKE, Job.done_at.is_(None))
        jobs = await self.db.read(lambda s: list(s.scalars(waiting)))
        for job in jobs:
            await self.renditions.make(job.args)
        await self.db.write(lambda s: s.execute(update(Job).where(Job.kind == MAKE).values(done_at=NOW)))
        return len(jobs)

    async def tidy(self) -> None:
        rows = await self.db.read(lambda s: list(s.scalars(select(Job).where(Job.kind == sounds.DROP))))
        for row in rows:
            await self.renditions.drop(row.args)

    def files(self) -> set[str]:
        return {file.name for file in self.archive.folder.rglob("*.w*")}

    async def ask(self, what: str = "/audio", **headers: str) -> ClientResponse:
        return await self.archive.ask("olga", what, **headers)


@asynccontextmanager
async def open_booth(db: Database, folder: Path, packer: opus.Packer) -> AsyncIterator[Booth]:
    room, archive = Room(db, folder), Archive(db, folder / "store")
    await archive.fill()
    made = Booth(archive, room, packer)
    await made.record()
    try:
        yield made
    finally:
        await room.ears.close()
        await archive.client.close()


@pytest.fixture
async def booth(db: Database, tmp_path: Path) -> AsyncIterator[Booth]:
    """On a machine without ffmpeg."""
    async with open_booth(db, tmp_path, opus.Packer(None)) as made:
        yield made


async def test_a_card_number_is_neither_read_nor_heard_nor_seen(booth: Booth) -> None:
    before = await (await booth.ask()).read()
    assert all(loudest(before, *moment) > 500 for moment in booth.secret)
    version = (await (await booth.ask("/peaks")).json())["version"]
    await booth.heard()
    assert await booth.said() == [*HELLO.words.split(), *[HIDDEN] * 15, *GOODBYE.words.split()]
    for way in ("/audio", "/audio?download=1", "/peaks", f"/audio?v={version}"):
        answer = await booth.ask(way)
        assert (answer.status, (await answer.json())["code"]) == (409, "recording_muting")
    assert (await booth.ask(Range="bytes=0-99")).status == 409
    assert await booth.work() == 1
    answer = await booth.ask()
    after = await answer.read()
    assert [loudest(after, *moment) for moment in booth.secret] == [0, 0, 0]
    (start, _), (_, end) = booth.secret[0], booth.secret[-1]
    assert after[: 44 + int((start - 0.5) * RATE) * 4] == before[: 44 + int((start - 0.5) * RATE) * 4]
    assert after[44 + int((end + 0.8) * RATE) * 4 :] == before[44 + int((end + 0.8) * RATE) * 4 :]
    assert await (await booth.ask("/audio?download=1")).read() == after
    at = 44 + int(start * RATE) * 4
    assert await (await booth.ask(Range=f"bytes={at}-{at + 3999}")).read() == bytes(4000)
    assert (await (await booth.ask(f"/audio?v={version}")).json())["code"] == "recording_changed"
    assert await (await booth.ask(Range="bytes=0-1", If_Range=f'"{version}"')).read() == after
    peaks: dict[str, Any] = await (await booth.ask("/peaks")).json()
    assert peaks["version"] == answer.headers["ETag"].strip('"')[:16]
    for voice in peaks["peaks"]:
        assert max(voice[int(start / peaks["bar_s"]) : int(end / peaks["bar_s"])]) == 0
    assert max(peaks["peaks"][1][: int((start - 0.5) / peaks["bar_s"])]) > 0


async def test_what_was_made_goes_with_what_it_was_made_of(booth: Booth) -> None:
    await booth.hush((1.0, 2.0))
    await booth.work()
    assert len(booth.files()) == 2
    await booth.hush((0.5, 2.0))
    await booth.work()
    await booth.tidy()
    kept = await booth.db.read(lambda s: s.scalars(select(RenditionRow)).one())
    assert (kept.silent, booth.files()) == ([[0.5, 2.0]], {"1.wav", kept.store_key.rpartition("/")[2]})

    def bury(session: Session) -> None:
        erasure.bury(session, list(session.scalars(select(RecordingRow))), "retention", NOW)

    await booth.db.write(bury)
    await booth.tidy()
    assert booth.files() == set()
    for kind in (RenditionRow, OutlineRow, Utterance):
        assert await booth.db.read(lambda s, kind=kind: s.scalar(select(func.count()).select_from(kind))) == 0  # type: ignore[misc]


async def test_a_recording_with_nothing_to_hide_is_played_as_it_is(booth: Booth) -> None:
    await booth.renditions.make({"recording": str(booth.archive.recording)})
    assert (booth.files(), await booth.work()) == ({"1.wav"}, 0)


async def test_what_is_described_later_is_hidden_in_what_is_kept(booth: Booth) -> None:
    """In words and sounds, and the file that was recorded goes where people decided so."""
    await booth.decide(unheard="wait")
    assert (await (await booth.ask()).json())["code"] == "recording_unheard"
    await booth.heard()
    await booth.work()
    note = await booth.write_note("Thank you, she said.")
    await booth.decide(patterns=[PatternRule(name="thanks", pattern="thank you")], originals="replace")
    await booth.look_again()
    done = await booth.db.read(again.progress)
    assert (done.looked, done.changed, done.finished_at) == (2, 2, NOW)
    assert await booth.said() == [*HELLO.words.split(), *[HIDDEN] * 17, "goodbye"]
    assert await booth.db.read(lambda s: s.get_one(NoteRow, note).text) == "••••• •••, she said."
    found = "SELECT count(*) FROM passages WHERE source_id IN (SELECT id FROM notes)"
    assert await booth.db.read(lambda s: s.scalar(text(found))) == 1
    (before,) = booth.files() - {one for one in booth.files() if "-" in one}
    await booth.work()
    await booth.tidy()
    assert (before in booth.files(), len(booth.files())) == (False, 1)
    after = await (await booth.ask()).read()
    assert loudest(after, booth.secret[-1][1] + 0.7, booth.secret[-1][1] + 1.0) == 0
    row = await booth.db.read(lambda s: s.get_one(RecordingRow, booth.archive.recording))
    assert (row.sha256, row.size) == (hashlib.sha256(after).hexdigest(), len(after))
    await booth.heard()
    kept = await booth.db.read(lambda s: s.get_one(RecordingRow, booth.archive.recording).silent)
    assert kept == row.silent


async def test_where_ffmpeg_is_what_is_played_is_packed_and_two_voices_stay_apart(
    sqlite_db: Database, tmp_path: Path
) -> None:
    need("ffmpeg")
    async with open_booth(sqlite_db, tmp_path, opus.found()) as booth:
        before = await (await booth.ask()).read()
        await booth.hush((4.0, 6.0))
        await booth.work()
        answer = await booth.ask()
        packed = await answer.read()
        assert (answer.headers["Content-Type"], packed[:4]) == ("audio/webm", b"\x1a\x45\xdf\xa3")
        assert len(packed) < len(before) / 4
        assert hashlib.sha256(packed).hexdigest() == answer.headers["ETag"].strip('"')
        assert await (await booth.ask(Range="bytes=100-199")).read() == packed[100:200]
        (tmp_path / "played.webm").write_bytes(packed)
        await opus.found().unpack(tmp_path / "played.webm", tmp_path / "played.wav")
        after = (tmp_path / "played.wav").read_bytes()
        assert loudest(after, 4.05, 5.95) < 50
        (start, end), *_ = booth.secret
        assert loudest(after, start, min(end, 3.9)) > 500
        assert loudest(after, 0.5, 0.9, 1) > 10 * loudest(after, 0.5, 0.9, 0)


async def test_a_worker_that_was_killed_leaves_nothing_behind(booth: Booth) -> None:
    """Between the file and the row: the file is played by nobody, and goes."""
    await booth.hush((1.0, 2.0))
    recording = booth.archive.recording
    await obstore.put_async(booth.archive.store, f"2026/11/24/{recording}-dead.wav", b"half")
    await booth.db.write(lambda s: sounds.drop(s, [f"2026/11/24/{recording}-dead.wav", "2026/11/24/1.wav"], NOW))
    await booth.work()
    assert (await booth.ask()).status == 200
    await booth.tidy()
    assert len(booth.files()) == 2
    assert not any("dead" in name for name in booth.files())


def word(text: str, start: float) -> dict[str, Any]:
    return {"text": text, "start_s": start, "end_s": start + 0.3, "confidence": 1.0}


def test_hidden_words_are_silent_with_a_margin_and_what_is_between_them_too() -> None:
    customer = [word("hello", 0.0), word(HIDDEN, 1.0), word(HIDDEN, 2.0), word("yes", 3.0), word(HIDDEN, 9.9)]
    agent = [word(HIDDEN, 2.5)]
    assert silent([customer, agent], 10.0) == [[0.75, 3.15], [9.65, 10.0]]
    assert silent([[word(HIDDEN, 1.0), word(HIDDEN, 8.0)]], 10.0) == [[0.75, 1.65], [7.75, 8.65]]


@given(
    st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), max_size=5),
    st.lists(st.integers(1, 3000), max_size=20),
    st.sampled_from([(1, 1), (1, 2), (2, 2)]),
)
def test_a_file_is_silenced_alike_however_it_is_cut(
    spans: list[tuple[float, float]], cuts: Sequence[int], form: tuple[int, int]
) -> None:
    channels, width = form
    frame = channels * width
    kind = Wave(channels=channels, rate=1000, sample_bytes=width, data_at=44, data_bytes=3000 * frame, repaired=False)
    data, wanted = bytearray(b"\x55" * kind.data_bytes), joined(spans)
    hush(data, 0, kind, wanted)
    pieces, at = bytearray(), 0
    for cut in [*cuts, kind.data_bytes]:
        piece = bytearray(b"\x55" * min(cut, kind.data_bytes - at))
        hush(piece, at, kind, wanted)
        pieces += piece
        at += len(piece)
    assert pieces == data
    quiet = {n for a, b in wanted for n in range(int(a * 1000), min(3000, int(b * 1000) + 1))}
    nothing = b"\x80" if width == 1 else b"\0"
    assert all((data[n * frame : (n + 1) * frame] == nothing * frame) is (n in quiet) for n in range(3000))


def test_an_outline_shows_nothing_of_what_is_silent() -> None:
    assert flat(bytes([9] * 10), 0.1, [[0.25, 0.45], [0.95, 3.0]]) == bytes([9, 9, 0, 0, 0, 9, 9, 9, 9, 0])
