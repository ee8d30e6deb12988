"""Calls that the PBX makes by itself for an agent: told leg by leg, and never popped as incoming."""

from __future__ import annotations

import pytest

from callcenter.events import Arrived, Joined, Offered, Via
from callcenter.pbx_events import LegState, OriginatedLeg, OriginateFailed
from tests.ami.says import Line, Pbx
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


CLICK = "01a21ad5-bd01-7269-bc96-cc6791d2fa96"


def several(pbx: Pbx) -> tuple[Line, Line, Line, Line]:
    """Two phones of an agent ring through a Local channel, as Asterisk 22 tells it."""
    one, two = pbx.local("ring@callcenter-click", CLICK, (CLICK, f"{CLICK}-other"))
    pbx.dial(None, one)
    desk, web = pbx.channel("PJSIP/101", family=CLICK), pbx.channel("PJSIP/102", family=CLICK)
    for phone in (desk, web):
        pbx.dial(two, phone)
    for line in (desk, web, one):
        pbx.state(line, "Ringing")
    return one, two, desk, web


def legs(pbx: Pbx) -> list[tuple[str, LegState, int]]:
    return [(e.uniqueid, e.state, e.cause) for e in told(pbx.stream).events if isinstance(e, OriginatedLeg)]


def test_of_several_phones_the_one_that_is_picked_up_is_the_leg() -> None:
    pbx = Pbx()
    one, two, desk, web = several(pbx)
    pbx.state(web, "Up")
    answers(pbx, CLICK, "Failure", 0)
    pbx.hangup(one, asked=True)
    pbx.hangup(desk, 26)
    trunk = pbx.channel("PJSIP/trunk", family=CLICK)
    pbx.dial(web, trunk, "89161234567@trunk")
    pbx.hangup(two)
    pbx.state(trunk, "Up")
    pbx.enters("b", trunk)
    pbx.enters("b", web)
    pbx.hangup(web, asked=True)
    pbx.hangup(trunk)
    states = [LegState.RINGING, LegState.RINGING, LegState.ANSWERED, LegState.HUNG_UP, LegState.ENDED]
    assert legs(pbx) == [(CLICK, state, 16 if state is LegState.ENDED else 0) for state in states]
    events = told(pbx.stream).events
    assert [e.origin for e in events if isinstance(e, Arrived)] == [CLICK]
    assert [e.leg_lives for e in events if isinstance(e, OriginateFailed)] == [True]
    assert [(e.leg, e.device.name, e.via) for e in events if isinstance(e, Joined)] == [
        (web.uniqueid, "PJSIP/102", Via.ORIGINATE)
    ]
    assert not [e for e in events if isinstance(e, Offered)]


@pytest.mark.parametrize(
    ("ends", "cause"), [((17, 0), 17), ((0, 21), 21), ((0, 0), 0), ((20, 20), 20)], ids=["one", "other", "none", "away"]
)
def test_of_several_phones_that_nobody_picks_up_one_end_is_told(ends: tuple[int, int], cause: int) -> None:
    pbx = Pbx()
    one, two, *phones = several(pbx)
    for phone, why in zip(phones, ends, strict=True):
        pbx.hangup(phone, why)
    pbx.hangup(one)
    pbx.hangup(two)
    answers(pbx, CLICK, "Failure", 0)
    assert [(u, c) for u, state, c in legs(pbx) if state is LegState.ENDED] == [(CLICK, cause)]
    assert [e.leg_lives for e in told(pbx.stream).events if isinstance(e, OriginateFailed)] == [False]


def test_where_none_of_several_phones_is_there_the_leg_just_ends() -> None:
    pbx = Pbx()
    one, two = pbx.local("ring@callcenter-click", CLICK, (CLICK, f"{CLICK}-other"))
    pbx.dial(None, one)
    pbx.hangup(two, 20)
    pbx.hangup(one, 20)
    assert legs(pbx) == [(CLICK, LegState.ENDED, 20)]
