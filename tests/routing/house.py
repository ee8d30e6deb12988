"""The service around one database, with one scripted PBX."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from callcenter.bus import Bus
from callcenter.call import Changed
from callcenter.clock import SystemClock
from callcenter.crm.models.desks import PauseReason
from callcenter.db import Database
from callcenter.decision_events import OutcomeLogged
from callcenter.events import CallKey
from callcenter.health import Health
from callcenter.ids import new_id
from callcenter.ledger import Ledger
from callcenter.news import MapChanged, RosterChanged, StaffChanged
from callcenter.pbx_events import DebtFound, DebtTold, LinkDown, LinkUp, MemberState, MembersTold
from callcenter.roster import AgentId
from callcenter.routing.gate import Gate
from callcenter.routing.outside import MembershipUndone, Outside, UnpauseUndone
from tests.routing.pbx import Member, ScriptedPbx
from tests.spine.story import ANNA, START, Story, roster
from tests.until import until_async

CODE = new_id()
QUEUES = ("support", "sales")
PHONES = ("PJSIP/101", "PJSIP/102")


@dataclass
class House:
    """The service around one database, with one PBX; built anew it is the service after a restart."""

    db: Database
    pbx: ScriptedPbx
    ledger: Ledger
    gate: Gate
    bus: Bus
    health: Health
    clock: Later
    undone: list[UnpauseUndone] = field(default_factory=list)
    rejoined: list[MembershipUndone] = field(default_factory=list)

    async def told(self, story: Story) -> None:
        for event in story.events:
            await self.ledger.take(event)
        story.events.clear()

    async def logs(self, uniqueid: str, segment: int = 0, pbx: str = "main") -> None:
        stamp = {"call": CallKey(pbx=pbx, uniqueid=uniqueid), "at": START, "mono": 0.0}
        logged = OutcomeLogged(**stamp, segment=segment, outcome=CODE, by=ANNA, comment="")  # type: ignore[arg-type]
        await self.ledger.take(logged)

    async def written(self, agent: AgentId, *kinds: str) -> bool:
        """Whether these kinds of reasons, and no others, stand in the agent's rows."""
        return [kind for kind, _ in await self.reasons(agent)] == list(kinds)

    async def reasons(self, agent: AgentId) -> list[tuple[str, str]]:
        query = select(PauseReason).where(PauseReason.agent_id == agent).order_by(PauseReason.reason)
        return await self.db.read(lambda s: [(row.reason, row.ref) for row in s.scalars(query)])

    async def becomes(self, interface: str, paused: bool) -> None:
        await until_async(lambda: self.pbx.paused(interface) == {paused}, what=f"{interface} paused={paused}")

    async def is_quiet(self) -> bool:
        """Several looks later nothing more has been asked of the PBX."""
        before, looks = len(self.pbx.actions), self.gate.looks
        await until_async(lambda: self.gate.looks > looks + 3)
        return before == len(self.pbx.actions)


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    await until_async(condition)


class Later(SystemClock):
    """The machine's clock, an hour after the stories begin, whose steps are its first seconds."""

    def __init__(self) -> None:
        self._began = super().monotonic()

    def monotonic(self) -> float:
        return super().monotonic() - self._began

    def now(self) -> datetime:
        return START + timedelta(hours=1, seconds=self.monotonic())


@asynccontextmanager
async def service(
    db: Database, pbx: ScriptedPbx | None = None, *others: ScriptedPbx, holds: Callable[[str], bool] = lambda _: True
) -> AsyncIterator[House]:
    bus, clock = Bus(), Later()
    health = Health(bus, clock)
    ledger = Ledger(db, bus, clock, health)
    pbx = pbx or ScriptedPbx(tell=ledger.deliver, members={(q, p): Member() for q in QUEUES for p in PHONES})
    send = {}
    for one in (pbx, *others):
        one.tell, send[one.name] = ledger.deliver, one.send
    outside = Outside(
        db=db,
        bus=bus,
        clock=clock,
        health=health,
        take=ledger.take,
        live=ledger.live,
        send=send,
        region=lambda _pbx: "RU",
        heard=ledger.heard,
        rules=lambda: ledger.rules,
        holds=holds,
    )
    gate = Gate(outside, look_again_s=0.05)
    house = House(db=db, pbx=pbx, ledger=ledger, gate=gate, bus=bus, health=health, clock=clock)
    subscribe(house)
    await ledger.start(roster())
    await gate.start(roster())
    tasks = [asyncio.create_task(ledger.run(name)) for name in send] + [asyncio.create_task(gate.run())]
    try:
        yield house
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert bus.failures == 0


def subscribe(house: House) -> None:
    bus, gate = house.bus, house.gate

    async def hear(event: UnpauseUndone) -> None:
        house.undone.append(event)

    async def hear_of_member(event: MembershipUndone) -> None:
        house.rejoined.append(event)

    bus.on(MembershipUndone, hear_of_member)
    bus.on(Changed, gate.changed)
    bus.on(MemberState, gate.member_state)
    bus.on(MembersTold, gate.members_told)
    bus.on(DebtFound, gate.debt_found)
    bus.on(DebtTold, gate.debt_told)
    bus.on(StaffChanged, gate.staff_changed)
    bus.on(LinkUp, gate.link_up)
    bus.on(LinkDown, gate.link_down)
    bus.on(RosterChanged, gate.roster_changed)
    bus.on(MapChanged, gate.map_changed)
    bus.on(UnpauseUndone, hear)
    bus.on(RosterChanged, house.ledger.roster_changed)


def owed(uniqueid: str = "1700000000.9", *, queue: str = "support", did: str = "7001") -> str:
    """A debt that the dialplan wrote while nobody listened, half an hour after the stories begin."""
    return f"{uniqueid}|{int(START.timestamp()) + 1800}|{queue}|8%20916%20123-45-67|{did}"


def ended(house: House, uniqueid: str) -> bool:
    call = house.ledger.live().get(CallKey(pbx="main", uniqueid=uniqueid))
    return call is not None and call.ended_at is not None
