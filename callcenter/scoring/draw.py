"""Lots: which of an agent's talks of a week are proposed. Pure.

Each talk draws a number from the rule's seed and its own id; the lowest ones that fit are taken. All talks have the
same chance, whatever their order, and who knows the seed can draw the lot again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final
from uuid import UUID

SETTLED_AFTER: Final = timedelta(hours=3)
"""After a week has ended its last talks are still being stored and transcribed."""
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A talk, or what a recording holds, in time."""

    start: datetime
    end: datetime

    def overlaps(self, other: Stretch) -> bool:
        return self.start < other.end and other.start < self.end


def last_week(now: datetime, zone: tzinfo | None) -> date:
    """The Monday of the newest week that is over and settled."""
    local = (now - SETTLED_AFTER).astimezone(zone)
    return local.date() - timedelta(days=local.weekday()) - _WEEK


def span(week: date, zone: tzinfo | None) -> Stretch:
    """A week as the call center counts it: from Monday to Monday."""
    return Stretch(start=_midnight(week, zone), end=_midnight(week + _WEEK, zone))


def lot(seed: str, talk: UUID) -> bytes:
    """The number a talk draws."""
    return hashlib.sha256(f"{seed}/{talk}".encode()).digest()


def draw(seed: str, talks: Iterable[UUID], wanted: int, fits: Callable[[UUID], bool]) -> list[UUID]:
    """As many as are wanted, or as there are. ``fits`` is asked of few more than are taken."""
    taken: list[UUID] = []
    for talk in sorted(talks, key=lambda one: lot(seed, one)):
        if len(taken) == wanted:
            break
        if fits(talk):
            taken.append(talk)
    return taken


def _midnight(day: date, zone: tzinfo | None) -> datetime:
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    return local.astimezone(UTC)
