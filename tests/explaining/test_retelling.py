"""Every message of every capture gets what was concluded from it or the rule by which nothing was."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.ami.reasons import Silence
from callcenter.call import Offer
from callcenter.events import CallEvent, Offered
from tests.ami.tale import recorded
from tests.ami.tale import told as tale
from tests.explaining.told import family, journal, of_capture, steps

ALL = sorted(path.stem for path in (Path(__file__).parents[1] / "captures").glob("*.ami"))


@pytest.mark.parametrize("name", ALL)
def test_each_message_says_what_it_meant_or_why_it_meant_nothing(name: str) -> None:
    assert all(bool(step.told) != bool(step.why) for step in steps(recorded(name)))


@pytest.mark.parametrize("name", ALL)
def test_what_is_concluded_again_is_what_was_concluded_then(name: str) -> None:
    again = [event for step in steps(recorded(name)) for event in step.told]
    then = [event for event in tale(recorded(name)).events if isinstance(event, CallEvent)]
    assert [type(event) for event in again if isinstance(event, CallEvent)] == [type(event) for event in then]


@pytest.mark.parametrize("name", [name for name in ALL if name not in ("hostile_callerid", "hostile_callerid.least")])
def test_a_calls_own_messages_are_enough_to_tell_it(name: str, tmp_path: Path) -> None:
    for call in tale(recorded(name)).calls:
        assert of_capture(tmp_path / call.key.uniqueid, name, call.key.uniqueid).call is not None
        told = of_capture(tmp_path / call.key.uniqueid / "again", name, call.key.uniqueid).call
        assert told is not None
        assert (told.state, told.result, told.queues) == (call.state, call.result, call.queues)
        assert [(s.device, s.agent, s.via, s.offers, s.answered_at) for s in told.segments] == [
            (s.device, s.agent, s.via, s.offers, s.answered_at) for s in call.segments
        ]


@pytest.mark.parametrize("name", ALL)
def test_every_pop_is_in_the_line_that_caused_it(name: str, tmp_path: Path) -> None:
    for call in tale(recorded(name)).calls:
        found = of_capture(tmp_path / call.key.uniqueid, name, call.key.uniqueid)
        rung = {s.agent for s in call.segments if s.agent and (s.answered_at or any(_rang(o) for o in s.offers))}
        popped = {shown.agent for line in found.lines for shown in line.shown}
        assert popped == rung
        assert all(line.said for line in found.lines if line.shown or line.nobody_at)


def _rang(offer: Offer) -> bool:
    """A phone that refused, or was not there, without ringing pops on no screen."""
    return offer.ended_at is None or offer.ended_at > offer.offered_at


def test_the_family_follows_linkedids_that_change_silently(tmp_path: Path) -> None:
    """An attended transfer by REFER: the consult was a call of its own until the newcomer entered the bridge."""
    (call,) = tale(recorded("attended_refer")).calls
    devices = {segment.device.name for segment in call.segments}
    told = of_capture(tmp_path, "attended_refer", call.key.uniqueid).call
    assert told is not None
    assert {segment.device.name for segment in told.segments} == devices == {"PJSIP/101", "PJSIP/102"}


def test_another_customers_call_is_left_out(tmp_path: Path) -> None:
    first, second, *_ = tale(recorded("back_to_back")).calls
    found = family(journal(tmp_path, recorded("back_to_back")), first.key.uniqueid)
    assert first.key.uniqueid in found.family
    assert second.key.uniqueid not in found.family
    assert not found.cut


def test_what_colleagues_say_among_themselves_is_suppressed_by_rule() -> None:
    found = steps(recorded("agent_to_agent"))
    assert Silence.INTERNAL in {step.why for step in found}
    assert not [event for step in found for event in step.told if isinstance(event, Offered)]


def test_what_a_caller_forged_is_told_as_unbelievable() -> None:
    assert Silence.UNBELIEVABLE in {step.why for step in steps(recorded("hostile_callerid"))}
