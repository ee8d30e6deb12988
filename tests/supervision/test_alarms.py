"""When alarms are raised and lifted; from what they are read. Pure, but for one look at a floor that lives."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.counting import Visit
from callcenter.crm.alarm_rules import AlarmPolicy, OneQueue, QueueLimits
from callcenter.events import QueueResult
from callcenter.routing.queues import QueueNow
from callcenter.routing.today import Figures
from callcenter.supervision.alarms import AlarmKey, AlarmKind, Moment, Reading, Standing, look, raised
from callcenter.supervision.lately import Lately
from callcenter.supervision.readings import of_agents, of_links, of_queues
from tests.spine.story import START, answered

WAIT: AlarmKey = (AlarmKind.LONGEST_WAIT, "main", "support")
LINE = QueueNow(
    pbx="main", queue="support", waiting=0, longest_since=None, members=4, paused=0, free=4, label="", target_s=20,
    short_s=0,
    today=Figures(),
)  # fmt: skip


def seconds(values: list[float], key: AlarmKey = WAIT, limit: float = 100.0, settle: float = 2.0) -> list[bool]:
    """Whether it is raised after each second with such a value."""

    def next_look(before: dict[AlarmKey, Standing], step: tuple[int, float]) -> dict[AlarmKey, Standing]:
        at, value = step
        now = Moment(at=START + timedelta(seconds=at), mono=float(at), settle_s=settle)
        return look(before, [Reading(key=key, value=value, limit=limit)], now)

    start: dict[AlarmKey, Standing] = {}
    return [bool(raised(one)) for one in accumulate(enumerate(values), next_look, initial=start)][1:]


def test_a_limit_that_is_passed_for_a_moment_only_raises_nothing() -> None:
    assert seconds([101, 101, 99, 101, 101, 101]) == [False] * 5 + [True]


def test_what_trembles_about_its_limit_goes_on_until_it_is_well_inside() -> None:
    assert seconds([101, 101, 101, 99, 101, 85, 79, 79, 99, 79, 79, 79]) == [False, False] + [True] * 9 + [False]


@pytest.mark.parametrize(
    ("kind", "value", "wrong"),
    [
        (AlarmKind.SERVICE_LEVEL, 0.59, True),
        (AlarmKind.SERVICE_LEVEL, 0.61, False),
        (AlarmKind.READY, 0, True),
        (AlarmKind.READY, 1, False),
        (AlarmKind.WAITING, 1, False),
    ],
)
def test_levels_and_free_agents_alarm_below_their_limit(kind: AlarmKind, value: float, wrong: bool) -> None:
    limit = 0.6 if kind is AlarmKind.SERVICE_LEVEL else 1
    assert seconds([value] * 3, (kind, "main", "support"), limit)[-1] is wrong


@given(st.lists(st.floats(0, 200), max_size=30), st.floats(0, 5))
def test_an_alarm_begins_only_over_its_limit_and_ends_only_well_inside(values: list[float], settle: float) -> None:
    states = [False, *seconds(values, settle=settle)]
    turns = [(now, value) for before, now, value in zip(states, states[1:], values, strict=False) if before != now]
    assert all(value > 100 if now else value <= 80 for now, value in turns)


def visit(ago_min: int, waited: float, result: QueueResult) -> Visit:
    left = START - timedelta(minutes=ago_min)
    return Visit(queue=("main", "support"), left_at=left, waited_s=waited, result=result, talked=False)


def test_a_queue_is_read_by_its_own_limits_and_the_last_interval() -> None:
    rules = AlarmPolicy(
        all=QueueLimits(waiting=3), queues=[OneQueue(pbx="main", queue="support", service_level=80, abandoned=1)]
    )
    visits = [
        visit(90, 1, QueueResult.ANSWERED),
        visit(20, 10, QueueResult.ANSWERED),
        visit(10, 50, QueueResult.ABANDONED),
    ]
    lines = [LINE, replace(LINE, queue="sales", waiting=4)]
    found = {r.key[0::2]: (r.value, r.wrong) for r in of_queues(lines, Lately(visits), rules, START)}
    assert found == {
        (AlarmKind.ABANDONED, "support"): (1, False),
        (AlarmKind.SERVICE_LEVEL, "support"): (0.5, True),
        (AlarmKind.WAITING, "sales"): (4, True),
    }


def test_who_hides_in_wrap_up_and_a_link_that_is_down_are_read() -> None:
    call = answered().told()
    ended = call.segments[0].ended_at
    assert ended is not None
    (wrapup,) = of_agents([call], AlarmPolicy(wrapup_s=60), ended + timedelta(seconds=90))
    assert (wrapup.key[0], wrapup.value, wrapup.wrong) == (AlarmKind.WRAPUP, 90, True)
    assert list(of_agents([call], AlarmPolicy(wrapup_s=None), ended + timedelta(hours=1))) == []
    (link,) = of_links([("main", START)], AlarmPolicy(), START + timedelta(seconds=31))
    assert (link.key, link.wrong) == ((AlarmKind.LINK, "main", "main"), True)


def test_no_members_and_nobody_come_are_no_alarm() -> None:
    rules = AlarmPolicy(all=QueueLimits(ready=1, service_level=90))
    assert list(of_queues([replace(LINE, members=0, free=0)], Lately(), rules, START)) == []
