"""Picks a call's recordings up when they are whole, and stores them: the work behind the ``store_recording`` job."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import obstore
from obstore.exceptions import BaseError as StoreError
from obstore.store import ObjectStore, from_url
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.clock import Clock
from callcenter.config import Recordings
from callcenter.crm.models import CallRow, RecordingRow
from callcenter.crm.upsert import update_row
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.health import Health
from callcenter.log import logger
from callcenter.recording.files import NotARecording, Wave, inspect, locate, whole

log = logger(__name__)
KIND: Final = "store_recording"
_MISSING_AFTER: Final = timedelta(minutes=10)
_FORGOTTEN_AFTER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A recording in the store."""

    key: str
    size: int
    sha256: str
    wave: Wave


def open_store(url: str) -> ObjectStore:
    """A local folder (``file://``, made if need be) or an object store (``s3://``, ``gs://``, ``az://``)."""
    if url.startswith("file://"):
        Path(url.removeprefix("file://")).mkdir(parents=True, exist_ok=True)
    return from_url(url)


class Capture:
    """Stores recordings. The PBX's own file is never touched."""

    def __init__(self, db: Database, clock: Clock, health: Health, settings: Recordings, store: ObjectStore) -> None:
        self._db = db
        self._clock = clock
        self._health = health
        self._settings = settings
        self.kept = store

    async def store(self, args: Mapping[str, Any]) -> None:
        """The job: one recording. Raises Unavailable to be tried again."""
        recording = UUID(args["recording"])
        row = await self._db.read(lambda s: s.get_one(RecordingRow, recording))
        if row.state == "stored":
            return
        try:
            stored = await self._copy(row)
        except NotARecording as wrong:
            values = {"state": wrong.code, "error": str(wrong)}
        except FileNotFoundError:
            values = self._not_there(row.started_at)
        except OSError as wrong:
            raise await self._spool_ill(wrong) from wrong
        else:
            values = self._found(stored)
        await self._health.well("recordings")
        await self._db.write(lambda s: update_row(s, RecordingRow, recording, values))

    async def _copy(self, row: RecordingRow) -> Stored:
        try:
            file = await asyncio.to_thread(locate, row.path, self._settings)
        except Unavailable as wrong:
            await self._health.ill("recordings", wrong.code, str(wrong))
            raise
        wave = await asyncio.to_thread(inspect, file)
        data = await asyncio.to_thread(whole, file)
        key = f"{row.started_at:%Y/%m/%d}/{row.id}.wav"
        try:
            await obstore.put_async(self.kept, key, data)
        except StoreError as wrong:
            remedy = f"the recording store takes no files: {wrong}; check CALLCENTER_RECORDINGS__STORE and its space"
            await self._health.ill("recordings", "store_unavailable", remedy)
            raise Unavailable(remedy, code="store_unavailable") from wrong
        return Stored(key=key, size=len(data), sha256=hashlib.sha256(data).hexdigest(), wave=wave)

    def _found(self, stored: Stored) -> dict[str, Any]:
        return {
            "state": "stored",
            "stored_at": self._clock.now(),
            "store_key": stored.key,
            "size": stored.size,
            "sha256": stored.sha256,
            "duration_s": stored.wave.duration_s,
            "channels": stored.wave.channels,
            "error": "repaired" if stored.wave.repaired else "",
        }

    def _not_there(self, started_at: datetime) -> dict[str, Any]:
        """A file may come late over a network file system; after a while it is missing, and said so."""
        if self._clock.now() - started_at < _MISSING_AFTER:
            raise Unavailable("the file is not there yet", code="recording_late")
        return {"state": "missing", "error": "the PBX named a file that is not in its spool"}

    async def _spool_ill(self, wrong: OSError) -> Unavailable:
        remedy = f"a recording cannot be read: {wrong.strerror}; let this user read the PBX's monitor folder"
        await self._health.ill("recordings", "spool_unreadable", remedy)
        return Unavailable(remedy, code="spool_unreadable")

    async def sweep(self) -> int:
        """Hands over recordings whose calls ended while nobody listened; how many."""
        now = self._clock.now()

        def forgotten(session: Session) -> int:
            rows = session.scalars(
                select(RecordingRow).where(
                    RecordingRow.state == "recording", RecordingRow.started_at < now - _FORGOTTEN_AFTER
                )
            ).all()
            over = [row for row in rows if _ended(session, row.call_id)]
            for row in over:
                row.state = "waiting"
                jobs.enqueue(session, KIND, {"recording": str(row.id)}, at=now)
            return len(over)

        return await self._db.write(forgotten)


def _ended(session: Session, call: UUID) -> bool:
    return session.scalar(select(CallRow.ended_at).where(CallRow.id == call)) is not None
