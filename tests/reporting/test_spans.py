"""Intervals as people at the call center count them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.errors import Invalid
from callcenter.reporting.spans import Span, Step, checked, intervals

ROME = ZoneInfo("Europe/Rome")


def at(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ROME).astimezone(UTC)


def hours(spans: list[Span]) -> list[float]:
    return [(span.end - span.start) / timedelta(hours=1) for span in spans]


def test_the_days_on_which_clocks_change_have_23_and_25_hours() -> None:
    spring = intervals(checked(at(2026, 3, 28), at(2026, 3, 31)), Step.DAY, ROME)
    autumn = intervals(checked(at(2026, 10, 24), at(2026, 10, 27)), Step.DAY, ROME)
    assert (hours(spring), hours(autumn)) == ([24, 23, 24], [24, 25, 24])


def test_a_week_begins_on_monday_and_a_month_on_its_first() -> None:
    whole = checked(at(2026, 1, 28), at(2026, 3, 10))
    weeks = [span.start.astimezone(ROME) for span in intervals(whole, Step.WEEK, ROME)]
    months = [span.start.astimezone(ROME) for span in intervals(whole, Step.MONTH, ROME)]
    assert {start.weekday() for start in weeks[1:]} == {0}
    assert [(start.month, start.day) for start in months] == [(1, 28), (2, 1), (3, 1)]


@given(
    after=st.timedeltas(timedelta(0), timedelta(days=4000)),
    length=st.timedeltas(timedelta(seconds=1), timedelta(days=30)),
    step=st.sampled_from(Step),
    zone=st.sampled_from(["Europe/Rome", "Asia/Baku", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_intervals_cover_the_time_once(after: timedelta, length: timedelta, step: Step, zone: str) -> None:
    start = at(2020, 1, 1) + after
    whole = checked(start, start + length)
    spans = intervals(whole, step, ZoneInfo(zone))
    assert (spans[0].start, spans[-1].end) == (whole.start, whole.end)
    assert all(before.end == after.start for before, after in pairwise(spans))
    assert all(span.start < span.end for span in spans)


@pytest.mark.parametrize(("days", "field"), [(0, "not_allowed"), (-1, "not_allowed"), (401, "too_long")])
def test_an_empty_and_an_endless_time_are_refused(days: int, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(at(2026, 1, 1), at(2026, 1, 1) + timedelta(days=days))
    assert refused.value.fields == {"to": field}


def test_a_year_by_the_hour_is_refused_with_a_remedy() -> None:
    with pytest.raises(Invalid, match="longer step"):
        intervals(checked(at(2026, 1, 1), at(2026, 12, 1)), Step.HOUR, ROME)
