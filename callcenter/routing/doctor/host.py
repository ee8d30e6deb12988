"""What this machine sees of the PBX's files: its recordings and what it wrote of its calls."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from heapq import nlargest
from itertools import islice
from pathlib import Path
from typing import Final

from callcenter.ami.backfill import sources, tables
from callcenter.config import Recordings
from callcenter.errors import Unavailable
from callcenter.routing.doctor.facts import Machine, Spool, Written

_LOOKED_AT: Final = 20_000
_KEPT: Final = 60
_HEAD: Final = 44
_KNOCK_SECONDS: Final = 2.0
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
        newest = nlargest(_KEPT, found, key=lambda one: _when(one[1]))[_SETTLING:]
        free = shutil.disk_usage(folder).free
    except OSError as wrong:
        return Spool(path=str(folder), pbx_path=recordings.pbx_spool, trouble=wrong.strerror or type(wrong).__name__)
    names = tuple(name for name, entry in newest if not _both_sides(Path(entry.path)))
    return Spool(path=str(Path(folder)), pbx_path=recordings.pbx_spool, free_bytes=free, names=names)


def machine(speech: Callable[[], tuple[tuple[str, ...], str]]) -> Machine:
    """What is installed here."""
    models, chosen = speech()
    return Machine(models=models, chosen=chosen, ffmpeg=shutil.which("ffmpeg") is not None)


async def listens(address: str, port: int) -> bool:
    """Whether somebody takes a connection there; nothing is said."""
    try:
        async with asyncio.timeout(_KNOCK_SECONDS):
            _, writer = await asyncio.open_connection(address, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def written(setting: str) -> Written | None:
    """None: no place is set. Blocks, for as long as a database takes to answer."""
    if not setting:
        return None
    place = " ".join(tables.told(part) for part in setting.split())
    try:
        found = sources.find(setting)
    except Unavailable as wrong:
        young = wrong.code == "history_missing" and all(_awaited(part) for part in setting.split())
        return Written(place=place) if young else Written(place=place, code=wrong.code, trouble=str(wrong))
    slow = (one.unindexed for one in found if isinstance(one, tables.Found))
    return Written(place=place, unindexed=tuple(name for name in slow if name))


def _awaited(part: str) -> bool:
    """A PBX that has had no call yet has written nothing, but its folder of logs is there."""
    return "://" not in part and any(folder.is_dir() for folder in list(Path(part).parents)[:2])


def _both_sides(file: Path) -> bool:
    """A WAV file of two channels tells the speakers apart by itself."""
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEAD)
    except OSError:
        return False
    return head[:4] == b"RIFF" and head[12:16] == b"fmt " and head[22:24] == b"\x02\0"


def _when(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except OSError:
        return 0.0
