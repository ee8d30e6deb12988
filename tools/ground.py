"""Where things are, and the one way to stop: a line that names the remedy."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
VENV: Final = ROOT / ".venv"
PYTHON: Final = VENV / "bin" / "python"
LOGS: Final = ROOT / "var" / "log"


class Stop(Exception):
    """Nothing more can be done; the text is one line with its remedy."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def is_root() -> bool:
    return os.geteuid() == 0


def is_debian() -> bool:
    """Debian itself: a derivative names and cuts its packages differently (Chromium is a snap on Ubuntu)."""
    try:
        return "ID=debian" in Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return False


def digest(*parts: Path | str) -> str:
    """One hash over files and words, to know that nothing changed since a stamp was written."""
    sum_ = hashlib.sha256()
    for part in parts:
        sum_.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        sum_.update(b"\0")
    return sum_.hexdigest()


def is_stamped(stamp: Path, value: str) -> bool:
    return stamp.exists() and stamp.read_text() == value


@contextmanager
def alone() -> Iterator[None]:
    """Two terminals may say ./run at once; they take turns in making things, without a lock file to leave behind."""
    handle = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another ./run of this checkout to finish its preparations")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
