"""Eight faults, one after the other, while customers never stop ringing: nobody is lost, invented or misattributed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.siege.laid import laid
from tests.siege.reckoning import differences
from tests.siege.siege import FAULTS, Siege, every_call

pytestmark = [pytest.mark.pbx, pytest.mark.xdist_group("pbx-siege")]
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
async def siege(pbx: Asterisk, floor: Floor, disk: Path) -> AsyncIterator[Siege]:
    async with laid(pbx, floor, disk, SEED) as siege:
        yield siege


async def test_nobody_is_lost_whatever_breaks(siege: Siege) -> None:
    await siege.lay(len(FAULTS))
    assert [blow.name for blow in siege.blows] == [fault.__name__ for fault in FAULTS]
    calls = await every_call(siege.desks["sofia"])
    log = siege.log()
    assert len(log.answered()) >= len(FAULTS)
    assert siege.unsettled == []
    assert differences(log, calls, siege.blows) == []
    assert "Traceback" not in siege.product.log
