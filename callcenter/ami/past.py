"""Rows of history told as whole calls: the same tracker concludes from them as from the live stream. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from callcenter.ami.cel import CelRow, Translation
from callcenter.ami.messages import Tick
from callcenter.ami.tracker import Tracker
from callcenter.ami.tracks import SETTLE_SECONDS
from callcenter.events import Arrived, CallKey, Ended, Filled, Gap, PastEvent
from callcenter.pbxmap import PbxMap

_SETTLED: Final = 2 * SETTLE_SECONDS


class Past:
    """Folds rows, oldest first, and tells each call once it is over and its legs are gone.

    ``gap`` is what all of them are marked with; a call that ended before ``since`` is not told.
    """

    def __init__(self, map: PbxMap, spool: str, gap: Gap, since: datetime) -> None:
        self._translation = Translation(spool)
        self._tracker = Tracker(map)
        self._gap = gap
        self._since = since
        self._calls: dict[CallKey, list[PastEvent]] = {}
        self._over: dict[CallKey, datetime] = {}

    def feed(self, row: CelRow) -> Iterator[Filled]:
        for message in self._translation.told(row):
            self._take(self._tracker.feed(message))
        yield from self._told(row.at.timestamp())

    def rest(self) -> Iterator[Filled]:
        """What is over when there are no more rows."""
        if self._over:
            at = max(self._over.values())
            self._take(self._tracker.feed(Tick(at=at, mono=at.timestamp() + 1)))
        yield from self._told(float("inf"))

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
            if at >= self._since:
                yield Filled(call=key, at=at, mono=at.timestamp(), events=tuple(events), gap=self._gap)


def calls_of(rows: Iterable[CelRow], past: Past) -> Iterator[Filled]:
    """Every call of the rows that is over, in the order of their ends."""
    for row in rows:
        yield from past.feed(row)
    yield from past.rest()
