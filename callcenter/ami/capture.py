"""Raw streams: written from a living PBX, and read again as the events that the tracker concludes from them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from callcenter.ami import framing
from callcenter.ami.messages import Tick
from callcenter.ami.parsing import parse
from callcenter.ami.reader import Reader
from callcenter.ami.tracker import Event, Tracker
from callcenter.ami.wire import Link, open_session
from callcenter.clock import SystemClock
from callcenter.events import Arrived
from callcenter.log import mask
from callcenter.pbxmap import PbxMap

_CHUNK: Final = 1024 * 1024
_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_LATER: Final = 1.0


async def record(link: Link, file: Path) -> None:
    """Writes what the PBX sends to ``file`` (0600: it holds numbers and names) until cancelled or the link is lost.

    Raises LinkFailed where no link could be had.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb", buffering=0) as out:

        def keep(data: bytes) -> None:
            out.write(data)

        session = await open_session(link, lambda _fields, _at, _mono: None, SystemClock(), keep)
        try:
            await session.keep()
        finally:
            session.close()


def replay(file: Path, map: PbxMap) -> Iterator[Event]:
    """What the tracker concludes from a captured stream, in order. Messages that cannot be believed are passed over."""
    tracker, reader = Tracker(map), Reader()
    at = _EPOCH
    for message in _messages(file):
        try:
            fields = reader.read(message)
        except framing.Broken:
            continue
        if fields is None:
            continue
        at = framing.moment(fields.get("timestamp", ""), at)
        if found := parse(fields, at, at.timestamp()):
            yield from tracker.feed(found)
    yield from tracker.feed(Tick(at=at, mono=at.timestamp() + _LATER))


def _messages(file: Path) -> Iterator[bytes]:
    framer = framing.Framer()
    with file.open("rb") as stream:
        while data := stream.read(_CHUNK):
            for message in framer.feed(data):
                yield message.lstrip(b"\r\n")


def line(event: Event, *, masked: bool = True) -> str:
    """An event on one line, for people; numbers and names are masked unless asked for."""
    shown: list[str] = []
    for name in event.__dataclass_fields__:
        value = getattr(event, name)
        if name in ("at", "mono"):
            continue
        if masked and isinstance(event, Arrived) and name in ("number_raw", "number_read", "name"):
            value = mask(value) if value else ""
        shown.append(f"{name}={getattr(value, 'name', value) if name == 'device' else value}")
    return f"{event.at.isoformat()} {type(event).__name__} {' '.join(shown)}"
