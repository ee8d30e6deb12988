"""What each leg's fate means for the agent who clicked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.call import Call
from callcenter.events import Direction
from callcenter.ids import new_id
from callcenter.pbx_events import LegState, OriginatedLeg, OriginateFailed
from callcenter.routing import dials
from callcenter.routing.dials import Dial, DialReason, DialState
from tests.spine.story import ANNA, START, Story, device

DIAL = Dial(id=new_id(), agent=ANNA, device=device("101"), number="+7", customer=None, task=None, asked_at=START)


def phone(dial: Dial, *states: LegState, cause: int = 0) -> Dial:
    for state in states:
        event = OriginatedLeg(pbx="main", at=START, uniqueid=str(DIAL.id), state=state, cause=cause)
        dial = dials.leg(dial, event)
    return dial


def out(*, cause: int = 0, talked: bool = False) -> Call:
    story = Story().arrives(Direction.OUTBOUND)
    story = story.talks("101").parts("101") if talked else story
    return story.ends(by_customer=False, cause=cause).told()


PICKED_UP = phone(DIAL, LegState.RINGING, LegState.ANSWERED)
RINGING = dials.arrived(PICKED_UP, Story().arrives(Direction.OUTBOUND).told())


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (0, DialReason.YOU_NO_ANSWER),
        (17, DialReason.YOU_REJECTED),
        (21, DialReason.YOU_REJECTED),
        (20, DialReason.YOU_UNREACHABLE),
    ],
)
def test_ones_own_phone_that_was_not_picked_up_is_no_busy_customer(cause: int, reason: DialReason) -> None:
    over = phone(DIAL, LegState.RINGING, LegState.ENDED, cause=cause)
    assert (over.state, over.reason) == (DialState.FAILED, reason)


def test_what_the_pbx_says_afterwards_changes_nothing() -> None:
    over = phone(DIAL, LegState.RINGING, LegState.ENDED, cause=17)
    assert dials.refused(over, OriginateFailed(pbx="main", at=START, action="x", reason=3)) == over


@pytest.mark.parametrize(
    ("reason", "why"), [(3, DialReason.YOU_NO_ANSWER), (5, DialReason.YOU_REJECTED), (0, DialReason.YOU_UNREACHABLE)]
)
def test_where_there_is_no_channel_the_pbx_says_why(reason: int, why: DialReason) -> None:
    assert dials.refused(DIAL, OriginateFailed(pbx="main", at=START, action="x", reason=reason)).reason is why


@pytest.mark.parametrize("rang", [(), (LegState.RINGING,)])
@pytest.mark.parametrize("cause", [17, 21])
@pytest.mark.parametrize("reason", [0, 1, 3, 5, 8])
def test_a_rejected_call_is_told_as_such_whichever_is_heard_first(
    rang: tuple[LegState, ...], cause: int, reason: int
) -> None:
    """Asterisk's two threads tell of the leg's end and of the failed action in any order."""
    failure = OriginateFailed(pbx="main", at=START, action="x", reason=reason, leg_lives=True)
    asked = phone(DIAL, *rang)
    end_first = dials.refused(phone(asked, LegState.HUNG_UP, LegState.ENDED, cause=cause), failure)
    end_last = phone(dials.refused(asked, failure), LegState.HUNG_UP, LegState.ENDED, cause=cause)
    between = phone(dials.refused(phone(asked, LegState.HUNG_UP), failure), LegState.ENDED, cause=cause)
    assert {end_first.reason, end_last.reason, between.reason} == {DialReason.YOU_REJECTED}


@pytest.mark.parametrize("cause", [0, 1, 18, 19, 34])
def test_a_phone_that_never_rang_is_not_there(cause: int) -> None:
    """A time that ran out says "no answer" of a phone which the network has lost, too."""
    failure = OriginateFailed(pbx="main", at=START, action="x", reason=3, leg_lives=True)
    assert phone(dials.refused(DIAL, failure), LegState.ENDED, cause=cause).reason is DialReason.YOU_UNREACHABLE


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (17, DialReason.CUSTOMER_BUSY),
        (0, DialReason.CUSTOMER_NO_ANSWER),
        (1, DialReason.NUMBER_UNKNOWN),
        (34, DialReason.NO_LINE),
    ],
)
def test_a_customer_who_is_not_reached_is_told_apart(cause: int, reason: DialReason) -> None:
    over = dials.changed(RINGING, out(cause=cause))
    assert (over.state, over.reason) == (DialState.FAILED, reason)


def test_who_gives_up_himself_is_told_so() -> None:
    gave_up = phone(RINGING, LegState.HUNG_UP)
    assert dials.changed(gave_up, out()).reason is DialReason.YOU_HUNG_UP
    assert phone(PICKED_UP, LegState.HUNG_UP, LegState.ENDED).reason is DialReason.YOU_HUNG_UP


def test_a_pbx_that_dials_nobody_has_no_line() -> None:
    assert phone(PICKED_UP, LegState.ENDED).reason is DialReason.NO_LINE


def test_a_talk_is_a_talk() -> None:
    talking = dials.changed(RINGING, Story().arrives(Direction.OUTBOUND).talks("101").told())
    assert talking.state is DialState.TALKING
    ended = dials.changed(phone(talking, LegState.ENDED), out(talked=True))
    assert (ended.state, ended.reason) == (DialState.ENDED, None)


@given(st.lists(st.sampled_from(LegState), max_size=8), st.sampled_from([0, 1, 17, 20, 34]))
def test_no_order_of_events_brings_it_back_to_life(states: list[LegState], cause: int) -> None:
    over = replace(DIAL, state=DialState.FAILED, reason=DialReason.YOU_REJECTED)
    after = dials.changed(dials.arrived(phone(over, *states, cause=cause), out()), out())
    assert (after.state, after.reason) == (over.state, over.reason)
