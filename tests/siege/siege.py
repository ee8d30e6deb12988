"""The product under fire: customers who never stop ringing, agents at work, and one part after the other broken.

What is broken when comes from a seed, so that a siege can be laid again. The truth is what the phones logged.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import websockets

from tests.lab.asterisk import Asterisk
from tests.lab.phonelog import PhoneLog
from tests.lab.phones import Caller, Floor, Phone
from tests.pbx.job.product import EVERYBODY, Desk, Product
from tests.postgres import Cluster
from tests.siege.screen import Screen
from tests.siege.wire import Wire
from tests.until import pace, until_async

AWAY: Final = (TimeoutError, OSError, AssertionError, aiohttp.ClientError, websockets.WebSocketException)
"""What whoever works with a part that is broken just now gets to see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """One fault: when it began and was over (epoch seconds)."""

    name: str
    begun: float
    over: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """Of an Asterisk: when it was killed, when it had gone, and what its database kept of debts, by member and call."""

    begun: float
    over: float
    owed: Mapping[str, str]


@dataclass
class Siege:
    """``living`` customers at a time, who dial ``dids``; ``working`` are the agents who answer, the first of whom
    hands customers on, or all of them where ``mixed``. ``wire`` is what the service takes for the PBX; ``reach`` is how
    far into its range of lengths a fault may go; ``dialled`` the numbers agents called, with their extensions;
    ``dead``: there is no dialling tone."""

    pbx: Asterisk
    product: Product
    floor: Floor
    desks: dict[str, Desk]
    wire: Wire
    seed: int
    cluster: Cluster | None = None
    screen: Screen | None = None
    living: int = 3
    working: tuple[str, ...] = ("anna", "boris")
    mixed: bool = False
    dids: tuple[str, ...] = ("7001", "7001", "7001", "7101", "7102")
    reach: float = 1.0
    blows: list[Blow] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)
    dialled: dict[str, str] = field(default_factory=dict)
    deeds: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    dead: bool = False
    ending: bool = False

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    async def lay(self, faults: Sequence[Fault], people: Sequence[Fault]) -> None:
        """Traffic and work of ``people`` while ``faults`` are dealt; then until everything is over and settled."""
        async with self._at_work(people):
            for fault in faults:
                await pace(self.dice.uniform(0.3, 1.5))
                await self._deal(fault)
            self.ending = True
            with suppress(AssertionError):
                await until_async(lambda: not self.on_the_line(), 90)
            await self._settle(90)
            self.unsettled += [f"{caller.number} never hung up" for caller in self.on_the_line()]

    @asynccontextmanager
    async def _at_work(self, people: Sequence[Fault]) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            working = [group.create_task(_for_ever(self, person)) for person in people]
            try:
                yield
            finally:
                self.ending = True
                for task in working:
                    task.cancel()

    async def _deal(self, fault: Fault) -> None:
        begun = time.time()
        await fault(self)
        self.blows.append(Blow(name=fault.__name__, begun=begun, over=time.time()))

    @property
    def rang(self) -> int:
        """How many customers have called."""
        return sum(caller.number not in EVERYBODY.values() for caller in self.callers)

    def phone(self, name: str) -> Phone:
        """On the desk of an agent."""
        return next(phone for phone in self.floor.phones if phone.extension == EVERYBODY[name])

    def on_the_line(self) -> list[Caller]:
        return [caller for caller in self.callers[-100:] if not caller.ended()]

    def between(self, least: float, most: float) -> float:
        return self.dice.uniform(least, least + (most - least) * self.reach)

    async def _settle(self, seconds: float) -> None:
        """Waits until nothing is open, or nobody has settled anything for so long; what then still is open is told in
        ``unsettled``."""
        least, deadline = float("inf"), 0.0
        while True:
            self.unsettled = await self._open()
            if len(self.unsettled) < least:
                least, deadline = len(self.unsettled), time.monotonic() + seconds
            if not self.unsettled or time.monotonic() > deadline:
                return
            await pace(0.3)

    async def _open(self) -> list[str]:
        try:
            calls = await every_call(self.desks["sofia"])
        except AWAY as wrong:
            return [f"the service does not answer: {wrong}"]
        found = [f"{call['number']} goes on" for call in calls if not call["ended_at"]]
        for call in calls:
            owed = [s for s in call["segments"] if s["outcome_state"] in ("owed", "draft")]
            found += [f"{s['agent']['username']} owes for {call['number']}" for s in owed]
        rows = {**self.pbx.database("callcenter-owes"), **self.pbx.database("callcenter-debts")}
        return found + [f"the PBX keeps {key}={value}" for key, value in rows.items()]

    def log(self) -> PhoneLog:
        return self.floor.log()


Fault = Callable[[Siege], Coroutine[Any, Any, None]]


async def _for_ever(siege: Siege, person: Fault) -> None:
    """What he meets while a part is away is no end of his work."""
    while True:
        with suppress(*AWAY):
            await person(siege)
        await pace(0.2)


async def every_call(desk: Desk) -> list[dict[str, Any]]:
    """All of them, page by page."""
    return await every(desk, "/calls?")


async def every(desk: Desk, path: str) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await desk.request("GET", f"{path}limit=100&cursor={cursor}")
        found += page["items"]
        if not (cursor := page["next_cursor"] or ""):
            return found
