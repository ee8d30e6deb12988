"""Events become rows once and in order, on both databases, also under concurrency and over a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.bus import Bus
from callcenter.call import Changed, OutcomeState
from callcenter.card import Match
from callcenter.clock import Clock, SetClock, SystemClock
from callcenter.crm.identify import add_contact_point
from callcenter.crm.models.calls import CallRow, RecordingRow
from callcenter.crm.models.customers import Customer
from callcenter.crm.models.outcomes import OutcomeCode, OutcomeRow
from callcenter.crm.models.people import User
from callcenter.db import Database
from callcenter.decision_events import CustomerChosen, OutcomeLogged
from callcenter.events import Direction, Filled, Gap, GapCause, Via
from callcenter.health import Health
from callcenter.jobs import Job
from callcenter.ledger import Ledger
from callcenter.phone import parse
from callcenter.roster import Roster
from tests.spine.story import ANNA, BORIS, START, Story, answered, roster

SYSTEM = SystemClock()


@asynccontextmanager
async def running(db: Database, clock: Clock = SYSTEM) -> AsyncIterator[tuple[Ledger, list[Changed]]]:
    """A ledger with Anna and Boris at their desks, and all it publishes."""
    bus = Bus()
    ledger = Ledger(db, bus, clock, Health(bus, clock))
    heard: list[Changed] = []

    async def hear(change: Changed) -> None:
        heard.append(change)

    bus.on(Changed, hear)
    await ledger.start(roster())
    consumer = asyncio.create_task(ledger.run("main"))
    yield ledger, heard
    consumer.cancel()
    assert bus.failures == 0


@pytest.fixture
async def staffed(db: Database) -> Database:
    def people(session: Session) -> None:
        for agent, name in ((ANNA, "anna"), (BORIS, "boris")):
            row = User(id=agent, username=name, display_name=name.title(), password_hash="", role="agent")
            row.created_at = START
            session.add(row)

    await db.write(people)
    return db


async def tell(ledger: Ledger, story: Story) -> list[Changed | None]:
    return [await ledger.take(event) for event in story.events]


async def count(db: Database, table: type) -> int:
    found = await db.read(lambda s: s.scalar(select(func.count()).select_from(table)))
    return found or 0


async def test_a_first_call_makes_a_provisional_card_with_nothing_but_the_number(staffed: Database) -> None:
    async with running(staffed) as (ledger, heard):
        await tell(ledger, Story(number="8 (916) 123-45-67").arrives())
    card = heard[0].card
    assert card is not None
    assert (card.name, card.provisional, card.numbers) == ("", True, ("+7 916 123-45-67",))
    raw = await staffed.read(lambda s: s.scalar(select(CallRow.number_raw)))
    assert raw == "8 (916) 123-45-67"


async def test_a_withheld_number_makes_no_card(staffed: Database) -> None:
    async with running(staffed) as (ledger, heard):
        await tell(ledger, Story(number="anonymous").arrives())
    assert (heard[0].card, heard[0].candidates) == (None, ())
    assert await count(staffed, Customer) == 0


async def test_a_hundred_first_calls_of_one_number_at_once_make_one_card(staffed: Database) -> None:
    """Two processes, as it were: two ledgers that know nothing of each other."""
    async with running(staffed) as (one, _), running(staffed) as (two, _):
        spellings = ("+79161234567", "89161234567", "8 916 123 45 67", "79161234567")
        stories = [Story(uniqueid=f"17.{i}", number=spellings[i % 4]).arrives() for i in range(100)]
        await asyncio.gather(*(tell((one, two)[i % 2], story) for i, story in enumerate(stories)))
    assert await count(staffed, CallRow) == 100
    assert await count(staffed, Customer) == 1
    assert await staffed.read(lambda s: s.scalar(select(Customer.calls))) == 100


async def test_several_customers_of_one_number_are_all_offered_and_none_is_taken_for_granted(
    staffed: Database,
) -> None:
    def family(session: Session) -> list[Customer]:
        rows = [Customer(name=name, created_at=START, updated_at=START) for name in ("Ivan", "Maria")]
        session.add_all(rows)
        session.flush()
        for row in rows:
            add_contact_point(session, row.id, parse("+79161234567", "RU"), START)
        return rows

    _, maria = await staffed.write(family)
    async with running(staffed) as (ledger, heard):
        story = Story().arrives()
        await tell(ledger, story)
        assert heard[0].card is None
        assert {(c.card.name, c.match) for c in heard[0].candidates} == {
            ("Ivan", Match.KNOWN),
            ("Maria", Match.KNOWN),
        }
        chosen = CustomerChosen(call=story.events[0].call, at=START, mono=0.0, customer=maria.id, by=ANNA)
        await ledger.take(chosen)
    assert heard[1].card is not None
    assert heard[1].card.name == "Maria"


async def test_what_was_unsettled_is_read_back_after_a_kill(staffed: Database) -> None:
    async with running(staffed) as (ledger, _):
        await tell(ledger, answered("101"))
        await tell(ledger, Story(uniqueid="2.1", number="anonymous").arrives().joins().rings("102"))
        before = dict(ledger.live())
    async with running(staffed) as (again, _):
        assert dict(again.live()) == before
        assert len(before) == 2


async def test_telling_it_twice_changes_nothing(staffed: Database) -> None:
    async with running(staffed) as (ledger, heard):
        await tell(ledger, answered("101"))
        told = len(heard)
        again = await tell(ledger, answered("101"))
    assert len(heard) == told + sum(change is not None for change in again)
    assert await count(staffed, CallRow) == 1


async def test_a_logged_outcome_settles_the_call_and_is_kept(staffed: Database) -> None:
    code = await staffed.read(lambda s: s.scalar(select(OutcomeCode.id).limit(1)))
    assert code is not None
    story = answered("101")
    async with running(staffed) as (ledger, _):
        await tell(ledger, story)
        key = story.events[0].call
        logged = OutcomeLogged(call=key, at=START, mono=0.0, segment=0, outcome=code, by=ANNA, comment="bought two")
        change = await ledger.take(logged)
        assert change is not None
        assert change.after.segments[0].outcome_state is OutcomeState.LOGGED
        assert key not in ledger.live()
        corrected = await ledger.take(
            OutcomeLogged(call=key, at=START, mono=0.0, segment=0, outcome=code, by=BORIS, comment="bought three")
        )
        assert corrected is not None
    kept = await staffed.read(lambda s: s.execute(select(OutcomeRow.comment, OutcomeRow.by_id)).one())
    assert tuple(kept) == ("bought three", BORIS)


async def test_a_recording_is_handed_over_when_the_call_ends(staffed: Database) -> None:
    story = Story().arrives().is_recorded("/spool/1.wav").rings("101").answers("101").hangs_up("101").ends()
    async with running(staffed) as (ledger, _):
        await tell(ledger, story)
    state, job = await staffed.read(lambda s: (s.scalar(select(RecordingRow.state)), s.scalar(select(Job.kind))))
    assert (state, job) == ("waiting", "store_recording")


async def test_a_number_that_only_the_pbx_wrote_down_is_the_calls_and_finds_its_card(staffed: Database) -> None:
    found = Story(number="").arrives(Direction.OUTBOUND).talks("101", via=Via.OUTBOUND).hangs_up("101").ends()
    wrote = Story().arrives(Direction.OUTBOUND).talks("101", via=Via.OUTBOUND).hangs_up("101").ends()
    first, last = wrote.events[0], wrote.events[-1]
    gap = Gap(from_at=START, to_at=first.at, cause=GapCause.LINK_LOST, filled_from="cel")
    async with running(staffed) as (ledger, heard):
        await tell(ledger, found)
        assert await count(staffed, Customer) == 0
        told = Filled(call=last.call, at=last.at, mono=last.mono, events=tuple(wrote.events), gap=gap)  # type: ignore[arg-type]
        for _ in range(2):
            await ledger.take(told)
    (card,) = {change.card for change in heard} - {None}
    assert card
    assert card.numbers == ("+7 916 123-45-67",)
    row = await staffed.read(lambda s: s.scalars(select(CallRow)).one())
    assert (row.number_raw, row.withheld, row.customer_id) == ("+79161234567", False, card.id)
    assert await staffed.read(lambda s: s.scalars(select(Customer.calls)).all()) == [1]


async def test_a_channel_with_the_uniqueid_of_a_call_that_is_long_over_is_another_call(staffed: Database) -> None:
    code = await staffed.read(lambda s: s.scalar(select(OutcomeCode.id).limit(1)))
    assert code is not None
    later = Story(number="+79165550000").arrives().rings("102").answers("102").hangs_up("102").ends()
    async with running(staffed, SetClock(at=datetime.now(UTC) + timedelta(minutes=5))) as (ledger, _):
        for story in (answered("101"), later):
            await tell(ledger, story)
        owed = {call.number_raw: call for call in ledger.live().values() if call.segments[0].owes}
        first, second = owed["+79161234567"], owed["+79165550000"]
        assert [len(call.segments) for call in (first, second)] == [1, 1]
        assert (first.key.told, second.key) == (second.key.uniqueid, later.events[0].call)
        await ledger.take(
            OutcomeLogged(call=first.key, at=START, mono=0.0, segment=0, outcome=code, by=ANNA, comment="")
        )
        assert list(ledger.live()) == [second.key]
    assert await count(staffed, CallRow) == 2


@pytest.mark.parametrize("ahead", [-18, 3600])
async def test_who_sits_down_now_answers_now_whatever_the_clock_of_the_pbx_says(staffed: Database, ahead: int) -> None:
    story = Story().arrives().rings("101").answers("101")
    async with running(staffed, SetClock(at=START + timedelta(seconds=story.seconds), mono=story.seconds)) as (
        house,
        _,
    ):
        (long_ago, _) = roster().bindings
        house.roster = Roster(bindings=(replace(long_ago, agent=BORIS, until=START), replace(long_ago, since=START)))
        for event in story.events:
            await house.take(replace(event, at=event.at + timedelta(seconds=ahead)))
        (call,) = house.live().values()
        assert [(part.agent, part.owes) for part in call.segments] == [(ANNA, True)]
