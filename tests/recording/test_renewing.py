"""On a PBX whose recorder does not hear the next voice it begins anew when another agent gets the customer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from callcenter.builds import loses_next_voice
from callcenter.call import Changed
from callcenter.config import Recordings
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.recording.pausing import House
from callcenter.recording.renewing import Renewing
from tests.recording.test_pausing import Talk, talking
from tests.spine.story import ANNA, Story

CUSTOMER = "PJSIP/trunk-1"
DEBIAN, DIGIUM = "22.10.1+dfsg+~cs6.17.60671434-1", "22.10.1"


@dataclass
class Recorder:
    """The recorder on the customer's channel: the files it wrote, and whether it runs."""

    version: str = DEBIAN
    number: str = "0x7f01"
    runs: bool = True
    files: list[str] = field(default_factory=lambda: ["1"])
    deaf_to: str = ""

    async def send(self, action: Mapping[str, str], _timeout: float) -> list[dict[str, str]]:
        if action["Action"] == self.deaf_to:
            raise Unavailable("not connected", code="pbx_unavailable")
        match action["Action"]:
            case "CoreSettings":
                return [{"asteriskversion": self.version}]
            case "CoreShowChannels":
                return [{"Channel": CUSTOMER, "Uniqueid": "1700000000.1", "Linkedid": "1"}]
            case "Getvar":
                return [{"Variable": "CC_MIX", "Value": self.number}]
            case "StopMixMonitor":
                assert (action["Channel"], action["MixMonitorID"], self.runs) == (CUSTOMER, self.number, True)
                self.runs = False
            case "MixMonitor":
                assert (action["Channel"], self.runs) == (CUSTOMER, False)
                self.files.append(action["File"])
                self.runs = True
            case other:
                raise AssertionError(other)
        return [{"Response": "Success"}]


@dataclass
class Renewed:
    talk: Talk
    pbx: Recorder
    renewing: Renewing

    async def happens(self, story: Story) -> None:
        await self.talk.happens(story)
        await self.renewing.look()


@asynccontextmanager
async def recorded(
    db: Database, version: str = DEBIAN, holds: Callable[[str], bool] = lambda _: True
) -> AsyncIterator[Renewed]:
    """Anna talks with a customer and is recorded."""
    async with talking(db) as talk:
        pbx = Recorder(version=version)
        house = House(
            clock=talk.clock, live=talk.ledger.live, take=talk.ledger.take, send={"main": pbx.send}, holds=holds
        )
        renewing = Renewing(house, talk.pausing.clocks, lambda _pbx: Recordings(spool=Path("/m")))
        talk.bus.on(Changed, renewing.changed)
        yield Renewed(talk=talk, pbx=pbx, renewing=renewing)


def to_another(talk: Talk) -> Story:
    return talk.goes_on().parts("101").hangs_up("101").rings("103").answers("103")


async def test_the_next_agent_has_a_part_of_the_recording(sqlite_db: Database) -> None:
    async with recorded(sqlite_db) as it:
        await it.happens(to_another(it.talk))
        assert [name.partition("-")[0] for name in it.pbx.files] == ["1", "1700000000.1"]
        await it.happens(it.talk.goes_on().holds("103").resumes("103"))
        assert (len(it.pbx.files), it.pbx.runs) == (2, True)


async def test_an_asterisk_that_hears_everybody_is_left_alone(sqlite_db: Database) -> None:
    async with recorded(sqlite_db, DIGIUM) as it:
        await it.happens(to_another(it.talk))
        assert (it.pbx.files, it.pbx.runs) == (["1"], True)


async def test_of_two_callcenters_on_one_pbx_one_renews(sqlite_db: Database) -> None:
    mine = False
    async with recorded(sqlite_db, holds=lambda _pbx: mine) as it:
        await it.happens(to_another(it.talk))
        assert (it.pbx.files, it.pbx.runs) == (["1"], True)
        mine = True
        assert not await it.renewing.look()
        assert len(it.pbx.files) == 2


async def test_what_is_paused_stays_silent_and_begins_anew_when_the_pause_is_over(sqlite_db: Database) -> None:
    async with recorded(sqlite_db) as it:
        await it.talk.pausing.pause(it.talk.call, ANNA, 60)
        await it.happens(to_another(it.talk))
        assert len(it.pbx.files) == 1
        await it.talk.pausing.go_on(it.talk.call)
        await it.renewing.look()
        assert len(it.pbx.files) == 2


@pytest.mark.parametrize("lost", ["CoreSettings", "StopMixMonitor", "MixMonitor"])
async def test_a_link_that_is_lost_on_the_way_leaves_nobody_unrecorded(sqlite_db: Database, lost: str) -> None:
    async with recorded(sqlite_db) as it:
        it.pbx.deaf_to = lost
        await it.happens(to_another(it.talk))
        assert len(it.pbx.files) == 1
        it.pbx.deaf_to = ""
        await it.renewing.look()
        assert (len(it.pbx.files), it.pbx.runs) == (2, True)


async def test_who_is_not_recorded_by_us_is_not_recorded_by_this_either(sqlite_db: Database) -> None:
    async with recorded(sqlite_db) as it:
        it.pbx.number = ""
        await it.happens(to_another(it.talk))
        assert it.pbx.files == ["1"]


@pytest.mark.parametrize(
    ("version", "deaf"),
    [
        ("22.10.1+dfsg+~cs6.17.60671434-1", True),
        ("20.6.0~dfsg+~cs6.13.40431414-2build5", True),
        ("16.28.0~dfsg-0+deb11u4", False),
        ("22.10.1", False),
        ("", False),
    ],
)
def test_which_builds_do_not_hear_the_next_voice(version: str, deaf: bool) -> None:
    assert loses_next_voice(version) is deaf
