"""Debian packages: the one list of them, and how they are installed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from typing import Final

from tools.ground import is_debian, is_root
from tools.stages import Log

PARTS: Final = {
    "database": ("postgresql",),
    "pbx": ("mmdebstrap", "sip-tester", "espeak-ng"),
    "browser": ("chromium-headless-shell", "libatomic1"),
    "sound": ("ffmpeg",),
}
"""Part of the tests -> what it needs. No sox, no Node: nothing here asks for them. libatomic1 is what the
driver of the browser tests is linked to and does not bring along."""


def missing(packages: Iterable[str]) -> list[str]:
    """Those that are not installed."""
    wanted = list(packages)
    query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted]
    lines = subprocess.run(query, capture_output=True, text=True, check=False).stdout.splitlines()
    return [package for package in wanted if f"{package} installed" not in lines]


def can_install() -> bool:
    return is_debian() and is_root()


def install(packages: Iterable[str], log: Log) -> bool:
    """Installs what is missing; asks the archive for its lists only then."""
    wanted = missing(packages)
    if wanted:
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l"}
        patient = ("-o", "DPkg::Lock::Timeout=300")
        log.run("apt-get", "update", "-qq", env=env)
        log.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *patient, *wanted, env=env)
    return bool(wanted)


def lacking(parts: Iterable[str]) -> list[str]:
    """Lines about the parts that cannot run here, for a machine on which nothing may be installed."""
    told = []
    for part in parts:
        absent = missing(PARTS[part]) if is_debian() else []
        if absent:
            told.append(f"{part} tests are skipped: apt-get install -y {' '.join(absent)}")
        elif part == "pbx" and not can_install():
            told.append("pbx tests are skipped: the laboratory needs root on Debian (sudo ./run test)")
    return told
