"""Carries the boards to the tabs: one frame a change, one queue a tab, and the rest of the house never waits."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Set
from typing import Final
from uuid import UUID

from callcenter import metrics
from callcenter.call import Changed
from callcenter.card import CustomerId
from callcenter.clock import Clock
from callcenter.contain import contained
from callcenter.crm.rights import Actor, Verb, allow
from callcenter.db import Database
from callcenter.decision_events import OutcomeDue
from callcenter.events import Offered
from callcenter.health import Health, HealthChanged
from callcenter.ledger import Ledger
from callcenter.log import logger
from callcenter.news import (
    AgentMessaged,
    CustomerChanged,
    DeskTaken,
    DraftSaved,
    Named,
    OutcomeRulesChanged,
    Reminded,
    RightsChanged,
    RosterChanged,
    Scored,
    SignedOff,
    TasksChanged,
)
from callcenter.pbx_events import MemberState
from callcenter.roster import AgentId
from callcenter.routing.dialler import DialChanged
from callcenter.routing.gate import Gate
from callcenter.routing.presence import PresenceChanged
from callcenter.routing.unowned import UnownedChanged
from callcenter.screenpop import news, pulse, recollect
from callcenter.screenpop.board import Board, Changes, Restored
from callcenter.screenpop.changes import (
    AlarmsChange,
    DeskTakenChange,
    HealthChange,
    MessageChange,
    PopOffered,
    QueuesChange,
    RulesChange,
    ScoreChange,
    TaskChange,
    UnownedChange,
)
from callcenter.screenpop.deliveries import Deliveries
from callcenter.screenpop.faces import Who
from callcenter.screenpop.lines import Directory
from callcenter.screenpop.messages import body
from callcenter.screenpop.shown import BoardView, QueueLine
from callcenter.screenpop.stage import Stage
from callcenter.screenpop.tab import Close, Tab
from callcenter.supervision.alarm_watch import AlarmsChanged
from callcenter.supervision.sitting import SitInChanged

log = logger(__name__)
_SLICE: Final = 100
_LINES_SECONDS: Final = 0.25
_SESSIONS_SECONDS: Final = 30.0


def _nobody_asks(_who: Actor, _pop: UUID, _paint_ms: float) -> None:
    pass


class Hub:
    """The boards and the tabs that show them. Its methods named after news are subscribers of the bus."""

    def __init__(self, db: Database, clock: Clock, health: Health, ledger: Ledger, gate: Gate) -> None:
        self._db = db
        self._gate = gate
        self._clock = clock
        self._health = health
        self._ledger = ledger
        self._tabs: dict[AgentId, list[Tab]] = defaultdict(list)
        self._told: dict[AgentId, tuple[QueueLine, ...]] = {}
        self._stirred = asyncio.Event()
        self._tasks_stirred: set[UUID] = set()
        self._lines_seen = 0
        self._stage = Stage(db, clock, gate)
        self._board = Board(Directory(), ledger.roster, gate.presence)
        self._deliveries = Deliveries(db, clock)
        self.shown: Callable[[Actor, UUID, float], None] = _nobody_asks
        """Told whenever a screen says that it has painted a pop, and after how many milliseconds."""

    async def start(self) -> None:
        """Rebuilds the boards of what was unsettled; called after the ledger has started."""
        directory = await self._db.read(recollect.directory)
        drafts = await self._db.read(recollect.drafts)
        self._board = Board(directory, self._ledger.roster, self._gate.presence)
        self._board.unowned = self._gate.unowned.now()
        whose = {key: self._ledger.who(key) for key in self._ledger.live()}
        calls = [
            Restored(call=call, who=Who(card=who.card, candidates=who.candidates) if who else Who(card=None))
            for (call, who) in ((call, whose[key]) for key, call in self._ledger.live().items())
        ]
        self._board.restore(calls, drafts)
        for name, part in self._health.parts.items():
            self._board.health = pulse.fold(self._board.health, name, part)

    async def run(self) -> None:
        """Tells queue lines a few times a second and closes the tabs of sessions that ran out; for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell_lines())
            tasks.create_task(self._stage.run(lambda: self._board))
            tasks.create_task(self._watch_sessions())
            tasks.create_task(self._deliveries.run())

    async def view(self, actor: Actor) -> BoardView:
        """The actor's whole board."""
        if not self._board.knows(actor.id):
            self._board.meet(await self._db.read(recollect.directory))
        return self._board.view(actor.id)

    async def attach(self, tab: Tab) -> None:
        """The tab gets the board, then what changes."""
        await self.view(tab.actor)
        agent = tab.actor.id
        view = self._board.view(agent)
        self._told.setdefault(agent, view.queues)
        tab.snapshot(view)
        self._tabs[agent].append(tab)
        metrics.tabs.inc()

    def detach(self, tab: Tab) -> None:
        """The tab is closed."""
        tabs = self._tabs[tab.actor.id]
        if tab in tabs:
            tabs.remove(tab)
            metrics.tabs.dec()
        self._stage.leave(tab)
        if not tabs:
            del self._tabs[tab.actor.id]
            self._told.pop(tab.actor.id, None)

    def reads(self, person: AgentId) -> bool:
        """Whether he has a screen open."""
        return bool(self._tabs.get(person))

    def resume(self, tab: Tab) -> None:
        """The tab lost count."""
        tab.snapshot(self._board.view(tab.actor.id))

    def close(self) -> None:
        """Tabs are told to come back: the service ends, or begins anew with them."""
        for tab in self._all():
            tab.end(Close.GOING_AWAY)

    def painted(self, actor: Actor, pop: UUID, paint_ms: float) -> None:
        """A screen says that it shows the pop, so many milliseconds after it was told."""
        self._deliveries.painted(actor, pop, paint_ms)
        self.shown(actor, pop, paint_ms)

    async def show_floor(self, tab: Tab, *, changes: bool) -> None:
        """A supervisor asked for the floor: he gets it, and then it again or what changes of it."""
        await self._stage.watch(tab, self._board, changes=changes)

    async def changed(self, change: Changed) -> None:
        event = change.event
        mono = event.mono if isinstance(event, Offered) else None
        if isinstance(event, OutcomeDue):
            await self._recall(change.after.segments[event.segment].id)
        self._tell(self._board.changed(change), mono)

    async def _recall(self, segment: UUID | None) -> None:
        """An outcome that was put off comes back with what its agent has written of it meanwhile."""
        if segment:
            self._board.recall(segment, await self._db.read(lambda s: recollect.draft(s, segment)))

    async def member(self, member: MemberState) -> None:
        self._board.member(member)
        self._tell({})

    async def presence_changed(self, event: PresenceChanged) -> None:
        self._tell(self._board.felt(event))

    async def unowned_changed(self, event: UnownedChanged) -> None:
        self._board.unowned = event.unowned
        self._board.lines_version += 1
        self._stir()
        told = body(UnownedChange(unowned=event.unowned))
        await self._broadcast((tab, told) for tab in self._all())

    async def desk_taken(self, event: DeskTaken) -> None:
        self._tell({event.agent: [DeskTakenChange(extension=event.extension, by=event.by)]})

    async def drafted(self, saved: DraftSaved) -> None:
        self._tell(self._board.drafted(saved))

    async def customer_changed(self, event: CustomerChanged) -> None:
        customer: CustomerId = event.customer
        card = await self._db.read(lambda session: recollect.card_of(session, customer))
        if card:
            self._tell(self._board.card_changed(customer, card))

    async def health_changed(self, event: HealthChanged) -> None:
        before = self._board.health
        self._board.health = pulse.fold(before, event.name, event.part)
        if self._board.health == before:
            return
        told = body(HealthChange(health=self._board.health))
        await self._broadcast((tab, told) for tab in self._all())

    async def roster_changed(self, event: RosterChanged) -> None:
        directory = await self._db.read(recollect.directory)
        for agent in self._board.seated(directory, event.roster):
            for tab in self._of(agent):
                self.resume(tab)
        self._tell({})

    async def tasks_changed(self, event: TasksChanged) -> None:
        """All screens show tasks; which of them, each asks again, and sees what it may."""
        self._tasks_stirred.update(event.tasks)
        self._stage.stale()
        self._stirred.set()

    async def reminded(self, event: Reminded) -> None:
        told = body(TaskChange(task_id=event.task, reminder=True))
        for tab in self._of(event.user):
            self._put(tab, told)

    async def scored(self, event: Scored) -> None:
        told = body(ScoreChange(evaluation_id=event.evaluation, agent_id=event.agent, state=event.state))
        for person in event.people:
            for tab in self._of(person):
                self._put(tab, told)

    async def outcome_rules_changed(self, _event: OutcomeRulesChanged) -> None:
        """Every desk: also who owes nothing shows codes by name."""
        await self.named(_event)
        told = body(RulesChange())
        await self._broadcast((tab, told) for tab in self._all())

    async def named(self, _event: Named | OutcomeRulesChanged) -> None:
        self._tell(self._board.renamed(await self._db.read(recollect.directory)))

    async def rights_changed(self, _event: RightsChanged) -> None:
        """Every tab comes back at once, as who its person is now."""
        self._board.judged(await self._db.read(recollect.directory))
        self._stage.stale()
        self.close()

    async def dial_changed(self, event: DialChanged) -> None:
        told = body(news.of_dial(event.dial))
        for tab in self._of(event.dial.agent):
            self._put(tab, told)

    async def messaged(self, event: AgentMessaged) -> None:
        self._tell({one: [MessageChange(message_id=event.message)] for one in event.people})

    async def alarms_changed(self, event: AlarmsChanged) -> None:
        self._board.alarms = event.alarms
        supervisors = {tab.actor.id for tab in self._all() if allow(tab.actor, Verb.SEE_FLOOR)}
        self._tell({one: [AlarmsChange(alarms=self._board.alarms_for(one))] for one in supervisors})

    async def sit_in_changed(self, event: SitInChanged) -> None:
        self._tell(self._board.sat_in(event.sit_in))

    async def signed_off(self, event: SignedOff) -> None:
        self._end_sessions({event.session})

    def _tell(self, changes: Changes, mono: float | None = None) -> None:
        for agent, told in changes.items():
            tabs = self._of(agent)
            for change in told:
                frame = body(change) if tabs else b""
                caused = mono if isinstance(change, PopOffered) else None
                for tab in tabs:
                    self._put(tab, frame, caused)
                if isinstance(change, PopOffered):
                    self._deliveries.offered(agent, change.pop.id, len(tabs), mono)
        if self._board.lines_version != self._lines_seen:
            self._stir()

    def _stir(self) -> None:
        self._stirred.set()
        self._stage.stir()

    def _put(self, tab: Tab, frame: bytes, mono: float | None = None) -> None:
        if tab.code is None and not tab.change(frame, mono):
            metrics.tabs_dropped.inc()
            log.warning("tab_dropped", agent=str(tab.actor.id), reason="it does not read what it is sent")

    def _of(self, agent: AgentId) -> list[Tab]:
        return self._tabs.get(agent, [])

    def _all(self) -> list[Tab]:
        return [tab for tabs in self._tabs.values() for tab in tabs]

    async def _broadcast(self, told: Iterable[tuple[Tab, bytes]]) -> None:
        """In slices, so that a pop never waits behind a thousand screens."""
        for count, (tab, frame) in enumerate(told, start=1):
            self._put(tab, frame)
            if count % _SLICE == 0:
                await asyncio.sleep(0)

    async def _tell_lines(self) -> None:
        while True:
            await self._stirred.wait()
            await asyncio.sleep(_LINES_SECONDS)
            self._stirred.clear()
            with contained("hub"):
                await self._tell_tasks()
                await self._tell_all_lines()

    async def _tell_all_lines(self) -> None:
        self._lines_seen = self._board.lines_version
        frames: dict[tuple[QueueLine, ...], bytes] = {}
        for count, agent in enumerate(list(self._tabs), start=1):
            self._tell_lines_of(agent, frames)
            if count % _SLICE == 0:
                await asyncio.sleep(0)

    async def _tell_tasks(self) -> None:
        changed, self._tasks_stirred = self._tasks_stirred, set()
        if changed:
            told = body(TaskChange(task_id=changed.pop() if len(changed) == 1 else None))
            await self._broadcast((tab, told) for tab in self._all())

    def _tell_lines_of(self, agent: AgentId, frames: dict[tuple[QueueLine, ...], bytes]) -> None:
        lines = self._board.lines(agent)
        if lines == self._told.get(agent):
            return
        self._told[agent] = lines
        frame = frames.get(lines) or frames.setdefault(lines, body(QueuesChange(queues=lines)))
        for tab in self._of(agent):
            self._put(tab, frame)

    async def _watch_sessions(self) -> None:
        while True:
            await asyncio.sleep(_SESSIONS_SECONDS)
            with contained("hub"):
                await self.end_expired()

    async def end_expired(self) -> None:
        """Closes the tabs whose sessions no longer count."""
        open_ones = {tab.actor.session for tab in self._all()}
        now = self._clock.now()
        valid = await self._db.read(lambda session: recollect.valid(session, open_ones, now))
        self._end_sessions(open_ones - valid)

    def _end_sessions(self, sessions: Set[UUID]) -> None:
        for tab in self._all():
            if tab.actor.session in sessions:
                tab.end(Close.SIGNED_OUT)
