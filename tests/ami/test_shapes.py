"""Calls of every other shape on a real Asterisk 22: whose phone rang, who talked, how it ended."""

from __future__ import annotations

from functools import partial
from typing import Final

import pytest

from callcenter.call import Call
from callcenter.events import Offered
from callcenter.roster import Binding, Device, Roster
from tests.ami.says import Pbx
from tests.ami.tale import ROSTER, answered, offers, recorded, told, visits
from tests.spine.story import ANNA as ANNA_HERSELF

ANNA, BORIS, CLARA, MOBILE = "PJSIP/101", "PJSIP/102", "PJSIP/103", "outside/+79160000101"
ELSEWHERE: Final = "answered_elsewhere"
OURS: Final = {
    "group": ([(ANNA, ELSEWHERE), (BORIS, "answered"), (CLARA, ELSEWHERE)], [(BORIS, "direct")]),
    "hunt_answered": ([(ANNA, "no_answer"), (BORIS, "answered")], [(BORIS, "direct")]),
    "far_member": ([(ANNA, ELSEWHERE), (BORIS, "answered")], [(BORIS, "queue")]),
    "folding_member": ([(ANNA, "answered")], [(ANNA, "queue")]),
    "nested_local": ([(ANNA, "answered")], [(ANNA, "direct")]),
    "follow_me": ([(ANNA, ELSEWHERE), (MOBILE, "answered")], [(MOBILE, "direct")]),
    "follow_me_at_desk": ([(ANNA, "answered"), (MOBILE, ELSEWHERE)], [(ANNA, "direct")]),
    "moved_outside": ([(MOBILE, "answered")], [(MOBILE, "direct")]),
    "moved_to_colleague": ([(BORIS, "answered")], [(BORIS, "direct")]),
    "two_contacts": ([(ANNA, "answered")], [(ANNA, "direct")]),
    "one_contact_rejects": ([(ANNA, "answered")], [(ANNA, "direct")]),
    "presented_as_private": ([(ANNA, "answered")], [(ANNA, "direct")]),
    "outgoing_wrapped": ([], [(ANNA, "outbound")]),
}
"""What became of each ring, and who talked with the customer; all of these are answered."""
NOBODY: Final = {
    "queue_closed": ("missed", [("closed", "empty")], []),
    "queue_key": ("missed", [("keyed", "exit")], []),
    "voicemail": ("voicemail", [("brief", "timeout")], [(ANNA, "no_answer")]),
    "voicemail_declined": ("abandoned", [("brief", "timeout")], [(ANNA, "no_answer")]),
    "not_there": ("abandoned", [], [(ANNA, "unreachable")]),
    "never_registered": ("missed", [], [("PJSIP/nowhere", "unreachable")]),
    "outgoing_busy": ("busy", [], []),
    "outgoing_wrong": ("failed", [], []),
    "outgoing_congested": ("failed", [], []),
    "outgoing_given_up": ("missed", [], []),
}
"""How a call without a talk ended, what the queue made of it, and whose phone was tried."""


@pytest.fixture(params=["", ".least"], ids=["all events", "least privilege"])
def suffix(request: pytest.FixtureRequest) -> str:
    """Which AMI user listened."""
    return str(request.param)


def call_of(name: str) -> Call:
    return told(recorded(name)).call


@pytest.mark.parametrize("name", OURS)
def test_who_rang_who_talked_and_who_owes(name: str, suffix: str) -> None:
    call = told(recorded(name + suffix)).call
    rung, talked = OURS[name]
    assert sorted(offers(call)) == sorted(rung)
    assert [(s.device.name, s.via) for s in answered(call)] == talked
    assert [s.device.name for s in call.segments if s.owes] == [d for d, _ in talked if d != MOBILE]
    assert call.result == "answered"


@pytest.mark.parametrize("name", NOBODY)
def test_how_a_call_without_a_talk_ended(name: str, suffix: str) -> None:
    call = told(recorded(name + suffix)).call
    assert (call.result, visits(call), offers(call)) == NOBODY[name]
    assert not [s for s in call.segments if s.owes]


@pytest.mark.parametrize("name", ["outgoing_busy", "outgoing_wrong", "outgoing_congested", "outgoing_wrapped"])
def test_an_outgoing_call_is_to_whom_was_dialled_whatever_the_way_out(name: str) -> None:
    call = call_of(name)
    assert (call.direction, call.number_raw) == ("outbound", "89161234567")


def test_rounds_of_a_hunt_are_one_row_an_agent_with_all_his_rings() -> None:
    call = call_of("hunt")
    assert [(s.device.name, len(s.offers)) for s in call.segments] == [(ANNA, 3), (BORIS, 3)]
    assert call.result == "abandoned"
    assert {result for _, result in offers(call)} == {"no_answer", "cancelled"}


def test_a_second_call_of_a_talking_agent_is_a_call_of_its_own() -> None:
    first, second = told(recorded("call_waiting")).calls
    assert (first.result, offers(first)) == ("answered", [(ANNA, "answered")])
    assert (second.result, offers(second)) == ("abandoned", [(ANNA, "cancelled")])


def test_a_full_queue_takes_nobody_more() -> None:
    first, second = told(recorded("queue_full")).calls
    assert (first.result, visits(first)) == ("abandoned", [("narrow", "abandoned")])
    assert (second.result, visits(second)) == ("missed", [("narrow", "full")])


def test_a_message_is_linked_under_the_name_the_pbx_gave_it() -> None:
    (path,) = call_of("voicemail").recordings
    name, _, call = path.partition("#")
    assert name.endswith("/voicemail/default/support/INBOX/msg0000.wav")
    assert call == call_of("voicemail").key.uniqueid
    assert call_of("voicemail_declined").recordings == ()


def test_a_mobile_that_is_an_agents_is_his_part_with_his_desk() -> None:
    phones = frozenset({Device(pbx="main", name=ANNA), Device(pbx="main", name=MOBILE)})
    (mine, *others) = ROSTER.bindings
    roster = Roster(bindings=(*others, Binding(agent=mine.agent, extension="101", devices=phones, since=mine.since)))
    call = told(recorded("follow_me"), roster=roster).call
    (part,) = call.segments
    assert (part.agent, part.device.name, part.outcome_state) == (ANNA_HERSELF, MOBILE, "owed")
    assert sorted((o.device.name, o.result) for o in part.offers) == [(ANNA, ELSEWHERE), (MOBILE, "answered")]


def test_a_phone_that_never_rang_pops_nowhere() -> None:
    rung = [event for event in told(recorded("not_there")).events if isinstance(event, Offered)]
    assert [event.result for event in rung] == ["unreachable"]


def test_a_phone_without_an_address_is_told_of_once_however_often_it_is_tried() -> None:
    pbx = Pbx()
    customer = pbx.customer()
    for _ in range(2):
        pbx.variable(customer, "CC_UNREACHABLE", ANNA)
    pbx.hangup(customer)
    call = told(pbx.stream).call
    assert (offers(call), call.result) == ([(ANNA, "unreachable")], "missed")
    assert [s.agent for s in call.segments] == [ANNA_HERSELF]


@pytest.mark.parametrize("cause", [26, 16, 21])
def test_addresses_of_one_phone_that_ring_together_are_one_ring(cause: int) -> None:
    """Whichever gives up first, the phone rings until the last one does."""
    pbx = Pbx()
    customer = pbx.customer()
    first, second = pbx.rings(customer), pbx.rings(customer)
    pbx.hangup(first, cause)
    pbx.hangup(second)
    pbx.hangup(customer, asked=True)
    call = told(pbx.stream).call
    assert offers(call) == [(ANNA, "no_answer")]
    rang = call.segments[0].offers[0]
    assert rang.ended_at
    assert (rang.ended_at - rang.offered_at).total_seconds() >= 4


@pytest.mark.parametrize("first", [0, 1], ids=["the one that refuses", "the one that rings"])
def test_an_address_that_refuses_silently_is_no_ring_of_a_phone_that_rings(first: int) -> None:
    pbx = Pbx()
    customer = pbx.customer()
    dead, other = pbx.channel(ANNA, family=customer.linkedid), pbx.channel(ANNA, family=customer.linkedid)
    pbx.dial(customer, dead)
    pbx.dial(customer, other)
    refuses, rings = partial(pbx.hangup, dead, 17), partial(pbx.state, other, "Ringing")
    for comes in ((refuses, rings), (rings, refuses))[first]:
        comes()
    pbx.hangup(other)
    pbx.hangup(customer)
    assert offers(told(pbx.stream).call) == [(ANNA, "no_answer")]


def test_a_phone_none_of_whose_addresses_is_there_is_tried_once() -> None:
    pbx = Pbx()
    customer = pbx.customer()
    for leg in (pbx.channel(ANNA, family=customer.linkedid), pbx.channel(ANNA, family=customer.linkedid)):
        pbx.dial(customer, leg)
    pbx.hangup(customer)
    assert offers(told(pbx.stream).call) == [(ANNA, "unreachable")]


def test_of_a_phone_that_had_no_time_to_ring_nothing_is_known() -> None:
    pbx = Pbx()
    customer = pbx.customer()
    slow = pbx.channel("PJSIP/102", family=customer.linkedid)
    pbx.dial(customer, slow)
    quick = pbx.rings(customer)
    pbx.talk("b1", customer, quick)
    pbx.hangup(slow, 26)
    assert offers(told(pbx.stream).call) == [(ANNA, "answered")]


def test_a_phone_that_refuses_without_ringing_is_shown_so() -> None:
    pbx = Pbx()
    customer = pbx.customer()
    closed = pbx.channel("PJSIP/102", family=customer.linkedid)
    pbx.dial(customer, closed)
    pbx.dialled(customer, closed, "BUSY")
    pbx.hangup(closed, 17)
    pbx.hangup(customer)
    assert offers(told(pbx.stream).call) == [(BORIS, "rejected")]


@pytest.mark.parametrize("peer", ["Snoop/1", "UnicastRTP/127.0.0.1:9", "PJSIP/door-front", "Console/dsp"])
def test_what_is_nobodys_phone_neither_rings_nor_talks(peer: str) -> None:
    pbx = Pbx()
    customer = pbx.customer()
    pbx.rings(customer, peer)
    other = pbx.rings(customer)
    pbx.talk("b1", customer, other)
    call = told(pbx.stream).call
    assert [(s.device.name, s.via) for s in call.segments] == [(ANNA, "direct")]
