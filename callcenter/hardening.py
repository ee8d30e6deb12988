"""SQLite's write-ahead log as a file: synced by us after the answers are out, where SQLite would sync it before."""

from __future__ import annotations

import os
import time
from typing import Final

from callcenter.log import logger

log = logger(__name__)
WITHIN_SECONDS: Final = 0.1


class Log:
    """What was committed and not yet synced is so within a tenth of a second: one sync for all that came meanwhile."""

    def __init__(self, database: str) -> None:
        self._path = f"{database}-wal"
        self._file: int | None = None
        self._due: float | None = None

    def grew(self, *, synced: bool) -> None:
        """After a commit; ``synced``: SQLite has synced it, and with it all before."""
        if synced:
            self._due = None
        elif self._due is None:
            self._due = time.monotonic() + WITHIN_SECONDS

    @property
    def left(self) -> float | None:
        """Seconds until it has to be synced; None while nothing waits for it."""
        return None if self._due is None else max(0.0, self._due - time.monotonic())

    def harden(self) -> None:
        self._due = None
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR)
            os.fsync(self._file)
        except OSError as wrong:
            log.warning("log_not_synced", reason=str(wrong))

    def close(self) -> None:
        """Before SQLite makes a new one. Closing gives up no lock of SQLite's: those are on its other files."""
        file, self._file, self._due = self._file, None, None
        if file is not None:
            os.close(file)
