"""When an alarm is raised and when it is lifted again. Pure.

What is read is compared with its limit every second. An alarm is raised when the limit was passed for a while, and
lifted when it has been well inside for as long: a value that trembles about its limit neither rings nor falls silent at
every look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID


class AlarmKind(StrEnum):
    """``READY`` and ``SERVICE_LEVEL`` alarm below their limit, the others above."""

    LONGEST_WAIT = "longest_wait"
    WAITING = "waiting"
    SERVICE_LEVEL = "service_level"
    ABANDONED = "abandoned"
    READY = "ready"
    WRAPUP = "wrapup"
    LINK = "link"


AlarmKey: TypeAlias = tuple[AlarmKind, str, str]
"""Kind, PBX, and the queue's name or the agent's id."""
BELOW: Final = frozenset({AlarmKind.SERVICE_LEVEL, AlarmKind.READY})
_WELL_INSIDE: Final = 0.8
_WELL_ABOVE: Final = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is now, against its limit; ``since``: from when it is counted, where that is a moment."""

    key: AlarmKey
    value: float
    limit: float
    since: datetime | None = None

    @property
    def wrong(self) -> bool:
        return self.value < self.limit if self.key[0] in BELOW else self.value > self.limit

    def worse(self, than: float) -> float:
        """How far it went, so far ``than``."""
        return min(self.value, than) if self.key[0] in BELOW else max(self.value, than)

    @property
    def well(self) -> bool:
        """Far enough inside to be no news again at once. Of agents one more is one more."""
        if self.key[0] is AlarmKind.READY:
            return self.value >= self.limit
        if self.key[0] is AlarmKind.SERVICE_LEVEL:
            return self.value >= min(1.0, self.limit * _WELL_ABOVE)
        return self.value <= self.limit * _WELL_INSIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """``wrong_since`` and ``well_since`` in monotonic seconds; ``raised_at`` None: not raised so far."""

    reading: Reading
    wrong_since: float
    well_since: float | None = None
    raised_at: datetime | None = None


Standings: TypeAlias = Mapping[AlarmKey, Standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    at: datetime
    mono: float
    settle_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """Who has seen an alarm, and when."""

    by: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """``thing``: the queue's name or the agent's id; ``label``: what people call the queue. ``value`` and ``limit`` in
    seconds, heads, or from 0 to 1."""

    id: UUID
    kind: AlarmKind
    pbx: str
    thing: str
    label: str
    value: float
    limit: float
    since: datetime | None
    raised_at: datetime
    acknowledged: Acknowledged | None = None


def look(before: Standings, readings: Iterable[Reading], now: Moment) -> dict[AlarmKey, Standing]:
    """All that is wrong or not well for long enough. What is not read any more (the queue is gone, the agent is done)
    is no alarm any more."""
    after: dict[AlarmKey, Standing] = {}
    for reading in readings:
        if stands := _stands(before.get(reading.key), reading, now):
            after[reading.key] = stands
    return after


def raised(standings: Standings) -> tuple[Standing, ...]:
    """The alarms, the oldest first."""
    up = [(one.raised_at, one.reading.key, one) for one in standings.values() if one.raised_at is not None]
    return tuple(one for *_, one in sorted(up, key=lambda found: found[:2]))


def _stands(old: Standing | None, reading: Reading, now: Moment) -> Standing | None:
    if old is None or old.raised_at is None:
        if not reading.wrong:
            return None
        begun = Standing(reading=reading, wrong_since=now.mono) if old is None else replace(old, reading=reading)
        lasts = now.mono - begun.wrong_since >= now.settle_s
        return replace(begun, raised_at=now.at) if lasts else begun
    if not reading.well:
        return replace(old, reading=reading, well_since=None)
    since = now.mono if old.well_since is None else old.well_since
    return None if now.mono - since >= now.settle_s else replace(old, reading=reading, well_since=since)
