"""Which part of a recording somebody heard: stretches of it as a player tells them, put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_SAME_S: Final = 1.0
"""Stretches that lie closer are one: a player tells where it is a few times a second."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Stretch:
    """Seconds from the beginning of the recording."""

    start_s: float
    end_s: float

    def __str__(self) -> str:
        return f"{_clock(self.start_s)}-{_clock(self.end_s)}"


def together(told: Iterable[Stretch], duration_s: float) -> list[Stretch]:
    """The stretches in order, without overlaps, within the recording."""
    cut = (Stretch(start_s=max(0.0, one.start_s), end_s=min(duration_s, one.end_s)) for one in told)
    found: list[Stretch] = []
    for one in sorted(one for one in cut if one.start_s < one.end_s):
        if found and one.start_s - found[-1].end_s < _SAME_S:
            last = found.pop()
            one = Stretch(start_s=last.start_s, end_s=max(last.end_s, one.end_s))
        found.append(one)
    return found


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
