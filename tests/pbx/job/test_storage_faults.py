"""The database is locked or full, the spool is away, while real phones ring: told in one line, healed, nothing lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.pbx.job.conftest import wire
from tests.pbx.job.product import Desk, Product
from tests.until import until_async

pytestmark = pytest.mark.pbx


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, which a test may fill without harm to anybody."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def spool(pbx: Asterisk, tmp_path: Path) -> Path:
    """The PBX's recordings under a name that can be taken away, as a network share can."""
    share = tmp_path / "share"
    give_back(share, pbx)
    return share


@pytest.fixture
async def anna(pbx: Asterisk, disk: Path, spool: Path) -> AsyncIterator[Desk]:
    """Anna at 101 with a tab open, the product's state on ``disk``."""
    product = Product(pbx, disk)
    product.environment["CALLCENTER_PBX__MAIN__SPOOL"] = str(spool)
    product.add_people()
    product.start()
    await wire(product)
    desk = Desk(product, "anna")
    await desk.sign_in()
    await desk.listen()
    yield desk
    await desk.close()
    product.stop()


def database(desk: Desk) -> Path:
    return desk.product.folder / "state" / "callcenter.sqlite3"


async def part(desk: Desk, name: str) -> dict[str, Any]:
    """What /readyz says of a part."""
    async with desk.http.get("/readyz") as answer:
        told: dict[str, Any] = await answer.json()
    return dict(told["parts"].get(name, {}))


async def told(desk: Desk, name: str, code: str) -> str:
    """Waits until the part is ill with this code; what the service's log says of it, in its one line."""

    async def ill() -> bool:
        return (await part(desk, name)).get("code") == code

    await until_async(ill, 20, f"{name}: {code}")
    (line,) = [line for line in desk.product.log.splitlines() if "part_ill" in line and code in line]
    return line


def fill(disk: Path) -> Path:
    """Leaves no room; the file that takes it."""
    ballast = disk / "ballast"
    subprocess.run(["dd", "if=/dev/zero", f"of={ballast}", "bs=64k"], capture_output=True, check=False)
    return ballast


def take_away(file: Path) -> None:
    file.unlink()


def give_back(share: Path, pbx: Asterisk) -> None:
    share.symlink_to(pbx.spool / "monitor")


async def the_call(desk: Desk, number: str) -> dict[str, Any]:
    """The one call of a number, as the record has it."""
    (found,) = [c for c in (await desk.request("GET", "/calls"))["items"] if c["number"] == number]
    return dict(await desk.request("GET", f"/calls/{found['id']}"))


async def test_a_locked_database_holds_the_pop_and_loses_nothing(anna: Desk, floor: Floor) -> None:
    floor.phone("101")
    with closing(sqlite3.connect(database(anna), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        floor.caller("79161260001", "7101", talk_ms=1500)
        remedy = await told(anna, "database", "database_locked")
        other.execute("ROLLBACK")
    assert "locked" in remedy
    await anna.log_outcome()
    call = await the_call(anna, "+79161260001")
    assert (call["result"], call["segments"][0]["outcome_state"]) == ("answered", "logged")
    assert (await part(anna, "database"))["ok"]


async def test_a_full_disk_is_told_and_the_call_is_there_when_it_has_room(anna: Desk, floor: Floor, disk: Path) -> None:
    floor.phone("101")
    ballast = fill(disk)
    floor.caller("79161260002", "7101", talk_ms=1500)
    remedy = await told(anna, "database", "database_full")
    take_away(ballast)
    assert "full" in remedy
    await anna.log_outcome()
    call = await the_call(anna, "+79161260002")
    assert (call["result"], call["segments"][0]["outcome_state"]) == ("answered", "logged")


async def test_a_spool_that_is_away_is_told_and_its_recording_comes_later(
    anna: Desk, floor: Floor, pbx: Asterisk, spool: Path
) -> None:
    floor.phone("101")
    take_away(spool)
    floor.caller("79161260003", "7101", talk_ms=2500)
    await anna.log_outcome()
    remedy = await told(anna, "recordings", "spool_unreadable")
    give_back(spool, pbx)
    assert "mount it and let this user read it" in remedy

    async def stored() -> bool:
        recordings = (await the_call(anna, "+79161260003"))["recordings"]
        return bool(recordings and recordings[0]["sha256"])

    await until_async(stored, 60, "the recording that was late")
