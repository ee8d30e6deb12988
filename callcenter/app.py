"""The composition root: builds every part and hands each what it needs. Nothing is looked up later."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from callcenter.bus import Bus
from callcenter.clock import Clock, SystemClock
from callcenter.config import Settings
from callcenter.crm import outcome_jobs
from callcenter.crm.exchange.importer import Importer
from callcenter.crm.exchange.lines import Shelf as Sheets
from callcenter.crm.privacy import erasure
from callcenter.crm.privacy import parts as privacy
from callcenter.crm.privacy.erasure import Eraser
from callcenter.crm.privacy.nights import Nights
from callcenter.db import Database
from callcenter.health import Health
from callcenter.jobs import AT_ONCE, Jobs
from callcenter.ledger import Ledger
from callcenter.links import Links, link
from callcenter.outages import Outages
from callcenter.pbx_rows import PbxRows
from callcenter.recording import parts as recording
from callcenter.recording.capture import Capture
from callcenter.recording.parts import Recording
from callcenter.recording.pausing import House as TalkHouse
from callcenter.recording.shelf import Shelf
from callcenter.rehearsing.play import House
from callcenter.rehearsing.stage import Stage
from callcenter.reviewing import parts as reviewing
from callcenter.routing.asking.door import Door
from callcenter.routing.asking.outgoing import Outgoing
from callcenter.routing.asking.router import Router, Staffing
from callcenter.routing.claims import Claims, begun
from callcenter.routing.dialler import Dialler
from callcenter.routing.doctor.doctor import Doctor
from callcenter.routing.gate import Gate
from callcenter.routing.outside import Outside, Send
from callcenter.routing.phone_rules import phone_rules
from callcenter.routing.seen import SeenChannels
from callcenter.routing.survey import Survey
from callcenter.scoring.sampling import Sampler
from callcenter.screenpop.hub import Hub
from callcenter.supervision import parts as supervising
from callcenter.supervision.parts import Supervision
from callcenter.taskwatch import TaskWatch
from callcenter.vitals.watch import Vitals


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that runs."""

    settings: Settings
    clock: Clock
    db: Database
    bus: Bus
    health: Health
    ledger: Ledger
    links: Links
    gate: Gate
    router: Router
    outgoing: Outgoing
    door: Door
    dialler: Dialler
    supervision: Supervision
    survey: Survey
    doctor: Doctor
    seen: SeenChannels
    hub: Hub
    stage: Stage
    vitals: Vitals
    jobs: Jobs
    recording: Recording
    phone_rules: PbxRows
    law: privacy.Law
    tasks: TaskWatch
    sampler: Sampler
    reviewer: reviewing.Reviewer
    outages: Outages
    importer: Importer


def build(settings: Settings) -> Parts:
    """Makes the parts and hands each what it needs."""
    db, bus, clock = Database(settings.database), Bus(), SystemClock()
    health = Health(bus, clock)
    ledger = Ledger(db, bus, clock, health)
    links = Links(settings, ledger, clock, health)
    claims, outside = _outside(settings, links, ledger, (db, bus, clock, health))
    recorders = recording.make(settings, (db, clock, health), _talks(outside))
    law = _law(settings, links, (db, clock, bus), recorders.capture)
    gate = Gate(outside, claims=claims)
    router, outgoing = _router(outside, gate, links), Outgoing(outside, lambda pbx: links.feeds[pbx].map)
    survey, hub = Survey(outside), Hub(db, clock, health, ledger, gate)
    stage = Stage(House(out=outside, survey=survey, map=lambda pbx: links.feeds[pbx].map))
    hub.shown = stage.painted
    return Parts(
        settings=settings,
        clock=clock,
        db=db,
        bus=bus,
        health=health,
        ledger=ledger,
        links=links,
        gate=gate,
        router=router,
        outgoing=outgoing,
        door=Door(outside, router, outgoing, settings.fastagi),
        dialler=Dialler(outside, gate.presence),
        supervision=supervising.make(outside, gate),
        survey=survey,
        doctor=Doctor(settings, lambda name: link(name, settings.pbx[name]), db, clock, recorders.models.names),
        seen=SeenChannels(db, clock),
        hub=hub,
        stage=stage,
        vitals=Vitals(db, clock, health, settings),
        jobs=_jobs((db, clock), recorders, law),
        recording=recorders,
        phone_rules=phone_rules(outside),
        law=law,
        tasks=TaskWatch(db, bus, clock),
        sampler=Sampler(db, clock),
        reviewer=reviewing.make(db, clock, bus),
        outages=Outages((db, clock, health), links.written_history, ledger.take),
        importer=Importer(db, clock, Sheets(folder=settings.state / "imports"), ledger.take),
    )


def _jobs(kept: tuple[Database, Clock], recorders: Recording, law: privacy.Law) -> Jobs:
    """Who does what was left for later."""
    jobs = Jobs(*kept, at_once=AT_ONCE)
    recording.work(jobs, recorders, kept)
    jobs.on(erasure.KIND, law.eraser.job)
    for kind, work in outcome_jobs.of(*kept).items():
        jobs.on(kind, work)
    return jobs


def _outside(
    settings: Settings, links: Links, ledger: Ledger, kept: tuple[Database, Bus, Clock, Health]
) -> tuple[Claims, Outside]:
    db, bus, clock, health = kept
    send: dict[str, Send] = {name: partial(links.send, name) for name in settings.pbx}
    claims = Claims(begun(settings.state), send, (bus, clock, health))
    return claims, Outside(
        db=db,
        bus=bus,
        clock=clock,
        health=health,
        take=ledger.take,
        live=ledger.live,
        send=send,
        region=lambda pbx: links.feeds[pbx].map.region,
        heard=ledger.heard,
        rules=lambda: ledger.rules,
        holds=claims.holds,
    )


def _router(outside: Outside, gate: Gate, links: Links) -> Router:
    """Who answers where a call goes."""
    return Router(outside, Staffing(presence=gate.presence, seats_of=gate.seats_of, number=links.number))


def _talks(outside: Outside) -> TalkHouse:
    """What those who quieten recordings work with."""
    return TalkHouse(clock=outside.clock, live=outside.live, take=outside.take, send=outside.send, holds=outside.holds)


def _law(settings: Settings, links: Links, kept: tuple[Database, Clock, Bus], capture: Capture) -> privacy.Law:
    """Who clears and erases, with the files they reach."""
    db, clock, bus = kept
    shelf = Shelf(capture.kept, settings.recordings_of, links.journals, links.flush_journals)
    eraser = Eraser(db, clock, shelf)
    return privacy.Law(files=shelf, eraser=eraser, nights=Nights(db, clock, shelf, eraser, bus))
