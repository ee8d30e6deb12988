"""Which figures stand out, and which do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.call import OutcomeState
from callcenter.crm.review_rules import ReviewPolicy
from callcenter.ids import new_id
from callcenter.reviewing.suspicion import Codes, End, SuspicionKind, Work, left_by_agent, of_day, of_week
from callcenter.terms import SHORT_CALL

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HELP = ("main", "help")
USUAL = ReviewPolicy()


def work(talk_s: float = 90, *, hung_up: bool | None = False, **values: Any) -> Work:
    ids: dict[str, Any] = {"segment": new_id(), "call": new_id(), "place": HELP, "ended_at": NOON}
    return Work(**(ids | {"talk_s": talk_s, "hung_up": hung_up} | values))


def kinds(works: list[Work], policy: ReviewPolicy = USUAL) -> dict[SuspicionKind, int]:
    return {one.kind: len(one.talks) for one in of_day(works, policy)}


@pytest.mark.parametrize(
    ("hung_up", "passed_on", "apart_s", "left"),
    [
        ("us", False, 0, True),
        ("customer", False, 0, False),
        ("customer", False, 5, True),
        ("us", True, 0, False),
        ("customer", True, 5, False),
        ("", False, 0, None),
        ("", True, 0, False),
    ],
)
def test_who_left_whom(hung_up: str, passed_on: bool, apart_s: int, left: bool | None) -> None:
    """A customer who is still on the line seconds after the talk was left by the agent."""
    end = End(
        hung_up=hung_up,
        passed_on=passed_on,
        part_ended_at=NOON,
        call_ended_at=NOON + timedelta(seconds=apart_s),
    )
    assert left_by_agent(end) is left


def test_hanging_up_early_stands_out_when_it_is_done_again_and_again() -> None:
    early = [work(3, hung_up=True), work(9.9, hung_up=True)]
    patient = [work(10, hung_up=True), work(4, hung_up=False), work(4, hung_up=None)]
    assert kinds([*early, *patient]) == {}
    (found,) = of_day([*early, work(5, hung_up=True), *patient], USUAL)
    assert (found.kind, len(found.talks)) == (SuspicionKind.HUNG_UP, 3)
    assert found.figures == {"count": 3, "of": 6, "limit_s": 10, "shortest_s": 3, "unknown": 1}


def test_each_queue_has_its_own_limits() -> None:
    policy = ReviewPolicy.model_validate(
        {"queues": [{"pbx": "main", "queue": "help", "hung_up_s": 30, "wrapup_s": None}], "hung_up_times": 1}
    )
    assert kinds([work(20, hung_up=True)], policy) == {SuspicionKind.HUNG_UP: 1}
    assert kinds([work(20, hung_up=True, place=("main", "sales"))], policy) == {}
    assert kinds([work(wrap_s=9999)] * 3, policy) == {}


def test_a_wrap_up_counts_over_twice_its_budget() -> None:
    at_most, over = work(wrap_s=240.0), [work(wrap_s=241.0), work(wrap_s=300.0), work(wrap_s=900.0)]
    assert kinds([at_most, *over[:2]]) == {}
    (found,) = of_day([at_most, *over, work()], USUAL)
    assert found.figures == {"count": 3, "of": 4, "limit_s": 240, "longest_s": 900.0}
    assert [talk.seconds for talk in found.talks] == [241.0, 300.0, 900.0]


def test_short_talks_whose_outcome_a_rule_gave_are_counted() -> None:
    short: dict[str, Any] = {"state": OutcomeState.AUTOMATIC, "code": SHORT_CALL}
    late = work(state=OutcomeState.AUTOMATIC, code="timed_out")
    assert kinds([*(work(2, **short) for _ in range(5)), late]) == {}
    assert kinds([*(work(2, **short) for _ in range(6)), late]) == {SuspicionKind.SHORT_CALLS: 6}


def test_an_outcome_may_take_a_talk_of_some_length() -> None:
    policy = ReviewPolicy.model_validate({"codes": [{"code": "order", "seconds": 60}]})
    sold: dict[str, Any] = {"state": OutcomeState.LOGGED, "code": "order", "own": True}
    by_chief = work(6, **(sold | {"own": False}))
    (found,) = of_day([work(6, **sold), work(60, **sold), by_chief], policy)
    assert (found.kind, found.code) == (SuspicionKind.SHORT_FOR_CODE, "order")
    assert found.figures == {"count": 1, "of": 2, "limit_s": 60, "shortest_s": 6}


def test_what_was_judged_counts_no_more_under_its_rule_only() -> None:
    early = [work(1, hung_up=True, wrap_s=999.0) for _ in range(3)]
    assert kinds(early) == {SuspicionKind.HUNG_UP: 3, SuspicionKind.LONG_WRAPUP: 3}
    left = of_day(early, USUAL, {(SuspicionKind.HUNG_UP, early[0].segment)})
    assert [one.kind for one in left] == [SuspicionKind.LONG_WRAPUP]


def logged(**codes: int) -> Codes:
    return {(*HELP, code): times for code, times in codes.items()}


def test_one_outcome_for_everything_stands_out_among_colleagues_who_differ() -> None:
    anna, boris = new_id(), new_id()
    week = {anna: logged(solved=19, other=1), boris: logged(solved=10, other=10, order=5)}
    (found,) = of_week(week, USUAL)
    assert (found.agent, found.place, found.code) == (anna, HELP, "solved")
    assert found.figures == {"count": 19, "of": 20, "share": 0.95, "usual": 0.4, "usual_of": 25}


@pytest.mark.parametrize(
    "others",
    [{}, {"solved": 9, "other": 10}, {"solved": 30, "other": 10}],
    ids=["no colleagues", "too few talks of theirs", "they do the same"],
)
def test_one_outcome_says_nothing_where_nobody_can_be_compared(others: dict[str, int]) -> None:
    assert of_week({new_id(): logged(solved=50), new_id(): logged(**others)}, USUAL) == []
    off = ReviewPolicy(one_code_percent=None)
    assert of_week({new_id(): logged(solved=50), new_id(): logged(other=50)}, off) == []


@given(
    st.lists(
        st.tuples(st.floats(0, 40), st.sampled_from([True, False, None]), st.floats(0, 600) | st.none()), max_size=12
    )
)
def test_what_stands_out_is_counted_as_it_is_shown(day: list[tuple[float, bool | None, float | None]]) -> None:
    works = [work(talk_s, hung_up=hung_up, wrap_s=wrap_s) for talk_s, hung_up, wrap_s in day]
    whose: dict[UUID, Work] = {one.segment: one for one in works}
    for found in of_day(works, USUAL):
        assert found.figures["count"] == len(found.talks) == len({talk.segment for talk in found.talks})
        assert all(whose[talk.segment].hung_up for talk in found.talks if found.kind is SuspicionKind.HUNG_UP)
        again = of_day(works, USUAL, {(found.kind, talk.segment) for talk in found.talks})
        assert found.kind not in {one.kind for one in again}
