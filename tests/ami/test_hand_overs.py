"""Customers handed on, parked, fetched, held and listened to on a real Asterisk 22: who had them, and who owes what."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from callcenter.call import Call, State
from callcenter.events import HandedOver, LegEnded, Parked
from tests.ami.switchboard import Switchboard
from tests.ami.tale import answered, offers, recorded, told
from tests.ami.test_cut_and_resumed import STREAMS, Watch, watched

ANNA, BORIS, CLARA = "PJSIP/101", "PJSIP/102", "PJSIP/103"
OURS: Final = {
    "blind_refer": [(ANNA, "direct", "draft"), (BORIS, "blind", "owed")],
    "blind_keys": [(ANNA, "direct", "draft"), (BORIS, "blind", "owed")],
    "blind_unanswered": [(ANNA, "direct", "owed")],
    "attended_refer": [(ANNA, "direct", "draft"), (BORIS, "attended", "owed")],
    "attended_keys": [(ANNA, "direct", "draft"), (BORIS, "attended", "owed")],
    "consult_cancelled": [(ANNA, "direct", "owed")],
    "consult_refused": [(ANNA, "direct", "owed")],
    "blonde": [(ANNA, "direct", "draft"), (BORIS, "attended", "owed")],
    "blonde_returned": [(ANNA, "direct", "owed"), (ANNA, "return", "owed")],
    "blonde_taken_off": [(ANNA, "direct", "owed"), (ANNA, "return", "owed")],
    "three_way": [(ANNA, "direct", "draft"), (BORIS, "attended", "owed")],
    "parked_and_fetched": [(ANNA, "direct", "draft"), (BORIS, "park", "owed")],
    "parked_too_long": [(ANNA, "direct", "owed"), (ANNA, "return", "owed")],
    "parked_gives_up": [(ANNA, "direct", "owed")],
    "picked_up_direct": [(BORIS, "pickup", "owed")],
    "picked_up_from_queue": [(BORIS, "pickup", "owed")],
    "held_and_back": [(ANNA, "direct", "owed")],
    "abandoned_on_hold": [(ANNA, "direct", "owed")],
    "conference": [(ANNA, "direct", "draft"), (BORIS, "originate", "owed")],
    "listened_to": [(ANNA, "direct", "owed")],
}
"""Who talked with the customer, how he came to him, and what he owes; nobody else talked or owes."""


@pytest.fixture(params=["", ".least"], ids=["all events", "least privilege"])
def suffix(request: pytest.FixtureRequest) -> str:
    """Which AMI user listened."""
    return str(request.param)


def call_of(name: str) -> Call:
    return told(recorded(name)).call


@pytest.mark.parametrize("name", OURS)
def test_who_had_the_customer_and_owes(name: str, suffix: str) -> None:
    call = told(recorded(name + suffix)).call
    assert [(s.device.name, s.via, s.outcome_state) for s in answered(call)] == OURS[name]
    assert call.result == "answered"
    assert [s.device.name for s in call.segments if s.owes and not s.answered_at] == []


def test_a_colleague_nobody_waited_for_rings_for_the_customer() -> None:
    assert offers(call_of("blonde")) == [(ANNA, "answered"), (BORIS, "answered")]


def test_a_customer_who_comes_back_rings_where_he_came_from() -> None:
    assert offers(call_of("blonde_returned")) == [(ANNA, "answered"), (BORIS, "no_answer"), (ANNA, "answered")]
    assert offers(call_of("parked_too_long")) == [(ANNA, "answered"), (ANNA, "answered")]


def test_a_customer_who_was_sent_on_and_rings_at_the_same_phone_again_is_back() -> None:
    stream = recorded("blind_unanswered")
    sent_on = stream.index(b"Event: BlindTransfer")
    call = told(stream[:sent_on] + stream[sent_on:].replace(BORIS.encode(), ANNA.encode())).call
    assert [(s.device.name, s.via) for s in call.segments] == [(ANNA, "direct"), (ANNA, "return")]


@pytest.mark.parametrize(
    "name", ["attended_refer", "attended_keys", "consult_cancelled", "consult_refused", "three_way"]
)
def test_who_is_only_asked_rings_for_no_customer(name: str) -> None:
    assert offers(call_of(name)) == [(ANNA, "answered")]


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("blind_refer", "102"), ("blind_keys", "102"), ("blind_unanswered", "102"),
        ("attended_refer", "102"), ("attended_keys", "102"), ("blonde_returned", "102"),
        ("blonde", BORIS), ("blonde_taken_off", BORIS), ("freepbx_attended", "PJSIP/2002"),
    ],
)  # fmt: skip
def test_to_whom_he_was_handed_is_told(name: str, to: str) -> None:
    handed = [event for event in told(recorded(name)).events if isinstance(event, HandedOver)]
    assert [event.to for event in handed] == [to]


@pytest.mark.parametrize("name", ["blonde", "blonde_returned", "blonde_taken_off"])
def test_who_leaves_while_the_colleague_rings_is_done_with_the_talk_at_once(name: str, suffix: str) -> None:
    """His channel ends only when somebody has answered."""
    events = told(recorded(name + suffix)).events
    (handed,) = [event for event in events if isinstance(event, HandedOver)]
    ended = [event.at - handed.at for event in events if isinstance(event, LegEnded) and event.leg == handed.leg]
    assert len(ended) == 1
    assert abs(ended[0]) < timedelta(seconds=0.1)


@pytest.mark.parametrize("name", ["parked_and_fetched", "parked_too_long", "parked_gives_up"])
def test_a_parked_customer_is_passed_on_to_nobody(name: str) -> None:
    tale = told(recorded(name))
    assert [event.space for event in tale.events if isinstance(event, Parked)] == ["701"]
    assert tale.call.segments[0].handed_to == ""
    assert (tale.call.parked == "701") == (name == "parked_gives_up")


def test_hold_is_counted_and_is_no_end() -> None:
    held = call_of("abandoned_on_hold").segments[0]
    assert held.hold_s > 1
    assert call_of("held_and_back").segments[0].talk_s > 2


def test_a_pickup_is_answered_elsewhere_for_all_who_rang() -> None:
    call = call_of("picked_up_from_queue")
    assert sorted(offers(call)) == [(phone, "answered_elsewhere") for phone in (ANNA, BORIS, CLARA)]
    assert [visit.result for visit in call.queues] == ["answered"]


def when(name: str, event: str, since: int = 0) -> int:
    """Where in the stream the event is, from ``since`` on."""
    return next(at for at, fields in enumerate(STREAMS[name]) if at >= since and fields["event"] == event)


@pytest.mark.parametrize("name", ["parked_and_fetched", "parked_too_long"])
def test_a_link_lost_while_he_is_parked_changes_nothing(name: str) -> None:
    parked = when(name, "ParkedCall") + 1
    call = watched(name, parked, parked).call
    assert [(s.device.name, s.via, s.outcome_state) for s in answered(call)] == OURS[name]


@pytest.mark.parametrize("name", ["parked_and_fetched", "parked_too_long", "parked_gives_up"])
def test_a_customer_parked_while_nobody_listened_is_found_parked(name: str) -> None:
    watch, there = Watch(), Switchboard()
    watch.see(STREAMS[name][: when(name, "BlindTransfer")])
    for fields in STREAMS[name][: when(name, "BridgeEnter", when(name, "ParkedCall")) + 1]:
        there.feed(fields)
    watch.come_back(there, watch.at)
    (call,) = watch.calls.values()
    assert (call.state, call.parked) == (State.PARKED, "701")


def test_who_was_fetched_while_nobody_listened_is_parked_no_more() -> None:
    fetched = when("parked_and_fetched", "UnParkedCall")
    entered = next(at for at in range(fetched, len(STREAMS["parked_and_fetched"])) if _talks(at))
    call = watched("parked_and_fetched", when("parked_and_fetched", "ParkedCall") + 1, entered + 1).call
    assert [(s.device.name, s.via) for s in answered(call)] == [(ANNA, "direct"), (BORIS, "park")]
    assert call.parked == ""


def test_whose_time_on_the_shelf_ran_out_while_nobody_listened_is_parked_no_more() -> None:
    stream, watch, there = STREAMS["parked_too_long"], Watch(), Switchboard()
    watch.see(stream[: when("parked_too_long", "ParkedCall") + 1])
    assert [call.parked for call in watch.calls.values()] == ["701"]
    for fields in stream[: when("parked_too_long", "ParkedCallTimeOut") + 1]:
        there.feed(fields)
    watch.come_back(there, watch.at)
    assert [(call.parked, call.ended_at) for call in watch.calls.values()] == [("", None)]


def _talks(at: int) -> bool:
    """The second of two enters their bridge."""
    fields = STREAMS["parked_and_fetched"][at]
    return fields["event"] == "BridgeEnter" and fields["bridgenumchannels"] == "2"
