"""THE GATE: keeps the PBX from giving queue calls to whoever owes an outcome, whatever becomes of us or of the link.

Its subscribers only take in what they are told; one worker a PBX compares, acts, and looks again every few seconds.
Membership and breaks go the same way: an agent at a desk is in his queues, and out of them for as long as he says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from callcenter.call import Call, Changed
from callcenter.events import CallKey
from callcenter.news import MapChanged, Named, RosterChanged, StaffChanged
from callcenter.pbx_events import DebtFound, DebtTold, LinkDown, LinkUp, MemberState, MembersTold
from callcenter.roster import AgentId, Device, Roster
from callcenter.routing import history
from callcenter.routing.agents import Agents, Known
from callcenter.routing.book import Book
from callcenter.routing.breaks import Breaks
from callcenter.routing.claims import Claims, GateTaken
from callcenter.routing.debts import Debt
from callcenter.routing.deferring import Deferring
from callcenter.routing.figures import Figuring
from callcenter.routing.limits import Limits
from callcenter.routing.outside import Outside
from callcenter.routing.parts import Parts
from callcenter.routing.post import Post
from callcenter.routing.presence import Presence
from callcenter.routing.queues import QueueNow, lines, overview
from callcenter.routing.reach import Reach
from callcenter.routing.seat import DOUBTFUL, Seat
from callcenter.routing.seating import Seating
from callcenter.routing.unowned import Unclaimed, UnownedChanged
from callcenter.routing.worker import Hands, Worker


class Gate:
    """``start`` once, subscribe, ``run`` for ever. ``breaks`` is where people come in; ``figures`` counts the day.
    ``claims``: whose the gates of the PBXs are; None: ours."""

    def __init__(self, outside: Outside, claims: Claims | None = None, *, look_again_s: float = 5.0) -> None:
        self._out = outside
        self._claims = claims
        self._parts = Parts()
        self._book = Book(outside.db, self._parts, outside.clock)
        self._seating = Seating(outside.db)
        self.figures = Figuring(outside.db, outside.clock)
        self.unowned = Unclaimed()
        known = Known(reasons=self._book.of, reachable=self.reachable, missed=self.figures.missed.today)
        self._agents = Agents(self._parts, known, outside.bus, outside.clock)
        self._posts = {pbx: Post(pbx, self._parts, self._book) for pbx in outside.send}
        self._hands = Hands(outside, self._book, self._agents, self._seating)
        self._workers = [Worker(post, self._hands, look_again_s) for post in self._posts.values()]
        self.breaks = Breaks(self._hands, self._posts)
        self.limits = Limits(outside, self.breaks)
        self.deferring = Deferring(outside)
        self._reach = Reach(outside, self._phone_changed, look_again_s)

    @property
    def looks(self) -> int:
        """How often members were compared with what must be."""
        return self._hands.looks

    async def start(self, roster: Roster) -> None:
        """Takes up what stood when the service last ended."""
        self._seating.roster = roster
        await self._book.start()
        await self.figures.start()
        now = self._out.clock.now()
        self.unowned.restart(await self._out.db.read(lambda session: history.unowned(session, now)))
        for call in self._out.live().values():
            self._parts.put(call)
        self.limits.start()
        await self.deferring.start(frozenset(b.agent for b in roster.bindings if b.holds(now)))
        self._reach.sit(roster)
        await self._agents.sit(roster)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for worker in self._workers:
                tasks.create_task(worker.run(), name=f"gate:{worker.post.pbx}")
                tasks.create_task(self._reach.run(worker.post.pbx), name=f"reach:{worker.post.pbx}")
            tasks.create_task(self._book.run(), name="gate:book")
            if self._claims:
                tasks.create_task(self._claims.run(), name="gate:claims")
            tasks.create_task(self.breaks.run(), name="gate:breaks")
            tasks.create_task(self.limits.run(), name="gate:limits")
            tasks.create_task(self.deferring.run(), name="gate:deferrals")

    def seats(self, pbx: str) -> tuple[Seat, ...]:
        """The queue members of a PBX as they are now."""
        return tuple(self._posts[pbx].floor.seats()) if pbx in self._posts else ()

    def seats_of(self, pbx: str, agent: AgentId) -> tuple[Seat, ...]:
        """Those that mean this agent."""
        post = self._posts.get(pbx)
        names = sorted(post.floor.desks.of_agent.get(agent, frozenset())) if post else ()
        return tuple(seat for name in names for seat in post.floor.seats_of(name)) if post else ()

    def reachable(self, agent: AgentId) -> bool:
        """Whether any phone of his can be rung: as the PBX says of the phones he sits at, else as his queues do."""
        known = self._reach.of(self._seating.roster.devices_of(agent, self._out.clock.now()))
        if known is not None:
            return known
        seats = [seat for pbx in self._posts for seat in self.seats_of(pbx, agent)]
        return not seats or any(seat.reachable for seat in seats)

    def presence(self, agent: AgentId) -> Presence:
        """What the agent is doing."""
        return self._agents.of(agent)

    def overview(self) -> tuple[QueueNow, ...]:
        """Every queue as it is now, and its day so far."""
        calls = tuple(self.live().values())
        now = [line for pbx in self._posts for line in lines(pbx, calls, self.seats(pbx))]
        return overview(now, self.figures)

    def live(self) -> Mapping[CallKey, Call]:
        """Calls that go on or are owed for."""
        return self._out.live()

    # subscribers: they only take in

    async def changed(self, event: Changed) -> None:
        call = self._out.live().get(event.after.key) or event.after
        await self.limits.changed(event)
        self.deferring.changed(event)
        touched = self._parts.put(call)
        missed = self.figures.changed(event)
        if self.unowned.changed(event):
            await self._out.bus.publish(UnownedChanged(unowned=self.unowned.now()))
        if missed is not None and 0 < self._seating.staff.rules.missed_limit <= missed.row:
            await self.breaks.missed(missed.agent, missed.row)
        if touched:
            if any(part.answered for part in touched):
                self._book.debts_changed()
            for post in self._posts.values():
                post.touch_about(touched)
        agents = {p.agent for p in touched if p.agent is not None} | ({missed.agent} if missed else set())
        await self._agents.look(agents)

    async def member_state(self, event: MemberState) -> None:
        if post := self._posts.get(event.pbx):
            before = {seat.status for seat in post.floor.seats_of(event.interface)}
            post.see(event, self._out.clock.monotonic())
            told = {event.status, *before}
            if before and not event.gone and not DOUBTFUL & told:
                return  # he can be rung as before, whatever else his phone does
            if event.status not in before:
                self._reach.ask(post.floor.desks.devices.get(event.interface, frozenset()))
            if (owner := post.floor.desks.owner.get(event.interface)) is not None:
                await self._agents.look([owner])

    async def members_told(self, event: MembersTold) -> None:
        if post := self._posts.get(event.pbx):
            post.floor.told = True
            post.touch_all()

    async def debt_found(self, event: DebtFound) -> None:
        if post := self._posts.get(event.pbx):
            post.find(event, self._out.clock.monotonic())

    async def debt_told(self, event: DebtTold) -> None:
        """The dialplan has written a debt; the only news of one under a phone by which no queue calls anybody."""
        post = self._posts.get(event.pbx)
        if post and not post.answers(event, self._out.clock.monotonic()):
            debt = Debt(uniqueid=event.customer.uniqueid, at=event.at, queue="", number="", did="")
            for call in ("", debt.uniqueid):
                found = DebtFound(pbx=event.pbx, at=event.at, interface=event.interface, value=str(debt), call=call)
                await self.debt_found(found)

    async def link_up(self, event: LinkUp) -> None:
        if self._claims:
            await self._claims.link_up(event)
        if post := self._posts.get(event.pbx):
            post.linked(self._out.clock.monotonic(), rebooted=event.rebooted)
            self._reach.linked(event.pbx)

    async def taken(self, event: GateTaken) -> None:
        """What was left to another installation so far is ours to do."""
        if post := self._posts.get(event.pbx):
            post.touch_all()

    async def link_down(self, event: LinkDown) -> None:
        if post := self._posts.get(event.pbx):
            post.floor.linked(None)
            await self._reach.unlinked(event.pbx)

    async def roster_changed(self, event: RosterChanged) -> None:
        gone = {b.agent for b in self._seating.roster.bindings} - {b.agent for b in event.roster.bindings}
        self._seating.roster = event.roster
        self._people_moved()
        self._reach.sit(event.roster)
        self.deferring.left(gone)
        await self.breaks.left_desk(gone)
        await self._agents.sit(event.roster)

    async def map_changed(self, _event: MapChanged) -> None:
        self._people_moved()

    async def staff_changed(self, _event: StaffChanged) -> None:
        self._people_moved()
        await self.figures.reload()

    async def named(self, _event: Named) -> None:
        """A queue has another name or target."""
        await self.figures.reload()

    async def _phone_changed(self, device: Device) -> None:
        agent = self._seating.roster.agent_at(device, self._out.clock.now())
        if agent is not None:
            await self._agents.look([agent])

    def _people_moved(self) -> None:
        self._seating.stale = True
        for post in self._posts.values():
            post.desks_stale = True
            post.touch_all()
