"""The reader does nothing but parse and append: whoever is slow behind it does not make the PBX wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import REGISTRY

from callcenter.ami.feed import Feed, Kept
from callcenter.ami.journal import Journal
from callcenter.ami.tracker import Event
from callcenter.ami.wire import Link, Patience
from callcenter.clock import SystemClock
from callcenter.events import Arrived, Ended
from callcenter.log import Secret
from callcenter.pbx_events import LinkDown
from tests.ami.linked import CALM, MAP, Records, now, row, shows
from tests.ami.says import Pbx
from tests.fake_asterisk import FakeAsterisk
from tests.until import until_async

CALLS = 5000


class SlowRecords(Records):
    """Their database stands still until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.going = asyncio.Event()

    async def deliver(self, events: Sequence[Event]) -> None:
        await super().deliver(events)
        if self.calls:
            await self.going.wait()


@asynccontextmanager
async def hearing(
    asterisk: FakeAsterisk, records: Records, folder: Path, patience: Patience = CALM
) -> AsyncIterator[None]:
    link = Link(
        pbx="slow", host="127.0.0.1", port=asterisk.port, username="crm", secret=Secret("s3cret"), patience=patience
    )
    feed = Feed(link, MAP, SystemClock(), records.open, Kept(journal=Journal(folder, "slow")))
    running = asyncio.create_task(feed.run(records.deliver))
    try:
        await until_async(records.up)
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def behind() -> float:
    return REGISTRY.get_sample_value("callcenter_ami_behind_seconds", {"pbx": "slow"}) or 0.0


def told(calls: int) -> Pbx:
    """So many customers who come and go."""
    pbx = now(seconds=-2.0 * calls)
    for _ in range(calls):
        pbx.hangup(pbx.customer())
    return pbx


def kept(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.ami"))


async def test_a_database_that_stands_still_does_not_stop_the_reading(asterisk: FakeAsterisk, tmp_path: Path) -> None:
    records = SlowRecords()
    async with hearing(asterisk, records, tmp_path):
        stream = told(CALLS).stream
        asterisk.tell(stream)
        await until_async(lambda: kept(tmp_path) > len(stream) - 2 * 65536, what="all of it read and in the journal")
        assert records.count(Arrived) < CALLS
        await until_async(lambda: behind() > 0.1)
        records.going.set()
        await until_async(lambda: records.count(Ended) == CALLS)
        assert behind() == 0.0
    order = [event.call.uniqueid for event in records.events if isinstance(event, Arrived)]
    assert len(order) == CALLS
    assert order == sorted(order, key=lambda uniqueid: int(uniqueid.partition(".")[2]))


async def test_what_would_fill_the_memory_costs_the_link_and_the_list_heals_it(
    asterisk: FakeAsterisk, tmp_path: Path
) -> None:
    records, pbx = SlowRecords(), told(200)
    living = pbx.customer()
    shows(asterisk, row(living))
    async with hearing(asterisk, records, tmp_path, Patience(waiting=300)):
        asterisk.tell(pbx.stream)
        await until_async(lambda: asterisk.lost() == 1, what="the link given up")
        records.going.set()
        await until_async(lambda: records.up() == 2)
        assert records.count(LinkDown) == 1
    assert [call.key.uniqueid for call in await records.open()] == [living.uniqueid]
