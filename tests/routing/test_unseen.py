"""Debts that the dialplan wrote while nobody listened become calls, once, and are owed for."""

from __future__ import annotations

from sqlalchemy import select

from callcenter.call import OutcomeState
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.db import Database
from callcenter.events import CallKey
from tests.routing.house import ended, owed, service
from tests.routing.pbx import Member
from tests.spine.story import ANNA, BORIS, Story, answered
from tests.until import until_async


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


async def test_of_two_calls_nobody_heard_the_earlier_is_owed_for_when_the_later_is_settled(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.told(answered("101", uniqueid="1700000000.9"))
        await house.logs("1700000000.9")
        await house.pbx.answer("PJSIP/101", owed("1700000000.5"))
        await house.pbx.answer("PJSIP/101", owed())
        await house.pbx.connect()
        await until_async(lambda: ended(house, "1700000000.5"))
        await until_async(lambda: set(house.pbx.listed) == {"PJSIP/101/1700000000.5"})
        assert await house.is_quiet()
        assert house.pbx.paused("PJSIP/101") == {True}
        await house.logs("1700000000.5")
        await house.becomes("PJSIP/101", False)
        await until_async(lambda: (house.pbx.database, house.pbx.listed) == ({}, {}))


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
