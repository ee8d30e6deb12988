"""Which job comes next: what waited a night goes on, what comes now does not wait for it, and nobody for a slow one.

What a killed process had begun comes next, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.clock import SetClock
from callcenter.db import Database
from callcenter.jobs import Job, Jobs
from tests.until import until_async

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)


async def test_the_longest_due_and_the_last_due_take_turns(sqlite_db: Database) -> None:
    done: list[int] = []

    async def work(args: Mapping[str, Any]) -> None:
        done.append(args["n"])

    def wait(session: Session) -> None:
        for n in range(5):
            jobs.enqueue(session, "work", {"n": n}, at=NOW - timedelta(hours=5 - n))
        jobs.enqueue(session, "work", {"n": 9}, at=NOW + timedelta(hours=1))

    await sqlite_db.write(wait)
    line = Jobs(sqlite_db, SetClock(at=NOW))
    line.on("work", work)
    working = asyncio.create_task(line.run())

    async def through() -> bool:
        return len(done) == 5

    await until_async(through, 10, "five jobs")
    working.cancel()
    assert done == [0, 4, 1, 3, 2]


async def test_who_does_several_at_once_waits_for_no_slow_one_and_ends_each_once(db: Database) -> None:
    done: list[int] = []
    never = asyncio.Event()

    async def work(args: Mapping[str, Any]) -> None:
        await (never.wait() if args["n"] == 0 else asyncio.sleep(0))
        done.append(args["n"])

    def wait(session: Session) -> None:
        for n in range(20):
            jobs.enqueue(session, "work", {"n": n}, at=NOW - timedelta(hours=20 - n))
            jobs.enqueue(session, "another's", {"n": 100 + n}, at=NOW)

    await db.write(wait)
    line = Jobs(db, SetClock(at=NOW), at_once=3)
    line.on("work", work)
    working = asyncio.create_task(line.run())

    async def left() -> list[int]:
        undone = select(Job.args).where(Job.kind == "work", Job.done_at.is_(None))
        return [args["n"] for args in await db.read(lambda s: list(s.scalars(undone)))]

    async def through() -> bool:
        return await left() == [0]

    await until_async(through, 10, "all but the slow one")
    working.cancel()
    assert sorted(done) == list(range(1, 20))


async def test_no_kind_waits_for_another(db: Database) -> None:
    """A system that is told of outcomes and never answers keeps no recording from its call."""
    done: list[int] = []

    async def tell(_: Mapping[str, Any]) -> None:
        await asyncio.Event().wait()

    async def store(args: Mapping[str, Any]) -> None:
        done.append(args["n"])

    def wait(session: Session) -> None:
        for n in range(4):
            jobs.enqueue(session, "tell", {"n": n}, at=NOW - timedelta(hours=1))
            jobs.enqueue(session, "store", {"n": n}, at=NOW)

    await db.write(wait)
    line = Jobs(db, SetClock(at=NOW), at_once=2)
    line.on("tell", tell)
    line.on("store", store)
    working = asyncio.create_task(line.run())
    await until_async(lambda: len(done) == 4, 10, "four recordings")
    working.cancel()


async def test_what_a_killed_process_had_begun_is_done_within_the_minute_and_a_living_one_keeps_its_own(
    db: Database,
) -> None:
    clock = SetClock(at=NOW)
    begun: list[str] = []

    def line(name: str) -> asyncio.Task[None]:
        async def work(_: Mapping[str, Any]) -> None:
            begun.append(name)
            await asyncio.Event().wait()

        one = Jobs(db, clock, at_once=2)
        one.on("store", work)
        return asyncio.create_task(one.run())

    await db.write(lambda s: jobs.enqueue(s, "store", {}, at=NOW))
    killed = line("killed")
    await until_async(lambda: begun == ["killed"], 10, "the first")
    killed.cancel()
    await asyncio.wait([killed])
    clock.move(30)
    living = line("living")
    await until_async(lambda: begun == ["killed", "living"], 10, "the second")
    clock.move(30)

    async def held() -> bool:
        until = await db.read(lambda s: s.scalar(select(Job.leased_until)))
        return until is not None and until > clock.now()

    await until_async(held, 10, "the living one holding what it could not hold in time")
    living.cancel()
    assert begun == ["killed", "living"]
