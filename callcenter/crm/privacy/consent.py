"""From when to when of a call may be kept, where agents decide about it and callers may decline. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from callcenter.crm.privacy.rules import Lack


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How a recording came about. ``asked_for``: its agent started it; ``on_demand`` are the moments from which the
    call was where nothing else is kept; ``keep_before``: whether what was recorded before its caller ``declined_at``
    that moment stays."""

    begun_at: datetime
    asked_for: bool
    on_demand: tuple[datetime, ...]
    declined_at: datetime | None
    keep_before: bool


def bounds(taken: Taken) -> tuple[Lack | None, datetime | None]:
    """Why nothing of it is kept; else until when it is, None to the end."""
    if taken.declined_at and not taken.keep_before:
        return Lack.DECLINED, None
    if taken.declined_at and taken.declined_at <= taken.begun_at:
        return Lack.DECLINED, None
    left_to_agents = () if taken.asked_for else taken.on_demand
    if any(at <= taken.begun_at for at in left_to_agents):
        return Lack.NOT_ASKED_FOR, None
    return None, _first((*left_to_agents, taken.declined_at))


def _first(moments: Iterable[datetime | None]) -> datetime | None:
    return min((at for at in moments if at), default=None)
