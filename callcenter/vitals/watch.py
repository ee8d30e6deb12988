"""Looks every few seconds at what only slowly grows ill, and reports it like every other part of the house."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from callcenter.clock import Clock
from callcenter.config import Settings
from callcenter.contain import contained
from callcenter.db import Database
from callcenter.health import Health
from callcenter.recording import opus, waiting
from callcenter.recording.models import Models
from callcenter.vitals import judge, measure
from callcenter.vitals.judge import Backlog, Disk, Verdict
from callcenter.vitals.streams import Streams

LOOK_SECONDS: Final = 10.0
_MEASURE_SECONDS: Final = 8.0


class Vitals:
    """``run`` for ever. ``measured``: what was found at the last look, by part."""

    def __init__(self, db: Database, clock: Clock, health: Health, settings: Settings) -> None:
        self._db = db
        self._clock = clock
        self._health = health
        self._settings = settings
        self._heard = Streams()
        self._contained: dict[str, int] = {}
        self._failed_at: dict[str, datetime] = {}
        self.measured: dict[str, Verdict] = {}

    async def run(self) -> None:
        while True:
            with contained("vitals", TimeoutError):
                await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """One look. Raises Unavailable, TimeoutError; what was measured before that has been reported."""
        now = self._clock.now()
        await self._report([*self._streams(now), self._failures(now)])
        async with asyncio.timeout(_MEASURE_SECONDS):
            await self._report(await asyncio.to_thread(self._outside, now))
            await self._report(await self._backlogs(now))

    def _streams(self, now: datetime) -> list[Verdict]:
        return [judge.stream(self._heard.look(pbx, now), now) for pbx in self._settings.pbx]

    def _failures(self, now: datetime) -> Verdict:
        counted = measure.contained()
        for part, times in counted.items():
            if times > self._contained.get(part, 0):
                self._failed_at[part] = now
        self._contained = counted
        fresh = [part for part, at in self._failed_at.items() if now - at < judge.RECENT]
        return judge.failures(counted, fresh)

    def _outside(self, now: datetime) -> list[Verdict]:
        """What stands on disks: may block for long where one is a network's."""
        settings = self._settings
        found: list[Disk] = measure.disks(settings)
        folder = settings.backups.folder
        return [
            *(judge.disk(one) for one in found),
            *(
                judge.spool(name, str(spool or ""), measure.unreadable(spool))
                for name, spool in measure.spools(settings).items()
            ),
            judge.packing(opus.found().ffmpeg),
            judge.backups(str(folder or ""), measure.newest_backup(folder), now),
        ]

    async def _backlogs(self, now: datetime) -> list[Verdict]:
        recordings: Backlog = await self._db.read(lambda s: measure.recordings_waiting(s, now))
        processes = self._settings.speech.processes
        late = await self._db.read(lambda s: waiting.backlog(s, now, processes))
        speech = Backlog(waiting=late.waiting, oldest=late.oldest, ready_in_s=late.ready_in_s)
        lack, _usual = await asyncio.to_thread(Models.of(self._settings).usual_or_lack)
        return [
            judge.backlog("recording_backlog", recordings, now),
            judge.backlog("speech_backlog", speech, now, lack=lack),
            judge.tally(await self._db.read(measure.tally), now),
        ]

    async def _report(self, verdicts: Iterable[Verdict]) -> None:
        for verdict in verdicts:
            self.measured[verdict.name] = verdict
            if verdict.off:
                continue
            if verdict.code:
                await self._health.ill(verdict.name, verdict.code, verdict.remedy)
            else:
                await self._health.well(verdict.name)
