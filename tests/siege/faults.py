"""What can break."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from typing import Final

import asyncpg  # type: ignore[import-untyped]

from tests.siege.siege import Death, Fault, Siege
from tests.until import pace

SLICE: Final = 1 << 20


async def service_killed(siege: Siege) -> None:
    siege.product.kill()
    await pace(siege.between(0.2, 4))
    await asyncio.to_thread(siege.product.start)


async def service_away(siege: Siege) -> None:
    """Long enough for whole calls to come and go."""
    siege.product.kill()
    await pace(siege.between(30, 60))
    await asyncio.to_thread(siege.product.start)


async def link_cut(siege: Siege) -> None:
    siege.wire.cut()


async def link_away(siege: Siege) -> None:
    await _unlinked(siege, siege.between(1, 6))


async def link_out(siege: Siege) -> None:
    """As long as a router takes to come back."""
    await _unlinked(siege, siege.between(30, 60))


async def _unlinked(siege: Siege, seconds: float) -> None:
    siege.wire.refusing = True
    siege.wire.cut()
    await pace(seconds)
    siege.wire.refusing = False


async def link_hanging(siege: Siege) -> None:
    siege.wire.hang(True)
    await pace(siege.between(1, 14))
    siege.wire.hang(False)


async def asterisk_killed(siege: Siege) -> None:
    """Customers and phones hear nothing of it either."""
    siege.dead, begun = True, time.time()
    await asyncio.to_thread(siege.pbx.kill)
    siege.deaths.append(Death(begun=begun, over=time.time(), owed=siege.pbx.kept("callcenter-debts")))
    for caller in siege.callers:
        caller.silence()
    await pace(siege.between(0.2, 1))
    await asyncio.to_thread(siege.pbx.start)
    siege.dead = False


async def asterisk_restarted(siege: Siege) -> None:
    """In order, as somebody does at noon: everybody who talks or waits is hung up on."""
    siege.dead, begun = True, time.time()
    await asyncio.to_thread(siege.pbx.stop)
    siege.deaths.append(Death(begun=begun, over=time.time(), owed=siege.pbx.kept("callcenter-debts")))
    await asyncio.to_thread(siege.pbx.start)
    siege.dead = False


async def tabs_lost(siege: Siege) -> None:
    """The agents' browsers die: the real one by a kill -9."""
    for name in siege.working:
        await siege.desks[name].lose()
    if siege.screen:
        siege.screen.kill()


async def database_locked(siege: Siege) -> None:
    with closing(sqlite3.connect(siege.product.folder / "state/callcenter.sqlite3", timeout=10)) as other:
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        await pace(siege.between(1, 8))
        other.execute("ROLLBACK")


async def tables_locked(siege: Siege) -> None:
    """Somebody else's long transaction on PostgreSQL, which may be the one that is broken off where two wait for each
    other."""
    assert siege.cluster is not None
    seconds = siege.between(1, 8)
    other = await asyncpg.connect(siege.product.environment["CALLCENTER_DATABASE_URL"])
    try:
        with suppress(asyncpg.DeadlockDetectedError):
            async with other.transaction():
                await other.execute("LOCK TABLE calls, segments IN ACCESS EXCLUSIVE MODE")
                await pace(seconds)
    finally:
        await other.close()


async def database_killed(siege: Siege) -> None:
    """PostgreSQL dies at once, without a last word to anybody, and comes back."""
    assert siege.cluster is not None
    await asyncio.to_thread(siege.cluster.stop)
    await pace(siege.between(0.5, 6))
    await asyncio.to_thread(siege.cluster.resume)


async def clock_wrong(siege: Siege) -> None:
    """The PBX's clock leaps, in all it says by AMI, and is put right again."""
    siege.wire.skew = siege.dice.choice((-1, 1)) * siege.between(2, 20)
    await pace(siege.between(2, 8))
    siege.wire.skew = 0.0


async def disk_full(siege: Siege) -> None:
    """Of the file system that holds journal and recordings, and the database where it is a file."""
    ballast = siege.product.folder / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file:
            for piece in (SLICE, 4096, 64):
                await asyncio.to_thread(_fill, file.fileno(), b"\0" * piece)
            await pace(siege.between(1, 4))
    finally:
        ballast.unlink(missing_ok=True)


def _fill(file: int, piece: bytes) -> None:
    try:
        while os.write(file, piece) == len(piece):
            pass
    except OSError:
        return


FAULTS: Final[tuple[Fault, ...]] = (
    service_killed, link_cut, database_locked, link_hanging, tabs_lost, asterisk_killed, disk_full, link_away,
)  # fmt: skip
"""One of each kind."""
LONG: Final[tuple[Fault, ...]] = (link_out, service_away)
ON_POSTGRES: Final[dict[Fault, Fault]] = {database_locked: tables_locked, disk_full: database_killed}


def dealt(siege: Siege, faults: int, more: Sequence[Fault] = ()) -> list[Fault]:
    """So many of all kinds alike, and of ``more``, by the dice; of the long ones two in a hundred each."""
    kinds = [ON_POSTGRES.get(fault, fault) for fault in FAULTS] if siege.cluster else list(FAULTS)
    kinds += more
    chosen = [kinds[number % len(kinds)] for number in range(faults)]
    for number in range(len(LONG) * faults // 50):
        chosen[-1 - number] = LONG[number % len(LONG)]
    siege.dice.shuffle(chosen)
    return chosen
