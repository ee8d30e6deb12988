"""The product under fire: customers who never stop ringing, agents at work, and one part after the other broken.

What is broken when comes from a seed, so that a siege can be laid again. The truth is what the phones logged.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import websockets

from tests.lab.asterisk import Asterisk
from tests.lab.phonelog import PhoneLog
from tests.lab.phones import Caller, Floor
from tests.pbx.job.product import Desk, Product
from tests.siege.wire import Wire
from tests.until import pace, until_async

DIDS: Final = ("7001", "7001", "7001", "7101", "7102")
_AWAY: Final = (TimeoutError, OSError, AssertionError, aiohttp.ClientError, websockets.WebSocketException)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """One fault: when it began and was over (epoch seconds)."""

    name: str
    begun: float
    over: float


@dataclass
class Siege:
    """``living`` customers at a time; ``wire`` is what the service takes for the PBX."""

    pbx: Asterisk
    product: Product
    floor: Floor
    desks: dict[str, Desk]
    wire: Wire
    seed: int
    living: int = 3
    blows: list[Blow] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    ending: bool = False

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    async def lay(self, faults: int) -> None:
        """Traffic and work while ``faults`` are dealt; then until everything is over and settled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ring())
            agents = [group.create_task(self._work(name)) for name in ("anna", "boris")]
            try:
                for number in range(faults):
                    await pace(self._dice.uniform(0.5, 2.0))
                    await self._deal(FAULTS[number % len(FAULTS)] if faults <= len(FAULTS) else None)
                self.ending = True
                await until_async(lambda: all(caller.ended() for caller in self.callers), 90, "the last customer gone")
                await self._settle(60)
            finally:
                self.ending = True
                for agent in agents:
                    agent.cancel()

    async def _deal(self, fault: Callable[[Siege], Awaitable[None]] | None) -> None:
        fault = fault or self._dice.choice(FAULTS)
        begun = time.time()
        await fault(self)
        self.blows.append(Blow(name=fault.__name__, begun=begun, over=time.time()))

    def between(self, least: float, most: float) -> float:
        return self._dice.uniform(least, most)

    async def _ring(self) -> None:
        while not self.ending:
            living = [caller for caller in self.callers if not caller.ended()]
            if len(living) < self.living:
                number = f"7916{self.seed % 1000:03d}{len(self.callers):04d}"
                talk = int(self.between(300, 2500))
                did = self._dice.choice(DIDS)
                self.callers.append(self.floor.caller(number, did, talk_ms=talk, patience_ms=25_000))
            await pace(0.1)

    async def _work(self, name: str) -> None:
        desk = self.desks[name]
        while True:
            await pace(0.05)
            try:
                if desk.deaf:
                    await desk.reopen()
                for pop in desk.owed():
                    await desk.request("PUT", f"/segments/{pop['id']}/outcome", {"outcome": "other", "comment": "done"})
                    desk.pops.pop(pop["id"], None)
            except _AWAY:
                await pace(0.3)

    async def _settle(self, seconds: float) -> None:
        """Waits until nothing is open; what then still is, is told in ``unsettled``."""
        deadline = time.monotonic() + seconds
        while True:
            self.unsettled = await self._open()
            if not self.unsettled or time.monotonic() > deadline:
                return
            await pace(0.2)

    async def _open(self) -> list[str]:
        try:
            calls = await every_call(self.desks["sofia"])
        except _AWAY as wrong:
            return [f"the service does not answer: {wrong}"]
        found = [f"{call['number']} goes on" for call in calls if not call["ended_at"]]
        for call in calls:
            owed = [s for s in call["segments"] if s["outcome_state"] in ("owed", "draft")]
            found += [f"{s['agent']['username']} owes for {call['number']}" for s in owed]
        return found + [f"the PBX keeps {key}={value}" for key, value in self.pbx.database("callcenter-owes").items()]

    def log(self) -> PhoneLog:
        return self.floor.log()


async def every_call(desk: Desk) -> list[dict[str, Any]]:
    """All of them, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await desk.request("GET", f"/calls?limit=100&cursor={cursor}")
        found += page["items"]
        if not (cursor := page["next_cursor"] or ""):
            return found


async def service_killed(siege: Siege) -> None:
    siege.product.kill()
    await pace(siege.between(0.2, 4))
    siege.product.start()


async def link_cut(siege: Siege) -> None:
    siege.wire.cut()


async def link_away(siege: Siege) -> None:
    siege.wire.refusing = True
    siege.wire.cut()
    await pace(siege.between(1, 6))
    siege.wire.refusing = False


async def link_hanging(siege: Siege) -> None:
    siege.wire.hang(True)
    await pace(siege.between(1, 14))
    siege.wire.hang(False)


async def asterisk_killed(siege: Siege) -> None:
    """Customers and phones hear nothing of it either."""
    await asyncio.to_thread(siege.pbx.kill)
    for caller in siege.callers:
        caller.silence()
    await pace(siege.between(0.2, 1))
    await asyncio.to_thread(siege.pbx.start)


async def tabs_lost(siege: Siege) -> None:
    for name in ("anna", "boris"):
        await siege.desks[name].lose()


async def database_locked(siege: Siege) -> None:
    with closing(sqlite3.connect(siege.product.folder / "state/callcenter.sqlite3", timeout=10)) as other:
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        await pace(siege.between(1, 8))
        other.execute("ROLLBACK")


async def disk_full(siege: Siege) -> None:
    """Of the file system that holds database and journal, where the siege has one of its own."""
    ballast = siege.product.folder / "ballast"
    try:
        with ballast.open("wb") as file:
            while True:
                file.write(b"\0" * 65536)
                file.flush()
    except OSError:
        await pace(siege.between(1, 4))
    finally:
        ballast.unlink(missing_ok=True)


FAULTS: Final[tuple[Callable[[Siege], Awaitable[None]], ...]] = (
    service_killed, link_cut, database_locked, link_hanging, tabs_lost, asterisk_killed, disk_full, link_away,
)  # fmt: skip
