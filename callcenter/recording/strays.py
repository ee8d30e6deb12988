"""Files in a PBX's folder, and of whose calls their names tell. Blocks."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Final

from callcenter.config import Recordings

_UNIQUEID: Final = re.compile(r"\d{9,11}\.\d+")
_SIDE: Final = re.compile(r"-(?:in|out)$")
_SUFFIX: Final = ".wav"


class Stray(StrEnum):
    """Why a file has no call. ``SECOND``: the call that its name tells of has a recording already."""

    NO_CALL = "no_call"
    SECOND = "second_file"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file. ``path`` is the PBX's name of it, ``place`` where this machine sees it."""

    path: str
    place: Path
    size: int
    written_at: datetime

    @property
    def ids(self) -> tuple[str, ...]:
        """Channels that its name may tell of."""
        stem = self.place.stem
        return tuple(dict.fromkeys([stem, *_UNIQUEID.findall(stem)]))


def walk(where: Recordings, since: datetime, until: datetime) -> Iterator[Found]:
    """The recordings that were last written to in the time, each once, the sides of one left out. Links are not
    followed. Raises OSError for the folder itself; what is below and cannot be read is passed over."""
    if where.spool is None:
        return
    os.listdir(where.spool)
    for folder, _, names in os.walk(where.spool):
        for name in _mixed(names):
            place = Path(folder, name)
            try:
                seen = place.lstat()
            except OSError:
                continue
            written_at = datetime.fromtimestamp(seen.st_mtime, UTC)
            if since <= written_at < until:
                path = str(PurePosixPath(where.pbx_spool) / place.relative_to(where.spool))
                yield Found(path=path, place=place, size=seen.st_size, written_at=written_at)


def _mixed(names: Sequence[str]) -> Iterator[str]:
    """Those that are no side of another one."""
    stems = {name[: -len(_SUFFIX)] for name in names if name.endswith(_SUFFIX)}
    for stem in stems:
        whole = _SIDE.sub("", stem)
        if whole == stem or not ({whole, f"{whole}-in", f"{whole}-out"} - {stem} & stems):
            yield stem + _SUFFIX
