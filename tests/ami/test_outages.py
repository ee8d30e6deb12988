"""What could not be read at once is read beside the calls that come: until it is done, and with all it asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.ami.history import History
from callcenter.bus import Bus
from callcenter.clock import SetClock
from callcenter.crm import call_reading
from callcenter.crm.models.calls import CallRow, SegmentRow
from callcenter.crm.models.outages import OutageRow
from callcenter.crm.models.outcomes import OutcomeCode
from callcenter.crm.models.people import User
from callcenter.crm.models.tasks import Task
from callcenter.db import Database
from callcenter.decision_events import OutcomeLogged, Promise
from callcenter.events import Arrived, CallKey, Direction, Ended, Filled, Gap, GapCause, Via
from callcenter.health import Health
from callcenter.ledger import Ledger
from callcenter.lifecycle import apply
from callcenter.outages import Outages
from callcenter.pbx_events import Outage
from tests.ami.tale import CAPTURES, DESKS, MAP, ROSTER
from tests.ami.test_cel import SPOOL
from tests.spine.story import ANNA, START, Story, roster

HERE = CAPTURES / "history"
FROM = datetime.fromtimestamp(1795761000, UTC)
TO = FROM + timedelta(hours=2)


@dataclass
class House:
    """A ledger and what reads outages beside it, at a clock of ours. ``file`` is where the PBX writes."""

    db: Database
    clock: SetClock
    health: Health
    ledger: Ledger
    outages: Outages
    file: Path

    def writes(self, *names: str) -> None:
        lines = [line for name in names for line in (HERE / f"{name}.cel").read_text().splitlines(keepends=True)]
        self.file.write_text("".join(sorted(lines, key=lambda line: line.split(",")[1])))

    async def was_deaf(self, code: str = "history_slow") -> None:
        gap = Gap(from_at=FROM, to_at=TO, cause=GapCause.LINK_LOST, filled_from="cel")
        await self.ledger.deliver("main", [Outage(pbx="main", at=TO, gap=gap, begun=FROM, code=code)])
        await self.ledger.caught_up("main")
        await self.outages.look()

    async def row(self) -> OutageRow:
        return await self.db.read(lambda s: s.scalars(select(OutageRow)).one())

    async def states(self) -> list[str]:
        talks = select(SegmentRow.outcome_state).where(SegmentRow.answered_at.is_not(None))
        return await self.db.read(lambda s: sorted(s.scalars(talks)))

    async def missed(self) -> list[int]:
        return await self.db.read(lambda s: list(s.scalars(select(Task.missed).where(Task.closed_at.is_(None)))))


@pytest.fixture
async def house(db: Database, tmp_path: Path) -> AsyncIterator[House]:
    def people(session: Session) -> None:
        for number, agent in DESKS.items():
            row = User(id=agent, username=number, display_name=number, password_hash="", role="agent")
            row.created_at = START
            session.add(row)

    await db.write(people)
    clock, bus = SetClock(at=TO), Bus()
    health = Health(bus, clock)
    ledger = Ledger(db, bus, clock, health)
    await ledger.start(ROSTER)
    history = History(source=str(tmp_path / "cel.csv"), spool=SPOOL)
    part = Outages((db, clock, health), lambda _: (MAP, history), ledger.take)
    consumer = asyncio.create_task(ledger.run("main"))
    yield House(db, clock, health, ledger, part, tmp_path / "cel.csv")
    consumer.cancel()
    with suppress(asyncio.CancelledError):
        await consumer
    assert bus.failures == 0


async def test_it_owes_outcomes_like_any_call_and_is_looked_at_once_more(house: House) -> None:
    house.writes("queue_rrmemory_answered", "direct_did_answered")
    await house.was_deaf()
    assert await house.states() == ["owed", "owed"]
    row = await house.row()
    assert (row.state, row.code, row.read_at) == ("filled", "", TO)
    before = dict(house.ledger.live())
    house.clock.move(40)
    await house.outages.look()
    assert ((await house.row()).next_at, house.ledger.live()) == (None, before)


async def test_it_is_tried_again_until_it_can_be_read_and_everybody_sees_that_it_waits(house: House) -> None:
    house.file.mkdir()
    await house.was_deaf()
    waits = await house.row()
    assert (waits.state, waits.code, waits.tries) == ("waiting", "history_missing", 1)
    house.file.rmdir()
    house.file.write_text("nonsense\n")
    for tries in (2, 3):
        house.clock.move(100)
        await house.outages.look()
        waits = await house.row()
        assert (waits.state, waits.code, waits.tries) == ("waiting", "history_unknown", tries)
    assert house.health.parts["history:main"].code == "history_unknown"
    house.writes("direct_did_answered")
    house.clock.move(100)
    await house.outages.look()
    assert ((await house.row()).state, await house.states()) == ("filled", ["owed"])
    assert house.health.parts["history:main"].ok


async def test_what_comes_to_light_half_a_day_later_keeps_nobody_from_his_next_call(
    house: House,
) -> None:
    house.writes("queue_rrmemory_answered", "queue_abandoned_waiting")
    house.clock.move(13 * 3600)
    await house.was_deaf()
    assert (await house.states(), await house.missed()) == (["deferred"], [1])
    assert house.ledger.live() == {}


async def test_and_what_was_promised_in_it_is_a_task_once_its_outcome_is_logged(house: House) -> None:
    house.writes("queue_rrmemory_answered")
    house.clock.move(13 * 3600)
    await house.was_deaf()
    code = await house.db.read(lambda s: s.scalars(select(OutcomeCode.id).where(OutcomeCode.code == "callback")).one())
    call = await house.db.read(lambda s: s.scalars(select(CallRow)).one())
    now = house.clock.now()
    promise = Promise(due_at=now, due_until=None, zone="", note="the offer", assignee=DESKS["101"], remind_at=None)
    key = CallKey(pbx="main", uniqueid=call.uniqueid)
    said: dict[str, Any] = {"call": key, "at": now, "mono": 0.0, "outcome": code, "by": DESKS["101"], "comment": ""}
    await house.ledger.take(OutcomeLogged(**said, segment=0, promise=promise))
    assert await house.states() == ["logged"]
    task = await house.db.read(lambda s: s.scalars(select(Task)).one())
    assert (task.kind, task.note, task.due_at, task.origin_call_id) == ("callback", "the offer", now, call.id)


def test_two_parts_of_one_agent_that_came_to_light_late_are_one_outcome() -> None:
    story = Story().arrives().joins().rings("101").answers("101").is_handed("101", "102").parts("101").hangs_up("101")
    story.rings("102", via=Via.BLIND).answers("102").parts("102").hangs_up("102")
    story.rings("101", leg="again", via=Via.BLIND).answers("101", leg="again").hangs_up("101", leg="again").ends()
    gap = Gap(from_at=START, to_at=story.events[-1].at, cause=GapCause.LINK_LOST, filled_from="cel")
    told = Filled(**stamp(story), events=tuple(story.events), gap=gap, late=True)  # type: ignore[arg-type]
    logged = OutcomeLogged(**stamp(story), segment=0, outcome=ANNA, by=ANNA, comment="")
    states = [apply(apply(None, told, roster()), event, roster()) for event in (told, logged)]
    assert [[s.outcome_state for s in call.segments] for call in states if call] == [
        ["deferred", "deferred", "deferred"],
        ["logged", "deferred", "logged"],
    ]


def stamp(story: Story) -> dict[str, Any]:
    last = story.events[-1]
    return {"call": last.call, "at": last.at, "mono": last.mono}


async def test_after_days_it_is_given_up(house: House) -> None:
    await house.was_deaf()
    house.clock.move(4 * 86400)
    await house.outages.look()
    row = await house.row()
    assert (row.state, row.next_at) == ("given_up", None)


async def test_where_nobody_said_where_the_pbx_writes_it_says_so(house: House) -> None:
    await house.was_deaf("history_not_set")
    row = await house.row()
    assert (row.state, row.next_at) == ("not_set", None)


async def test_records_do_not_double_an_outgoing_call_that_was_half_heard(house: House) -> None:
    gap = Gap(from_at=FROM, to_at=TO, cause=GapCause.LINK_LOST, filled_from="")
    (dialled,) = History(source=str(HERE / "outgoing_answered.cel"), spool=SPOOL).calls(MAP, gap, FROM)
    for event in dialled.events[:3]:
        await house.ledger.take(event)
    gone = Ended(call=dialled.call, at=TO, mono=0.0, cause=0, by_customer=False, note="disconnected")
    await house.ledger.take(gone)
    house.file.write_bytes((HERE / "outgoing_answered.cdr").read_bytes())
    await house.was_deaf()
    call = await house.db.read(lambda s: call_reading.load(s, dialled.call))
    assert call is not None
    assert (call.note, [gap.filled_from for gap in call.gaps], len(call.segments)) == ("", ["cdr"], 1)
    assert await house.db.read(lambda s: len(s.scalars(select(CallRow)).all())) == 1


async def test_who_only_seemed_to_be_missed_is_no_longer(house: House) -> None:
    house.writes("direct_did_answered")
    uniqueid = house.file.read_text().split(",")[2].strip('"')
    key = CallKey(pbx="main", uniqueid=uniqueid)
    began = datetime.fromtimestamp(float(uniqueid), UTC)
    arrived = Arrived(
        call=key,
        at=began,
        mono=0.0,
        direction=Direction.INBOUND,
        number_raw="74951234567",
        name="",
        did="7101",
        trunk="PJSIP/trunk",
        region="RU",
    )
    await house.ledger.take(arrived)
    await house.ledger.take(Ended(call=key, at=TO, mono=0.0, cause=0, by_customer=False, note="disconnected"))
    assert await house.missed() == [1]
    await house.was_deaf()
    assert (await house.missed(), await house.states()) == ([], ["owed"])
    call = await house.db.read(lambda s: call_reading.load(s, key))
    assert call is not None
    assert (call.result, call.note, [gap.filled_from for gap in call.gaps]) == ("answered", "", ["cel"])
    assert await house.db.read(lambda s: len(s.scalars(select(CallRow)).all())) == 1
