"""The job that turns a stored recording into text. A failure of speech costs the text, never the recording."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from itertools import chain, count
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import obstore
from obstore.exceptions import BaseError as StoreError
from obstore.store import ObjectStore
from prometheus_client import Counter, Histogram
from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.clock import Clock
from callcenter.crm import card_digits, passages, sounds
from callcenter.crm.models.calls import RecordingRow
from callcenter.crm.models.transcripts import Transcript, Utterance
from callcenter.crm.upsert import upsert
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.ids import new_id
from callcenter.recording import renditions
from callcenter.recording.capture import LISTEN
from callcenter.recording.ears import Ears, Heard, NotHeard
from callcenter.recording.hushed import silent
from callcenter.recording.spoken import Said, spoken

_DEATHS: Final = 3
_BACKLOG: Final = 1000
_AGAIN_SECONDS: Final = 5.0
heard_seconds = Counter("callcenter_transcribed_seconds", "Seconds of recordings that were turned into text")
real_time_factor = Histogram(
    "callcenter_transcription_rtf", "Seconds of work a second of sound", buckets=(0.01, 0.03, 0.1, 0.3, 1, 3)
)


class Transcriber:
    """One recording at a time, by the one listening process."""

    def __init__(self, db: Database, clock: Clock, store: ObjectStore, ears: Ears) -> None:
        self._db = db
        self._clock = clock
        self._store = store
        self._ears = ears
        self._jobs = jobs.Jobs(db, clock)
        self._jobs.on(LISTEN, self.job)

    async def run(self) -> None:
        """Takes up what nobody has heard yet, then whatever comes, for ever; a queue of its own, so that a long talk
        keeps no other job waiting."""
        try:
            await self._take_up_in_time()
            await self._jobs.run()
        finally:
            await self._ears.close()

    async def _take_up_in_time(self) -> None:
        while True:
            try:
                await self.take_up()
            except Unavailable:
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                return

    async def take_up(self) -> int:
        """Puts recordings that nobody has heard yet behind the jobs there are; how many."""
        if self._ears.model is None:
            return 0
        now = self._clock.now()

        def write(session: Session) -> int:
            unheard = (
                select(RecordingRow.id)
                .where(RecordingRow.state == "stored", ~exists().where(Transcript.recording_id == RecordingRow.id))
                .order_by(RecordingRow.started_at.desc())
                .limit(_BACKLOG)
            )
            waiting = set(session.scalars(select(jobs.Job.args["recording"].as_string()).where(_open_jobs())).all())
            found = [one for one in session.scalars(unheard) if str(one) not in waiting]
            for recording in found:
                jobs.enqueue(session, LISTEN, {"recording": str(recording)}, at=now)
            return len(found)

        return await self._db.write(write)

    async def job(self, args: Mapping[str, Any]) -> None:
        """Raises Unavailable to be tried again."""
        recording = UUID(args["recording"])
        row = await self._db.read(lambda s: s.get(RecordingRow, recording))
        if row is None or row.state != "stored" or self._ears.model is None:
            return
        if await self._db.write(lambda s: self._begin(s, recording)) > _DEATHS:
            await self._failed(recording, "the speech engine ended each time it heard this recording")
            return
        began = self._clock.monotonic()
        try:
            heard = await self._hear(row)
        except NotHeard as wrong:
            await self._failed(recording, str(wrong))
            return
        await self._db.write(lambda s: self._keep(s, recording, heard))
        heard_seconds.inc(row.duration_s)
        if row.duration_s:
            real_time_factor.observe((self._clock.monotonic() - began) / row.duration_s)

    async def _hear(self, row: RecordingRow) -> Heard:
        try:
            data = bytes(await (await obstore.get_async(self._store, row.store_key)).bytes_async())
        except (StoreError, OSError) as wrong:
            raise Unavailable("the recording store does not answer", code="store_unavailable") from wrong
        with tempfile.NamedTemporaryFile(prefix="callcenter-", suffix=".wav") as file:
            await asyncio.to_thread(file.write, data)
            file.flush()
            return await self._listen(row, Path(file.name))

    async def _listen(self, row: RecordingRow, file: Path) -> Heard:
        """Only an engine that died while it heard this recording counts against it."""
        try:
            return await self._ears.hear(file, row.duration_s)
        except Unavailable as wrong:
            if wrong.code != "speech_worker_died":
                await self._db.write(lambda s: self._begin(s, row.id, by=-1))
            raise

    def _begin(self, session: Session, recording: UUID, by: int = 1) -> int:
        """Counts an attempt before it is made, so that one that kills us is counted too; how many there were."""
        upsert(session, Transcript, {"recording_id": recording}, {"at": self._clock.now(), "state": "waiting"})
        found = session.scalars(select(Transcript).where(Transcript.recording_id == recording)).one()
        found.attempts += by
        return found.attempts

    def _keep(self, session: Session, recording: UUID, heard: Heard) -> None:
        row = session.get_one(RecordingRow, recording)
        if row.state != "stored":
            return
        session.execute(delete(Utterance).where(Utterance.recording_id == recording))
        voices = [_discreet(voice) for voice in heard.voices]
        rows = [_utterance(recording, seq, said) for seq, said in enumerate(spoken(voices))]
        self._hush(session, row, silent((list(chain.from_iterable(voice)) for voice in voices), row.duration_s))
        session.add_all(rows)
        session.flush()
        passages.put(session, [_found(row, one) for one in rows])
        self._settle(session, recording, {"state": "done", "model": heard.model, "error": ""})

    def _hush(self, session: Session, row: RecordingRow, spans: list[list[float]]) -> None:
        """What is hidden in the words is silent in the sound."""
        if sounds.hush(session, row.id, spans):
            renditions.ask(session, row.id, self._clock.now())

    async def _failed(self, recording: UUID, why: str) -> None:
        await self._db.write(lambda s: self._settle(s, recording, {"state": "failed", "error": why[:500]}))

    def _settle(self, session: Session, recording: UUID, values: dict[str, Any]) -> None:
        upsert(session, Transcript, {"recording_id": recording}, {"at": self._clock.now(), **values})


def _open_jobs() -> Any:
    return (jobs.Job.kind == LISTEN) & jobs.Job.done_at.is_(None)


def _utterance(recording: UUID, seq: int, said: Said) -> Utterance:
    return Utterance(
        id=new_id(),
        recording_id=recording,
        seq=seq,
        speaker=said.speaker,
        start_s=said.start_s,
        end_s=said.end_s,
        text=said.text,
        confidence=said.confidence,
        words=list(said.words),
    )


def _found(row: RecordingRow, said: Utterance) -> passages.Found:
    at = row.started_at + timedelta(seconds=said.start_s)
    return passages.Found(kind=passages.SAID, source=said.id, call=row.call_id, at=at, text=said.text)


def _discreet(voice: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """The words of one voice with those hidden that spell a card number, also across the pauses a person makes."""
    secret = card_digits.hidden([str(word["text"]) for words in voice for word in words])
    at = count()
    return [[{**word, "text": card_digits.HIDDEN} if next(at) in secret else word for word in words] for words in voice]
