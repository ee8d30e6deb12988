"""The process that imports is killed in the middle, and another one goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from callcenter.clock import SetClock, SystemClock
from callcenter.crm.exchange import book
from callcenter.crm.exchange.importer import Importer
from callcenter.crm.exchange.lines import Shelf
from callcenter.crm.models.customers import ContactPoint, Customer
from callcenter.crm.models.imports import Import, ImportRow
from callcenter.db import Database
from tests.exchange.desk import sheet
from tests.until import until_async

ROWS = 3000


async def test_killed_in_the_middle_every_row_is_imported_once(db: Database, db_url: str, tmp_path: Path) -> None:
    rows = [(f"N{n}", f"+7916{n:07}") for n in range(ROWS)]
    (tmp_path / "list.csv").write_bytes(sheet(("Name", "Phone"), *rows))
    env = os.environ | {"CALLCENTER_DATABASE_URL": db_url, "CALLCENTER_STATE": str(tmp_path), "CALLCENTER_REGION": "RU"}
    command = (sys.executable, "-m", "callcenter", "import", "customers", str(tmp_path / "list.csv"))
    first = await asyncio.create_subprocess_exec(*command, env=env, stdout=asyncio.subprocess.DEVNULL)

    async def begun() -> bool:
        return bool(await db.read(lambda s: s.scalar(select(Import.row).where(Import.state == "running"))))

    try:
        await until_async(begun, timeout=60, what="the first batch of the import")
    finally:
        first.kill()
    assert await first.wait() == -signal.SIGKILL
    (left,) = await db.read(lambda s: s.scalars(select(Import)).all())
    assert (left.state, 0 < left.row < ROWS) == ("running", True)

    behind_the_lease = SetClock(SystemClock().now() + book.LEASE + timedelta(seconds=1))
    again = Importer(db, behind_the_lease, Shelf(folder=tmp_path / "imports"))
    await until_async(again.work, what="the database lets go of what the killed one held")
    (done,) = await db.read(lambda s: s.scalars(select(Import)).all())
    assert (done.state, done.counts) == ("done", {"created": ROWS})
    for kind in (Customer, ContactPoint, ImportRow):
        assert await db.read(lambda s, kind=kind: s.scalar(select(func.count()).select_from(kind))) == ROWS  # type: ignore[misc]
    assert await db.read(lambda s: s.scalar(select(func.count(Customer.name.distinct())))) == ROWS
