"""A back-up under load, restored elsewhere, is equal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import obstore
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.backup import back_up, restore
from callcenter.clock import SystemClock
from callcenter.config import Recordings, Settings
from callcenter.crm import customers
from callcenter.crm.customers import Made
from callcenter.crm.models.calls import CallRow, RecordingRow
from callcenter.crm.models.customers import ContactPoint, Customer
from callcenter.db import Database
from callcenter.errors import Invalid, Refused, Unavailable
from callcenter.phone import parse
from callcenter.recording.capture import open_store
from callcenter.tables import Base
from tests.recording.s3 import S3


def settings(state: Path, url: str, store: str = "") -> Settings:
    return Settings(state=state, database_url=SecretStr(url), recordings=Recordings(store=store))


@pytest.fixture(params=["sqlite", "postgres"])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Settings, Settings]]:
    """Where it is, and an empty place elsewhere."""
    yield from request.getfixturevalue(f"two_{request.param}")


@pytest.fixture
def two_sqlite(sqlite_url: str, tmp_path: Path) -> list[tuple[Settings, Settings]]:
    there = settings(tmp_path / "b", f"sqlite:///{tmp_path / 'b' / 'elsewhere.sqlite3'}")
    return [(settings(tmp_path / "a", sqlite_url), there)]


@pytest.fixture
def two_postgres(cluster: Any, postgres_url: str, tmp_path: Path) -> Iterator[list[tuple[Settings, Settings]]]:
    name = cluster.new_database()
    yield [(settings(tmp_path / "a", postgres_url), settings(tmp_path / "b", cluster.url(name)))]
    cluster.drop_database(name)


def add(session: Session, n: int) -> None:
    """A card and its number in one transaction: a copy that tears them apart is none."""
    made = Made(by=None, at=SystemClock().now())
    customers.create(session, {"name": f"Клиент {n}"}, [(parse(f"+7916{n:07}", "RU"), {})], made)


async def record(db: Database, here: Settings, n: int) -> None:
    key = f"2026/11/{n}.wav"
    await asyncio.to_thread(obstore.put, open_store(here.store), key, b"RIFF" + bytes([n]) * 1000)
    await db.write(lambda s: _record(s, key))


def _record(session: Session, key: str) -> None:
    now = SystemClock().now()
    call = CallRow(pbx="main", uniqueid=key, direction="inbound", state="ended", number_raw="1", withheld=False)
    call.started_at = call.ended_at = now
    session.add(call)
    session.flush()
    sound = RecordingRow(call_id=call.id, pbx="main", path=key, state="stored", started_at=now, store_key=key)
    session.add(sound)


async def content(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    db = Database(url)
    await db.start()
    found = {}
    for table in Base.metadata.sorted_tables:
        rows = await db.read(lambda s, table=table: s.execute(select(table)).all())  # type: ignore[misc]
        found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    await db.close()
    return found


async def test_a_back_up_under_load_is_one_moment_and_restored_elsewhere_it_is_equal(
    two: tuple[Settings, Settings], tmp_path: Path
) -> None:
    here, there = two
    db = Database(here.database)
    await db.start()
    for n in range(3):
        await record(db, here, n)
    for n in range(200):
        await db.write(lambda s, n=n: add(s, n))  # type: ignore[misc]
    written = 200

    async def write_on() -> None:
        nonlocal written
        while True:
            await db.write(partial(add, n=written))
            written += 1

    writer = asyncio.create_task(write_on())
    told = await asyncio.to_thread(back_up, here, tmp_path / "backup")
    after = written
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)
    await db.close()
    assert (told.recordings, told.missing, after > 200) == (3, 0, True)
    await asyncio.to_thread(restore, there, tmp_path / "backup")
    copy = Database(there.database)
    await copy.start()
    cards = await copy.read(lambda s: s.scalar(select(func.count()).select_from(Customer))) or 0
    points = await copy.read(lambda s: s.scalar(select(func.count()).select_from(ContactPoint)))
    await copy.close()
    assert (200 <= cards <= after + 1, cards) == (True, points)
    kept = await asyncio.to_thread(lambda: obstore.get(open_store(there.store), "2026/11/2.wav").bytes())
    assert bytes(kept) == b"RIFF" + bytes([2]) * 1000


async def test_at_rest_every_row_of_every_table_is_the_same(two: tuple[Settings, Settings], tmp_path: Path) -> None:
    here, there = two
    db = Database(here.database)
    await db.start()
    for n in range(20):
        await db.write(lambda s, n=n: add(s, n))  # type: ignore[misc]
    await record(db, here, 1)
    await db.close()
    await asyncio.to_thread(back_up, here, tmp_path / "backup")
    await asyncio.to_thread(restore, there, tmp_path / "backup")
    before = await content(here.database)
    assert len(before["customers"]) == 20
    assert await content(there.database) == before
    with pytest.raises(Refused):
        await asyncio.to_thread(restore, there, tmp_path / "backup")


@pytest.mark.parametrize("damaged", ["callcenter.sqlite3", "recordings/2026/11/1.wav"])
async def test_a_damaged_back_up_says_so(sqlite_url: str, tmp_path: Path, damaged: str) -> None:
    here = settings(tmp_path / "a", sqlite_url)
    db = Database(here.database)
    await db.start()
    await record(db, here, 1)
    await db.close()
    await asyncio.to_thread(back_up, here, tmp_path / "backup")
    file = tmp_path / "backup" / damaged
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    there = settings(tmp_path / "b", f"sqlite:///{tmp_path / 'b' / 'x.sqlite3'}")
    with pytest.raises(Invalid) as said:
        await asyncio.to_thread(restore, there, tmp_path / "backup")
    assert said.value.code == "backup_damaged"


async def test_nothing_is_overwritten(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    with pytest.raises(Refused):
        await asyncio.to_thread(back_up, settings(tmp_path, sqlite_url), tmp_path / "backup")


async def test_without_its_bucket_a_back_up_is_none_and_a_restore_may_be_begun_again(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with S3(tmp_path) as s3:
        for name, value in s3.environment().items():
            monkeypatch.setenv(name, value)
        here, away = (settings(tmp_path, sqlite_url, f"s3://{bucket}/of/ours") for bucket in ("calls", "nowhere"))
        db = Database(here.database)
        await db.start()
        await record(db, here, 1)
        await db.close()
        with pytest.raises(Unavailable):
            await asyncio.to_thread(back_up, away, tmp_path / "backup")
        assert not (tmp_path / "backup").exists()
        assert (await asyncio.to_thread(back_up, here, tmp_path / "backup")).recordings == 1
        empty = f"sqlite:///{tmp_path / 'restored.sqlite3'}"
        with pytest.raises(Unavailable):
            await asyncio.to_thread(restore, settings(tmp_path, empty, "s3://nowhere/x"), tmp_path / "backup")
        there = settings(tmp_path, empty, "s3://calls/there")
        assert (await asyncio.to_thread(restore, there, tmp_path / "backup")).recordings == 1
        objects = await s3.objects()
    assert objects["there/2026/11/1.wav"] == objects["of/ours/2026/11/1.wav"]
