"""Seconds of a file and moments of its call, for recorders that leave out what is between talks and for those that do
not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from callcenter.recording.course import Span, course

START = datetime(2026, 11, 24, 9, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


TALKS: list[Span] = [(after(10), after(30)), (after(60), after(100))]


def test_a_recorder_that_waits_for_talks_leaves_out_what_is_between() -> None:
    way = course(START, 60.2, TALKS)
    assert [way.second(after(at)) for at in (0, 10, 29, 45, 60, 90, 500)] == [0, 0, 19, 20, 20, 50, 60.2]
    assert way.moment(25) == after(65)


def test_one_that_never_stops_is_the_calls_own_time() -> None:
    way = course(START, 99.5, TALKS)
    assert [way.second(after(at)) for at in (0, 45, 90)] == [0, 45, 90]


def test_one_that_was_begun_in_the_middle_of_a_talk() -> None:
    way = course(after(70), 30, TALKS)
    assert (way.second(after(75)), way.moment(0)) == (5, after(70))


def test_a_message_and_a_file_longer_than_anything_known() -> None:
    assert course(START, 8, []).second(after(5)) == 5
    assert course(START, 500, TALKS).second(after(5)) == 5


spans = st.tuples(st.floats(0, 5000), st.floats(0.1, 600)).map(lambda p: (after(p[0]), after(p[0] + p[1])))


@given(st.lists(spans, max_size=6), st.floats(0, 300), st.floats(0.1, 4000), st.floats(0, 1))
def test_there_and_back(talks: list[Span], begun: float, duration_s: float, share: float) -> None:
    way = course(after(begun), duration_s, talks)
    assert sum(one.seconds for one in way.stretches) <= duration_s + 1e-6
    second = share * duration_s
    back = way.second(way.moment(second))
    assert abs(back - second) < 1e-3
    assert way.moment(second) >= after(begun)
