"""What cannot be written down must not end what it tells of."""

from __future__ import annotations

import subprocess
import sys

import pytest

SAYS = """
import logging
from callcenter import log
log.configure(json=False)
log.logger("callcenter.demo").warning("part_ill", code="x" * 200)
logging.getLogger("aiohttp").error("of a library")
print("went on")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux")
def test_a_full_disk_under_the_log_ends_nothing() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", SAYS], stdout=subprocess.PIPE, stderr=full, timeout=30, check=False, text=True
        )
    assert done.stdout == "went on\n"
