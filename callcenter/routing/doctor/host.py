"""The folder of the recordings on this machine: whether it can be read, and how much room there is."""

from __future__ import annotations

import os
import shutil
from heapq import nlargest
from itertools import islice
from pathlib import Path
from typing import Final

from callcenter.config import Recordings
from callcenter.routing.doctor.facts import Spool

_LOOKED_AT: Final = 20_000
_KEPT: Final = 60
_SETTLING: Final = 3
"""The newest files may be in the making."""


def spool(recordings: Recordings) -> Spool | None:
    """None: no folder is set. Blocks on a slow disk."""
    folder = recordings.spool
    if folder is None:
        return None
    try:
        with os.scandir(folder) as entries:
            found = [(entry.name, entry) for entry in islice(entries, _LOOKED_AT) if entry.name.endswith(".wav")]
        newest = nlargest(_KEPT, found, key=lambda one: _when(one[1]))
        free = shutil.disk_usage(folder).free
    except OSError as wrong:
        return Spool(path=str(folder), pbx_path=recordings.pbx_spool, trouble=wrong.strerror or type(wrong).__name__)
    names = tuple(name for name, _ in newest[_SETTLING:])
    return Spool(path=str(Path(folder)), pbx_path=recordings.pbx_spool, free_bytes=free, names=names)


def _when(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except OSError:
        return 0.0
