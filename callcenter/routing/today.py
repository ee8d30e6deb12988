"""Today's figures of each queue, counted visit by visit. Pure.

A visit counts when it ends. *answered*: an agent took the call; *abandoned*: the customer hung up before anyone talked
with him; *lost*: the queue gave him back (waited too long, was full, nobody was there). Who left by choice or was sent
on is counted in none of them. Service level: answered within the target, of all that were answered, abandoned or lost.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Final

from callcenter.call import Call, QueueVisit
from callcenter.events import QueueResult
from callcenter.routing.staff import QueueKey

_LOST: Final = frozenset({QueueResult.TIMEOUT, QueueResult.FULL, QueueResult.EMPTY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One that is over. ``talked``: the customer had talked with somebody before he came to this queue."""

    queue: QueueKey
    left_at: datetime
    waited_s: float
    result: QueueResult
    talked: bool


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
    abandoned: int = 0
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
        if visit.result is QueueResult.ANSWERED:
            insort(tally.waits, visit.waited_s)
        elif visit.result is QueueResult.ABANDONED and not visit.talked:
            tally.abandoned += 1
        elif visit.result in _LOST:
            tally.lost += 1

    def of(self, queue: QueueKey, target_s: float) -> Figures:
        """As of now, measured against the target of now."""
        if queue not in self._of:
            return Figures()
        tally = self._of[queue]
        came = len(tally.waits) + tally.abandoned + tally.lost
        return Figures(
            answered=len(tally.waits),
            abandoned=tally.abandoned,
            lost=tally.lost,
            service_level=bisect_right(tally.waits, target_s) / came if came else None,
            longest_wait_s=tally.longest,
        )

    def queues(self) -> frozenset[QueueKey]:
        return frozenset(self._of)


def ended(before: Call | None, after: Call) -> Iterable[Visit]:
    """The visits that this change of a call brought to their end."""
    for seq, visit in enumerate(after.queues):
        old = before.queues[seq : seq + 1] if before else ()
        if visit.left_at is not None and not (old and old[0].left_at is not None):
            yield finished(after.key.pbx, visit, after.answered_at)


def finished(pbx: str, visit: QueueVisit, answered_at: datetime | None) -> Visit:
    """A visit that is over, of a call first answered at that moment."""
    left_at = visit.left_at or visit.joined_at
    return Visit(
        queue=(pbx, visit.queue),
        left_at=left_at,
        waited_s=max(0.0, (left_at - visit.joined_at).total_seconds()),
        result=visit.result or QueueResult.EXIT,
        talked=answered_at is not None and answered_at <= visit.joined_at,
    )


def day_start(now: datetime, zone: tzinfo | None) -> datetime:
    """When this day began where the call center is (None: where this machine is), in UTC."""
    local = now.astimezone(zone)
    midnight = datetime(local.year, local.month, local.day, tzinfo=zone)
    return midnight.astimezone(UTC)
