"""Seconds of a file and moments of its call, for recorders that leave out what is between talks and for those that do
not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from callcenter.ids import new_id
from callcenter.recording.course import Span, course, together

START = datetime(2026, 11, 24, 9, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


SLACK = timedelta(seconds=0.1)
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


def test_parts_follow_each_other_and_what_two_recorded_is_heard_once() -> None:
    first, inner, tail, after_gap = (new_id() for _ in range(4))
    begun = {first: (0, 20), inner: (5, 10), tail: (15, 15), after_gap: (40, 10)}
    pieces = together((part, course(after(at), seconds, [])) for part, (at, seconds) in begun.items())
    assert [(one.recording, one.at, one.start_s, one.seconds) for one in pieces] == [
        (first, after(0), 0, 20),
        (tail, after(20), 5, 10),
        (after_gap, after(40), 0, 10),
    ]


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0.5, 300)), min_size=1, max_size=6))
def test_all_parts_together_leave_no_recorded_moment_out_and_play_none_twice(parts: list[tuple[float, float]]) -> None:
    pieces = together((new_id(), course(after(at), seconds, [])) for at, seconds in parts)
    ends = [one.at + timedelta(seconds=one.seconds) for one in pieces]
    assert all(following.at >= end for end, following in zip(ends, pieces[1:], strict=False))
    for at, seconds in parts:
        middle = after(at + seconds / 2)
        assert any(one.at - SLACK <= middle <= end + SLACK for one, end in zip(pieces, ends, strict=True))
