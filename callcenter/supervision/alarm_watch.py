"""Looks at the floor every second and tells which alarms are raised."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from prometheus_client import Gauge
from sqlalchemy.orm import Session

from callcenter.call import Changed
from callcenter.contain import contained
from callcenter.crm import alarm_log, alarm_rules, audit
from callcenter.crm.alarm_rules import AlarmPolicy
from callcenter.crm.rights import Actor
from callcenter.decided import Decided
from callcenter.errors import Unavailable
from callcenter.log import logger
from callcenter.pbx_events import LinkDown, LinkUp
from callcenter.routing import history
from callcenter.routing.gate import Gate
from callcenter.routing.outside import Outside
from callcenter.routing.today import ended
from callcenter.supervision import alarm_book, alarms, readings
from callcenter.supervision.alarm_book import Book
from callcenter.supervision.alarms import Acknowledged, Alarm, AlarmKey, Moment, Standing
from callcenter.supervision.lately import Lately

log = logger(__name__)
_LOOK_SECONDS: Final = 1.0
_LONGEST_INTERVAL: Final = timedelta(hours=4)
alarmed = Gauge("callcenter_alarms", "Alarms of the floor that are raised")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsChanged:
    """Alarms were raised or lifted: all that stand now."""

    alarms: tuple[Alarm, ...]


class AlarmWatch:
    """``start`` once, subscribe, ``run`` for ever."""

    def __init__(self, outside: Outside, gate: Gate) -> None:
        self._out = outside
        self._gate = gate
        self.rules = Decided(outside.db, "alarm_rules", alarm_rules.read, AlarmPolicy())
        self._lately = Lately()
        self._standing: dict[AlarmKey, Standing] = {}
        self._down: dict[str, datetime] = {}
        self._book = Book()
        self.alarms: tuple[Alarm, ...] = ()

    async def start(self) -> None:
        """Takes up what ended lately. Until a PBX is heard its link is down."""
        now = self._out.clock.now()
        self._down = dict.fromkeys(self._out.send, now)
        await self.rules.start()
        visits = await self._out.db.read(lambda s: history.visits(s, now - _LONGEST_INTERVAL))
        self._lately = Lately(visits.values())

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.rules.run(), name="alarms: rules")
            tasks.create_task(self._watch(), name="alarms: look")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            with contained("alarms"):
                await self.look()

    async def look(self) -> None:
        """One look."""
        now, rules = self._out.clock.now(), self.rules.value
        self._lately.forget(now - _LONGEST_INTERVAL)
        lines = self._gate.overview()
        read = (
            *readings.of_queues([x for x in lines if x.pbx not in self._down], self._lately, rules, now),
            *readings.of_agents(self._gate.live().values(), rules, now),
            *readings.of_links(self._down.items(), rules, now),
        )
        moment = Moment(at=now, mono=self._out.clock.monotonic(), settle_s=rules.settle_s)
        self._standing = alarms.look(self._standing, read, moment)
        labels = {(line.pbx, line.queue): line.label for line in lines}
        before, self.alarms = self.alarms, self._book.stand(alarms.raised(self._standing), labels, now)
        await self._write_down()
        if [(a.id, a.acknowledged) for a in before] != [(a.id, a.acknowledged) for a in self.alarms]:
            alarmed.set(len(self.alarms))
            await self._out.bus.publish(AlarmsChanged(alarms=self.alarms))

    async def acknowledge(self, who: Actor, alarm: UUID) -> None:
        """He has seen it: everybody is told so at once. Raises NotFound."""
        now = self._out.clock.now()

        def write(session: Session) -> bool:
            _, first = alarm_log.acknowledge(session, who, alarm, now)
            if first:
                audit.record(session, who, "acknowledge", ("alarm", str(alarm)), now)
            return first

        if await self._out.db.write(write):
            seen = Acknowledged(by=who.id, at=now)
            self._book.acknowledge(alarm, seen)
            self.alarms = tuple(replace(one, acknowledged=seen) if one.id == alarm else one for one in self.alarms)
            await self._out.bus.publish(AlarmsChanged(alarms=self.alarms))

    async def _write_down(self) -> None:
        """What the database cannot take now it is told with the next look."""
        if not self._book.page:
            return
        page = replace(self._book.page, raised=list(self._book.page.raised), over=list(self._book.page.over))
        over = [(one.id, one.worst, one.at) for one in page.over]
        try:
            await self._out.db.write(lambda s: alarm_log.keep(s, alarm_book.rows(page.raised), over))
        except Unavailable as wrong:
            log.warning("alarms_not_written", code=wrong.code)
            return
        self._book.written(page)

    # subscribers

    async def changed(self, event: Changed) -> None:
        if not event.after.test:
            for _, visit in ended(event.before, event.after):
                self._lately.count(visit)

    async def link_up(self, event: LinkUp) -> None:
        self._down.pop(event.pbx, None)

    async def link_down(self, event: LinkDown) -> None:
        self._down.setdefault(event.pbx, self._out.clock.now())
