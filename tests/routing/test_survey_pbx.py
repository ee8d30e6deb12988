"""Real PBXs, asked for real: the shipped one, and one in the shape of FreePBX."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select

from callcenter.ami.feed import Feed
from callcenter.ami.wire import Link
from callcenter.bus import Bus
from callcenter.call import Call
from callcenter.clock import SystemClock
from callcenter.crm import rosters
from callcenter.crm.models.desks import MapRule
from callcenter.db import Database
from callcenter.health import Health
from callcenter.ledger import Event
from callcenter.log import Secret
from callcenter.pbxmap import PbxMap
from callcenter.routing.outside import Outside
from callcenter.routing.survey import Survey, Surveyed
from tests.lab.asterisk import AMI_SECRET, AMI_USER, Asterisk
from tests.lab.freepbx.installed import freepbx
from tests.parts import need
from tests.routing.test_survey import no_news
from tests.until import until_async

pytestmark = pytest.mark.pbx


async def nobody() -> list[Call]:
    """Our records hold no call open."""
    return []


@asynccontextmanager
async def linked(db: Database, asterisk: Callable[[], Asterisk]) -> AsyncIterator[Survey]:
    """A survey of such a PBX, through the eyes of the manager user with the least rights."""
    need("asterisk")
    with asterisk() as pbx:
        link = Link(pbx="main", host=pbx.host, port=pbx.ports.ami, username=AMI_USER, secret=Secret(AMI_SECRET))
        clock, bus, told = SystemClock(), Bus(), list[Event]()
        feed = Feed(link, PbxMap(pbx="main", region="RU"), clock, nobody)

        async def deliver(events: Sequence[Event]) -> None:
            told.extend(events)

        running = asyncio.create_task(feed.run(deliver))
        await until_async(lambda: told, 20, "the link")
        outside = Outside(
            db=db,
            bus=bus,
            clock=clock,
            health=Health(bus, clock),
            take=no_news,
            live=dict,
            send={"main": feed.send},
            region=lambda _pbx: "RU",
        )
        yield Survey(outside)
        running.cancel()


async def kept(db: Database) -> tuple[dict[str, str], dict[str, tuple[list[str], list[str]]]]:
    """The rules, and the extensions with their devices and interfaces."""
    rows = await db.read(lambda s: s.scalars(select(MapRule).order_by(MapRule.position)).all())
    desks = await db.read(lambda s: {e.number: (e.devices, e.interfaces) for e in rosters.interfaces(s)})
    return {row.pattern: row.kind for row in rows}, desks


def doubts(seen: Surveyed | None) -> dict[str, str]:
    assert seen is not None
    return {one.peer: one.why for one in seen.proposal.doubts}


async def test_the_shipped_pbx_describes_itself(sqlite_db: Database) -> None:
    async with linked(sqlite_db, Asterisk) as survey:
        assert await survey.propose("main")
    kinds, desks = await kept(sqlite_db)
    phones = ["PJSIP/101", "PJSIP/102", "PJSIP/103"]
    assert kinds == {"PJSIP/anonymous": "trunk", "PJSIP/trunk": "trunk", **dict.fromkeys(phones, "device")}
    assert desks == {phone.removeprefix("PJSIP/"): ([phone], [phone]) for phone in phones}
    seen = survey.last("main")
    assert doubts(seen) == {}
    assert seen is not None
    assert (seen.proposal.queues, seen.proposal.dids) == (("sales", "support"), ("7001", "7002"))


async def test_a_freepbx_describes_itself(sqlite_db: Database) -> None:
    """Device and user mode, Local members, a web phone, two trunks, a branch office, a door that nobody can tell."""
    async with linked(sqlite_db, freepbx) as survey:
        assert await survey.propose("main")
    kinds, desks = await kept(sqlite_db)
    assert kinds == {
        "PJSIP/anonymous": "trunk",
        "PJSIP/mtt-msk": "trunk",
        "PJSIP/voip-it": "trunk",
        "PJSIP/branch-ufa": "inter_office",
        **dict.fromkeys(("PJSIP/2001", "PJSIP/2002", "PJSIP/2003", "PJSIP/99101"), "device"),
    }
    assert desks == {
        "101": (["PJSIP/2001", "PJSIP/99101"], ["Local/101@from-queue/n"]),
        "102": (["PJSIP/2002"], ["Local/102@from-queue/n"]),
        "103": (["PJSIP/2003"], ["Local/103@from-queue/n"]),
    }
    seen = survey.last("main")
    assert doubts(seen) == {"PJSIP/door-front": "no_clue"}
    assert seen is not None
    assert (seen.proposal.queues, seen.proposal.dids) == (("600", "601", "602"), ("7303",))
