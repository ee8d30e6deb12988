"""What time does to tasks: claims run out, reminders come due, missed callers are overdue. Looked at by the clock."""

from __future__ import annotations

import asyncio
from typing import Final

from callcenter import metrics
from callcenter.bus import Bus
from callcenter.clock import Clock
from callcenter.contain import contained
from callcenter.crm import reminders
from callcenter.db import Database
from callcenter.news import Reminded, TasksChanged

_LOOK_SECONDS: Final = 5.0


class TaskWatch:
    """``run`` for ever. What is told is what was committed: a reminder is told once, whoever listens."""

    def __init__(self, db: Database, bus: Bus, clock: Clock) -> None:
        self._db = db
        self._bus = bus
        self._clock = clock
        self._looked_at = clock.now()

    async def run(self) -> None:
        while True:
            with contained("tasks"):
                await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """One look: what has come due since the last."""
        now = self._clock.now()
        since = self._looked_at
        swept = await self._db.write(lambda session: reminders.sweep(session, now, since))
        self._looked_at = now
        metrics.missed_waiting.set(swept.waiting)
        metrics.missed_overdue.set(swept.overdue)
        if changed := swept.expired + swept.late:
            await self._bus.publish(TasksChanged(tasks=changed))
        for task, user in swept.told:
            await self._bus.publish(Reminded(task=task, user=user))
