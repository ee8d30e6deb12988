"""What counts as what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.counting import Came, Talk, Tally, Visit, Work
from callcenter.events import QueueResult
from callcenter.ids import new_id

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def visit(result: QueueResult, waited_s: float = 10, *, talked: bool = False) -> Visit:
    return Visit(queue=("main", "support"), left_at=NOON, waited_s=waited_s, result=result, talked=talked)


def tally(*visits: Visit, target_s: float = 20, short_s: float = 0) -> Tally:
    made = Tally()
    for one in visits:
        made.count(one, target_s, short_s)
    return made


@pytest.mark.parametrize(
    ("result", "talked", "came"),
    [
        (QueueResult.ANSWERED, False, Came.ANSWERED),
        (QueueResult.ABANDONED, False, Came.ABANDONED),
        (QueueResult.ABANDONED, True, Came.LEFT),
        (QueueResult.TIMEOUT, False, Came.LOST),
        (QueueResult.FULL, False, Came.LOST),
        (QueueResult.EMPTY, False, Came.LOST),
        (QueueResult.EXIT, False, Came.LEFT),
    ],
)
def test_every_end_of_a_visit_counts_as_one_thing(result: QueueResult, talked: bool, came: Came) -> None:
    assert visit(result, talked=talked).came is came


def test_service_level_is_answered_in_time_of_all_who_came() -> None:
    ends = [visit(QueueResult.ANSWERED, 5), visit(QueueResult.ANSWERED, 20), visit(QueueResult.ANSWERED, 35)]
    counted = tally(*ends, visit(QueueResult.ABANDONED, 40), visit(QueueResult.TIMEOUT, 60), visit(QueueResult.EXIT))
    assert (counted.came, counted.in_time, counted.left) == (5, 2, 1)
    assert (counted.service_level, counted.abandon_rate, counted.asa_s) == (0.4, 0.2, 20.0)
    assert counted.longest_wait_s == 60


def test_a_short_abandon_says_nothing_against_the_service_level() -> None:
    hasty, patient = visit(QueueResult.ABANDONED, 4.9), visit(QueueResult.ABANDONED, 5)
    counted = tally(visit(QueueResult.ANSWERED), hasty, patient, short_s=5)
    assert (counted.short, counted.abandoned, counted.service_level) == (1, 1, 0.5)


def test_where_nobody_came_there_is_no_rate() -> None:
    assert (tally().service_level, tally().abandon_rate, tally().asa_s, Work().aht_s) == (None, None, None, None)


@given(st.lists(st.tuples(st.sampled_from(QueueResult), st.floats(0, 600), st.booleans())))
def test_every_visit_is_counted_once(ends: list[tuple[QueueResult, float, bool]]) -> None:
    counted = tally(*(visit(result, waited, talked=talked) for result, waited, talked in ends), short_s=5)
    assert counted.came + counted.short + counted.left == len(ends)
    assert counted.in_time <= counted.answered


def talk(**values: Any) -> Talk:
    usual: dict[str, Any] = {"call": new_id(), "agent": new_id(), "outbound": False, "talk_s": 60.0, "hold_s": 10.0}
    return Talk(**(usual | {"ended_at": NOON, "handed_over": False} | values))


def test_two_parts_of_an_agent_in_a_call_are_one_call_handled_with_one_wrap_up() -> None:
    work = Work()
    later = NOON + timedelta(seconds=100)
    work.add([talk(settled_at=later + timedelta(seconds=30)), talk(ended_at=later, handed_over=True)])
    work.add([talk(outbound=True, settled_at=NOON - timedelta(seconds=5))])
    assert (work.handled, work.inbound, work.outbound, work.handed_over) == (2, 1, 1, 1)
    assert (work.talk_s, work.hold_s, work.wrap_s, work.aht_s) == (180.0, 30.0, 30.0, 120.0)
