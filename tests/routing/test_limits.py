"""The time people have for an outcome, at the gate: freed or kept when it is up, and not free before it is."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from callcenter.crm import outcome_rules
from callcenter.db import Database
from callcenter.decision_events import OutcomeDeferred, PutOff
from callcenter.errors import Unavailable
from callcenter.events import CallKey
from callcenter.news import RosterChanged
from callcenter.roster import Roster
from callcenter.routing.presence import Mood
from callcenter.terms import Afterwards, Demand, Released, Terms
from tests.routing.house import House, eventually, service
from tests.spine.story import ANNA, BORIS, Story, answered, roster
from tests.until import until_async


@pytest.fixture
def db_url(sqlite_url: str) -> str:
    """No SQL is tested here."""
    return sqlite_url


async def decide(house: House, demand: Demand, limit_s: int, afterwards: Afterwards = Afterwards.FREED) -> None:
    terms = Terms(demand=demand, limit_s=limit_s, afterwards=afterwards)
    usual = await house.db.read(outcome_rules.rules)
    house.ledger.outcome_rules.value = replace(usual, queues={("main", "support"): terms})


async def test_whose_time_is_up_is_freed_but_nobody_who_talks_or_has_time(staffed: Database) -> None:
    async with service(staffed) as house:
        await decide(house, Demand.TIMED, 3600)
        await house.pbx.connect()
        await house.told(answered("101"))
        await house.becomes("PJSIP/101", True)
        await house.gate.limits.look()
        assert house.gate.presence(ANNA).debts == 1
        await decide(house, Demand.TIMED, 0)
        await house.told(Story(uniqueid="2").arrives().joins().rings("102").answers("102"))
        await house.gate.limits.look()
        await house.becomes("PJSIP/101", False)
        assert [key.uniqueid for key in house.ledger.live()] == ["2"]


async def test_or_kept_until_he_says_that_he_is_back(staffed: Database) -> None:
    async with service(staffed) as house:
        await decide(house, Demand.TIMED, 0, Afterwards.KEPT)
        await house.pbx.connect()
        await house.told(answered("101"))
        await house.gate.limits.look()
        await eventually(lambda: house.written(ANNA, "lapsed"))
        await house.becomes("PJSIP/101", True)
        assert house.gate.presence(ANNA).state is Mood.PAUSED
        await house.gate.breaks.lift(ANNA, None, supervisor=False)
        await house.becomes("PJSIP/101", False)


async def test_without_an_early_exit_he_is_free_when_the_time_is_over_and_not_before(staffed: Database) -> None:
    """Whatever becomes of the service meanwhile."""
    async with service(staffed) as house:
        await decide(house, Demand.FULL, 3600)
        await house.pbx.connect()
        story = answered("101")
        await house.told(story)
        await house.becomes("PJSIP/101", True)
        await house.logs(story.uniqueid)
        await eventually(lambda: house.written(ANNA, "wrapup"))
        assert house.gate.presence(ANNA).state is Mood.WRAPUP
        assert await house.gate.breaks.lift(ANNA, None, supervisor=False) == ()
    async with service(staffed, house.pbx) as again:
        await again.pbx.connect()
        assert await again.is_quiet()
        assert again.pbx.paused("PJSIP/101") == {True}
        (why,) = again.gate.presence(ANNA).why
        assert why.until is not None
        await again.gate.breaks.expire(why.until)
        await again.becomes("PJSIP/101", False)


async def test_what_was_put_off_and_is_logged_long_after_the_talk_takes_nobody_from_his_work(staffed: Database) -> None:
    """Whoever logs it: a colleague it was handed to may be the one."""
    async with service(staffed) as house:
        await decide(house, Demand.FULL, 600)
        await house.pbx.connect()
        story = answered("101")
        await house.told(story)
        await house.becomes("PJSIP/101", True)
        released = Released(until=datetime.max.replace(tzinfo=UTC), by=BORIS)
        house.ledger.outcome_rules.value = replace(house.ledger.rules, released={("main", "support"): released})
        await house.gate.limits.look()
        await house.becomes("PJSIP/101", False)
        await house.logs(story.uniqueid)
        assert await house.is_quiet()
        assert house.gate.presence(ANNA).state is Mood.AVAILABLE
        assert house.pbx.paused("PJSIP/101") == {False}


async def test_a_released_queue_keeps_nobody_and_what_waited_is_owed_when_he_goes(staffed: Database) -> None:
    """Sign-out is always possible; and whoever comes back has the debt again."""
    async with service(staffed) as house:
        await house.pbx.connect()
        await house.told(answered("101"))
        await house.becomes("PJSIP/101", True)
        released = Released(until=datetime.max.replace(tzinfo=UTC), by=BORIS)
        house.ledger.outcome_rules.value = replace(house.ledger.rules, released={("main", "support"): released})
        await house.gate.limits.look()
        await house.becomes("PJSIP/101", False)
        assert not house.ledger.live()
        house.ledger.outcome_rules.value = replace(house.ledger.rules, released={})
        away = Roster(bindings=tuple(b for b in roster().bindings if b.agent == BORIS))
        await house.bus.publish(RosterChanged(roster=away))
        await until_async(lambda: bool(house.ledger.live()))
        await house.bus.publish(RosterChanged(roster=roster()))
        await house.becomes("PJSIP/101", True)
        assert house.gate.presence(ANNA).debts == 1


async def puts_off(house: House, uniqueid: str, at: datetime) -> None:
    """Anna wants to log it at the end of her shift."""
    key = CallKey(pbx="main", uniqueid=uniqueid)
    await house.ledger.take(
        OutcomeDeferred(call=key, at=at, mono=0.0, segment=0, by=ANNA, why=PutOff.AGENT, holder=ANNA)
    )


async def table(house: House, old: str, new: str) -> None:
    """Of a table that bears another name it is not known what stands in it: as if the database were away."""
    await house.db.write(lambda s: s.execute(text(f"ALTER TABLE {old} RENAME TO {new}")))


def away() -> Roster:
    return Roster(bindings=tuple(b for b in roster().bindings if b.agent == BORIS))


async def test_what_was_put_off_by_who_is_back_waits_however_late_his_leaving_was_looked_at(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        for uniqueid in ("1", "2"):
            await house.told(answered("101", uniqueid=uniqueid))
        await puts_off(house, "1", house.clock.now())
        await table(house, "deferrals", "deferrals_away")
        await house.bus.publish(RosterChanged(roster=away()))
        with pytest.raises(Unavailable):
            await house.gate.deferring.look()
        await house.bus.publish(RosterChanged(roster=roster()))
        await table(house, "deferrals_away", "deferrals")
        await puts_off(house, "2", house.clock.now())
        await until_async(lambda: [key.uniqueid for key in house.ledger.live()] == ["1"], what="the first is owed")
        await house.gate.deferring.look()
        assert [key.uniqueid for key in house.ledger.live()] == ["1"]


async def test_what_is_put_off_while_its_agent_signs_out_is_owed(staffed: Database) -> None:
    """Its commit comes after he left, and after it was looked for what he had put off."""
    async with service(staffed) as house:
        await house.pbx.connect()
        await house.told(answered("101"))
        clicked = house.clock.now()
        await house.bus.publish(RosterChanged(roster=away()))
        await house.gate.deferring.look()
        await puts_off(house, answered("101").uniqueid, clicked)
        await until_async(lambda: bool(house.ledger.live()), what="it is owed again")
        assert house.gate.presence(ANNA).debts == 1


async def test_a_wrap_up_ends_on_time_whatever_an_outcome_waits_for(staffed: Database) -> None:
    async with service(staffed) as house:
        await house.pbx.connect()
        await decide(house, Demand.TIMED, 3600)
        await house.told(answered("101"))
        other = sqlite3.connect(house.db.url.database or "", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await decide(house, Demand.TIMED, 0)
        await until_async(lambda: not house.ledger.recorded("main"), what="the lapse waits for the database")
        await house.gate.breaks.wrap(BORIS, house.clock.now())
        assert house.gate.presence(BORIS).state is Mood.WRAPUP
        await until_async(lambda: house.gate.presence(BORIS).state is Mood.AVAILABLE, 4, "his wrap-up is over")
        assert not house.ledger.recorded("main")
        other.execute("ROLLBACK")
        other.close()
