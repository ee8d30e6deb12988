"""The job that turns a stored recording into text. A failure of speech costs the text, never the recording."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

import obstore
from obstore.exceptions import BaseError as StoreError
from obstore.store import ObjectStore
from prometheus_client import Counter, Histogram
from sqlalchemy import delete, exists, select, true
from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.clock import Clock
from callcenter.contain import contained
from callcenter.crm import call_consent, hiding_policy, passages, queues, sounds
from callcenter.crm.models.calls import RecordingRow
from callcenter.crm.models.transcripts import Transcript, Utterance
from callcenter.crm.privacy.rules import Lack
from callcenter.crm.upsert import upsert
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.ids import new_id
from callcenter.log import logger
from callcenter.recording import renditions
from callcenter.recording.captured import LISTEN
from callcenter.recording.ears import Heard, NotHeard
from callcenter.recording.hushed import discreet, silent
from callcenter.recording.listeners import Listeners
from callcenter.recording.models import OFF, Model
from callcenter.recording.shelf import away, lacks_bucket
from callcenter.recording.spoken import Said, spoken

log = logger(__name__)
_DEATHS: Final = 3
_AT_ONCE: Final = 1000
_LOOK_SECONDS: Final = 30.0
heard_seconds = Counter("callcenter_transcribed_seconds", "Seconds of recordings that were turned into text")
real_time_factor = Histogram(
    "callcenter_transcription_rtf", "Seconds of work a second of sound", buckets=(0.01, 0.03, 0.1, 0.3, 1, 3)
)


class Transcriber:
    """As many recordings at a time as there are listening processes."""

    def __init__(self, db: Database, clock: Clock, store: ObjectStore, listeners: Listeners) -> None:
        self._db = db
        self._clock = clock
        self._store = store
        self._listeners = listeners

    async def run(self) -> None:
        """Takes up what nobody has heard yet, then whatever comes, for ever; a queue of its own, so that a long talk
        keeps no other job waiting."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._look(), name="speech-models")
                for number, _ears in enumerate(self._listeners.ears):
                    group.create_task(self._lane().run(), name=f"speech-{number}")
        finally:
            await self._listeners.close()

    def _lane(self) -> jobs.Jobs:
        lane = jobs.Jobs(self._db, self._clock)
        lane.on(LISTEN, self.job)
        return lane

    async def _look(self) -> None:
        """Tells what is wrong with a model as soon as it is there, not at the first recording, and takes up what waited
        for one."""
        told, known = "", None
        while True:
            with contained("speech"):
                lack, model = await asyncio.to_thread(self._listeners.models.usual_or_lack)
                if lack != told:
                    log.info("speech_off", remedy=lack)
                told = lack
                if model and model != known:
                    await self._listeners.load(model)
                    await self.take_up()
                    known = model
            await asyncio.sleep(_LOOK_SECONDS)

    async def take_up(self) -> int:
        """Puts recordings that nobody has heard yet behind the jobs there are, the newest first; how many."""
        taken, before = 0, None
        while await asyncio.to_thread(self._listeners.models.any):
            found, before = await self._db.write(partial(self._take_some, before))
            taken += found
            if before is None:
                break
        return taken

    def _take_some(self, before: datetime | None, session: Session) -> tuple[int, datetime | None]:
        """A page of them; how many, and from where to go on."""
        unheard = (
            select(RecordingRow.id, RecordingRow.started_at)
            .where(RecordingRow.state == "stored", ~exists().where(Transcript.recording_id == RecordingRow.id))
            .where(RecordingRow.started_at < before if before else true())
            .order_by(RecordingRow.started_at.desc())
            .limit(_AT_ONCE)
        )
        waiting = set(session.scalars(select(jobs.Job.args["recording"].as_string()).where(_open_jobs())).all())
        page = session.execute(unheard).all()
        found = [row.id for row in page if str(row.id) not in waiting]
        for recording in found:
            jobs.enqueue(session, LISTEN, {"recording": str(recording)}, at=self._clock.now())
        return len(found), page[-1].started_at if len(page) == _AT_ONCE else None

    async def job(self, args: Mapping[str, Any]) -> None:
        """Raises Unavailable to be tried again."""
        recording = UUID(args["recording"])
        row = await self._db.read(lambda s: s.get(RecordingRow, recording))
        if row is None or row.state != "stored":
            return
        wanted = await self._db.read(lambda s: queues.speech_of(s, row.call_id))
        declined = await self._db.read(lambda s: call_consent.declined(s, row.call_id))
        if wanted == OFF or declined:
            why = Lack.DECLINED if declined else ""
            await self._db.write(lambda s: self._settle(s, recording, {"state": "off", "error": why}))
            return
        model = await self._listeners.find(wanted)
        if model is not None:
            await self._listen(row, model)

    async def _listen(self, row: RecordingRow, model: Model) -> None:
        recording = row.id
        if await self._db.write(lambda s: self._begin(s, recording)) > _DEATHS:
            await self._failed(recording, "the speech engine ended each time it heard this recording")
            return
        began = self._clock.monotonic()
        try:
            heard = await self._hear(row, model)
        except NotHeard as wrong:
            await self._failed(recording, str(wrong))
            return
        work_s = self._clock.monotonic() - began
        await self._db.write(lambda s: self._keep(s, recording, heard, work_s))
        heard_seconds.inc(row.duration_s)
        if row.duration_s:
            real_time_factor.observe(work_s / row.duration_s)

    async def _hear(self, row: RecordingRow, model: Model) -> Heard:
        """Only an engine that died while it heard this recording counts against it."""
        try:
            with tempfile.NamedTemporaryFile(prefix="callcenter-", suffix=".wav") as file:
                await self._fetch(row.store_key, file)
                return await self._listeners.hear(Path(file.name), model)
        except Unavailable as wrong:
            if wrong.code != "speech_worker_died":
                await self._db.write(lambda s: self._begin(s, row.id, by=-1))
            raise

    async def _fetch(self, key: str, file: IO[bytes]) -> None:
        """Into a file: an engine in a process of its own reads it there."""
        try:
            found = await obstore.get_async(self._store, key)
            async for piece in found.stream():
                await asyncio.to_thread(file.write, bytes(piece))
            await asyncio.to_thread(file.flush)
        except (StoreError, OSError) as wrong:
            if isinstance(wrong, FileNotFoundError) and not lacks_bucket(wrong):
                raise NotHeard("the recording is not in the store") from wrong
            raise away(wrong) from wrong

    def _begin(self, session: Session, recording: UUID, by: int = 1) -> int:
        """Counts an attempt before it is made, so that one that kills us is counted too; how many there were."""
        upsert(session, Transcript, {"recording_id": recording}, {"at": self._clock.now(), "state": "waiting"})
        found = session.scalars(select(Transcript).where(Transcript.recording_id == recording)).one()
        found.attempts += by
        return found.attempts

    def _keep(self, session: Session, recording: UUID, heard: Heard, work_s: float) -> None:
        # Whoever hears the same recording meanwhile, because this process seemed dead, waits here for his turn.
        row = session.get_one(RecordingRow, recording, with_for_update=True)
        if row.state != "stored":
            return
        session.execute(delete(Utterance).where(Utterance.recording_id == recording))
        patterns = hiding_policy.read(session).compiled()
        voices = [discreet(voice, patterns) for voice in heard.voices]
        rows = [_utterance(recording, seq, said) for seq, said in enumerate(spoken(voices))]
        self._hush(session, row, silent((list(chain.from_iterable(voice)) for voice in voices), row.duration_s))
        session.add_all(rows)
        session.flush()
        passages.put(session, [spoken_passage(row, one) for one in rows])
        self._settle(session, recording, {"state": "done", "model": heard.model, "error": "", "work_s": work_s})

    def _hush(self, session: Session, row: RecordingRow, spans: list[list[float]]) -> None:
        """What is hidden in the words is silent in the sound; what was recorded may not be needed any more."""
        if sounds.hush(session, row.id, spans) or hiding_policy.read(session).originals == "replace":
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


def spoken_passage(row: RecordingRow, said: Utterance) -> passages.Found:
    at = row.started_at + timedelta(seconds=said.start_s)
    return passages.Found(kind=passages.SAID, source=said.id, call=row.call_id, at=at, text=said.text)
