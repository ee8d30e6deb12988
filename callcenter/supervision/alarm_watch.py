"""Looks at the floor every second and tells which alarms are raised."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import Gauge

from callcenter.call import Changed
from callcenter.contain import contained
from callcenter.crm import alarm_rules
from callcenter.crm.alarm_rules import AlarmPolicy
from callcenter.decided import Decided
from callcenter.pbx_events import LinkDown, LinkUp
from callcenter.routing import history
from callcenter.routing.gate import Gate
from callcenter.routing.outside import Outside
from callcenter.routing.today import ended
from callcenter.supervision import alarms, readings
from callcenter.supervision.alarms import Alarm, AlarmKey, Moment, Standing
from callcenter.supervision.readings import Lately

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
        self.alarms: tuple[Alarm, ...] = ()

    async def start(self) -> None:
        """Takes up what ended lately. Until a PBX is heard its link is down."""
        now = self._out.clock.now()
        self._down = dict.fromkeys(self._out.send, now)
        await self.rules.start()
        self._lately = Lately(await self._out.db.read(lambda s: history.visits(s, now - _LONGEST_INTERVAL)))

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
        stand = tuple(_alarm(one, labels) for one in alarms.raised(self._standing))
        news = {(a.kind, a.pbx, a.thing) for a in stand} != {(a.kind, a.pbx, a.thing) for a in self.alarms}
        self.alarms = stand
        if news:
            alarmed.set(len(stand))
            await self._out.bus.publish(AlarmsChanged(alarms=stand))

    # subscribers

    async def changed(self, event: Changed) -> None:
        if not event.after.test:
            for visit in ended(event.before, event.after):
                self._lately.count(visit)

    async def link_up(self, event: LinkUp) -> None:
        self._down.pop(event.pbx, None)

    async def link_down(self, event: LinkDown) -> None:
        self._down.setdefault(event.pbx, self._out.clock.now())


def _alarm(one: Standing, labels: dict[tuple[str, str], str]) -> Alarm:
    (kind, pbx, thing), raised_at = one.reading.key, one.raised_at
    assert raised_at is not None
    return Alarm(
        kind=kind,
        pbx=pbx,
        thing=thing,
        label=labels.get((pbx, thing), ""),
        value=one.reading.value,
        limit=one.reading.limit,
        since=one.reading.since,
        raised_at=raised_at,
    )
