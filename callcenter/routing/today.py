"""Today's figures of each queue, counted visit by visit. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from callcenter.call import Call
from callcenter.counting import Came, QueueKey, Visit, finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """``service_level`` from 0 to 1; None where nobody has come yet."""

    answered: int = 0
    abandoned: int = 0
    lost: int = 0
    service_level: float | None = None
    longest_wait_s: float = 0.0


@dataclass(slots=True)
class _Tally:
    waits: list[float] = field(default_factory=list)
    abandoned: list[float] = field(default_factory=list)
    lost: int = 0
    longest: float = 0.0


class Today:
    """Since ``since``; what ended before does not count."""

    def __init__(self) -> None:
        self.since: datetime | None = None
        self._of: dict[QueueKey, _Tally] = defaultdict(_Tally)

    def restart(self, since: datetime, visits: Iterable[Visit]) -> None:
        """A new day, or a new start with this day's visits."""
        self.since = since
        self._of.clear()
        for visit in visits:
            self.count(visit)

    def count(self, visit: Visit) -> None:
        if self.since is not None and visit.left_at < self.since:
            return
        tally = self._of[visit.queue]
        tally.longest = max(tally.longest, visit.waited_s)
        if visit.came is Came.ANSWERED:
            insort(tally.waits, visit.waited_s)
        elif visit.came is Came.ABANDONED:
            insort(tally.abandoned, visit.waited_s)
        elif visit.came is Came.LOST:
            tally.lost += 1

    def of(self, queue: QueueKey, target_s: float, short_s: float = 0.0) -> Figures:
        """As of now, measured against the target of now; who hung up sooner than ``short_s`` counts in nothing."""
        if queue not in self._of:
            return Figures()
        tally = self._of[queue]
        abandoned = len(tally.abandoned) - bisect_left(tally.abandoned, short_s)
        came = len(tally.waits) + abandoned + tally.lost
        return Figures(
            answered=len(tally.waits),
            abandoned=abandoned,
            lost=tally.lost,
            service_level=bisect_right(tally.waits, target_s) / came if came else None,
            longest_wait_s=tally.longest,
        )

    def queues(self) -> frozenset[QueueKey]:
        return frozenset(self._of)


def ended(before: Call | None, after: Call) -> Iterable[tuple[int, Visit]]:
    """The visits that this change of a call brought to their end, or told the end of, and which of the call's they
    are."""
    for seq, visit in enumerate(after.queues):
        old = before.queues[seq] if before and seq < len(before.queues) else None
        known = old is not None and old.left_at is not None and old.result is not None
        if not known and (over := finished(after.key.pbx, visit, after.answered_at)):
            yield seq, over
