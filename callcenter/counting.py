"""What counts as what, in the terms of the field: one definition for the live floor and for every report. Pure.

A queue visit counts when it ends. *answered*: an agent took the call; *abandoned*: the customer hung up before anyone
talked with him; *lost*: the queue gave him back (waited too long, was full, nobody was there). Who left by choice or
was sent on counts in none of them. A visit whose end nobody saw, nor the PBX wrote down, counts in nothing. *Service
level*: answered within the target, of all that were answered, abandoned or lost. *ASA*: the mean wait of those who were
answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

from callcenter.call import QueueVisit
from callcenter.events import QueueResult

QueueKey: TypeAlias = tuple[str, str]
"""The PBX and the queue's name there."""
TARGET_S: Final = 20
"""Within which callers of a queue are to be answered, where nobody said otherwise."""
LOST: Final = frozenset({QueueResult.TIMEOUT, QueueResult.FULL, QueueResult.EMPTY})


class Came(StrEnum):
    """What became of who came to a queue."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    LOST = "lost"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One that is over. ``talked``: the customer had talked with somebody before he came to this queue."""

    queue: QueueKey
    left_at: datetime
    waited_s: float
    result: QueueResult
    talked: bool

    @property
    def came(self) -> Came:
        if self.result is QueueResult.ANSWERED:
            return Came.ANSWERED
        if self.result is QueueResult.ABANDONED and not self.talked:
            return Came.ABANDONED
        return Came.LOST if self.result in LOST else Came.LEFT


def finished(pbx: str, visit: QueueVisit, answered_at: datetime | None) -> Visit | None:
    """A visit that is over, of a call first answered at that moment. None: it goes on, or nobody knows how and when it
    ended."""
    if visit.left_at is None or visit.result is None:
        return None
    return Visit(
        queue=(pbx, visit.queue),
        left_at=visit.left_at,
        waited_s=max(0.0, (visit.left_at - visit.joined_at).total_seconds()),
        result=visit.result,
        talked=answered_at is not None and answered_at <= visit.joined_at,
    )


@dataclass(slots=True)
class Tally:
    """Visits counted together. An abandon after less than its queue's ``short_s`` seconds is counted apart, as short,
    and says nothing against the service level."""

    answered: int = 0
    in_time: int = 0
    abandoned: int = 0
    short: int = 0
    lost: int = 0
    left: int = 0
    longest_wait_s: float = 0.0
    _answered_s: float = field(default=0.0, repr=False)

    def count(self, visit: Visit, target_s: float, short_s: float = 0.0) -> None:
        self.longest_wait_s = max(self.longest_wait_s, visit.waited_s)
        self.weigh(visit.came, visit.waited_s, (target_s, short_s), 1)

    def weigh(self, came: Came, waited_s: float, measure: tuple[float, float], times: int) -> None:
        """Counts so many alike, less than none to take them back; ``measure``: target and short."""
        target_s, short_s = measure
        match came:
            case Came.ANSWERED:
                self.answered += times
                self.in_time += times * (waited_s <= target_s)
                self._answered_s += times * waited_s
            case Came.ABANDONED if waited_s < short_s:
                self.short += times
            case Came.ABANDONED:
                self.abandoned += times
            case Came.LOST:
                self.lost += times
            case Came.LEFT:
                self.left += times

    @property
    def came(self) -> int:
        """All whom the queue should have served."""
        return self.answered + self.abandoned + self.lost

    @property
    def service_level(self) -> float | None:
        """From 0 to 1; None where nobody came."""
        return self.in_time / self.came if self.came else None

    @property
    def abandon_rate(self) -> float | None:
        """From 0 to 1; None where nobody came."""
        return self.abandoned / self.came if self.came else None

    @property
    def asa_s(self) -> float | None:
        """Average speed of answer in seconds; None where nobody was answered."""
        return self._answered_s / self.answered if self.answered else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One agent's part in a call, over and answered. ``settled_at``: when he logged what came of the call himself, None
    also where nobody knows since when he could."""

    call: UUID
    agent: UUID
    outbound: bool
    talk_s: float
    hold_s: float
    ended_at: datetime
    handed_over: bool
    settled_at: datetime | None = None


@dataclass(slots=True)
class Work:
    """What an agent did. A call he had two parts in is handled once. *Wrap-up*: from the end of his last part to his
    outcome. *AHT*: talk, hold and wrap-up for each call handled."""

    inbound: int = 0
    outbound: int = 0
    talk_s: float = 0.0
    hold_s: float = 0.0
    wrap_s: float = 0.0
    handed_over: int = 0

    @property
    def handled(self) -> int:
        return self.inbound + self.outbound

    @property
    def aht_s(self) -> float | None:
        """Average handling time in seconds; None where nothing was handled."""
        return (self.talk_s + self.hold_s + self.wrap_s) / self.handled if self.handled else None

    def add(self, parts: Iterable[Talk]) -> None:
        """All parts of one agent in one call."""
        his = list(parts)
        if not his:
            return
        self.outbound += his[0].outbound
        self.inbound += not his[0].outbound
        self.talk_s += sum(part.talk_s for part in his)
        self.hold_s += sum(part.hold_s for part in his)
        self.handed_over += any(part.handed_over for part in his)
        settled = [part.settled_at for part in his if part.settled_at]
        if settled:
            over = max(part.ended_at for part in his)
            self.wrap_s += max(0.0, (max(settled) - over).total_seconds())


def day_start(now: datetime, zone: tzinfo | None) -> datetime:
    """When this day began where the call center is (None: where this machine is), in UTC."""
    local = now.astimezone(zone)
    midnight = datetime(local.year, local.month, local.day, tzinfo=zone)
    return midnight.astimezone(UTC)
