"""What supervisors have: its parts, what they hear, its routes and its tasks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web

from callcenter.bus import Bus
from callcenter.call import Changed
from callcenter.news import AlarmRulesChanged, RightsChanged, SignedOff
from callcenter.pbx_events import LinkDown, LinkUp, OriginatedLeg, OriginateFailed
from callcenter.routing.gate import Gate
from callcenter.routing.outside import Outside
from callcenter.supervision import api_alarms, api_displays, api_messages, api_sit_ins
from callcenter.supervision.alarm_watch import AlarmWatch
from callcenter.supervision.sitting import Sitting


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """``start`` once, subscribe, ``run`` for ever."""

    sitting: Sitting
    alarms: AlarmWatch

    async def start(self) -> None:
        """Takes up what stood when the service last ended."""
        await self.sitting.start()
        await self.alarms.start()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.sitting.run(), name="sitting in")
            tasks.create_task(self.alarms.run(), name="alarms")


def make(outside: Outside, gate: Gate) -> Supervision:
    return Supervision(sitting=Sitting(outside, gate.presence), alarms=AlarmWatch(outside, gate))


def subscribe(bus: Bus, supervision: Supervision) -> None:
    sitting, alarms = supervision.sitting, supervision.alarms
    bus.on(Changed, sitting.changed)
    bus.on(OriginatedLeg, sitting.leg)
    bus.on(OriginateFailed, sitting.refused)
    bus.on(LinkUp, sitting.link_up)
    bus.on(RightsChanged, sitting.rights_changed)
    bus.on(SignedOff, sitting.rights_changed)
    bus.on(Changed, alarms.changed)
    bus.on(LinkUp, alarms.link_up)
    bus.on(LinkDown, alarms.link_down)
    bus.on(AlarmRulesChanged, alarms.rules.changed)


def provide(app: web.Application, supervision: Supervision) -> None:
    """Hands the parts to the routes."""
    api_sit_ins.provide(app, supervision.sitting)
    api_displays.provide(app, supervision.alarms)


def add_routes(app: web.Application) -> None:
    """Before those of the record, whose ``/calls`` answers to every method."""
    api_sit_ins.add_routes(app)
    api_alarms.add_routes(app)
    api_displays.add_routes(app)
    api_messages.add_routes(app)
