"""The intervals of a report: hours, days, weeks and months as people at the call center count them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from callcenter.errors import Invalid


class Step(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


LONGEST: Final = timedelta(days=400)
_MOST: Final = 800


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From a moment (included) to another (not), both in UTC."""

    start: datetime
    end: datetime


def checked(start: datetime, end: datetime) -> Span:
    """Raises Invalid for an empty time and for one too long to be counted at once."""
    if end <= start:
        raise Invalid("the end is not after the beginning", fields={"to": "not_allowed"})
    if end - start > LONGEST:
        raise Invalid(f"at most {LONGEST.days} days are counted at once", fields={"to": "too_long"})
    return Span(start=start.astimezone(UTC), end=end.astimezone(UTC))


def intervals(whole: Span, step: Step, zone: tzinfo | None) -> list[Span]:
    """The steps that the time is made of, each cut to it. A day may have 23 or 25 hours, a week begins on Monday.

    ``zone``: where the call center is (None: where this machine is). Raises Invalid for more than a page shows.
    """
    found: list[Span] = []
    at = whole.start
    while at < whole.end:
        end = min(_next(at, step, zone), whole.end)
        found.append(Span(start=at, end=end))
        if len(found) > _MOST:
            raise Invalid("too many intervals: choose a longer step", fields={"step": "not_allowed"})
        at = end
    return found


def _next(at: datetime, step: Step, zone: tzinfo | None) -> datetime:
    """The first beginning of a step after the moment."""
    if step is Step.HOUR:
        local = at.astimezone(zone)
        into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return at - into + timedelta(hours=1)
    day = at.astimezone(zone).date()
    if step is Step.DAY:
        day += timedelta(days=1)
    elif step is Step.WEEK:
        day += timedelta(days=7 - day.weekday())
    else:
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
