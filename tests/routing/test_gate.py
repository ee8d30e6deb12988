"""The gate between the ledger and a PBX: what the members are after each turn of events, kills and cuts included."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sqlalchemy import select

from callcenter.crm import rosters
from callcenter.crm.models.calls import CallRow
from callcenter.db import Database
from callcenter.events import CallKey
from callcenter.news import RosterChanged
from callcenter.pbx_events import DebtTold
from callcenter.roster import Roster
from tests.routing.house import PHONES, QUEUES, ended, eventually, owed, service
from tests.routing.pbx import Member, ScriptedPbx
from tests.spine.story import ANNA, BORIS, START, Story, answered, device, roster
from tests.until import until_async


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


async def test_a_pause_from_elsewhere_that_comes_while_a_release_is_on_its_way_stands_in_the_end(
    staffed: Database,
) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        story = answered("101")
        await house.told(story.parts("101").hangs_up("101").ends())
        await house.becomes("PJSIP/101", True)
        house.pbx.meanwhile = lambda: house.pbx.pause("support", "PJSIP/101", paused=True, reason="doctor")
        await house.logs(story.uniqueid)
        await eventually(lambda: house.written(ANNA, "foreign"))
        there, elsewhere = (house.pbx.members[queue, "PJSIP/101"] for queue in ("support", "sales"))
        await until_async(lambda: (there.paused, there.reason, elsewhere.paused) == (True, "doctor", False))
        assert await house.is_quiet()


async def test_a_debt_under_a_second_phone_that_is_in_no_queue_is_taken_away_too(staffed: Database) -> None:
    second = device("109")
    async with service(staffed) as house:
        await house.db.write(
            lambda s: rosters.put_extension(s, "main", "101", ["PJSIP/101", "PJSIP/109"], ["PJSIP/101"])
        )
        seats = roster().bindings
        both = (replace(seats[0], devices=seats[0].devices | {second}), *seats[1:])
        await house.bus.publish(RosterChanged(roster=Roster(bindings=both)))
        await house.pbx.connect()
        story = Story().arrives().joins().rings("109").answers("109")
        house.pbx.database["PJSIP/109"] = owed(story.uniqueid)
        told = DebtTold(
            pbx="main", at=START, interface="PJSIP/109", customer=CallKey(pbx="main", uniqueid=story.uniqueid)
        )
        await house.told(story)
        await house.bus.publish(told)
        await house.becomes("PJSIP/101", True)
        await house.told(story.parts("109").hangs_up("109").ends())
        await house.logs(story.uniqueid)
        await house.becomes("PJSIP/101", False)
        await until_async(lambda: house.pbx.database == {}, what="no debt anywhere")


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
        await house.gate.breaks.rest(ANNA)
        assert await house.written(ANNA, "manual"), "a kill in the next moment would take it back"
        await house.becomes("PJSIP/101", True)
        pbx = house.pbx
    async with service(staffed, pbx) as house:
        await pbx.connect(rebooted=True)
        await house.becomes("PJSIP/101", True)
        await house.gate.breaks.resume(ANNA)
        await house.becomes("PJSIP/101", False)


async def test_a_pbx_that_refuses_is_seen_in_health_and_asked_until_it_obeys(staffed: Database) -> None:
    async with service(staffed) as house:
        house.pbx.granted, house.pbx.refusal = False, "Asterisk is shutting down"
        await house.pbx.connect()
        await house.told(answered("101"))
        await until_async(lambda: house.pbx.refused > 1)
        assert "gate:main" not in house.health.parts, "no right is missing"
        house.pbx.refusal = "Permission denied"
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


def branch() -> ScriptedPbx:
    """A second PBX with the queues and extensions of the first, where Anna and Boris are not."""
    return ScriptedPbx(tell=_nobody, name="branch", members={(q, p): Member() for q in QUEUES for p in PHONES})


async def _nobody(_pbx: str, _events: object) -> None:
    raise AssertionError("the service takes its place")


async def test_who_answers_at_one_pbx_is_held_there_and_not_at_the_same_extension_of_another(staffed: Database) -> None:
    other, sits = (
        branch(),
        Roster(bindings=(*roster({"101": ANNA}).bindings, *roster({"101": BORIS}, "branch").bindings)),
    )
    async with service(staffed, None, other) as house:
        await house.bus.publish(RosterChanged(roster=sits))
        await house.pbx.connect()
        await other.connect()
        await house.told(answered("101", pbx="branch"))
        await until_async(lambda: other.paused("PJSIP/101") == {True} and "PJSIP/101" in other.database)
        assert await house.is_quiet()
        assert house.pbx.actions == []
        await house.told(answered("101"))
        await house.becomes("PJSIP/101", True)
        await house.logs("1700000000.1", pbx="branch")
        await until_async(lambda: other.paused("PJSIP/101") == {False} and other.database == {})
        assert await house.is_quiet()
        assert (house.pbx.paused("PJSIP/101"), set(house.pbx.database)) == ({True}, {"PJSIP/101"})


async def test_who_owes_owes_at_every_pbx_and_his_debt_invents_no_call_there(staffed: Database) -> None:
    other, moved = branch(), RosterChanged(roster=roster({"101": ANNA}, "branch"))
    async with service(staffed, None, other) as house:
        await house.pbx.connect()
        await other.connect()
        await house.told(answered("101"))
        await house.becomes("PJSIP/101", True)
        await house.bus.publish(moved)
        await until_async(lambda: other.paused("PJSIP/101") == {True} and "PJSIP/101" in other.database)
        pbx = house.pbx
    async with service(staffed, pbx, other) as house:
        await house.bus.publish(moved)
        await pbx.connect(rebooted=True)
        await other.connect(rebooted=True)
        await until_async(lambda: other.paused("PJSIP/101") == {True})
        assert await house.is_quiet()
        assert set(house.ledger.live()) == {CallKey(pbx="main", uniqueid="1700000000.1")}
        await house.logs("1700000000.1")
        await until_async(lambda: other.paused("PJSIP/101") == {False} and other.database == {})
        assert set(await house.db.read(lambda s: list(s.scalars(select(CallRow.pbx))))) == {"main"}
