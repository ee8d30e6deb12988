"""What an agent starts is recorded by us; what a caller declines ends in every copy, also over a lost link."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from callcenter.call import Call, Changed
from callcenter.config import Received, Recordings
from callcenter.db import Database
from callcenter.errors import Refused, Unavailable
from callcenter.pbx_events import LinkUp
from callcenter.recording.pausing import House
from callcenter.recording.wishing import Wishing
from callcenter.recording_events import Wish
from tests.recording.test_pausing import Talk, talking
from tests.spine.story import ANNA

CUSTOMER, AGENT = "PJSIP/trunk-1", "PJSIP/101-2"


@dataclass
class Mixers:
    """A PBX as far as MixMonitor goes: how many recorders run on each channel, and what else it was told."""

    running: dict[str, int] = field(default_factory=lambda: {CUSTOMER: 2, AGENT: 1})
    orders: list[Mapping[str, str]] = field(default_factory=list)
    link: bool = True

    async def send(self, action: Mapping[str, str], _timeout: float) -> list[dict[str, str]]:
        if not self.link:
            raise Unavailable("not connected", code="pbx_unavailable")
        if action["Action"] == "CoreShowChannels":
            ids = {CUSTOMER: "1700000000.1", AGENT: "101"}
            return [{"Channel": name, "Uniqueid": of, "Linkedid": "1"} for name, of in ids.items()]
        if action["Action"] == "Getvar":
            return [{"Variable": "CC_MIX", "Value": "0x7f01"}]
        self.orders.append(action)
        if action["Action"] == "StopMixMonitor":
            if not self.running[action["Channel"]]:
                raise Unavailable("Could not stop monitoring channel", code="pbx_refused")
            self.running[action["Channel"]] -= 1
        return [{"Response": "Success"}]


@dataclass
class Wished:
    talk: Talk
    pbx: Mixers
    wishing: Wishing

    @property
    def call(self) -> Call:
        return self.talk.call


@pytest.fixture
async def wished(sqlite_db: Database) -> AsyncIterator[Wished]:
    async with talking(sqlite_db) as talk:
        yield made(talk, Recordings(spool=Path("/m")))


def made(talk: Talk, spool: Recordings) -> Wished:
    pbx = Mixers()
    house = House(clock=talk.clock, live=talk.ledger.live, take=talk.ledger.take, send={"main": pbx.send})
    wishing = Wishing(house, talk.pausing.clocks, lambda _pbx: spool)
    talk.bus.on(Changed, wishing.changed)
    return Wished(talk=talk, pbx=pbx, wishing=wishing)


async def test_an_agent_starts_and_stops_a_recorder_of_ours_on_the_customers_channel(wished: Wished) -> None:
    await wished.wishing.start(wished.call, ANNA)
    (order,) = wished.pbx.orders
    (wish,) = wished.call.wishes
    name = wish.file.removesuffix(".wav")
    assert (wish.wish, wish.by, order["Channel"], order["File"]) == (Wish.START, ANNA, CUSTOMER, wish.file)
    assert (name.partition("-")[0], order["options"]) == (
        "1700000000.1",
        f"bSr({name}-in.wav)t({name}-out.wav)i(__CC_MIX)",
    )
    await wished.wishing.stop(wished.call, ANNA)
    assert wished.pbx.orders[-1]["MixMonitorID"] == "0x7f01"
    assert [one.wish for one in wished.call.wishes] == [Wish.START, Wish.STOP]


async def test_a_pbx_that_sends_its_recordings_sends_this_one_too(sqlite_db: Database) -> None:
    async with talking(sqlite_db) as talk:
        wished = made(talk, Received(spool=Path("/m")))
        await wished.wishing.start(wished.call, ANNA)
        (order,) = wished.pbx.orders
        assert order["Command"] == "^{ASTETCDIR}/callcenter/upload ^{ASTSPOOLDIR}/monitor/" + order["File"]


async def test_what_a_caller_declines_ends_in_every_copy_and_does_not_begin_again(wished: Wished) -> None:
    await wished.wishing.decline(wished.call, ANNA)
    assert wished.pbx.running == {CUSTOMER: 0, AGENT: 0}
    assert {"Action": "Setvar", "Channel": CUSTOMER, "Variable": "__CC_RECORD", "Value": "no"} in wished.pbx.orders
    with pytest.raises(Refused):
        await wished.wishing.start(wished.call, ANNA)
    wished.pbx.running[AGENT] = 1
    await wished.talk.happens(wished.talk.goes_on().is_recorded("/m/2.wav"))
    await wished.wishing.look()
    assert wished.pbx.running[AGENT] == 0


async def test_what_could_not_be_stopped_is_stopped_when_the_link_is_back(wished: Wished) -> None:
    running = asyncio.create_task(wished.wishing.run())
    wished.pbx.link = False
    await wished.wishing.decline(wished.call, ANNA)
    assert wished.call.declined_at
    assert wished.pbx.running == {CUSTOMER: 2, AGENT: 1}
    wished.pbx.link = True
    await wished.wishing.link_up(LinkUp(pbx="main", at=wished.talk.clock.now(), rebooted=False))
    await wished.wishing.look()
    assert wished.pbx.running == {CUSTOMER: 0, AGENT: 0}
    running.cancel()
