"""The queue visits of the last hours, counted as they come and go: a look each second costs what is new, not what is
kept. Pure."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from callcenter.counting import Came, QueueKey, Tally, Visit

_KEPT_AT_MOST: Final = 100_000
_LET_GO_TOGETHER: Final = 256
_CAME: Final = tuple(Came)
_PLACE: Final = {came: place for place, came in enumerate(_CAME)}

Measure: TypeAlias = tuple[float, float]
"""Seconds within which a queue's callers are to be answered, and those before which they are short."""


class Lately:
    """The visits that ended lately, by queue."""

    def __init__(self, visits: Iterable[Visit] = ()) -> None:
        self._of: dict[QueueKey, _Line] = defaultdict(_Line)
        for visit in visits:
            self.count(visit)

    def count(self, visit: Visit) -> None:
        self._of[visit.queue].add(visit.left_at.timestamp(), visit.waited_s, _PLACE[visit.came])

    def forget(self, before: datetime) -> None:
        for line in self._of.values():
            line.forget(before.timestamp())

    def tallies(self, since: datetime, targets: Mapping[QueueKey, Measure]) -> dict[QueueKey, Tally]:
        """How many came to these queues and what became of them; no waits."""
        found = {key: self._of[key].tally(since.timestamp(), targets[key]) for key in self._of.keys() & targets.keys()}
        return {key: tally for key, tally in found.items() if tally.came or tally.short or tally.left}


class _Line:
    """One queue's, in the order of their ends. What stands from ``_first`` up to ``_last`` is counted in ``_tally``."""

    __slots__ = ("_came", "_ended", "_first", "_last", "_measure", "_tally", "_waited")

    def __init__(self) -> None:
        self._ended, self._waited, self._came = array("d"), array("d"), array("b")
        self._measure: Measure = (0.0, 0.0)
        self._first = self._last = 0
        self._tally = Tally()

    def add(self, ended: float, waited: float, came: int) -> None:
        at = bisect_right(self._ended, ended)
        self._ended.insert(at, ended)
        self._waited.insert(at, waited)
        self._came.insert(at, came)
        if at < self._last:
            self._count_anew(0)
        if len(self._ended) > _KEPT_AT_MOST:
            self._let_go(_LET_GO_TOGETHER)

    def forget(self, before: float) -> None:
        old = bisect_left(self._ended, before)
        if old >= _LET_GO_TOGETHER:
            self._let_go(old)

    def tally(self, since: float, measure: Measure) -> Tally:
        first = bisect_left(self._ended, since)
        if measure != self._measure or first < self._first:
            self._measure = measure
            self._count_anew(first)
        for gone in range(self._first, min(first, self._last)):
            self._count(gone, -1)
        for come in range(max(first, self._last), len(self._ended)):
            self._count(come, 1)
        self._first, self._last = first, len(self._ended)
        return self._tally

    def _count(self, at: int, times: int) -> None:
        self._tally.weigh(_CAME[self._came[at]], self._waited[at], self._measure, times)

    def _count_anew(self, first: int) -> None:
        self._first = self._last = first
        self._tally = Tally()

    def _let_go(self, old: int) -> None:
        if old > self._first:
            self._count_anew(old)
        for kept in (self._ended, self._waited, self._came):
            del kept[:old]
        self._first, self._last = self._first - old, self._last - old
