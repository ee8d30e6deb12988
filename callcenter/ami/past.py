"""Rows of history told as whole calls: the same tracker concludes from them as from the live stream. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from callcenter.ami.cel import Translation
from callcenter.ami.cel_rows import CelRow
from callcenter.ami.dialling import dials_told
from callcenter.ami.messages import Hangup, Tick
from callcenter.ami.tracker import Tracker
from callcenter.ami.tracks import SETTLE_SECONDS
from callcenter.events import Arrived, CallKey, Ended, Filled, Gap, PastEvent
from callcenter.pbxmap import PbxMap

_SETTLED: Final = 2 * SETTLE_SECONDS
_UNIQUEID: Final = re.compile(r"(?:^|-)\d+\.(\d+)$")
_AT_ONCE: Final = timedelta(milliseconds=300)
"""No Asterisk comes back so soon after its last channel began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """A call that ended before ``since`` or came after ``until`` is not told. ``booted_at``: since when the PBX lives,
    None where that is not known. ``living``: tell of calls that go on what is written so far."""

    since: datetime
    until: datetime | None = None
    booted_at: datetime | None = None
    living: bool = False


class Past:
    """Folds rows, oldest first, and tells each call once it is over and its legs are gone.

    ``gap`` is what all of them are marked with. A channel from before the PBX began to live as it does now, that never
    ended, died with it. Earlier deaths show in the rows: the serial numbers of channels begin anew.
    """

    def __init__(self, map: PbxMap, history: Translation, gap: Gap, times: Times) -> None:
        self._translation = history
        self._tracker = Tracker(map)
        self._gap = gap
        self._times = times
        self._serial = -1
        self._begun: datetime | None = None
        self._last: datetime | None = None
        self._calls: dict[CallKey, list[PastEvent]] = {}
        self._over: dict[CallKey, datetime] = {}

    def feed(self, row: CelRow) -> Iterator[Filled]:
        if row.type == "CHAN_START" and self._begins_anew(row):
            self._died()
            yield from self._told(float("inf"))
        self._last = row.at
        for message in self._translation.told(row):
            self._take(self._tracker.feed(message))
        yield from self._told(row.at.timestamp())

    def rest(self) -> Iterator[Filled]:
        """What is over when there are no more rows."""
        if self._last and self._times.booted_at and self._last < self._times.booted_at:
            self._died()
        for message in self._translation.rest():
            self._take(self._tracker.feed(message))
        if self._last:
            self._take(self._tracker.feed(Tick(at=self._last, mono=self._last.timestamp() + 1)))
        yield from self._told(float("inf"))
        if self._times.living:
            for key, events in self._calls.items():
                at = events[-1].at
                if self._came_in_time(events):
                    yield Filled(call=key, at=at, mono=at.timestamp(), events=tuple(events), gap=self._gap)

    def _came_in_time(self, events: Sequence[PastEvent]) -> bool:
        return self._times.until is None or events[0].at <= self._times.until

    def _begins_anew(self, row: CelRow) -> bool:
        """The PBX does. Two channels of one moment may be written in either order. A click's Uniqueid is ours, and has
        no serial."""
        serial = _serial(row.uniqueid)
        if serial is None:
            return False
        anew = serial <= self._serial and self._begun is not None and abs(row.at - self._begun) > _AT_ONCE
        self._serial, self._begun = serial if anew else max(serial, self._serial), row.at
        return anew

    def _died(self) -> None:
        """Everything that lived ended unheard, no later than the last that was written."""
        if self._last is None:
            return
        for uniqueid in sorted(self._tracker.channels.uniqueids()):
            hangup = Hangup(at=self._last, mono=self._last.timestamp(), uniqueid=uniqueid, cause=0)
            self._take(self._ended_by_death(event) for event in self._tracker.feed(hangup))

    @staticmethod
    def _ended_by_death(event: object) -> object:
        return replace(event, note="pbx_restart") if isinstance(event, Ended) else event

    def _take(self, events: Iterable[object]) -> None:
        for event in events:
            if isinstance(event, Arrived):
                self._calls[event.call] = [event]
            elif isinstance(event, PastEvent) and event.call in self._calls:
                self._calls[event.call].append(event)
                if isinstance(event, Ended):
                    self._over[event.call] = event.at

    def _told(self, now: float) -> Iterator[Filled]:
        for key in [key for key, at in self._over.items() if at.timestamp() + _SETTLED < now]:
            if key.uniqueid in self._tracker.tracks:
                continue
            at, events = self._over.pop(key), self._calls.pop(key)
            if at >= self._times.since and self._came_in_time(events):
                yield Filled(call=key, at=at, mono=at.timestamp(), events=tuple(events), gap=self._gap)


def _serial(uniqueid: str) -> int | None:
    """The counter behind the dot of a Uniqueid, which Asterisk begins anew at each start; None where it has none."""
    found = _UNIQUEID.search(uniqueid)
    return int(found[1]) if found else None


def calls_of(rows: Iterable[CelRow], past: Past) -> Iterator[Filled]:
    """Every call of the rows that is over, in the order of their ends."""
    for row in dials_told(rows):
        yield from past.feed(row)
    yield from past.rest()
