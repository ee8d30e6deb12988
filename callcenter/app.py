"""The composition root: builds every part, lists every subscription, opens the door. Nothing is looked up later."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web

from callcenter import api, pages
from callcenter.bus import Bus
from callcenter.call import Changed
from callcenter.clock import Clock, SystemClock
from callcenter.config import Settings
from callcenter.crm import access
from callcenter.crm.api_spec import document
from callcenter.crm.exchange import api_imports
from callcenter.crm.exchange.importer import Importer
from callcenter.crm.exchange.lines import Shelf as Sheets
from callcenter.crm.privacy import erasure
from callcenter.crm.privacy import parts as privacy
from callcenter.crm.privacy.erasure import Eraser
from callcenter.crm.privacy.nights import Nights
from callcenter.crm.routes import add_routes as add_crm_routes
from callcenter.db import Database
from callcenter.explaining import api as explaining_api
from callcenter.explaining.api import Journals
from callcenter.health import Health, HealthChanged
from callcenter.jobs import AT_ONCE, Jobs
from callcenter.ledger import Ledger
from callcenter.links import Links, link
from callcenter.news import (
    AgentMessaged,
    BlocksChanged,
    CustomerChanged,
    DeskTaken,
    DraftSaved,
    KeepingChanged,
    MapChanged,
    Named,
    OutageWanted,
    OutcomeRulesChanged,
    RecordingRulesChanged,
    Reminded,
    RightsChanged,
    RosterChanged,
    RoutingChanged,
    Scored,
    SignedOff,
    StaffChanged,
    TasksChanged,
)
from callcenter.outages import Outages
from callcenter.pbx_events import (
    ChannelSeen,
    DebtFound,
    DebtTold,
    LinkDown,
    LinkUp,
    MemberState,
    MembersTold,
    OriginatedLeg,
    OriginateFailed,
    Outage,
)
from callcenter.pbx_rows import PbxRows
from callcenter.recording import again, api_pausing, api_tally, api_wishing
from callcenter.recording import api as recording_api
from callcenter.recording.capture import Capture, open_store
from callcenter.recording.captured import KIND
from callcenter.recording.ears import Ears
from callcenter.recording.listeners import Listeners
from callcenter.recording.models import Models
from callcenter.recording.pausing import House as TalkHouse
from callcenter.recording.renditions import Renditions, machine
from callcenter.recording.routes import add_routes as add_recording_routes
from callcenter.recording.shelf import Shelf
from callcenter.recording.switch import recording_switch
from callcenter.recording.talks import Talks, talks
from callcenter.recording.tally import Places, Tally
from callcenter.recording.transcribe import Transcriber
from callcenter.recording.unanswered import Unanswered
from callcenter.rehearsing import api as rehearsing_api
from callcenter.rehearsing.play import House
from callcenter.rehearsing.stage import Stage
from callcenter.reporting import api as reporting_api
from callcenter.routing import api as routing_api
from callcenter.routing import api_dial
from callcenter.routing.asking import api as asking_api
from callcenter.routing.asking.door import Door
from callcenter.routing.asking.router import Router, RoutingTaken, Staffing
from callcenter.routing.claims import Claims, GateTaken, installation
from callcenter.routing.dialler import DialChanged, Dialler
from callcenter.routing.doctor.doctor import Doctor
from callcenter.routing.gate import Gate
from callcenter.routing.outside import Outside, Send
from callcenter.routing.phone_rules import phone_rules
from callcenter.routing.presence import PresenceChanged
from callcenter.routing.seen import SeenChannels
from callcenter.routing.survey import Survey
from callcenter.routing.unowned import UnownedChanged
from callcenter.scoring.routes import add_routes as add_scoring_routes
from callcenter.scoring.sampling import Sampler
from callcenter.screenpop import api as screenpop_api
from callcenter.screenpop.hub import Hub
from callcenter.supervision import parts as supervising
from callcenter.supervision.alarm_watch import AlarmsChanged
from callcenter.supervision.parts import Supervision
from callcenter.supervision.sitting import SitInChanged
from callcenter.taskwatch import TaskWatch
from callcenter.vitals import api as vitals_api
from callcenter.vitals.watch import Vitals

_BIG_UPLOAD = 1024 * 1024


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
    capture: Capture
    unanswered: Unanswered
    transcriber: Transcriber
    renditions: Renditions
    switch: PbxRows
    phone_rules: PbxRows
    talks: Talks
    tally: Tally
    law: privacy.Law
    tasks: TaskWatch
    sampler: Sampler
    outages: Outages
    importer: Importer


def build(settings: Settings) -> Parts:
    """Makes the parts and hands each what it needs."""
    db, bus, clock = Database(settings.database), Bus(), SystemClock()
    health = Health(bus, clock)
    ledger = Ledger(db, bus, clock, health)
    links = Links(settings, ledger, clock, health)
    claims, outside = _outside(settings, links, ledger, (db, bus, clock, health))
    capture = Capture(db, clock, health, settings.recordings_of, open_store(settings.store))
    listeners = Listeners(Models.of(settings), [Ears() for _ in range(settings.speech.processes)], health)
    law = _law(settings, links, (db, clock, bus), capture)
    gate = Gate(outside, claims=claims)
    router = _router(outside, gate, links)
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
        door=Door(outside, router, settings.fastagi),
        dialler=Dialler(outside, gate.presence),
        supervision=supervising.make(outside, gate),
        survey=survey,
        doctor=Doctor(settings, lambda name: link(name, settings.pbx[name]), db, clock, listeners.models.names),
        seen=SeenChannels(db, clock),
        hub=hub,
        stage=stage,
        vitals=Vitals(db, clock, health, settings),
        jobs=_jobs((db, clock), capture, law),
        capture=capture,
        unanswered=Unanswered(db, clock, settings.recordings_of),
        renditions=Renditions(db, clock, capture.kept, machine(listeners.models.any)),
        transcriber=Transcriber(db, clock, capture.kept, listeners),
        switch=recording_switch(db, outside.send, outside.holds),
        phone_rules=phone_rules(outside),
        tally=Tally(db, clock, Places(names=tuple(settings.pbx), of=settings.recordings_of)),
        talks=_talks(settings, outside, ledger),
        law=law,
        tasks=TaskWatch(db, bus, clock),
        sampler=Sampler(db, clock),
        outages=Outages((db, clock, health), links.written_history, ledger.take),
        importer=Importer(db, clock, Sheets(folder=settings.state / "imports"), ledger.take),
    )


def _jobs(kept: tuple[Database, Clock], capture: Capture, law: privacy.Law) -> Jobs:
    """Who does what was left for later."""
    jobs = Jobs(*kept, at_once=AT_ONCE)
    jobs.on(KIND, capture.store)
    jobs.on(erasure.KIND, law.eraser.job)
    jobs.on(again.KIND, again.Again(*kept).step)
    return jobs


def _outside(
    settings: Settings, links: Links, ledger: Ledger, kept: tuple[Database, Bus, Clock, Health]
) -> tuple[Claims, Outside]:
    db, bus, clock, health = kept
    send: dict[str, Send] = {name: partial(links.send, name) for name in settings.pbx}
    claims = Claims(installation(settings.state), send, (bus, clock, health))
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


def _talks(settings: Settings, outside: Outside, ledger: Ledger) -> Talks:
    house = TalkHouse(clock=outside.clock, live=ledger.live, take=ledger.take, send=outside.send, holds=outside.holds)
    return talks(house, settings.recordings_of)


def _law(settings: Settings, links: Links, kept: tuple[Database, Clock, Bus], capture: Capture) -> privacy.Law:
    """Who clears and erases, with the files they reach."""
    db, clock, bus = kept
    shelf = Shelf(capture.kept, settings.recordings_of, links.journals, links.flush_journals)
    eraser = Eraser(db, clock, shelf)
    return privacy.Law(files=shelf, eraser=eraser, nights=Nights(db, clock, shelf, eraser, bus))


def subscribe(parts: Parts) -> None:
    """The product's story: who hears what, in order."""
    bus, gate, hub, links, ledger = parts.bus, parts.gate, parts.hub, parts.links, parts.ledger
    bus.on(Changed, hub.changed, ahead=True)  # a phone rings: everything else comes after the pop
    bus.on(Changed, gate.changed)
    bus.on(Changed, parts.seen.changed)
    bus.on(ChannelSeen, parts.seen.channel_seen)
    bus.on(MemberState, hub.member)
    bus.on(MemberState, gate.member_state)
    bus.on(MembersTold, gate.members_told)
    bus.on(DebtFound, gate.debt_found)
    bus.on(DebtTold, gate.debt_told)
    bus.on(LinkUp, links.link_up)
    bus.on(LinkUp, gate.link_up)
    bus.on(GateTaken, gate.taken)
    bus.on(LinkUp, parts.survey.link_up)
    bus.on(LinkDown, links.link_down)
    bus.on(LinkDown, gate.link_down)
    bus.on(RosterChanged, ledger.roster_changed)
    bus.on(OutcomeRulesChanged, ledger.outcome_rules.changed)
    bus.on(KeepingChanged, ledger.keep_hidden.changed)
    bus.on(RosterChanged, gate.roster_changed)
    bus.on(RosterChanged, hub.roster_changed)
    bus.on(PresenceChanged, hub.presence_changed)
    bus.on(UnownedChanged, hub.unowned_changed)
    bus.on(DeskTaken, hub.desk_taken)
    bus.on(MapChanged, links.map_changed)
    bus.on(MapChanged, gate.map_changed)
    bus.on(Named, gate.named)
    bus.on(Named, hub.named)
    bus.on(OutcomeRulesChanged, hub.named)
    bus.on(StaffChanged, gate.staff_changed)
    bus.on(CustomerChanged, hub.customer_changed)
    bus.on(DraftSaved, hub.drafted)
    bus.on(TasksChanged, hub.tasks_changed)
    bus.on(Reminded, hub.reminded)
    bus.on(Scored, hub.scored)
    bus.on(RightsChanged, hub.rights_changed)
    bus.on(SignedOff, hub.signed_off)
    bus.on(HealthChanged, hub.health_changed)
    _subscribe_dialling(parts)
    _subscribe_recording(parts)
    _subscribe_routing(parts)
    bus.on(Outage, parts.outages.stirred)
    bus.on(OutageWanted, parts.outages.stirred)


def _subscribe_dialling(parts: Parts) -> None:
    """Calls that we have made: clicks and tests."""
    bus = parts.bus
    bus.on(Changed, parts.dialler.changed)
    bus.on(OriginatedLeg, parts.dialler.leg)
    bus.on(OriginateFailed, parts.dialler.refused)
    bus.on(DialChanged, parts.hub.dial_changed)
    supervising.subscribe(bus, parts.supervision)
    bus.on(SitInChanged, parts.hub.sit_in_changed)
    bus.on(AlarmsChanged, parts.hub.alarms_changed)
    bus.on(AgentMessaged, parts.hub.messaged)
    bus.on(Changed, parts.stage.changed)
    bus.on(MemberState, parts.stage.member)
    bus.on(DebtTold, parts.stage.owes)
    bus.on(OriginateFailed, parts.stage.originate_failed)
    bus.on(LinkUp, parts.stage.link_up)


def _subscribe_routing(parts: Parts) -> None:
    """Before a call waits, or goes out: who is where, what is asked, and who may dial."""
    bus, router, door = parts.bus, parts.router, parts.door
    bus.on(OutcomeRulesChanged, parts.phone_rules.changed)
    bus.on(MapChanged, parts.phone_rules.changed)
    bus.on(LinkUp, parts.phone_rules.link_up)
    bus.on(LinkDown, parts.phone_rules.link_down)
    bus.on(GateTaken, parts.phone_rules.changed)
    bus.on(RosterChanged, router.roster_changed)
    bus.on(RoutingChanged, router.decided.changed)
    bus.on(BlocksChanged, router.blocks_changed)
    bus.on(CustomerChanged, router.customer_changed)
    bus.on(RoutingTaken, door.routing_taken)
    bus.on(GateTaken, door.routing_taken)
    bus.on(LinkUp, door.link_up)
    bus.on(LinkDown, door.link_down)


def _subscribe_recording(parts: Parts) -> None:
    bus, switch = parts.bus, parts.switch
    bus.on(LinkUp, switch.link_up)
    bus.on(LinkDown, switch.link_down)
    bus.on(GateTaken, switch.changed)
    bus.on(RecordingRulesChanged, switch.changed)
    bus.on(Changed, parts.unanswered.changed)
    parts.talks.subscribe(bus)


def website(parts: Parts) -> web.Application:
    """The door: API, websocket, pages."""
    app = web.Application(
        middlewares=[api.problems, api.own_pages_only, access.authenticate], client_max_size=_BIG_UPLOAD
    )
    app.on_response_prepare.append(api.safe_headers)
    app[api.SETTINGS], app[api.CLOCK] = parts.settings, parts.clock
    app[api.DB], app[api.BUS], app[api.HEALTH] = parts.db, parts.bus, parts.health
    app[api.TAKE] = parts.ledger.take
    add_all_routes(app)
    screenpop_api.provide(app, parts.hub)
    rehearsing_api.provide(app, parts.stage, parts.hub.reads)
    explaining_api.provide(app, Journals(folder=parts.links.journals, flush=parts.links.flush_journals))
    vitals_api.provide(app, parts.vitals)
    routing_api.provide(app, parts.gate, parts.survey, parts.doctor)
    asking_api.provide(app, parts.router)
    api_dial.provide(app, parts.dialler, parts.links.written)
    supervising.provide(app, parts.supervision)
    recording_api.provide(app, parts.capture.kept)
    api_tally.provide(app, parts.tally)
    api_pausing.provide(app, parts.talks.pausing, parts.ledger.live)
    api_wishing.provide(app, parts.talks.wishing)
    privacy.provide(app, parts.law)
    api_imports.provide(app, parts.importer)
    return app


def add_all_routes(app: web.Application) -> None:
    """Every route; also what the OpenAPI document is made of."""
    api_dial.add_routes(app)
    supervising.add_routes(app)
    add_crm_routes(app)
    routing_api.add_routes(app)
    asking_api.add_routes(app)
    add_recording_routes(app)
    add_scoring_routes(app)
    screenpop_api.add_routes(app)
    rehearsing_api.add_routes(app)
    vitals_api.add_routes(app)
    explaining_api.add_routes(app)
    reporting_api.add_routes(app)
    pages.add_routes(app)


def openapi() -> dict[str, Any]:
    """The OpenAPI document, without a database."""
    app = web.Application()
    add_all_routes(app)
    return document(app)
