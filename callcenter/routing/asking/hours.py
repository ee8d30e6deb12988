"""Whether a place is open: weekly hours and holidays of a calendar, by the clock of its own time zone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from callcenter.routing.asking.policies import Calendar, Holiday, Interval

_LOOKED_AHEAD_DAYS: Final = 60
_DAY_M: Final = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """``holiday``: the name of the one that decides, "" where the week does. ``opens_at``: when a closed place opens
    next, None: not within two months."""

    open: bool
    holiday: str = ""
    opens_at: datetime | None = None


def opening(calendar: Calendar, now: datetime) -> Opening:
    """As it is at this moment. A night's interval belongs to the day on which it opens."""
    local = now.astimezone(calendar.tz)
    minute = local.hour * 60 + local.minute
    today, yesterday = local.date(), local.date() - timedelta(days=1)
    within = any(one.from_m <= minute < one.to_m for one in _hours(calendar, today))
    within |= any(minute + _DAY_M < one.to_m for one in _hours(calendar, yesterday))
    holiday = _holiday(calendar, today)
    name = holiday.name if holiday else ""
    return Opening(open=within, holiday=name, opens_at=None if within else _next(calendar, now))


def _next(calendar: Calendar, now: datetime) -> datetime | None:
    first = now.astimezone(calendar.tz).date()
    for day in (first + timedelta(days=n) for n in range(_LOOKED_AHEAD_DAYS)):
        moments = (_at(calendar, day, one.from_m) for one in _hours(calendar, day))
        if later := [at for at in moments if at > now]:
            return min(later)
    return None


def _at(calendar: Calendar, day: date, minute: int) -> datetime:
    wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=calendar.tz)
    return wall.astimezone(calendar.tz)


def _hours(calendar: Calendar, day: date) -> Sequence[Interval]:
    holiday = _holiday(calendar, day)
    return holiday.hours if holiday else calendar.week[day.weekday()]


def _holiday(calendar: Calendar, day: date) -> Holiday | None:
    """One of this very date counts before one of every year."""
    falling = [one for one in calendar.holidays if one.falls_on(day)]
    return min(falling, key=lambda one: one.yearly, default=None)
