"""The channels that come are counted, kept over restarts, and never grow without bound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from callcenter.clock import SetClock
from callcenter.crm import seen
from callcenter.crm.seen import Sighting
from callcenter.db import Database
from callcenter.pbx_events import ChannelSeen
from callcenter.pbxmap import Kind
from callcenter.routing.seen import SeenChannels
from tests.spine.story import START
from tests.until import until_async


def came(peer: str, minutes: int = 0) -> ChannelSeen:
    at = START + timedelta(minutes=minutes)
    return ChannelSeen(
        pbx="main", at=at, peer=peer, kind=Kind.UNCLASSIFIED, context="from-internal", linkedid=f"17.{minutes}"
    )


@asynccontextmanager
async def counting(db: Database) -> AsyncIterator[SeenChannels]:
    part = SeenChannels(db, SetClock(START), write_s=0.01)
    running = asyncio.create_task(part.run())
    yield part
    running.cancel()


async def rows(db: Database) -> list[tuple[str, int, str]]:
    return await db.read(lambda s: [(row.peer, row.times, row.linkedid) for row in seen.peers(s, "main")])


async def test_each_time_counts_and_the_last_one_is_told(db: Database) -> None:
    async with counting(db) as part:
        for minute in range(3):
            await part.channel_seen(came("PJSIP/door", minute))
        await until_async(lambda: _is(db, [("PJSIP/door", 3, "17.2")]))
    async with counting(db) as part:
        await part.channel_seen(came("PJSIP/door", 9))
        await part.channel_seen(came("PJSIP/fax", 5))
        await until_async(lambda: _is(db, [("PJSIP/door", 4, "17.9"), ("PJSIP/fax", 1, "17.5")]))
    (door, _) = await db.read(lambda s: seen.peers(s, "main"))
    assert (door.first_at, door.last_at, door.context) == (START, START + timedelta(minutes=9), "from-internal")


async def test_scanners_push_out_what_is_oldest_and_nothing_else_grows(db: Database) -> None:
    batch = [
        Sighting(
            pbx="main",
            peer=f"SIP/{n}",
            times=1,
            first_at=START,
            last_at=START + timedelta(seconds=n),
            context="",
            linkedid="",
        )
        for n in range(seen.KEPT_AT_MOST + 20)
    ]
    await db.write(lambda s: seen.note(s, batch, START))
    kept = await db.read(lambda s: [row.peer for row in seen.peers(s, "main")])
    assert (len(kept), kept[-1]) == (seen.KEPT_AT_MOST, "SIP/20")


async def test_what_did_not_come_for_a_month_is_forgotten(db: Database) -> None:
    async with counting(db) as part:
        await part.channel_seen(came("PJSIP/old"))
        await until_async(lambda: _is(db, [("PJSIP/old", 1, "17.0")]))
    later = START + seen.KEPT_FOR + timedelta(days=1)
    one = Sighting(pbx="main", peer="PJSIP/new", times=1, first_at=later, last_at=later, context="", linkedid="")
    await db.write(lambda s: seen.note(s, [one], later))
    assert [peer for peer, *_ in await rows(db)] == ["PJSIP/new"]


async def _is(db: Database, wanted: list[tuple[str, int, str]]) -> bool:
    return await rows(db) == wanted
