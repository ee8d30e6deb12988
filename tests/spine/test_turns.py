"""Which job comes next: what has waited a night goes on, and what comes now does not wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.clock import SetClock
from callcenter.db import Database
from callcenter.jobs import Jobs
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
