"""One writer: nothing lost, nothing half, and a sick database heals."""

from __future__ import annotations

import asyncio
import gc
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from callcenter.crm.models.office import Policy
from callcenter.db import Database
from callcenter.errors import Refused, Unavailable
from tests.cancelling import at_every_wait, cancelled_at


async def test_no_update_is_lost_under_concurrency(db: Database) -> None:
    await db.write(lambda s: s.add(Policy(key="n", value=0)))

    def more(session: Session) -> None:
        policy = session.scalars(select(Policy).where(Policy.key == "n").with_for_update()).one()
        policy.value += 1

    await asyncio.gather(*(db.write(more) for _ in range(200)))
    assert await db.read(lambda s: s.scalar(select(Policy.value))) == 200


def _put(key: str, session: Session) -> None:
    session.add(Policy(key=key, value=1))


async def test_a_refused_command_leaves_nothing_and_harms_no_neighbour(db: Database) -> None:
    def refused(session: Session) -> None:
        session.add(Policy(key="half", value=1))
        session.flush()
        raise Refused("no")

    results = await asyncio.gather(
        db.write(refused),
        *(db.write(partial(_put, f"k{i}")) for i in range(20)),
        return_exceptions=True,
    )
    assert isinstance(results[0], Refused)
    keys = await db.read(lambda s: set(s.scalars(select(Policy.key))))
    assert keys == {f"k{i}" for i in range(20)}


_DIES: str = """
import asyncio, os, sys
from callcenter.crm.models.office import Policy
from callcenter.db import Database

async def main():
    db = Database(sys.argv[1])
    await db.start()
    await db.write(lambda s: s.add(Policy(key="ring", value=1)), hardened=False)
    os.kill(os.getpid(), 9)

asyncio.run(main())
"""


_STOPS: str = """
import asyncio, os, sys
from callcenter.crm.models.office import Policy
from callcenter.db import Database

sync = os.fsync
os.fsync = lambda file: print(os.readlink(f"/proc/self/fd/{file}")) or sync(file)

async def main():
    db = Database(sys.argv[1])
    await db.start()
    await db.write(lambda s: s.add(Policy(key="ring", value=1)), hardened=False)
    await db.close()

asyncio.run(main())
"""


async def test_what_waits_to_be_hardened_is_so_at_a_graceful_stop(sqlite_db: Database) -> None:
    """SQLite does it as its last connection closes: somebody else may have one open."""
    command = [sys.executable, "-c", _STOPS, str(sqlite_db.url)]
    done = await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == [f"{sqlite_db.url.database}-wal"]


async def test_what_is_committed_outlives_the_service_before_it_is_hardened(sqlite_db: Database) -> None:
    died = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", _DIES, str(sqlite_db.url)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert await sqlite_db.read(lambda s: s.scalar(select(Policy.value).where(Policy.key == "ring"))) == 1


async def test_a_locked_database_is_unavailable_and_heals(sqlite_db: Database) -> None:
    other = sqlite3.connect(sqlite_db.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable) as locked:
        await sqlite_db.write(lambda s: s.add(Policy(key="a", value=1)))
    assert locked.value.code == "database_locked"
    other.execute("ROLLBACK")
    other.close()
    await sqlite_db.write(lambda s: s.add(Policy(key="a", value=1)))
    assert await sqlite_db.read(lambda s: s.scalar(select(Policy.value))) == 1


async def test_who_was_given_up_for_another_is_done_anew_also_where_he_only_reads(postgres_url: str) -> None:
    db = Database(postgres_url)
    await db.start()
    deadlock = text("DO $$ BEGIN RAISE EXCEPTION 'so' USING ERRCODE = '40P01'; END $$")
    meets = [deadlock, text("SELECT 1")] * 2
    for way in (db.read, db.write):
        assert (await way(lambda s: s.execute(meets.pop(0)).scalar_one())) == 1
    await db.close()


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("57P03", "database_unavailable"),  # a server that starts or ends: no operational error to SQLAlchemy
        ("57P01", "database_unavailable"),
        ("53300", "database_unavailable"),
        ("53100", "database_full"),
        ("58030", "database_unavailable"),
    ],
)
async def test_a_postgres_that_ends_or_lacks_room_is_away_and_no_fault_of_ours(
    postgres_url: str, state: str, code: str
) -> None:
    db = Database(postgres_url)
    await db.start()
    wrong = text(f"DO $$ BEGIN RAISE EXCEPTION 'so' USING ERRCODE = '{state}'; END $$")
    for way in (db.read, db.write):
        with pytest.raises(Unavailable) as told:
            await way(lambda s: s.execute(wrong))
        assert told.value.code == code
    await db.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_is_unavailable_and_heals(small_disk: Path) -> None:
    db = Database(f"sqlite:///{small_disk / 'full.sqlite3'}")
    await db.start()
    await db.write(lambda s: s.execute(text("CREATE TABLE t (x TEXT)")))
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 380_000)
    with pytest.raises(Unavailable) as full:
        await db.write(lambda s: s.execute(text("INSERT INTO t VALUES (:x)"), {"x": "y" * 400_000}))
    assert full.value.code == "database_full"
    ballast.unlink()
    await db.write(lambda s: s.execute(text("INSERT INTO t VALUES ('z')")))
    assert await db.read(lambda s: s.scalar(text("SELECT x FROM t"))) == "z"
    await db.close()


def _fills_the_disk(session: Session) -> None:
    """As https://www.sqlite.org/lang_transaction.html says of a disk that is full in the middle of a statement."""
    session.add(Policy(key="full", value=1))
    session.flush()
    session.connection().connection.cursor().execute("ROLLBACK")
    raise OperationalError("INSERT", None, sqlite3.OperationalError("database or disk is full"))


async def test_a_disk_that_is_full_in_company_is_told_as_what_it_is(sqlite_db: Database) -> None:
    held = threading.Event()
    together: list[Callable[[Session], object]] = [lambda _: held.wait(5), partial(_put, "beside"), _fills_the_disk]
    writes = asyncio.gather(*(sqlite_db.write(one) for one in together), return_exceptions=True)
    asyncio.get_running_loop().call_soon(held.set)
    _, *ends = await writes
    assert [end.code for end in ends if isinstance(end, Unavailable)] == ["database_full"] * 2
    await sqlite_db.write(partial(_put, "after"))
    assert await sqlite_db.read(lambda s: s.scalars(select(Policy.key)).all()) == ["after"]


@pytest.mark.parametrize("beside", [0, 1], ids=["on the open connection", "on a new connection"])
@pytest.mark.parametrize("way", ["read", "write"])
async def test_cancelled_wherever_it_waits_it_gives_its_connection_back(db_url: str, way: str, beside: int) -> None:
    """A connection that is lost is told by its finalizer, and the warning fails the test."""

    def twice(session: Session) -> None:
        session.execute(text("SELECT 1")).all()
        session.execute(text("SELECT 2")).all()

    async def cancelled(wait: int) -> object:
        db = Database(db_url)
        await db.start()
        others = [asyncio.create_task(db.read(twice)) for _ in range(beside)]
        work = asyncio.create_task(cancelled_at(wait, getattr(db, way)(twice)))
        (end,) = await asyncio.gather(work, return_exceptions=True)
        await asyncio.gather(*others)
        await db.close()
        return end

    ends = await at_every_wait(cancelled)
    gc.collect()
    assert {type(end) for end in ends} == {asyncio.CancelledError, int}
