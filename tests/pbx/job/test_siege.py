"""Eight faults, one after the other, while customers never stop ringing: nobody is lost, invented or misattributed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.parts import need
from tests.siege.faults import FAULTS
from tests.siege.laid import EXTRA, laid
from tests.siege.people import PEOPLE
from tests.siege.reckoning import differences
from tests.siege.siege import Siege

pytestmark = pytest.mark.pbx
SEED = 20261127


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, which may be filled without harm to anybody."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def pbx() -> Iterator[Asterisk]:
    """One of the test's own: it is killed here."""
    need("asterisk")
    with Asterisk(EXTRA) as running:
        yield running


@pytest.fixture
async def siege(floor: Floor, disk: Path) -> AsyncIterator[Siege]:
    async with laid(floor, disk, SEED) as siege:
        siege.reach = 0.3
        yield siege


async def test_nobody_is_lost_whatever_breaks(siege: Siege) -> None:
    await siege.lay(FAULTS, PEOPLE)
    assert [blow.name for blow in siege.blows] == [fault.__name__ for fault in FAULTS]
    assert len(siege.log().answered()) >= len(FAULTS)
    assert await differences(siege) == []
    assert "Traceback" not in siege.product.log
