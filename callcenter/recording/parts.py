"""What recordings have: who keeps them, hears them, quietens and counts them; its routes and its tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from callcenter.bus import Bus
from callcenter.call import Call, Changed
from callcenter.clock import Clock
from callcenter.config import Settings
from callcenter.db import Database
from callcenter.events import CallKey
from callcenter.health import Health
from callcenter.jobs import Jobs
from callcenter.news import RecordingRulesChanged
from callcenter.pbx_events import LinkDown, LinkUp
from callcenter.pbx_rows import PbxRows
from callcenter.recording import again, api, api_pausing, api_tally, api_wishing
from callcenter.recording.capture import Capture, open_store
from callcenter.recording.captured import KIND
from callcenter.recording.ears import Ears
from callcenter.recording.listeners import Listeners
from callcenter.recording.models import Models
from callcenter.recording.pausing import House
from callcenter.recording.renditions import Renditions, machine
from callcenter.recording.switch import recording_switch
from callcenter.recording.talks import Talks, talks
from callcenter.recording.tally import Places, Tally
from callcenter.recording.transcribe import Transcriber
from callcenter.recording.unanswered import Unanswered


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Subscribe, ``run`` for ever. ``switch``: what each PBX is to record."""

    capture: Capture
    models: Models
    unanswered: Unanswered
    transcriber: Transcriber
    renditions: Renditions
    switch: PbxRows
    talks: Talks
    tally: Tally

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.transcriber.run(), name="transcriber")
            tasks.create_task(self.unanswered.run(), name="unanswered")
            tasks.create_task(self.renditions.run(), name="renditions")
            tasks.create_task(self.switch.run(), name="recording switch")
            tasks.create_task(self.tally.run(), name="tally")
            tasks.create_task(self.talks.pausing.run(), name="recording pauses")
            tasks.create_task(self.talks.wishing.run(), name="recording wishes")
            tasks.create_task(self.talks.renewing.run(), name="recording renewals")


def make(settings: Settings, kept: tuple[Database, Clock, Health], house: House) -> Recording:
    db, clock, health = kept
    capture = Capture(db, clock, health, settings.recordings_of, open_store(settings.store))
    listeners = Listeners(Models.of(settings), [Ears() for _ in range(settings.speech.processes)], health)
    return Recording(
        capture=capture,
        models=listeners.models,
        unanswered=Unanswered(db, clock, settings.recordings_of),
        transcriber=Transcriber(db, clock, capture.kept, listeners),
        renditions=Renditions(db, clock, capture.kept, machine(listeners.models.any)),
        switch=recording_switch(db, house.send, house.holds),
        talks=talks(house, settings.recordings_of),
        tally=Tally(db, clock, Places(names=tuple(settings.pbx), of=settings.recordings_of)),
    )


def work(jobs: Jobs, recording: Recording, kept: tuple[Database, Clock]) -> None:
    """Who does what was left for later."""
    jobs.on(KIND, recording.capture.store)
    jobs.on(again.KIND, again.Again(*kept).step)


def subscribe(bus: Bus, recording: Recording) -> None:
    switch = recording.switch
    bus.on(LinkUp, switch.link_up)
    bus.on(LinkDown, switch.link_down)
    bus.on(RecordingRulesChanged, switch.changed)
    bus.on(Changed, recording.unanswered.changed)
    recording.talks.subscribe(bus)


def provide(app: web.Application, recording: Recording, live: Callable[[], Mapping[CallKey, Call]]) -> None:
    """Hands the parts to the routes; ``live`` is the ledger's."""
    api.provide(app, recording.capture.kept)
    api_tally.provide(app, recording.tally)
    api_pausing.provide(app, recording.talks.pausing, live)
    api_wishing.provide(app, recording.talks.wishing)
