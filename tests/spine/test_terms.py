"""What is owed under each demand while the talk goes on, and when it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.call import Call, OutcomeState, Segment
from callcenter.decision_events import OutcomeLapsed, OutcomeWaived
from callcenter.events import CallEvent
from callcenter.ids import new_id
from callcenter.lifecycle import apply
from callcenter.terms import Demand, Given, OutcomeRules, Terms, Then, newly_given
from tests.spine.story import ANNA, BORIS, START, Story, roster

NONE, OWED, WAIVED = OutcomeState.NONE, OutcomeState.OWED, OutcomeState.WAIVED
LATE = new_id()


def rules(demand: Demand, **more: object) -> OutcomeRules:
    terms = Terms(demand=demand, limit_s=30, **more)  # type: ignore[arg-type]
    return OutcomeRules(queues={("main", "support"): terms}, short=new_id(), timed_out=LATE)


def tell(events: list[CallEvent], by: OutcomeRules) -> Call:
    call: Call | None = None
    for event in events:
        call = apply(call, event, roster(), by)
    assert call is not None
    return call


def part(story: Story, by: OutcomeRules) -> Segment:
    return tell(story.events, by).segments[0]


@pytest.mark.parametrize(
    ("demand", "talking", "over"),
    [
        (Demand.OFF, NONE, WAIVED),
        (Demand.OPTIONAL, OWED, WAIVED),
        (Demand.MANDATORY, OWED, OWED),
        (Demand.TIMED, OWED, OWED),
        (Demand.FULL, OWED, OWED),
    ],
)
def test_what_is_owed_hangs_on_the_demand(demand: Demand, talking: OutcomeState, over: OutcomeState) -> None:
    story = Story().arrives().rings("101").answers("101")
    assert part(story, rules(demand)).outcome_state is talking
    assert part(story.parts("101"), rules(demand)).outcome_state is talking
    call = tell(story.hangs_up("101").ends().events, rules(demand))
    assert (call.segments[0].outcome_state, call.settled) == (over, over is WAIVED)


def test_another_queue_owes_as_usual() -> None:
    story = Story().arrives().rings("101", queue="sales").answers("101").hangs_up("101").ends()
    assert part(story, rules(Demand.OFF)).outcome_state is OWED


def test_a_short_talk_comes_first() -> None:
    story = Story().arrives().rings("101").answers("101").hangs_up("101").ends()
    automatic = part(story, rules(Demand.OPTIONAL, under_s=5, then=Then.AUTOMATIC))
    assert automatic.outcome_state is OutcomeState.AUTOMATIC


def test_a_rule_gives_an_agent_so_many_short_talks_an_hour_and_then_he_owes() -> None:
    story = Story().arrives().rings("101").answers("101").hangs_up("101").ends()
    terms = rules(Demand.MANDATORY, under_s=5, then=Then.AUTOMATIC)
    end = story.told().segments[0].ended_at
    assert end is not None
    hour = [end - timedelta(minutes=61), end - timedelta(minutes=59), end - timedelta(minutes=1), end]
    for several, state in ((hour[:3], OutcomeState.AUTOMATIC), (hour, OWED), (hour[2:], OutcomeState.AUTOMATIC)):
        used = replace(terms, given=Given().and_then([(ANNA, at) for at in several], end))
        assert part(story, used).outcome_state is state
        assert part(story, replace(used, given=Given().and_then([(BORIS, at) for at in hour], end))).owes is False
    nothing = rules(Demand.MANDATORY, under_s=5, then=Then.NOTHING)
    assert part(story, replace(nothing, most_short=0)).outcome_state is WAIVED


def test_what_was_given_is_counted_once_a_call_and_forgotten_after_a_day() -> None:
    story = Story().arrives().rings("101").answers("101").hangs_up("101").ends()
    terms = rules(Demand.MANDATORY, under_s=5, then=Then.AUTOMATIC)
    before, after = tell(story.events[:-1], terms), tell(story.events, terms)
    given = newly_given(None, after, terms.short)
    assert given == [(ANNA, after.segments[0].ended_at)]
    assert newly_given(after, after, terms.short) == newly_given(before, before, terms.short) == []
    kept = Given().and_then(given, START)
    assert kept.within_an_hour(ANNA, START + timedelta(minutes=1)) == 1
    assert kept.and_then([], START + timedelta(days=2)) == Given()


def lapse(story: Story) -> OutcomeLapsed:
    return OutcomeLapsed(call=story.events[0].call, at=START, mono=99.0, segment=0, outcome=LATE)


def test_when_the_time_is_up_an_outcome_is_given_and_marked() -> None:
    story = Story().arrives().rings("101").answers("101").hangs_up("101").ends()
    given = part(Story(events=[*story.events, lapse(story)]), rules(Demand.TIMED))
    assert (given.outcome_state, given.outcome) == (OutcomeState.AUTOMATIC, LATE)


def test_time_that_is_up_changes_nothing_that_is_settled() -> None:
    story = Story().arrives().rings("101").answers("101").hangs_up("101").ends()
    waived = OutcomeWaived(call=story.events[0].call, at=START, mono=98.0, segment=0, by=ANNA, reason="power cut")
    assert part(Story(events=[*story.events, waived, lapse(story)]), rules(Demand.TIMED)).outcome_state is WAIVED


def part_of(call: Call | None) -> OutcomeState:
    return call.segments[0].outcome_state if call and call.segments else NONE


def _let_off(call: Call | None) -> bool:
    return part_of(call) is WAIVED


@given(st.lists(st.sampled_from(list(Demand)), min_size=9, max_size=9))
def test_whatever_is_decided_meanwhile_no_answered_talk_is_left_without_a_state(demands: list[Demand]) -> None:
    """Rules may change with every event: what is over is owed for or settled, and what is settled stays so."""
    story = Story().arrives().joins().rings("101").answers("101").holds("101").resumes("101").parts("101")
    call: Call | None = None
    for event, demand in zip(story.hangs_up("101").ends().events, [*demands, demands[-1]], strict=True):
        before = call
        call = apply(call, event, roster(), rules(demand))
        assert call is not None
        assert not _let_off(before) or _let_off(call)
    assert _let_off(call) or part_of(call) is OWED
