"""A day of callers who are missed and ring again, and of agents who call them back, told to the real ledger.

The truth is kept beside it: every miss and every talk in the order in which they happened, from which follows which
tasks there must be.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from callcenter.events import (
    Arrived,
    CallEvent,
    CallKey,
    Direction,
    Ended,
    Joined,
    LegEnded,
    Offered,
    OfferEnded,
    OfferResult,
    QueueJoined,
    QueueLeft,
    QueueResult,
    Via,
)
from tests.crm.office import Caller, Office
from tests.spine.story import device

QUEUES = ("support", "sales")
DESKS = ("101", "102", "103")
WITHHELD = "anonymous"


@dataclass(frozen=True)
class Expected:
    """A task as it must be at the end of the day. ``closed_by``: the Uniqueid of the talk that closed it, or None."""

    number: str
    place: str
    missed: int
    first: datetime
    last: datetime
    closed_by: str | None


@dataclass
class World:
    """``office`` hears all of it. Its clock moves a second with each event, so no two are at once."""

    office: Office
    seed: int
    log: list[tuple[str, str, str, datetime, str]] = field(default_factory=list)
    events: list[CallEvent] = field(default_factory=list)
    serial: Any = field(default_factory=lambda: count(1))

    def call(self, number: str, direction: Direction = Direction.INBOUND) -> Told:
        return Told(self, number, direction, f"1700000000.{next(self.serial)}")

    def expected(self) -> list[Expected]:
        """What must have come of it: misses since the last talk count on one task for each place."""
        done: list[Expected] = []
        standing: dict[str, dict[str, list[datetime]]] = defaultdict(lambda: defaultdict(list))
        for kind, number, place, at, uniqueid in self.log:
            if kind == "miss":
                standing[number][place].append(at)
            else:
                closed = standing.pop(number, {})
                done += [_task(number, where, when, uniqueid) for where, when in closed.items()]
        return done + [_task(n, place, when, None) for n, places in standing.items() for place, when in places.items()]


def _task(number: str, place: str, when: list[datetime], closed_by: str | None) -> Expected:
    return Expected(number, place, len(when), when[0], when[-1], closed_by)


@dataclass
class Told:
    """One call, event by event."""

    world: World
    number: str
    direction: Direction
    uniqueid: str
    missed_at: str = ""

    async def tell(self, kind: Callable[..., CallEvent], **words: Any) -> None:
        """Stamped and handed over in one breath, so that the ledger takes them in the order of their times."""
        clock = self.world.office.clock
        clock.move(1)
        key = CallKey(pbx="main", uniqueid=self.uniqueid)
        event = kind(call=key, at=clock.now(), mono=clock.monotonic(), **words)
        self._note(event)
        await self.world.office.ledger.take(event)

    def _note(self, event: CallEvent) -> None:
        self.world.events.append(event)
        if self.number == WITHHELD:
            return
        if isinstance(event, Joined):
            self.world.log.append(("talk", self.number, "", event.at, self.uniqueid))
        if isinstance(event, Ended) and self.missed_at:
            self.world.log.append(("miss", self.number, self.missed_at, event.at, self.uniqueid))

    async def arrives(self) -> None:
        words = {"number_raw": self.number, "name": "", "did": "7001", "trunk": "PJSIP/trunk", "region": "RU"}
        await self.tell(Arrived, direction=self.direction, **words)

    async def waits(self, queue: str, desk: str | None = None) -> None:
        """In a queue, perhaps while a phone rings in vain."""
        await self.tell(QueueJoined, queue=queue)
        if desk:
            await self.tell(Offered, leg=f"{self.uniqueid}-{desk}", device=device(desk), via=Via.QUEUE, queue=queue)

    async def talks(self, desk: str, via: Via = Via.QUEUE) -> None:
        leg = f"{self.uniqueid}-{desk}"
        await self.tell(Joined, leg=leg, device=device(desk), via=via)
        await self.tell(LegEnded, leg=leg, device=device(desk))
        await self.tell(Ended, cause=16, by_customer=True)

    async def is_missed(self, place: str) -> None:
        """The end, without anybody having talked."""
        self.missed_at = place
        await self.tell(Ended, cause=0, by_customer=True)


async def customer(world: World, index: int) -> None:
    """Rings up to four times, gives up or is answered as it comes."""
    rng = random.Random(f"{world.seed} {index}")
    number = WITHHELD if index % 20 == 0 else f"+7916{index:07d}"
    for _ in range(rng.randrange(1, 5)):
        for _ in range(rng.randrange(0, 30)):
            await asyncio.sleep(0)
        await _rings(world.call(number), rng)


async def _rings(call: Told, rng: random.Random) -> None:
    await call.arrives()
    fate, queue, desk = rng.random(), rng.choice(QUEUES), rng.choice(DESKS)
    leg = f"{call.uniqueid}-{desk}"
    if fate < 0.12:
        await call.tell(Offered, leg=leg, device=device(desk), via=Via.DIRECT, queue="")
        await call.tell(OfferEnded, leg=leg, device=device(desk), result=OfferResult.NO_ANSWER)
        await call.is_missed(f"direct {desk}")
    elif fate < 0.7:
        await call.waits(queue, desk if fate < 0.4 else None)
        await call.tell(QueueLeft, queue=queue, result=QueueResult.ABANDONED)
        await call.is_missed(f"queue {queue}")
    else:
        await call.waits(queue, desk)
        await call.talks(desk)


@dataclass
class Agent:
    """Takes what nobody has, calls back, and goes on until there is nothing to do and nobody rings any more."""

    world: World
    desk: str
    http: Caller
    rng: random.Random
    took: list[str] = field(default_factory=list)
    beaten: int = 0

    async def work(self, over: Callable[[], bool]) -> None:
        while True:
            done = over()
            free = (await self.http.get("/tasks?unclaimed=true&limit=3")).body["items"]
            free = free or (await self.http.get("/tasks?mine=true&limit=3")).body["items"]
            if free:
                await self._take(self.rng.choice(free))
            elif done:
                return
            await asyncio.sleep(0)

    async def _take(self, task: dict[str, Any]) -> None:
        answer = await self.http.post(f"/tasks/{task['id']}/claim")
        if answer.status != 200:
            assert answer.code in ("task_claimed", "task_closed")
            self.beaten += answer.code == "task_claimed"
            return
        self.took.append(task["id"])
        call = self.world.call(task["number"], Direction.OUTBOUND)
        await call.arrives()
        if self.rng.random() < 0.7:
            await call.talks(self.desk, Via.ORIGINATE)
            return
        await call.tell(Ended, cause=17, by_customer=False)
        answer = await self.http.post(f"/tasks/{task['id']}/release")
        assert answer.status == 200 or answer.code == "task_closed"
