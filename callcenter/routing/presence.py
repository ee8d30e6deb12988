"""What an agent is doing and why he gets no queue calls: the one picture of it that all screens show. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from callcenter.roster import AgentId
from callcenter.routing.parts import Part
from callcenter.routing.why import Reason, ReasonKind

UNPAUSED_ELSEWHERE: Final = "unpaused_elsewhere"


class Mood(StrEnum):
    """``unreachable``: nothing keeps him from calls, but his phone is not registered."""

    OFFLINE = "offline"
    AVAILABLE = "available"
    RINGING = "ringing"
    TALKING = "talking"
    WRAPUP = "wrapup"
    PAUSED = "paused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """One reason; see ``Reason``. ``kind`` and ``ref`` name it when it is to be lifted."""

    kind: ReasonKind
    ref: str
    since: datetime
    code: str = ""
    note: str = ""
    queue: str = ""
    by: UUID | None = None
    by_name: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """``since`` when; ``reasons`` (debt, foreign, manual, forced, missed, left_queue, lapsed,
    wrapup, unpaused_elsewhere) keep him from
    queue calls, ``why`` says each but the debts. ``missed``: rings of queue calls he let pass today."""

    state: Mood
    since: datetime
    reasons: tuple[str, ...] = ()
    debts: int = 0
    why: tuple[Why, ...] = ()
    missed: int = 0
    reachable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceChanged:
    agent: AgentId
    presence: Presence


def mood(
    parts: Iterable[Part], reasons: Iterable[Reason], *, seated: bool, reachable: bool = True
) -> tuple[Mood, datetime | None]:
    """The liveliest thing an agent does, and since when where that can be told."""
    parts, reasons = tuple(parts), tuple(r for r in reasons if r.kind is not ReasonKind.LEFT_QUEUE)
    if talks := [p.debt.at for p in parts if p.answered and not p.leg_ended]:
        return Mood.TALKING, min(talks)
    if rings := [p.since for p in parts if not p.answered]:
        return Mood.RINGING, min(rings)
    if not seated:
        return Mood.OFFLINE, None
    if owed := [p.since for p in parts if p.owes] or [r.since for r in reasons if r.kind is ReasonKind.WRAPUP]:
        return Mood.WRAPUP, max(owed)
    if reasons:
        return Mood.PAUSED, min(r.since for r in reasons)
    return (Mood.AVAILABLE if reachable else Mood.UNREACHABLE), None


def debts(parts: Iterable[Part]) -> int:
    """For how many calls an outcome is owed: one a call, however often the agent had to do with it."""
    return len({p.call for p in parts if p.owes})


def whys(reasons: Iterable[Reason]) -> tuple[Why, ...]:
    """The reasons as they are told, oldest first."""
    told = (
        Why(
            kind=r.kind,
            ref=r.ref,
            since=r.since,
            code=r.code,
            note=r.note,
            queue=r.queue,
            by=r.by,
            until=r.until,
        )
        for r in reasons
    )
    return tuple(sorted(told, key=lambda w: (w.since, w.kind, w.ref)))
