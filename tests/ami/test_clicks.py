"""Calls that the PBX makes by itself for an agent: told leg by leg, and never popped as incoming."""

from __future__ import annotations

from callcenter.events import Arrived, LegState, OriginatedLeg, OriginateFailed
from tests.ami.says import Pbx
from tests.ami.tale import told


def test_a_click_to_call_is_told_leg_by_leg_and_names_the_leg_it_came_from() -> None:
    pbx = Pbx()
    anna = pbx.channel("PJSIP/101")
    pbx.dial(None, anna)
    pbx.state(anna, "Ringing")
    pbx.state(anna, "Up")
    trunk = pbx.channel("PJSIP/trunk", family=anna.linkedid)
    pbx.dial(anna, trunk, "89161234567@trunk")
    pbx.hangup(trunk, 17)
    pbx.hangup(anna, asked=True)
    events = told(pbx.stream).events
    legs = [e.state for e in events if isinstance(e, OriginatedLeg)]
    assert legs == [LegState.RINGING, LegState.ANSWERED, LegState.HUNG_UP, LegState.ENDED]
    assert [e.origin for e in events if isinstance(e, Arrived)] == [anna.uniqueid]


def test_a_phone_that_rings_before_it_is_said_to_be_dialled_rings() -> None:
    pbx = Pbx()
    anna = pbx.channel("PJSIP/101")
    pbx.state(anna, "Ringing")
    pbx.dial(None, anna)
    assert [e.state for e in told(pbx.stream).events if isinstance(e, OriginatedLeg)] == [LegState.RINGING]


def test_a_call_an_agent_dialled_himself_has_no_originated_leg() -> None:
    pbx = Pbx()
    anna = pbx.channel("PJSIP/101", "Ring", exten="89161234567")
    trunk = pbx.channel("PJSIP/trunk", family=anna.linkedid)
    pbx.dial(anna, trunk, "89161234567@trunk")
    pbx.hangup(trunk, 17)
    pbx.hangup(anna)
    assert not [e for e in told(pbx.stream).events if isinstance(e, OriginatedLeg)]


def answers(pbx: Pbx, action: str, response: str, reason: int) -> None:
    """What becomes of the action."""
    pbx.say(
        "OriginateResponse",
        ActionID=action,
        Response=response,
        Channel="PJSIP/101",
        Context="callcenter-dial",
        Exten="+79161234567",
        Reason=reason,
        Uniqueid="<unknown>",
        CallerIDNum="<unknown>",
        CallerIDName="<unknown>",
    )


def test_a_phone_that_cannot_be_rung_is_told_by_the_id_of_the_action() -> None:
    pbx = Pbx()
    answers(pbx, "one", "Success", 4)
    answers(pbx, "one", "Failure", 5)
    (event,) = (e for e in told(pbx.stream).events if isinstance(e, OriginateFailed))
    assert (event.action, event.reason, event.leg_lives) == ("one", 5, False)


def test_a_failure_says_whether_the_end_of_the_phones_channel_is_still_to_come() -> None:
    pbx = Pbx()
    anna = pbx.channel("PJSIP/101")
    pbx.dial(None, anna)
    answers(pbx, anna.uniqueid, "Failure", 0)
    pbx.hangup(anna, 17)
    answers(pbx, anna.uniqueid, "Failure", 0)
    events = told(pbx.stream).events
    assert [e.leg_lives for e in events if isinstance(e, OriginateFailed)] == [True, False]
    assert [(e.state, e.cause) for e in events if isinstance(e, OriginatedLeg)] == [(LegState.ENDED, 17)]
