"""Picks a call's recordings up when they are whole, and stores them: the work behind the ``store_recording`` job."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import BaseError as StoreError
from obstore.store import ObjectStore, from_url
from prometheus_client import Counter

if TYPE_CHECKING:
    from obstore.store import RetryConfig

from callcenter import jobs
from callcenter.clock import Clock
from callcenter.config import Received, Recordings
from callcenter.crm.absence import Absence
from callcenter.crm.models.calls import RecordingRow
from callcenter.crm.privacy import keeping
from callcenter.crm.privacy.rules import Lack
from callcenter.crm.upsert import update_row
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.health import Health
from callcenter.log import logger
from callcenter.recording import captured, courses
from callcenter.recording.captured import Case, Fate
from callcenter.recording.files import FileFault, NotARecording, Wave, cut, inspect, locate, remove, still_for, whole
from callcenter.recording.shelf import why
from callcenter.recording.sides import shape, sides_of, stereo
from callcenter.together import Together

log = logger(__name__)
_LARGE: Final = 8 * 1024**2
"""Bytes: eight minutes of a mixed talk. Of larger files one at a time is held in memory, of others ``_IN_HAND``."""
_IN_HAND: Final = 16
_RETRY: Final[RetryConfig] = {"max_retries": 2, "retry_timeout": timedelta(seconds=20)}
_MISSING_AFTER: Final = timedelta(minutes=10)
_WRITTEN_AFTER: Final = timedelta(seconds=5)
_WAS_THERE: Final = frozenset({FileFault.GROWING, FileFault.VANISHED, Absence.STORE_UNAVAILABLE})
"""What a recording waits for, or waited for, whose file was seen."""
_TICK_NS: Final = 20_000_000
"""Two writes within a tick of the file system's clock cannot be told apart by their times."""
refused = Counter("callcenter_recordings_refused", "Recordings not kept because the law is not seen to", ["reason"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A recording in the store."""

    key: str
    size: int
    sha256: str
    wave: Wave


class _Unfinished(Exception):
    """The PBX may still be writing the file."""


def open_store(url: str) -> ObjectStore:
    """A local folder (``file://``, made if need be) or an object store (``s3://``, ``gs://``, ``az://``), whose keys
    are read from the environment. One that is away is told soon; jobs try again."""
    if url.startswith("file://"):
        Path(unquote(urlsplit(url).path)).mkdir(parents=True, exist_ok=True)
        return from_url(url)
    return from_url(url, retry_config=_RETRY)


class Capture:
    """Stores recordings that the rules allow to be kept. The PBX's own file is touched only where the policy says that
    what is not kept is deleted there too. ``spools`` says where each PBX's recordings are."""

    def __init__(
        self, db: Database, clock: Clock, health: Health, spools: Callable[[str], Recordings], store: ObjectStore
    ) -> None:
        self._db = db
        self._clock = clock
        self._health = health
        self._spools = spools
        self._room, self._room_for_large = asyncio.Semaphore(_IN_HAND), asyncio.Semaphore(1)
        self.kept = store
        self._cases: Together[UUID, Case] = Together(lambda some: db.read(partial(captured.cases, recordings=some)))
        self._fates: Together[Fate, str] = Together(lambda some: db.write(partial(captured.settle, fates=some)))

    async def store(self, args: Mapping[str, Any]) -> None:
        """The job: one recording. Raises Unavailable to be tried again."""
        case = await self._cases.of(UUID(args["recording"]))
        row, ended_at = case.row, case.ended_at or self._clock.now()
        if row.state in captured.SETTLED:
            return
        if case.verdict.lack:
            await self._refuse(row, case.verdict.lack)
            return
        values: dict[str, Any]
        try:
            stored = await self._copy(case, ended_at)
        except _Unfinished:
            await self._later(row, ended_at)
            return
        except NotARecording as wrong:
            values = {"state": wrong.code, "error": wrong.fault}
        except FileNotFoundError:
            values = await self._not_there(row, case.ended_at or row.started_at)
        except Unavailable as wrong:
            if row.error not in _WAS_THERE or wrong.code in _WAS_THERE:
                await self._waits(row, wrong.code)
            raise
        except OSError as wrong:
            ill = await self._spool_ill(wrong)
            await self._waits(row, ill.code)
            raise ill from wrong
        else:
            values = {**self._found(stored), "policy_id": case.verdict.under}
        await self._health.well("recordings")
        await self._clear(row, await self._settle(row, values))

    async def _refuse(self, row: RecordingRow, lack: Lack) -> None:
        """Nothing is kept that nobody decided to keep; whether the PBX may keep it is a policy of its own."""
        if await self._db.read(lambda s: keeping.load(s).pbx_files) == "delete":
            await asyncio.to_thread(remove, [row.path], self._spools(row.pbx))
        await self._clear(row, "refused")
        await self._settle(row, {"state": "refused", "error": str(lack)})
        refused.labels(reason=str(lack)).inc()

    async def _settle(self, row: RecordingRow, values: Mapping[str, Any]) -> str:
        """Its state then."""
        return await self._fates.of(Fate(recording=row.id, values=values))

    async def _clear(self, row: RecordingRow, state: str) -> None:
        """What was sent here and is settled need not lie here twice."""
        place = self._spools(row.pbx)
        if isinstance(place, Received) and state != "missing":
            await asyncio.to_thread(remove, [row.path], place)

    async def _waits(self, row: RecordingRow, why: str) -> None:
        """What it waits for stands on the call, too."""
        if row.error != why:
            await self._db.write(lambda s: update_row(s, RecordingRow, row.id, {"error": why}))

    async def _later(self, row: RecordingRow, ended_at: datetime) -> None:
        """Looks again when the file must have been finished: no failure, so nothing that counts as one."""
        now = self._clock.now()
        if now - ended_at > _WRITTEN_AFTER:
            await self._waits(row, FileFault.GROWING)
        again = now + _WRITTEN_AFTER
        await self._db.write(lambda s: jobs.enqueue(s, captured.KIND, {"recording": str(row.id)}, at=again))

    async def _copy(self, case: Case, ended_at: datetime) -> Stored:
        place = self._spools(case.row.pbx)
        try:
            file, size = await asyncio.to_thread(lambda: _measured(locate(case.row.path, place)))
        except Unavailable as wrong:
            await self._health.ill("recordings", wrong.code, str(wrong))
            raise
        async with self._room_for_large if size > _LARGE else self._room:
            return await self._keep(case, file, ended_at)

    async def _keep(self, case: Case, file: Path, ended_at: datetime) -> Stored:
        data, wave, digest = await asyncio.to_thread(self._read, file, ended_at)
        if until := case.verdict.until:
            length = wave.duration_s
            data = cut(data, wave, await self._db.read(lambda s: courses.second(s, case.row, length, until)))
            wave = replace(wave, data_bytes=len(data) - wave.data_at)
            digest = await asyncio.to_thread(_digest, data)
        if digest in case.beside:
            raise NotARecording(FileFault.DUPLICATE)
        key = f"{case.row.started_at:%Y/%m/%d}/{case.row.id}.wav"
        try:
            await obstore.put_async(self.kept, key, data)
        except (StoreError, OSError) as wrong:
            remedy = (
                f"the recording store takes no files: {why(wrong)}; check CALLCENTER_RECORDINGS__STORE, keys and space"
            )
            await self._health.ill("recordings", "store_unavailable", remedy)
            raise Unavailable(remedy, code="store_unavailable") from wrong
        return Stored(key=key, size=len(data), sha256=digest, wave=wave)

    def _read(self, file: Path, ended_at: datetime) -> tuple[bytes, Wave, str]:
        """The sound and its digest, of a file that nobody wrote to or took away meanwhile: it would be part of one and
        of another."""
        wave = self._inspect(file, ended_at)
        try:
            before = written(file)
            if time.time_ns() - max(at for at, _ in before) < _TICK_NS:
                time.sleep(2 * _TICK_NS / 1e9)
            data, wave = sound_of(file, wave)
            if written(file) == before:
                return data, wave, _digest(data)
        except FileNotFoundError:
            pass
        raise _Unfinished

    def _inspect(self, file: Path, ended_at: datetime) -> Wave:
        """The wave, once it is certain. Asterisk keeps up to 4 seconds of sound to itself and writes the header's
        lengths last: where they are missing, the PBX crashed or is about to write them."""
        try:
            wave = inspect(file)
        except NotARecording as wrong:
            if wrong.code == "empty" and not self._done(file, ended_at):
                raise _Unfinished from wrong
            raise
        if wave.repaired and not self._done(file, ended_at):
            raise _Unfinished
        return wave

    def _done(self, file: Path, ended_at: datetime) -> bool:
        now = self._clock.now()
        return min(now - ended_at, still_for(file, now)) > _WRITTEN_AFTER

    def _found(self, stored: Stored) -> dict[str, Any]:
        return {
            "state": "stored",
            "stored_at": self._clock.now(),
            "store_key": stored.key,
            "size": stored.size,
            "sha256": stored.sha256,
            "duration_s": stored.wave.duration_s,
            "channels": stored.wave.channels,
            "error": stored.wave.fault or "",
        }

    async def _not_there(self, row: RecordingRow, ended_at: datetime) -> dict[str, Any]:
        """A file may come late over a network file system; after a while it is missing, and said so."""
        was_there = row.error in _WAS_THERE
        if self._clock.now() - ended_at < _MISSING_AFTER:
            await self._waits(row, FileFault.VANISHED if was_there else Absence.LATE)
            raise Unavailable("the file is not there yet", code=Absence.LATE)
        if was_there:
            return {"state": "missing", "error": FileFault.VANISHED}
        sent = isinstance(self._spools(row.pbx), Received)
        return {"state": "missing", "error": FileFault.NOT_SENT if sent else FileFault.NOT_FOUND}

    async def _spool_ill(self, wrong: OSError) -> Unavailable:
        remedy = f"a recording cannot be read: {wrong.strerror}; let this user read the PBX's monitor folder"
        await self._health.ill("recordings", "spool_unreadable", remedy)
        return Unavailable(remedy, code="spool_unreadable")

    async def sweep(self) -> int:
        """Hands over recordings whose calls ended while nobody listened; how many."""
        return await self._db.write(lambda s: captured.forgotten(s, self._clock.now()))


def sound_of(file: Path, mixed: Wave) -> tuple[bytes, Wave]:
    """What is kept: both sides apart where the PBX wrote them, else the mixed file as it is. Blocks."""
    if sides := sides_of(file):
        data = stereo(*sides)
        return data, replace(shape(data), repaired=mixed.repaired, truncated=mixed.truncated)
    return whole(file), mixed


def written(file: Path) -> tuple[tuple[int, int], ...]:
    """When the file, or a side of it, was last written to, and how long each is. Blocks."""
    seen = [one.stat() for one in (file, *(sides_of(file) or ()))]
    return tuple((one.st_mtime_ns, one.st_size) for one in seen)


def _measured(file: Path) -> tuple[Path, int]:
    """With its size in bytes; of one that is not there 0. Blocks."""
    try:
        return file, file.stat().st_size
    except FileNotFoundError:
        return file, 0


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
