"""What each leg's fate means for the supervisor who sits in. Pure."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.ids import new_id
from callcenter.pbx_events import LegState, OriginatedLeg, OriginateFailed
from callcenter.supervision import sit_ins
from callcenter.supervision.sit_ins import Manner, SitIn, SitInReason, SitInState
from tests.spine.story import ANNA, BORIS, START, Story, device

CALL = Story().arrives().rings("101").answers("101").told()
SIT = SitIn(
    id=new_id(),
    by=BORIS,
    agent=ANNA,
    call=CALL.key,
    call_id=new_id(),
    segment=new_id(),
    leg="1.2",
    device=device("103"),
    phones=(),
    told=False,
    mode=Manner.LISTEN,
    asked_at=START,
)


def leg(sit: SitIn, *states: LegState, cause: int = 0, talk_goes_on: bool = True, phone: str = "") -> SitIn:
    for state in states:
        event = OriginatedLeg(pbx="main", at=START, uniqueid=str(sit.id), state=state, cause=cause, phone=phone)
        sit = sit_ins.leg(sit, event, START, talk_goes_on=talk_goes_on)
    return sit


ON = leg(SIT, LegState.RINGING, LegState.ANSWERED, phone="7.1")


def test_who_picks_up_is_in_and_the_phone_he_took_is_known() -> None:
    assert (ON.state, ON.phone, [turn.mode for turn in ON.turns]) == (SitInState.ON, "7.1", [Manner.LISTEN])


def test_his_agent_sees_him_by_the_rule_and_always_when_he_is_heard() -> None:
    assert not SIT.shown
    assert not ON.shown
    assert replace(ON, told=True).shown
    assert sit_ins.turned(ON, Manner.WHISPER, START).shown


@pytest.mark.parametrize(
    ("states", "goes_on", "came"),
    [
        ((LegState.HUNG_UP, LegState.ENDED), True, (SitInState.ENDED, None)),
        ((LegState.ENDED,), False, (SitInState.ENDED, SitInReason.TALK_OVER)),
        ((LegState.ENDED,), True, (SitInState.ENDED, SitInReason.CUT_OFF)),
    ],
)
def test_an_end_says_who_brought_it_about(
    states: tuple[LegState, ...], goes_on: bool, came: tuple[SitInState, SitInReason | None]
) -> None:
    over = leg(ON, *states, talk_goes_on=goes_on)
    assert (over.state, over.reason) == came


@pytest.mark.parametrize(
    ("cause", "why"),
    [(0, SitInReason.YOU_NO_ANSWER), (17, SitInReason.YOU_REJECTED), (20, SitInReason.YOU_UNREACHABLE)],
)
def test_a_phone_that_is_not_picked_up_says_why(cause: int, why: SitInReason) -> None:
    over = leg(SIT, LegState.RINGING, LegState.ENDED, cause=cause)
    assert (over.state, over.reason) == (SitInState.FAILED, why)


def test_where_there_is_no_phone_the_pbx_says_so() -> None:
    event = OriginateFailed(pbx="main", at=START, action=str(SIT.id), reason=0)
    assert sit_ins.refused(SIT, event).reason is SitInReason.YOU_UNREACHABLE


def test_only_a_talk_that_goes_on_can_be_sat_in_on() -> None:
    segment = CALL.segments[0]
    named = replace(CALL, segments=(replace(segment, id=SIT.segment),))
    assert sit_ins.part(named, SIT.segment) is not None
    assert sit_ins.part(named, new_id()) is None
    assert sit_ins.part(replace(named, ended_at=START), SIT.segment) is None
    rung = Story().arrives().rings("101").told().segments[0]
    assert sit_ins.part(replace(named, segments=(replace(rung, id=SIT.segment),)), SIT.segment) is None


LEGS = st.tuples(st.sampled_from(LegState), st.integers(0, 34), st.booleans())
STEPS = st.one_of(LEGS, st.sampled_from(Manner), st.sampled_from(SitInReason))


def after(sit: SitIn, step: tuple[LegState, int, bool] | Manner | SitInReason) -> SitIn:
    match step:
        case Manner():
            return sit_ins.turned(sit, step, START)
        case SitInReason():
            return sit_ins.failed(sit, step)
        case state, cause, goes_on:
            return leg(sit, state, cause=cause, talk_goes_on=goes_on)


@given(st.lists(STEPS, max_size=8))
def test_whatever_comes_in_whatever_order_what_is_over_stays_over(steps: list[Manner]) -> None:
    course = [*accumulate(steps, after, initial=SIT)]
    assert [sit.over for sit in course] == sorted(sit.over for sit in course)
    modes = [turn.mode for turn in course[-1].turns]
    assert all(one is not two for one, two in pairwise(modes))
