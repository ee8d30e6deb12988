"""What the journals hold of one call, or of one stretch of time: found by bytes, bounded, read off the event loop.

A call's messages are those of its family: channels that are named together, share a Linkedid or meet in a bridge.
The Linkedid of a channel changes without an event of its own, so the family grows from every message that is found.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from callcenter.ami.framing import END, Broken, event_fields
from callcenter.ami.journal import MARK, TIMES, of_pbx

MESSAGES_AT_MOST: Final = 4000
_FAMILY_AT_MOST: Final = 300
_MARGIN: Final = timedelta(seconds=3)
_BANNER: Final = b"Asterisk Call Manager/"
_TIMESTAMP: Final = re.compile(rb"\r\nTimestamp: (\d{9,11}\.\d{6})\r\n")
_IDS: Final = ("uniqueid", "linkedid")
_ALIKE: Final = 6
_CHUNK: Final = 1024 * 1024
_NEAR: Final = timedelta(minutes=2)
"""A relative's messages begin no longer before those that are known, and end no longer after them."""
_SILENCE: Final = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A message as it was kept. ``moment``: seconds, by the PBX where it says so, else by the mark before it."""

    file: int
    offset: int
    moment: float
    message: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """In order. ``cut``: there were more than is good for anybody. ``since``: the oldest that is kept at all."""

    places: tuple[Place, ...]
    family: frozenset[str]
    cut: bool
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """A part of a journal file; ``moment``: when it begins."""

    path: Path
    number: int
    start: int
    end: int
    moment: float

    def chunks(self) -> Iterator[tuple[int, bytes]]:
        """Whole messages, a piece at a time, and where each piece begins: no search holds the house up for long."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            at, tail = self.start, b""
            while at + len(tail) < self.end and (data := file.read(min(_CHUNK, self.end - at - len(tail)))):
                whole, end, rest = (tail + data).rpartition(END)
                if end:
                    yield at, whole + end
                    at += len(whole) + len(end)
                tail = rest


def family(folder: Path, pbx: str, uniqueid: str, span: tuple[datetime, datetime]) -> Found:
    """Every message of the call's family inside ``span``. Blocks; OSError where the files cannot be read."""
    stretches = list(_stretches(folder, pbx, span))
    kin, asked = {uniqueid}, set[str]()
    places: dict[tuple[int, int], Place] = {}
    cut = False
    while (fresh := kin - asked) and not cut:
        asked |= fresh
        patterns = list(_patterns(fresh))
        for stretch in stretches:
            for place in _hits(stretch, patterns, places):
                places[place.file, place.offset] = place
                kin |= _named(place.message)
            cut = len(places) >= MESSAGES_AT_MOST or len(kin) > _FAMILY_AT_MOST
            if cut:
                break
        moments = [place.moment for place in places.values()]
        if moments and all(moments):
            near = (_utc(min(moments)) - _NEAR, _utc(max(moments)) + _NEAR)
            stretches = list(_stretches(folder, pbx, (max(span[0], near[0]), min(span[1], near[1]))))
    ordered = tuple(places[key] for key in sorted(places))
    return Found(places=ordered, family=frozenset(kin), cut=cut, since=oldest(folder, pbx))


def everything(folder: Path, pbx: str, span: tuple[datetime, datetime], pattern: re.Pattern[bytes]) -> Found:
    """Every message inside ``span`` that holds ``pattern``. Blocks."""
    places: dict[tuple[int, int], Place] = {}
    for stretch in _stretches(folder, pbx, span):
        for place in _hits(stretch, [pattern], places):
            places[place.file, place.offset] = place
            if len(places) >= MESSAGES_AT_MOST:
                break
    since, until = (span[0] - _MARGIN).timestamp(), (span[1] + _MARGIN).timestamp()
    ordered = tuple(p for _, p in sorted(places.items()) if not p.moment or since <= p.moment <= until)
    cut = len(places) >= MESSAGES_AT_MOST
    return Found(places=ordered, family=frozenset(), cut=cut, since=oldest(folder, pbx))


def oldest(folder: Path, pbx: str) -> datetime | None:
    """Since when what the PBX told is kept; None: nothing is."""
    for path in of_pbx(folder, pbx):
        marks = _marks(path)
        moment = marks[0][0] if marks else int(path.stem.rpartition("-")[2]) / 1e9
        return datetime.fromtimestamp(moment, UTC)
    return None


def gaps(folder: Path, pbx: str, span: tuple[datetime, datetime]) -> list[tuple[datetime, datetime]]:
    """Stretches inside ``span`` in which nothing at all came: there was no link. A PBX that is linked is never silent
    for so long, for it is pinged."""
    found: list[tuple[datetime, datetime]] = []
    heard: datetime | None = None
    for path in of_pbx(folder, pbx):
        marks = _marks(path)
        opened = datetime.fromtimestamp(int(path.stem.rpartition("-")[2]) / 1e9, UTC)
        if heard and opened - heard > _SILENCE and heard < span[1] and opened > span[0]:
            found.append((max(heard, span[0]), min(opened, span[1])))
        last = max([path.stat().st_mtime, *(moment for moment, _ in marks[-1:])])
        heard = datetime.fromtimestamp(last, UTC)
    return found


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def _marks(path: Path) -> list[tuple[float, int]]:
    try:
        data = path.with_suffix(TIMES).read_bytes()
    except FileNotFoundError:
        return []
    return [(t, at) for t, at in MARK.iter_unpack(data[: len(data) // MARK.size * MARK.size])]


def _stretches(folder: Path, pbx: str, span: tuple[datetime, datetime]) -> Iterator[_Stretch]:
    since, until = (span[0] - _MARGIN).timestamp(), (span[1] + _MARGIN).timestamp()
    for number, path in enumerate(of_pbx(folder, pbx)):
        size, marks = path.stat().st_size, _marks(path)
        if not marks:
            yield _Stretch(path=path, number=number, start=0, end=size, moment=0.0)
            continue
        moments = [moment for moment, _ in marks]
        first = max(0, bisect_right(moments, since) - 1)
        after = bisect_right(moments, until)
        end = marks[after][1] if after < len(marks) else size
        if after > first and (after < len(marks) or path.stat().st_mtime >= since):
            # A mark stands wherever the writer was, most often in the middle of a message.
            start = marks[first - 1][1] if first else 0
            yield _Stretch(path=path, number=number, start=start, end=min(size, end + 65536), moment=moments[first])


def _patterns(ids: Iterable[str]) -> Iterator[re.Pattern[bytes]]:
    """One for all that begin alike: only what begins with letters that are always the same is found quickly."""
    alike: dict[str, list[str]] = {}
    for one in sorted(ids):
        alike.setdefault(one[:_ALIKE], []).append(one)
    for group in alike.values():
        yield re.compile(rb"(?:%s)(?=\r\n)" % b"|".join(re.escape(one.encode()) for one in group))


def _hits(
    stretch: _Stretch, patterns: Sequence[re.Pattern[bytes]], known: dict[tuple[int, int], Place]
) -> Iterator[Place]:
    for begin, data in stretch.chunks():
        for pattern in patterns:
            at = 0
            while hit := pattern.search(data, at):
                start = data.rfind(END, 0, hit.start() + 1)
                start = 0 if start < 0 else start + len(END)
                at = data.find(END, hit.end())
                if (stretch.number, begin + start) in known:
                    continue
                if place := _place(stretch, begin + start, data[start:at]):
                    yield place


def _place(stretch: _Stretch, offset: int, data: bytes) -> Place | None:
    message = data.lstrip(b"\r\n")
    if message.startswith(_BANNER):
        message = message.partition(b"\r\n")[2]
    if not message.startswith(b"Event: "):
        return None
    moment = _TIMESTAMP.search(message)
    told = float(moment[1]) if moment else stretch.moment
    return Place(file=stretch.number, offset=offset, moment=told, message=message)


def _named(message: bytes) -> set[str]:
    """The channels and bridges that a believable message names together."""
    try:
        fields = event_fields(message, timed=False)
    except Broken:
        return set()
    waits = fields.get("bridgetechnology") == "holding_bridge"
    named = (
        value
        for name, value in fields.items()
        if name.endswith(_IDS) and not (waits and name.startswith("bridge")) and not name.startswith("queue")
    )
    return {value for value in named if value and value != "none"}


def whole(messages: Iterable[Place]) -> bytes:
    """The messages as a stream that can be replayed."""
    return b"".join(place.message + END for place in messages)
