"""Makes what is played of a recording: without what nobody may hear, packed where ffmpeg is there.

The stored file is read, never written. A rendition lies under a key that names its bytes, and is played only when it
is whole and the database says so; one that is out of date goes by a job that stands in the same transaction.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import obstore
from obstore.exceptions import BaseError as StoreError
from obstore.store import ObjectStore
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.clock import Clock
from callcenter.crm import hiding_policy
from callcenter.crm.models.calls import CallRow, RecordingRow
from callcenter.crm.models.listening import OutlineRow, RenditionRow
from callcenter.crm.privacy import holds
from callcenter.crm.sounds import DROP, SUFFIXES, Sound, Spans, drop, heard, rendition, unnamed
from callcenter.crm.upsert import upsert
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.log import logger
from callcenter.recording import opus
from callcenter.recording.files import HEAD, form
from callcenter.recording.hushed import hush
from callcenter.recording.outline import Outline
from callcenter.recording.shelf import away, take_out

log = logger(__name__)
MAKE: Final = "make_rendition"
_PIECE: Final = 1024 * 1024
_QUIET: Final = timedelta(minutes=2)
_ORPHANED: Final = timedelta(hours=1)
WAVE, PACKED = "audio/wav", "audio/webm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A file that is whole, what it is, and the outline of what was recorded."""

    file: Path
    media_type: str
    sha256: str
    outline: Outline


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What there is to work with: whether an engine listens here."""

    packer: opus.Packer
    listens: Callable[[], bool]


def machine(listens: Callable[[], bool]) -> Machine:
    """This one."""
    return Machine(packer=opus.found(), listens=listens)


def ask(session: Session, recording: UUID, now: datetime) -> None:
    """What is played of it does not hold any more."""
    jobs.enqueue(session, MAKE, {"recording": str(recording)}, at=now)


def to_pack(recordings: Mapping[UUID, datetime]) -> list[jobs.Order]:
    """What asks for new recordings to be packed a while after each was stored: first an engine hears it, and parts are
    hushed. None without ffmpeg."""
    if not opus.found().ffmpeg:
        return []
    return [
        jobs.Order(kind=MAKE, args={"recording": str(recording)}, at=at + _QUIET)
        for recording, at in recordings.items()
    ]


class Renditions:
    """A queue of its own, one rendition at a time: packing takes a while, and nobody waits for it."""

    def __init__(self, db: Database, clock: Clock, store: ObjectStore, machine: Machine) -> None:
        self._db = db
        self._machine = machine
        self._clock = clock
        self._store = store
        self._jobs = jobs.Jobs(db, clock)
        self._jobs.on(MAKE, self.make)
        self._jobs.on(DROP, self.drop)

    async def run(self) -> None:
        await self._jobs.run()

    async def make(self, args: Mapping[str, Any]) -> None:
        """The job. Raises Unavailable to be tried again."""
        recording = UUID(args["recording"])
        row, there = await self._db.read(lambda s: (s.get(RecordingRow, recording), rendition(s, recording)))
        if row is None or row.state != "stored":
            return
        if self._lacks(row, there):
            await self._make(row)
        await self._db.write(lambda s: self._replace(s, recording))

    async def _make(self, row: RecordingRow) -> None:
        with tempfile.TemporaryDirectory(prefix="callcenter-") as folder:
            try:
                made = await self._made(row, Path(folder))
                sound = await self._put(row, made)
            except OSError as wrong:
                told = f"a recording cannot be worked on: {wrong.strerror}; look for room in {folder}"
                raise Unavailable(told, code="no_room") from wrong
        await self._db.write(lambda s: self._keep(s, row, sound, made.outline))

    async def drop(self, args: Mapping[str, Any]) -> None:
        """The job: sounds that nothing names any more. Raises Unavailable to be tried again."""
        for key in await self._db.read(lambda s: unnamed(s, args["keys"])):
            await take_out(self._store, key)

    def _replace(self, session: Session, recording: UUID) -> None:
        """Where people decided so, what is played takes the place of what was recorded, once nobody needs that."""
        row, there = session.get_one(RecordingRow, recording, with_for_update=True), rendition(session, recording)
        if there is None or row.state != "stored" or there.silent != row.silent or there.store_key == row.store_key:
            return
        card = session.scalar(select(CallRow.customer_id).where(CallRow.id == row.call_id))
        held = holds.holding(session, (card,) if card else (), (row.call_id,))
        kept = hiding_policy.read(session).originals == "keep"
        if kept or held or (self._machine.listens() and not heard(session, recording)):
            return
        old, row.store_key, row.media_type = row.store_key, there.store_key, there.media_type
        row.size, row.sha256 = there.size, there.sha256
        session.flush()
        drop(session, [old], self._clock.now())

    def _lacks(self, row: RecordingRow, there: RenditionRow | None) -> bool:
        """Whether something is to be made: what must be silent is not, or what could be packed is not."""
        if there:
            return there.silent != row.silent
        return bool(row.silent) or (row.media_type == WAVE and self._machine.packer.ffmpeg is not None)

    async def _made(self, row: RecordingRow, folder: Path) -> Made:
        wave = folder / "recorded.wav"
        await self._fetch(row, wave)
        outline = await asyncio.to_thread(_outline, wave)
        if row.silent:
            await asyncio.to_thread(_hush, wave, row.silent)
        file, media_type = wave, WAVE
        if self._machine.packer.ffmpeg:
            try:
                await self._machine.packer.pack(wave, folder / "played.webm")
                file, media_type = folder / "played.webm", PACKED
            except opus.NotPacked as wrong:
                log.warning("recording_not_packed", recording=str(row.id), reason=str(wrong))
        digest = await asyncio.to_thread(_digest, file)
        return Made(file=file, media_type=media_type, sha256=digest, outline=outline)

    async def _fetch(self, row: RecordingRow, to: Path) -> None:
        """The stored file as a WAV file."""
        got = to if row.media_type == WAVE else to.with_name("stored")
        try:
            with got.open("wb") as file:
                async for piece in (await obstore.get_async(self._store, row.store_key)).stream(min_chunk_size=_PIECE):
                    await asyncio.to_thread(file.write, bytes(piece))
        except (StoreError, FileNotFoundError) as wrong:
            raise away(wrong) from wrong
        if got is not to:
            await self._machine.packer.unpack(got, to)

    async def _put(self, row: RecordingRow, made: Made) -> Sound:
        key = f"{row.started_at:%Y/%m/%d}/{row.id}-{made.sha256[:12]}.{SUFFIXES[made.media_type]}"
        # Whatever happens from here on, what nothing names in an hour is taken away.
        await self._db.write(lambda s: drop(s, [key], self._clock.now() + _ORPHANED))
        try:
            await obstore.put_async(self._store, key, made.file)
        except (StoreError, FileNotFoundError) as wrong:
            raise away(wrong) from wrong
        size = made.file.stat().st_size
        return Sound(key=key, media_type=made.media_type, size=size, sha256=made.sha256)

    def _keep(self, session: Session, made_of: RecordingRow, sound: Sound, outline: Outline) -> None:
        """The rendition is played from now on, unless the recording is another one by now."""
        row, now = session.get_one(RecordingRow, made_of.id, with_for_update=True), self._clock.now()
        there = rendition(session, row.id)
        # The same may have been made meanwhile, by who was thought to be us: what lies under this key is named then.
        before = {there.store_key} if there else set()
        if row.state != "stored" or row.silent != made_of.silent or row.store_key != made_of.store_key:
            drop(session, {sound.key} - before - {row.store_key}, now)
            return
        drop(session, before - {sound.key}, now)
        values = {"store_key": sound.key, "media_type": sound.media_type, "size": sound.size, "sha256": sound.sha256}
        values |= {"silent": row.silent, "made_at": now}
        upsert(session, RenditionRow, {"recording_id": row.id}, values)
        bars = {"bar_s": outline.bar_s, "channels": len(outline.bars), "bars": b"".join(outline.bars)}
        upsert(session, OutlineRow, {"recording_id": row.id}, bars)


def _hush(file: Path, spans: Spans) -> None:
    with file.open("r+b") as opened:
        wave = form(opened.read(HEAD), file.stat().st_size)
        for at in range(0, wave.data_bytes, _PIECE):
            opened.seek(wave.data_at + at)
            piece = bytearray(opened.read(min(_PIECE, wave.data_bytes - at)))
            hush(piece, at, wave, spans)
            opened.seek(wave.data_at + at)
            opened.write(piece)


def _outline(file: Path) -> Outline:
    with file.open("rb") as opened:
        wave = form(opened.read(HEAD), file.stat().st_size)
        outline = Outline(wave)
        opened.seek(wave.data_at)
        left = wave.data_bytes
        while piece := opened.read(min(_PIECE, left)):
            outline.feed(piece)
            left -= len(piece)
    outline.end()
    return outline


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
