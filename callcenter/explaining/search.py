"""A customer says he called and nothing popped: what came at that time with that number, or on that channel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from callcenter.ami import slices
from callcenter.ami.framing import Broken, event_fields
from callcenter.ami.slices import Found, Place
from callcenter.events import Arrived, CallKey
from callcenter.explaining.reading import replayed
from callcenter.explaining.story import Story, tell
from callcenter.pbxmap import PbxMap
from callcenter.roster import Roster

GROUPS_AT_MOST: Final = 12
_TAIL: Final = 9
_BEFORE: Final = timedelta(minutes=2)
_AFTER: Final = timedelta(minutes=8)
_CLOSE: Final = timedelta(minutes=5)
_CHANNELS: Final = re.compile(rb"Event: Newchannel\r\n")
_FORMATTED: Final = re.compile(rb"CallerIDNum: [+\d]*[ ().\-/][^\r\n]*")
_WITHHELD: Final = re.compile(rb"\r\nCallerIDNum: (?:<unknown>|anonymous|Anonymous|restricted|unavailable)?\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``number`` and ``channel`` may be empty: then all that came at that time."""

    pbx: str
    span: tuple[datetime, datetime]
    number: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Channels that belong together. ``calls``: the customers' calls among them."""

    at: datetime
    calls: tuple[CallKey, ...]
    story: Story
    found: Found
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """``withheld``: nothing came with the number; these are the callers of that time who hid theirs."""

    groups: tuple[Group, ...]
    withheld: bool
    cut: bool
    since: datetime | None
    gaps: tuple[tuple[datetime, datetime], ...]


def search(folder: Path, asked: Asked, map: PbxMap, roster: Roster) -> Result:
    """Blocks. Raises OSError where the journal cannot be read."""
    hits = slices.everything(folder, asked.pbx, asked.span, _pattern(asked))
    if asked.number and not hits.places:
        hits = _spelt(folder, asked)
    groups = list(_groups(folder, asked, hits, (map, roster)))
    withheld = False
    if not groups and asked.number:
        groups = [g for g in _hidden(folder, asked, (map, roster)) if g.story.call and g.story.call.withheld]
        withheld = bool(groups)
    return Result(
        groups=tuple(groups),
        withheld=withheld,
        cut=hits.cut or len(groups) >= GROUPS_AT_MOST,
        since=hits.since,
        gaps=tuple(slices.gaps(folder, asked.pbx, asked.span)),
    )


def _pattern(asked: Asked) -> re.Pattern[bytes]:
    digits = _digits(asked.number)
    if digits:
        before = rb"" if len(digits) >= _TAIL else rb"(?<!\d)"
        return re.compile(before + digits[-_TAIL:].encode() + rb"(?!\d)")
    if asked.number:
        return re.compile(re.escape(asked.number.encode()))
    if asked.channel:
        return re.compile(rb"\r\nChannel: %s(?=[-\r])" % re.escape(asked.channel.encode()))
    return _CHANNELS


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def _spelt(folder: Path, asked: Asked) -> Found:
    """Where the PBX is told numbers with brackets and blanks in them."""
    found = slices.everything(folder, asked.pbx, _close(asked), _FORMATTED)
    tail = _digits(asked.number)[-_TAIL:]
    numbers = ((place, _FORMATTED.search(place.message)) for place in found.places)
    places = [place for place, hit in numbers if tail and hit and _digits(hit[0].decode("latin-1")).endswith(tail)]
    return replace(found, places=tuple(places))


def _close(asked: Asked) -> tuple[datetime, datetime]:
    middle = asked.span[0] + (asked.span[1] - asked.span[0]) / 2
    return max(asked.span[0], middle - _CLOSE), min(asked.span[1], middle + _CLOSE)


def _hidden(folder: Path, asked: Asked, rules: tuple[PbxMap, Roster]) -> Iterator[Group]:
    """Callers without a number, close to the moment that was asked for."""
    came = slices.everything(folder, asked.pbx, _close(asked), _CHANNELS)
    hidden = tuple(place for place in came.places if _WITHHELD.search(place.message))
    return _groups(folder, asked, replace(came, places=hidden), rules)


def _groups(folder: Path, asked: Asked, hits: Found, rules: tuple[PbxMap, Roster]) -> Iterator[Group]:
    done: set[str] = set()
    count = 0
    for place in hits.places:
        channel = _channel(place)
        if not channel or channel in done or count >= GROUPS_AT_MOST:
            continue
        about = datetime.fromtimestamp(place.moment, UTC) if place.moment else asked.span[0]
        found = slices.family(folder, asked.pbx, channel, (about - _BEFORE, about + _AFTER))
        done |= found.family
        count += 1
        yield _group(asked.pbx, channel, found, rules)


def _channel(place: Place) -> str:
    try:
        fields = event_fields(place.message, timed=False)
    except Broken:
        return ""
    return fields.get("linkedid") or fields.get("uniqueid", "")


def _group(pbx: str, channel: str, found: Found, rules: tuple[PbxMap, Roster]) -> Group:
    map, roster = rules
    steps = replayed(found, map)
    calls = tuple(event.call for step in steps for event in step.told if isinstance(event, Arrived))
    key = calls[0] if calls else CallKey(pbx=pbx, uniqueid=channel)
    story = tell(steps, key, roster, ())
    name = next((line.raw for line in story.lines if line.name == "Newchannel"), b"")
    first = re.search(rb"\r\nChannel: ([^\r\n]*)", name)
    return Group(
        at=steps[0].at,
        calls=calls,
        story=story,
        found=found,
        channel=first[1].decode("utf-8", "replace") if first else "",
    )
