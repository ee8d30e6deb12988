"""How an agent's time at his desk was spent. Pure.

*Signed in*: he sat at an extension. *Handling*: customer and agent had each other, talking or on hold, and the wrap-up
after it, the same parts that AHT is made of; of calls at a time each second counts once. *Unavailable*: a pause of any
kind kept him from queue calls, or an outcome that a rule or a supervisor settled in the end. *Available*: what is left;
a ringing phone is waiting, as no customer is handled yet. *Occupancy*: handling of handling and available. That is the
field's measure (COPC, ICMI): time spent on contacts against time ready for them, breaks in neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Stretch: TypeAlias = tuple[float, float]
"""From a moment to another, in seconds of the epoch."""


@dataclass(slots=True)
class Hours:
    """One agent's stretches as they were read, in any order and overlapping."""

    seats: list[Stretch] = field(default_factory=list)
    handling: list[Stretch] = field(default_factory=list)
    unavailable: list[Stretch] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """Seconds. ``signed_in_s`` is handling, available and unavailable together."""

    signed_in_s: float = 0.0
    handling_s: float = 0.0
    available_s: float = 0.0

    @property
    def unavailable_s(self) -> float:
        return max(0.0, self.signed_in_s - self.handling_s - self.available_s)

    @property
    def occupancy(self) -> float | None:
        """From 0 to 1; None where nobody was there to be occupied."""
        ready = self.handling_s + self.available_s
        return self.handling_s / ready if ready else None


def spent(hours: Hours, within: Stretch) -> Time:
    """The time within these moments that he was signed in."""
    seats = both(union(hours.seats), [within])
    handling = both(union(hours.handling), seats)
    kept = both(union([*hours.handling, *hours.unavailable]), seats)
    signed_in_s = length(seats)
    return Time(signed_in_s=signed_in_s, handling_s=length(handling), available_s=max(0.0, signed_in_s - length(kept)))


def together(times: Iterable[Time]) -> Time:
    """Of several agents."""
    kept = list(times)
    return Time(
        signed_in_s=sum(time.signed_in_s for time in kept),
        handling_s=sum(time.handling_s for time in kept),
        available_s=sum(time.available_s for time in kept),
    )


def union(stretches: Iterable[Stretch]) -> list[Stretch]:
    """In order, none empty, none touching another."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif start < end:
            found.append((start, end))
    return found


def both(some: Sequence[Stretch], others: Sequence[Stretch]) -> list[Stretch]:
    """What lies in both; each in order and without overlaps."""
    found: list[Stretch] = []
    at = 0
    for start, end in some:
        while at < len(others) and others[at][1] <= start:
            at += 1
        place = at
        while place < len(others) and others[place][0] < end:
            found.append((max(start, others[place][0]), min(end, others[place][1])))
            place += 1
    return found


def length(stretches: Iterable[Stretch]) -> float:
    return sum(end - start for start, end in stretches)
