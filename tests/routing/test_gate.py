"""The gate between the ledger and a PBX: what the members are after each turn of events, kills and cuts included."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.bus import Bus
from callcenter.call import Changed, OutcomeState
from callcenter.clock import SystemClock
from callcenter.crm.models import CallRow, Extension, OutcomeCode, PauseReason, SegmentRow, User
from callcenter.db import Database
from callcenter.events import (
    CallKey,
    DebtFound,
    LinkDown,
    LinkUp,
    MapChanged,
    MemberState,
    OutcomeLogged,
    RosterChanged,
)
from callcenter.health import Health
from callcenter.ids import new_id
from callcenter.ledger import Ledger
from callcenter.roster import AgentId
from callcenter.routing.gate import Gate
from callcenter.routing.outside import Outside, UnpauseUndone
from tests.routing.pbx import Member, ScriptedPbx
from tests.spine.story import ANNA, BORIS, START, Story, answered, roster
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
    undone: list[UnpauseUndone] = field(default_factory=list)

    async def told(self, story: Story) -> None:
        for event in story.events:
            await self.ledger.take(event)
        story.events.clear()

    async def logs(self, uniqueid: str, segment: int = 0) -> None:
        stamp = {"call": CallKey(pbx="main", uniqueid=uniqueid), "at": START, "mono": 0.0}
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
    """The machine's clock, an hour after the stories begin."""

    def __init__(self) -> None:
        self._began = super().monotonic()

    def now(self) -> datetime:
        return START + timedelta(hours=1, seconds=self.monotonic() - self._began)


@asynccontextmanager
async def service(db: Database, pbx: ScriptedPbx | None = None) -> AsyncIterator[House]:
    bus, clock = Bus(), Later()
    health = Health(bus, clock)
    ledger = Ledger(db, bus, clock, health)
    pbx = pbx or ScriptedPbx(tell=ledger.deliver, members={(q, p): Member() for q in QUEUES for p in PHONES})
    pbx.tell = ledger.deliver
    outside = Outside(
        db=db,
        bus=bus,
        clock=clock,
        health=health,
        take=ledger.take,
        live=ledger.live,
        send={"main": pbx.send},
        region=lambda _pbx: "RU",
    )
    gate = Gate(outside, look_again_s=0.05)
    house = House(db=db, pbx=pbx, ledger=ledger, gate=gate, bus=bus, health=health)
    subscribe(house)
    await ledger.start(roster())
    await gate.start(roster())
    tasks = [asyncio.create_task(ledger.run("main")), asyncio.create_task(gate.run())]
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

    bus.on(Changed, gate.changed)
    bus.on(MemberState, gate.member_state)
    bus.on(DebtFound, gate.debt_found)
    bus.on(LinkUp, gate.link_up)
    bus.on(LinkDown, gate.link_down)
    bus.on(RosterChanged, gate.roster_changed)
    bus.on(MapChanged, gate.map_changed)
    bus.on(UnpauseUndone, hear)
    bus.on(RosterChanged, house.ledger.roster_changed)


@pytest.fixture
async def staffed(db: Database) -> Database:
    def fill(session: Session) -> None:
        for agent, name in ((ANNA, "anna"), (BORIS, "boris")):
            row = User(id=agent, username=name, display_name=name.title(), password_hash="", role="agent")
            row.created_at = START
            session.add(row)
        for number in ("101", "102"):
            phone = [f"PJSIP/{number}"]
            session.add(Extension(pbx="main", number=number, devices=phone, interfaces=phone))
        session.add(OutcomeCode(id=CODE, code="done", labels={"en": "Done"}, key=1))

    await db.write(fill)
    return db


def owed(uniqueid: str = "1700000000.9", *, queue: str = "support", did: str = "7001") -> str:
    """A debt that the dialplan wrote while nobody listened, half an hour after the stories begin."""
    return f"{uniqueid}|{int(START.timestamp()) + 1800}|{queue}|8%20916%20123-45-67|{did}"


async def test_from_the_answer_to_the_outcome(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        story = Story().arrives().joins().rings("101").answers("101")
        await house.told(story)
        await house.becomes("PJSIP/101", True)
        await eventually(lambda: house.written(ANNA, "debt"))
        await house.told(story.parts("101").hangs_up("101").ends())
        await until_async(lambda: "PJSIP/101" in house.pbx.database)
        assert house.pbx.paused("PJSIP/102") == {False}
        await house.logs(story.uniqueid)
        await house.becomes("PJSIP/101", False)
        await until_async(lambda: not house.pbx.database)
        await eventually(lambda: house.written(ANNA))


async def test_a_reconciled_pbx_is_left_in_peace(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        await house.told(answered("101"))
        await until_async(lambda: len(house.pbx.actions) == 2)
        assert await house.is_quiet()
        assert [a["Action"] for a in house.pbx.actions] == ["QueuePause", "DBPut"]


async def test_a_killed_service_knows_whom_it_held_and_that_someone_took_a_break(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        await house.pbx.pause("sales", "PJSIP/102", paused=True, reason="lunch")
        await house.told(answered("101"))
        await house.told(answered("102", uniqueid="2"))
        await house.becomes("PJSIP/101", True)
        await house.becomes("PJSIP/102", True)
        await eventually(lambda: house.written(BORIS, "debt", "foreign"))
        pbx = house.pbx
    for member in pbx.members.values():
        member.paused, member.reason = False, ""
    pbx.members["sales", "PJSIP/102"] = Member(paused=True, reason="callcenter-owes")
    async with service(staffed, pbx) as house:
        await pbx.connect()
        await house.becomes("PJSIP/101", True)
        await house.becomes("PJSIP/102", True)
        await house.logs("2")
        await until_async(lambda: not pbx.members["support", "PJSIP/102"].paused)
        assert pbx.members["sales", "PJSIP/102"].paused
        assert await house.is_quiet()


async def test_an_outcome_logged_while_the_pbx_is_away_frees_when_it_is_back(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        await house.told(answered("101"))
        await until_async(lambda: "PJSIP/101" in house.pbx.database)
        await house.pbx.disconnect()
        await house.logs("1700000000.1")
        assert house.pbx.paused("PJSIP/101") == {True}
        await house.pbx.connect()
        await house.becomes("PJSIP/101", False)
        assert house.pbx.database == {}


async def test_an_answer_while_the_pbx_is_away_holds_when_it_is_back(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.told(answered("101"))
        await house.pbx.connect()
        await house.becomes("PJSIP/101", True)


async def test_a_link_that_dies_unnoticed_in_the_middle_loses_nothing(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        house.pbx.link = False
        await house.told(answered("101"))
        assert house.pbx.actions == []
        await house.pbx.connect()
        await house.becomes("PJSIP/101", True)


async def test_a_restart_of_the_pbx_loses_the_pauses_and_the_gate_puts_them_back(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        await house.told(answered("101"))
        await house.becomes("PJSIP/101", True)
        await house.pbx.disconnect()
        await house.pbx.connect(rebooted=True)
        await house.becomes("PJSIP/101", True)


async def test_a_call_answered_while_the_service_was_dead_is_owed_for_and_then_freed(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.answer("PJSIP/101", owed())
        await house.pbx.connect()
        await until_async(lambda: ended(house, "1700000000.9"))
        call = house.ledger.live()[CallKey(pbx="main", uniqueid="1700000000.9")]
        (segment,) = call.segments
        assert (segment.agent, segment.outcome_state, segment.queue) == (ANNA, OutcomeState.OWED, "support")
        who = house.ledger.who(call.key)
        assert who is not None
        assert who.card is not None
        assert await house.is_quiet()
        assert house.pbx.paused("PJSIP/101") == {True}
        await house.logs("1700000000.9")
        await house.becomes("PJSIP/101", False)
        await until_async(lambda: not house.pbx.database)
        assert await staffed.read(lambda s: s.scalar(select(CallRow.note))) == "disconnected"


async def test_a_debt_is_made_real_once_however_often_it_is_found(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.answer("PJSIP/101", owed())
        await house.pbx.connect()
        await until_async(lambda: ended(house, "1700000000.9"))
        await house.pbx.disconnect()
        await house.pbx.connect()
        assert await house.is_quiet()
        pbx = house.pbx
    async with service(staffed, pbx) as house:
        await pbx.connect()
        assert await house.is_quiet()
        assert len(house.ledger.live()[CallKey(pbx="main", uniqueid="1700000000.9")].segments) == 1
    assert await staffed.read(lambda s: len(s.scalars(select(SegmentRow)).all())) == 1


def ended(house: House, uniqueid: str) -> bool:
    call = house.ledger.live().get(CallKey(pbx="main", uniqueid=uniqueid))
    return call is not None and call.ended_at is not None


async def test_a_debt_that_was_settled_already_is_dropped_and_its_agent_freed(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.told(answered("101", uniqueid="1700000000.9"))
        await house.logs("1700000000.9")
        await house.pbx.answer("PJSIP/101", owed())
        await house.pbx.connect()
        await house.becomes("PJSIP/101", False)
        assert house.pbx.database == {}


async def test_an_unseen_part_in_a_call_that_still_lives_is_owed_for_without_ending_it(staffed: Database) -> None:
    async with service(staffed) as house:
        story = Story(uniqueid="1700000000.9").arrives().joins().rings("102").answers("102")
        await house.told(story)
        await house.pbx.answer("PJSIP/101", owed())
        await house.pbx.connect()
        key = CallKey(pbx="main", uniqueid="1700000000.9")
        await until_async(lambda: [s.agent for s in house.ledger.live()[key].segments if s.owes] == [BORIS, ANNA])
        await until_async(lambda: house.ledger.live()[key].segments[1].leg_ended)
        assert house.ledger.live()[key].ended_at is None
        await house.becomes("PJSIP/102", True)


async def test_a_debt_of_a_phone_nobody_sat_at_is_kept_as_a_call_and_owed_by_nobody(staffed: Database) -> None:
    async with service(staffed) as house:
        house.pbx.members["support", "PJSIP/109"] = Member()
        await house.pbx.answer("PJSIP/109", owed(queue="", did=""))
        await house.pbx.connect()
        await house.becomes("PJSIP/109", False)
        rows = await staffed.read(lambda s: s.scalars(select(CallRow)).all())
        assert [(row.direction, row.result) for row in rows] == [("outbound", "answered")]


async def test_a_debt_nobody_can_read_frees_its_member(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.answer("PJSIP/101", "rubbish")
        await house.pbx.connect()
        await house.becomes("PJSIP/101", False)
        assert house.pbx.database == {}


async def test_an_unpause_from_elsewhere_is_undone_and_told(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        await house.told(answered("101"))
        await house.becomes("PJSIP/101", True)
        await until_async(lambda: "PJSIP/101" in house.pbx.database)
        await house.pbx.pause("sales", "PJSIP/101", paused=False)
        await house.becomes("PJSIP/101", True)
        await until_async(lambda: house.undone)
        assert [(u.interface, u.agent) for u in house.undone] == [("PJSIP/101", ANNA)]


async def test_a_colleague_at_the_desk_gets_calls_and_the_debtor_none_wherever_he_sits(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        await house.told(answered("101"))
        await house.becomes("PJSIP/101", True)
        await house.bus.publish(RosterChanged(roster=roster({"101": BORIS, "102": ANNA})))
        await house.becomes("PJSIP/102", True)
        await house.becomes("PJSIP/101", False)


async def test_a_break_of_ones_own_outlives_the_service(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        await house.gate.rest(ANNA)
        await house.becomes("PJSIP/101", True)
        await eventually(lambda: house.written(ANNA, "manual"))
        pbx = house.pbx
    async with service(staffed, pbx) as house:
        await pbx.connect(rebooted=True)
        await house.becomes("PJSIP/101", True)
        await house.gate.resume(ANNA)
        await house.becomes("PJSIP/101", False)


async def test_a_pbx_that_refuses_is_seen_in_health_and_asked_until_it_obeys(staffed: Database) -> None:
    async with service(staffed) as house:
        house.pbx.granted = False
        await house.pbx.connect()
        await house.told(answered("101"))
        await until_async(lambda: "gate:main" in house.health.parts)
        assert house.health.parts["gate:main"].code == "gate_refused"
        house.pbx.granted = True
        await house.becomes("PJSIP/101", True)
        await until_async(lambda: house.health.parts["gate:main"].ok)


async def test_a_member_the_pbx_no_longer_has_stops_nobody(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        for queue in QUEUES:
            del house.pbx.members[queue, "PJSIP/101"]
        await house.told(answered("101"))
        await house.told(answered("102", uniqueid="2"))
        await house.becomes("PJSIP/102", True)
        await until_async(lambda: len(house.pbx.database) == 2)
        assert await house.is_quiet()


async def test_sending_is_the_workers_business_never_the_consumers(staffed: Database) -> None:
    async with service(staffed) as house:
        stuck = asyncio.Event()

        house.pbx.slow = stuck
        await house.pbx.connect()
        await house.told(answered("101"))
        await until_async(lambda: house.pbx.actions)
        await asyncio.wait_for(house.told(answered("102", uniqueid="2")), 5)
        stuck.set()
        assert ended(house, "2")
