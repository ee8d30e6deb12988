"""The shipped PBX, asked for real: its phones and trunks are what the proposal says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from callcenter.ami.feed import Feed
from callcenter.ami.wire import Link
from callcenter.bus import Bus
from callcenter.clock import SystemClock
from callcenter.crm import rosters
from callcenter.crm.models.desks import MapRule
from callcenter.db import Database
from callcenter.health import Health
from callcenter.ledger import Event
from callcenter.log import Secret
from callcenter.pbxmap import PbxMap
from callcenter.routing.outside import Outside
from callcenter.routing.survey import Survey
from tests.lab.asterisk import Asterisk
from tests.lab.shape import AMI_SECRET, AMI_USER
from tests.parts import need
from tests.routing.test_survey import no_news
from tests.until import until_async

pytestmark = pytest.mark.pbx


async def test_the_shipped_pbx_describes_itself(sqlite_db: Database) -> None:
    need("asterisk")
    with Asterisk() as pbx:
        link = Link(pbx="main", host=pbx.host, port=pbx.ports.ami, username=AMI_USER, secret=Secret(AMI_SECRET))
        clock, bus, told = SystemClock(), Bus(), list[Event]()
        feed = Feed(link, PbxMap(pbx="main", region="RU"), clock, list)

        async def deliver(events: Sequence[Event]) -> None:
            told.extend(events)

        running = asyncio.create_task(feed.run(deliver))
        await until_async(lambda: told, 20, "the link")
        outside = Outside(
            db=sqlite_db,
            bus=bus,
            clock=clock,
            health=Health(bus, clock),
            take=no_news,
            live=dict,
            send={"main": feed.send},
            region=lambda _pbx: "RU",
        )
        assert await Survey(outside).propose("main")
        running.cancel()
    rows = await sqlite_db.read(lambda s: s.scalars(select(MapRule).order_by(MapRule.position)).all())
    kinds = {row.pattern: row.kind for row in rows}
    phones = ["PJSIP/101", "PJSIP/102", "PJSIP/103"]
    assert kinds == {"PJSIP/anonymous": "trunk", "PJSIP/trunk": "trunk", **dict.fromkeys(phones, "device")}
    desks = await sqlite_db.read(lambda s: [(e.number, e.devices, e.interfaces) for e in rosters.interfaces(s)])
    assert sorted(desks) == [(phone.removeprefix("PJSIP/"), [phone], [phone]) for phone in phones]
