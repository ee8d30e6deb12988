"""Signing in joins an agent's queues, leaving the desk leaves them, whatever the PBX or another panel does between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.crm import rosters
from callcenter.crm.models.desks import PauseTaken
from callcenter.crm.models.queues import Queue, QueueAgent
from callcenter.db import Database
from callcenter.news import RosterChanged, StaffChanged
from callcenter.roster import AgentId
from callcenter.routing import rules
from callcenter.routing.presence import Mood, PresenceChanged
from callcenter.routing.staff import Rules
from callcenter.routing.why import ReasonKind
from tests.routing.house import House, eventually, service
from tests.routing.pbx import Member, ScriptedPbx
from tests.spine.story import ANNA, BORIS, START, answered, roster
from tests.until import until_async


async def staff(db: Database, places: Mapping[str, Mapping[AgentId, int]]) -> None:
    """These queues are kept here, and have these agents with these penalties."""

    def write(session: Session) -> None:
        for name, agents in places.items():
            queue = session.scalars(select(Queue).where(Queue.name == name)).first() or Queue(pbx="main", name=name)
            queue.staffed = True
            session.add(queue)
            session.flush()
            for row in session.scalars(select(QueueAgent).where(QueueAgent.queue_id == queue.id)).all():
                session.delete(row)
            session.flush()
            session.add_all(QueueAgent(queue_id=queue.id, agent_id=a, penalty=p) for a, p in agents.items())

    await db.write(write)


async def rule(db: Database, **rules_now: object) -> None:
    await db.write(lambda session: rules.write(session, Rules(**rules_now)))  # type: ignore[arg-type]


async def leaves(house: House, agent: AgentId, number: str) -> None:
    """The agent signs out of the extension; somebody else may still sit at the other one."""
    await house.db.write(lambda s: rosters.bind(s, agent, rosters.find(s, number), START))
    await house.db.write(lambda s: rosters.unbind(s, agent, START))
    others = {n: a for n, a in {"101": ANNA, "102": BORIS}.items() if a != agent}
    await house.bus.publish(RosterChanged(roster=roster(others)))


@pytest.fixture
async def house(staffed: Database) -> AsyncIterator[House]:
    """Anna works in support (5) and sales, Boris in sales; no queue has members of its own."""
    await staff(staffed, {"support": {ANNA: 5}, "sales": {ANNA: 0, BORIS: 2}})
    pbx = ScriptedPbx(tell=_nobody)
    async with service(staffed, pbx) as house:
        yield house


async def _nobody(_pbx: str, _events: object) -> None:
    return


async def test_who_sits_at_a_desk_is_in_his_queues_with_his_penalty_and_his_name(house: House) -> None:
    await house.pbx.connect()
    await until_async(lambda: house.pbx.queues_of("PJSIP/101") == {"support": 5, "sales": 0})
    await until_async(lambda: house.pbx.queues_of("PJSIP/102") == {"sales": 2})
    assert house.pbx.members["support", "PJSIP/101"].name == "Anna"
    assert await house.is_quiet()


async def test_who_leaves_his_desk_is_in_no_queue(house: House) -> None:
    await house.pbx.connect()
    await until_async(lambda: len(house.pbx.members) == 3)
    await leaves(house, ANNA, "101")
    await until_async(lambda: house.pbx.queues_of("PJSIP/101") == {})
    assert house.pbx.queues_of("PJSIP/102") == {"sales": 2}
    assert house.gate.presence(ANNA).state is Mood.OFFLINE


async def test_who_changes_desks_takes_his_queues_along(house: House) -> None:
    await house.pbx.connect()
    await until_async(lambda: len(house.pbx.members) == 3)
    await leaves(house, ANNA, "101")
    await house.bus.publish(RosterChanged(roster=roster({"102": ANNA})))
    await until_async(lambda: house.pbx.queues_of("PJSIP/102") == {"support": 5, "sales": 0})
    assert house.pbx.queues_of("PJSIP/101") == {}


async def test_a_restart_that_forgets_the_members_is_made_good(house: House) -> None:
    await house.pbx.connect()
    await until_async(lambda: len(house.pbx.members) == 3)
    await house.pbx.disconnect()
    house.pbx.members.clear()
    await house.pbx.connect(rebooted=True)
    await until_async(lambda: len(house.pbx.members) == 3)
    assert await house.is_quiet()


async def test_who_owes_joins_paused(house: House) -> None:
    await house.told(answered("101"))
    await house.pbx.connect()
    await until_async(lambda: len(house.pbx.members) == 3)
    added = [a for a in house.pbx.actions if a["Action"] == "QueueAdd" and a["Interface"] == "PJSIP/101"]
    assert {a["Paused"] for a in added} == {"true"}
    await house.becomes("PJSIP/101", True)
    assert house.gate.presence(ANNA).reasons == ("debt",)
    await house.logs("1700000000.1")
    await house.becomes("PJSIP/101", False)


async def test_a_supervisors_change_takes_effect_at_once(house: House) -> None:
    await house.pbx.connect()
    await until_async(lambda: len(house.pbx.members) == 3)
    await staff(house.db, {"support": {ANNA: 7, BORIS: 1}, "sales": {}})
    await house.bus.publish(StaffChanged())
    await until_async(lambda: house.pbx.queues_of("PJSIP/101") == {"support": 7})
    await until_async(lambda: house.pbx.queues_of("PJSIP/102") == {"support": 1})


async def test_a_removal_by_somebody_else_is_undone(house: House) -> None:
    await house.pbx.connect()
    await until_async(lambda: len(house.pbx.members) == 3)
    await until_async(house.is_quiet)
    await house.pbx.take_out("support", "PJSIP/101")
    await until_async(lambda: house.pbx.queues_of("PJSIP/101") == {"support": 5, "sales": 0})
    await until_async(lambda: house.rejoined)
    assert [(m.interface, m.queue) for m in house.rejoined] == [("PJSIP/101", "support")]


async def test_a_removal_by_somebody_else_is_adopted_where_the_rules_say_so_and_can_be_ended(house: House) -> None:
    await rule(house.db, removals="adopt")
    await house.bus.publish(StaffChanged())
    await house.pbx.connect()
    await until_async(lambda: len(house.pbx.members) == 3)
    await until_async(house.is_quiet)
    await house.pbx.take_out("support", "PJSIP/101")
    await until_async(lambda: house.gate.presence(ANNA).reasons == ("left_queue",))
    assert await house.is_quiet()
    (why,) = house.gate.presence(ANNA).why
    assert (why.queue, house.gate.presence(ANNA).state) == ("support", Mood.AVAILABLE)
    await house.gate.breaks.lift(ANNA, (why.kind, why.ref), supervisor=False)
    await until_async(lambda: house.pbx.queues_of("PJSIP/101") == {"support": 5, "sales": 0})


async def test_a_removal_that_is_told_while_another_is_written_down_is_adopted_too(house: House) -> None:
    await rule(house.db, removals="adopt")
    await house.bus.publish(StaffChanged())
    await house.pbx.connect()
    await until_async(lambda: len(house.pbx.members) == 3)
    await until_async(house.is_quiet)

    async def meanwhile(_event: PresenceChanged) -> None:
        if ("support", "PJSIP/101") in house.pbx.members:
            await house.pbx.take_out("support", "PJSIP/101")

    house.bus.on(PresenceChanged, meanwhile)
    await house.pbx.take_out("sales", "PJSIP/101")
    await until_async(lambda: {why.queue for why in house.gate.presence(ANNA).why} == {"sales", "support"})
    assert await house.is_quiet()
    assert house.pbx.queues_of("PJSIP/101") == {}


async def test_a_queue_that_is_not_kept_here_is_left_to_the_pbx(staffed: Database) -> None:
    async with service(staffed) as house:
        house.pbx.members["night", "PJSIP/101"] = Member(dynamic=True)
        await house.pbx.connect()
        assert await house.is_quiet()
        assert house.pbx.actions == []


async def test_a_fixed_member_is_paused_when_his_desk_is_left_and_freed_when_somebody_comes(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        await leaves(house, ANNA, "101")
        await house.becomes("PJSIP/101", True)
        assert {m.reason for k, m in house.pbx.members.items() if k[1] == "PJSIP/101"} == {"callcenter-away"}
        assert house.pbx.paused("PJSIP/102") == {False}
        await house.bus.publish(RosterChanged(roster=roster()))
        await house.becomes("PJSIP/101", False)
        assert await house.is_quiet()


async def test_a_fixed_member_is_left_alone_where_the_rules_say_so_or_nobody_ever_sat(staffed: Database) -> None:
    await rule(staffed, static_desks="leave")
    async with service(staffed) as house:
        await house.pbx.connect()
        await leaves(house, ANNA, "101")
        await house.bus.publish(RosterChanged(roster=roster({})))
        assert await house.is_quiet()
        assert house.pbx.actions == []


async def test_a_pause_from_elsewhere_is_shown_with_its_name_and_ended_on_request(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        await house.pbx.pause("sales", "PJSIP/101", paused=True, reason="lunch")
        await until_async(lambda: house.gate.presence(ANNA).state is Mood.PAUSED)
        (why,) = house.gate.presence(ANNA).why
        assert (why.kind, why.note, why.queue) == (ReasonKind.FOREIGN, "lunch", "sales")
        await house.gate.breaks.lift(ANNA, (why.kind, why.ref), supervisor=False)
        await house.becomes("PJSIP/101", False)
        await until_async(lambda: house.gate.presence(ANNA).state is Mood.AVAILABLE)
        assert await house.is_quiet()


async def test_ending_a_foreign_pause_of_who_owes_frees_him_with_the_outcome(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        await house.pbx.pause("sales", "PJSIP/101", paused=True, reason="lunch")
        await until_async(lambda: house.gate.presence(ANNA).state is Mood.PAUSED)
        await house.told(answered("101"))
        await house.becomes("PJSIP/101", True)
        await house.gate.breaks.lift(ANNA, None, supervisor=True)
        assert house.gate.presence(ANNA).reasons == ("debt",)
        await house.logs("1700000000.1")
        await house.becomes("PJSIP/101", False)


async def test_several_reasons_stand_at_once_and_each_goes_by_its_own_way(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        await house.told(answered("101"))
        await house.gate.breaks.rest(ANNA, "lunch")
        await house.gate.breaks.force(ANNA, BORIS, "come and see me")
        await until_async(lambda: house.gate.presence(ANNA).reasons == ("debt", "forced", "manual"))
        assert await house.gate.breaks.lift(ANNA, None, supervisor=False)
        await house.logs("1700000000.1")
        await until_async(lambda: house.gate.presence(ANNA).reasons == ("forced",))
        await house.becomes("PJSIP/101", True)
        await house.gate.breaks.lift(ANNA, None, supervisor=True)
        await house.becomes("PJSIP/101", False)
        taken = await _until_taken(house, 2)
        assert sorted((t.reason, t.code) for t in taken) == [("forced", ""), ("manual", "lunch")]


async def _until_taken(house: House, count: int) -> list[PauseTaken]:
    async def read() -> list[PauseTaken]:
        return await house.db.read(lambda s: list(s.scalars(select(PauseTaken))))

    async def there() -> bool:
        return len(await read()) == count

    await eventually(there)
    return await read()


async def test_a_phone_that_is_not_registered_is_shown_so(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        await until_async(lambda: house.gate.presence(ANNA).state is Mood.AVAILABLE)
        await house.pbx.phone("PJSIP/101", 5)
        await until_async(lambda: house.gate.presence(ANNA).state is Mood.UNREACHABLE)
        assert house.gate.presence(BORIS).state is Mood.AVAILABLE
        await house.pbx.phone("PJSIP/101", 1)
        await until_async(lambda: house.gate.presence(ANNA).state is Mood.AVAILABLE)
