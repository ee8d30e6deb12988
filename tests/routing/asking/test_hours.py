"""Business hours and holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.routing.asking.hours import opening
from callcenter.routing.asking.policies import Calendar, Holiday, Interval
from tests.routing.asking.rules import DAY, NOW, calendar

NIGHT = Interval(opens="22:00", closes="06:00")
NEW_YEAR = Holiday(on=date(2020, 1, 1), name="New Year", yearly=True)
EVE = Holiday(on=date(2026, 12, 31), name="New Year's Eve", hours=[Interval(opens="09:00", closes="12:00")])
OFFICE = calendar(NEW_YEAR, EVE, zone="Europe/Rome")
WATCH = calendar(week=[[NIGHT]] * 7)
ALWAYS = calendar(week=[[Interval(opens="00:00", closes="24:00")]] * 7)


@pytest.mark.parametrize(
    ("hours", "at", "opened", "holiday"),
    [
        (OFFICE, "2026-11-27T08:59+01:00", False, ""),
        (OFFICE, "2026-11-27T09:00+01:00", True, ""),
        (OFFICE, "2026-11-27T17:59+01:00", True, ""),
        (OFFICE, "2026-11-27T18:00+01:00", False, ""),
        (OFFICE, "2026-11-27T08:30+00:00", True, ""),
        (OFFICE, "2026-07-27T07:30+00:00", True, ""),  # summer time
        (OFFICE, "2026-11-28T12:00+01:00", False, ""),
        (OFFICE, "2027-01-01T12:00+01:00", False, "New Year"),
        (OFFICE, "2026-12-31T11:59+01:00", True, "New Year's Eve"),
        (OFFICE, "2026-12-31T12:00+01:00", False, "New Year's Eve"),
        (WATCH, "2026-11-27T23:00+00:00", True, ""),
        (WATCH, "2026-11-28T05:59+00:00", True, ""),
        (WATCH, "2026-11-28T06:00+00:00", False, ""),
        (ALWAYS, "2026-11-29T23:59+00:00", True, ""),
        (ALWAYS, "2026-11-29T00:00+00:00", True, ""),
    ],
)
def test_open_or_closed(hours: Calendar, at: str, opened: bool, holiday: str) -> None:
    found = opening(hours, datetime.fromisoformat(at))
    assert (found.open, found.holiday) == (opened, holiday)


def test_a_place_that_never_opens_does_not_say_when() -> None:
    assert opening(calendar(week=[[]] * 7), datetime(2026, 11, 27, tzinfo=UTC)).opens_at is None


@given(
    st.integers(-600_000, 600_000),
    st.sampled_from([OFFICE, WATCH, calendar(zone="America/New_York"), calendar(zone="Asia/Baku")]),
)
def test_a_closed_place_opens_when_it_says(minutes: int, hours: Calendar) -> None:
    now = NOW + timedelta(minutes=minutes)
    found = opening(hours, now)
    opens = found.opens_at or now
    assert found.open == (found.opens_at is None)
    assert opens >= now
    assert opening(hours, opens).open
    assert found.open or not opening(hours, opens - timedelta(minutes=1)).open


@pytest.mark.parametrize("week", [[[DAY]] * 6, [[Interval(opens="10:00", closes="09:00")]] * 8])
def test_a_week_has_seven_days(week: list[list[Interval]]) -> None:
    with pytest.raises(ValueError, match="7 items"):
        calendar(week=week)
