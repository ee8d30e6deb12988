"""Which second of a recording is which moment of its call. Pure.

A recorder that only runs while the customer is connected to somebody leaves out what is between two talks, so that its
seconds are not the call's. Which kind a file is of, its length tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

_SHORTEST_S: Final = 0.1
"""What is shorter is left out: clocks of two recorders differ by more."""
Span: TypeAlias = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Without a gap: ``seconds`` of the call from ``at`` on are those of the file from ``start_s`` on."""

    at: datetime
    start_s: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The stretches of a file in order, of which there is one at least."""

    stretches: tuple[Stretch, ...]

    def second(self, at: datetime) -> float:
        """Of the file, for a moment of the call; one that was not recorded is where the next sound begins."""
        for stretch in self.stretches:
            into = (at - stretch.at).total_seconds()
            if into < stretch.seconds:
                return stretch.start_s + max(0.0, into)
        last = self.stretches[-1]
        return last.start_s + last.seconds

    def moment(self, second: float) -> datetime:
        """Of the call, for a second of the file."""
        found = self.stretches[0]
        for stretch in self.stretches:
            if stretch.start_s <= second:
                found = stretch
        return found.at + timedelta(seconds=second - found.start_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """``seconds`` of the call from ``at`` on are those of a recording from ``start_s`` on."""

    recording: UUID
    at: datetime
    start_s: float
    seconds: float


def together(parts: Iterable[tuple[UUID, Course]]) -> tuple[Piece, ...]:
    """Several recordings of a call as one: in order, and each moment of the call once. Where two were made at a time,
    the one that began first is heard to its end."""
    laid = [(one.at, recording, one) for recording, way in parts for one in way.stretches if one.seconds > 0]
    pieces: list[Piece] = []
    for at, recording, one in sorted(laid, key=lambda told: (told[0], -told[2].seconds, told[1])):
        begun = max(at, pieces[-1].at + timedelta(seconds=pieces[-1].seconds)) if pieces else at
        left_out = (begun - at).total_seconds()
        if one.seconds - left_out >= _SHORTEST_S:
            told = {"start_s": one.start_s + left_out, "seconds": one.seconds - left_out}
            pieces.append(Piece(recording=recording, at=begun, **told))
    return tuple(pieces)


def course(started_at: datetime, duration_s: float, talks: Iterable[Span]) -> Course:
    """Of a file that began with the call's moment ``started_at``; ``talks`` are the times in which the customer was
    connected to an agent."""
    met = [(max(begun, started_at), over) for begun, over in _joined(talks) if over > started_at]
    through = (met[-1][1] - started_at).total_seconds() if met else duration_s
    talked = sum((over - begun).total_seconds() for begun, over in met)
    if not met or abs(through - duration_s) < abs(talked - duration_s):
        return Course(stretches=(Stretch(at=started_at, start_s=0.0, seconds=duration_s),))
    return Course(stretches=tuple(_laid(met, duration_s)))


def _joined(talks: Iterable[Span]) -> list[Span]:
    """In order and without overlaps: two agents at once are one time."""
    found: list[Span] = []
    for begun, over in sorted(talks):
        if found and begun <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], over))
        else:
            found.append((begun, over))
    return found


def _laid(met: Sequence[Span], duration_s: float) -> Iterable[Stretch]:
    """One behind the other; the last takes whatever is left of the file."""
    at_s = 0.0
    for begun, over in met[:-1]:
        seconds = min((over - begun).total_seconds(), max(0.0, duration_s - at_s))
        yield Stretch(at=begun, start_s=at_s, seconds=seconds)
        at_s += seconds
    yield Stretch(at=met[-1][0], start_s=at_s, seconds=max(0.0, duration_s - at_s))
