"""The include-only variant on a PBX, put there the way its administrator does it: by its own script."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.lab.asterisk import Asterisk
from tests.lab.freepbx.shape import FREEPBX
from tests.lab.render import CONF
from tests.lab.shape import AMI_SECRET

SCRIPT: Final = CONF / "include/install"
VERSION: Final = "22.10.1"
"""Asterisk stands in a root of its own, so ``asterisk -V`` cannot tell the script."""


def script(folder: Path, *options: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs it on a folder of configuration; nobody is told to reload."""
    command = [str(SCRIPT), "--no-reload", "--asterisk", VERSION, *options, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=check)


def install(folder: Path) -> None:
    script(folder, "--secret", AMI_SECRET)


def freepbx(extra: Mapping[str, str] | None = None, recorded: Mapping[str, str] | None = None) -> Asterisk:
    """A FreePBX with Callcenter beside it. ``recorded`` are rows of callcenter-recording."""
    rows = {f"callcenter-recording/{row}": value for row, value in (recorded or {}).items()}
    return Asterisk(extra, shape=FREEPBX, database={**FREEPBX.database, **rows}, install=install)
