"""A pause of the recordings begins where the PBX confirms it, ends by itself, and outlives links and restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.bus import Bus
from callcenter.call import Call, Changed
from callcenter.clock import SetClock
from callcenter.crm.models.calls import PauseRow
from callcenter.crm.models.office import Audit
from callcenter.crm.models.people import User
from callcenter.db import Database
from callcenter.errors import Refused, Unavailable
from callcenter.health import Health
from callcenter.ledger import Ledger
from callcenter.pbx_events import LinkUp
from callcenter.recording.pausing import House, Pausing, concerned
from callcenter.recording_events import PauseEnd
from tests.spine.story import ANNA, START, Story, roster

AT_ONCE = 60


@dataclass
class Recorders:
    """A PBX as far as MixMonitorMute goes: its channels by name with their Linkedid, and which of them are recorded."""

    channels: dict[str, str] = field(default_factory=lambda: {"PJSIP/trunk-1": "1", "PJSIP/101-2": "1"})
    recorded: dict[str, bool] = field(default_factory=lambda: {"PJSIP/trunk-1": False})
    link: bool = True

    async def send(self, action: Mapping[str, str], timeout: float) -> list[dict[str, str]]:
        assert timeout > 0
        if not self.link:
            raise Unavailable("not connected", code="pbx_unavailable")
        if action["Action"] == "CoreShowChannels":
            ids = {"PJSIP/trunk-1": "1700000000.1", "PJSIP/101-2": "101"}
            return [{"Channel": c, "Uniqueid": ids.get(c, c), "Linkedid": of} for c, of in self.channels.items()]
        if action["Channel"] not in self.recorded:
            raise Unavailable("Cannot set mute flag", code="pbx_refused")
        assert (action["Action"], action["Direction"]) == ("MixMonitorMute", "both")
        self.recorded[action["Channel"]] = action["State"] == "1"
        return [{"Response": "Success"}]


class Talk:
    """Anna talks with a customer and is recorded."""

    def __init__(self, db: Database) -> None:
        self.db, self.pbx, self.bus = db, Recorders(), Bus()
        self.clock = SetClock(at=START + timedelta(seconds=4), mono=4.0)
        self.ledger = Ledger(db, self.bus, self.clock, Health(self.bus, self.clock))
        send = {"main": self.pbx.send}
        house = House(clock=self.clock, live=self.ledger.live, take=self.ledger.take, send=send)
        self.pausing = Pausing(house)
        self.bus.on(Changed, self.pausing.changed)
        self.story = Story()

    async def happens(self, story: Story) -> None:
        for event in story.events:
            await self.ledger.take(event)
        self.clock.move(story.seconds - self.clock.mono)

    @property
    def call(self) -> Call:
        (found,) = self.ledger.live().values()
        return found

    def goes_on(self) -> Story:
        return Story(seconds=int(self.clock.mono))

    async def passes(self, seconds: float) -> None:
        self.clock.move(seconds)
        await self.pausing.look()


@asynccontextmanager
async def talking(db: Database) -> AsyncIterator[Talk]:
    def anna(session: Session) -> None:
        row = User(id=ANNA, username="anna", display_name="Anna", password_hash="", role="agent", created_at=START)
        session.add(row)

    await db.write(anna)
    made = Talk(db)
    await made.ledger.start(roster())
    consumer = asyncio.create_task(made.ledger.run("main"))
    await made.happens(Story().arrives().is_recorded("/m/1.wav").rings("101").answers("101"))
    yield made
    consumer.cancel()
    assert made.bus.failures == 0


@pytest.fixture
async def talk(sqlite_db: Database) -> AsyncIterator[Talk]:
    async with talking(sqlite_db) as made:
        yield made


@pytest.fixture
async def both(db: Database) -> AsyncIterator[Talk]:
    """The same on both databases, where rows are looked at."""
    async with talking(db) as made:
        yield made


async def test_it_ends_by_itself_and_asked_for_again_begins_anew(both: Talk) -> None:
    until = await both.pausing.pause(both.call, ANNA, AT_ONCE)
    assert both.pbx.recorded == {"PJSIP/trunk-1": True}
    await both.passes(40)
    assert await both.pausing.pause(both.call, ANNA, AT_ONCE) == until + timedelta(seconds=40)
    await both.passes(59)
    assert both.call.pause
    await both.passes(2)
    assert both.pbx.recorded == {"PJSIP/trunk-1": False}
    (row,) = await both.db.read(lambda s: s.scalars(select(PauseRow)).all())
    assert ((row.to_at or row.from_at) - row.from_at, row.ended) == (timedelta(seconds=101), "time")
    (line,) = await both.db.read(lambda s: s.scalars(select(Audit)).all())
    assert (line.verb, line.actor_name, line.details) == ("resume_recording", "", {"how": "time", "seconds": 101})


async def test_what_begins_to_record_in_a_pause_is_silent_too(talk: Talk) -> None:
    await talk.pausing.pause(talk.call, ANNA, AT_ONCE)
    talk.pbx.recorded["PJSIP/101-2"] = False
    await talk.happens(talk.goes_on().is_recorded("/m/2.wav"))
    await talk.pausing.look()
    assert talk.pbx.recorded == {"PJSIP/trunk-1": True, "PJSIP/101-2": True}


async def test_the_agent_ends_it_and_the_calls_end_does(talk: Talk) -> None:
    await talk.pausing.pause(talk.call, ANNA, AT_ONCE)
    await talk.pausing.go_on(talk.call)
    assert talk.pbx.recorded == {"PJSIP/trunk-1": False}
    await talk.pausing.pause(talk.call, ANNA, AT_ONCE)
    await talk.happens(talk.goes_on().hangs_up("101").ends())
    assert [one.ended for one in talk.call.pauses] == [PauseEnd.AGENT, PauseEnd.CALL]
    lines = await talk.db.read(lambda s: s.scalars(select(Audit).order_by(Audit.id)).all())
    assert [line.details["how"] for line in lines] == ["call"]


@pytest.mark.parametrize(("fault", "told"), [("link", Unavailable), ("recorded", Refused)])
async def test_what_the_pbx_did_not_confirm_is_no_pause(talk: Talk, fault: str, told: type[Exception]) -> None:
    setattr(talk.pbx, fault, {} if fault == "recorded" else False)
    with pytest.raises(told):
        await talk.pausing.pause(talk.call, ANNA, AT_ONCE)
    assert [one.ended for one in talk.call.pauses] == [PauseEnd.FAILED]


async def test_a_lost_link_and_a_restart_end_no_pause_and_keep_none_for_ever(talk: Talk) -> None:
    await talk.pausing.pause(talk.call, ANNA, AT_ONCE)
    talk.pbx.link = False
    await talk.passes(70)
    assert talk.call.pause
    again = Talk(talk.db)
    again.pbx, again.clock = talk.pbx, talk.clock
    await again.ledger.start(roster())
    assert again.call.pauses == talk.call.pauses
    talk.pbx.link, talk.pbx.recorded["PJSIP/trunk-1"] = True, False
    await talk.pausing.link_up(LinkUp(pbx="main", at=talk.clock.now(), rebooted=False))
    await talk.pausing.look()
    assert talk.call.pause is None


def test_channels_of_other_calls_are_left_alone() -> None:
    call = Story().arrives().rings("101").answers("101").told()
    rows = [
        {"Channel": "PJSIP/trunk-1", "Uniqueid": "1700000000.1", "Linkedid": "L", "BridgeId": "b"},
        {"Channel": "Local/101@q-1;1", "Uniqueid": "7", "Linkedid": "L", "BridgeId": "b"},
        {"Channel": "Local/101@q-1;2", "Uniqueid": "8", "Linkedid": "L", "BridgeId": "c"},
        {"Channel": "PJSIP/101-2", "Uniqueid": "9", "Linkedid": "elsewhere", "BridgeId": "c"},
        {"Channel": "PJSIP/trunk-9", "Uniqueid": "10", "Linkedid": "M", "BridgeId": "d"},
        {"Channel": "PJSIP/trunk-10", "Uniqueid": "11", "Linkedid": "N", "BridgeId": ""},
    ]
    found = [name.partition("/")[2] for name in concerned(call, rows)]
    assert found == ["trunk-1", "101@q-1;1", "101@q-1;2", "101-2"]
