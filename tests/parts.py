"""What a test needs beyond Python: ``need("chromium")`` in its fixture, and the test is honest about a bare machine.

On somebody's laptop a missing part skips the test with the line that installs it. Under ``CI=true`` it fails: a
proof that silently did not run is worse than a red one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.lab.root import LabError, cache_dir, check_machine

STATIC: Final = Path(__file__).resolve().parents[1] / "callcenter" / "static"


def need(part: str) -> None:
    """Skips the test where ``part`` is missing; fails it under CI."""
    lack = _LACK[part]()
    if lack and os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(f"CI must run this: {lack}", pytrace=False)
    if lack:
        pytest.skip(lack)


def chromium() -> str:
    """The path of the browser; empty where there is none."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), "")


def _no_asterisk() -> str:
    try:
        check_machine()
    except LabError as lack:
        return str(lack)
    built = (cache_dir() / "asterisk-22" / "usr/sbin/asterisk").exists()
    return "" if built else "no Asterisk root on this machine: ./run test builds it on Debian as root"


def _no_postgres() -> str:
    return "" if any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) else "apt-get install -y postgresql"


def _no_chromium() -> str:
    return "" if chromium() else "no Chromium: apt-get install -y chromium-headless-shell"


def _no_ffmpeg() -> str:
    return "" if shutil.which("ffmpeg") else "no ffmpeg: apt-get install -y ffmpeg"


def _no_web() -> str:
    return "" if (STATIC / "index.html").exists() else "the web app is not built: ./run build"


def _no_systemd() -> str:
    return "" if shutil.which("systemd-analyze") else "no systemd-analyze: apt-get install -y systemd"


def _no_web_modules() -> str:
    there = (STATIC.parents[1] / "web" / "node_modules" / "js-yaml").exists()
    return "" if there else "the web app's packages are not installed: ./run build"


_LACK: Final[dict[str, Callable[[], str]]] = {
    "asterisk": _no_asterisk,
    "postgres": _no_postgres,
    "systemd": _no_systemd,
    "web_modules": _no_web_modules,
    "chromium": _no_chromium,
    "ffmpeg": _no_ffmpeg,
    "web": _no_web,
}
