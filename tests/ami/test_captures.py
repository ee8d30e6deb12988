"""Streams of a real Asterisk 22 against what the phones saw of the same moments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from callcenter.call import Call
from tests.ami.tale import Tale, answered, offers, recorded, talkers, told, visits
from tests.captures import freepbx, hand_overs, shapes

HERE = Path(__file__).parents[1] / "captures"
ALL = sorted(path.stem for path in HERE.glob("*.json"))
_COLLEAGUES = ("agent_to_agent", "attended_transfer")  # phones that rang for a colleague, not for a customer
_SILENT = ("outgoing_answered", "reject_busy")  # phones that were rung by nobody, or refused without ringing
# judged one by one in test_hand_overs, test_shapes and test_freepbx
_HANDED_ON = tuple(scene.__name__ for scene in (*hand_overs.SCENES, *shapes.SCENES, *freepbx.SCENES))
_DIALLED_OUT = tuple(name for name in ALL if "outgoing" in name)
_LONGEST_EXTENSION = 4
_OTHERWISE = ("agent_to_agent", "asserted_as_private")  # nobody's number, or another one than the phone says
TIDY = [name for name in ALL if name not in ("kill", "hostile_callerid")]


@pytest.fixture(params=["", ".least"], ids=["all events", "least privilege"])
def suffix(request: pytest.FixtureRequest) -> str:
    """Which AMI user listened."""
    return str(request.param)


def truth(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text())
    return found


def phones(name: str, *, answered: bool) -> list[tuple[str, float]]:
    """The device of every agent's phone that rang (and was answered), with the moment."""
    moment = "answered_at" if answered else "offered_at"
    agents = [offer for offer in truth(name)["offers"] if offer["phone"] != "trunk"]
    return sorted((f"PJSIP/{offer['phone']}", offer[moment]) for offer in agents if offer[moment] is not None)


def is_ours(caller: dict[str, Any]) -> bool:
    return 0 < len(caller["number"]) <= _LONGEST_EXTENSION


def customers(name: str) -> list[dict[str, Any]]:
    """The callers that are no agents."""
    return [caller for caller in truth(name)["callers"] if not is_ours(caller)]


@pytest.mark.parametrize("name", [name for name in TIDY if name not in (*_OTHERWISE, *_DIALLED_OUT)])
def test_each_customer_is_one_call_with_his_number_and_the_one_he_dialled(name: str, suffix: str) -> None:
    calls = told(recorded(name + suffix)).calls
    dialled = [(call.number_raw.replace("<unknown>", ""), call.did) for call in calls]
    assert dialled == [(caller["number"], caller["dialled"]) for caller in customers(name)]


@pytest.mark.parametrize(
    "name", [name for name in TIDY if name not in (*_COLLEAGUES, *_HANDED_ON, "ringall_two_answer")]
)
def test_who_talked_is_who_the_phones_say(name: str, suffix: str) -> None:
    calls = told(recorded(name + suffix)).calls
    talked = sorted((s.device.name, s.answered_at.timestamp()) for c in calls for s in answered(c) if s.answered_at)
    expected = phones(name, answered=True) or phones_of_callers(name)
    assert [device for device, _ in talked] == [device for device, _ in expected]
    assert [at for _, at in talked] == pytest.approx([at for _, at in expected], abs=0.1)


def phones_of_callers(name: str) -> list[tuple[str, float]]:
    """Agents that dialled out themselves and were answered."""
    return [
        (f"PJSIP/{caller['number']}", caller["answered_at"])
        for caller in truth(name)["callers"]
        if is_ours(caller) and caller["answered_at"]
    ]


@pytest.mark.parametrize("name", [name for name in TIDY if name not in (*_COLLEAGUES, *_HANDED_ON, *_SILENT)])
def test_each_ring_of_a_phone_is_one_offer(name: str, suffix: str) -> None:
    calls = told(recorded(name + suffix)).calls
    rung = sorted((o.device.name, o.offered_at.timestamp()) for c in calls for s in c.segments for o in s.offers)
    expected = phones(name, answered=False)
    assert [device for device, _ in rung] == [device for device, _ in expected]
    assert [at for _, at in rung] == pytest.approx([at for _, at in expected], abs=0.1)


@pytest.mark.parametrize("name", TIDY)
def test_nothing_is_left_when_the_phones_are_silent(name: str, suffix: str) -> None:
    tale = told(recorded(name + suffix))
    assert tale.left == (0, 0)
    assert all(call.ended_at for call in tale.calls)
    assert all(segment.leg_ended for call in tale.calls for segment in answered(call))
    assert all(result for call in tale.calls for _, result in (*offers(call), *visits(call)))


@pytest.mark.parametrize("name", TIDY)
def test_both_users_conclude_the_same(name: str) -> None:
    assert told(recorded(name)).calls == told(recorded(f"{name}.least")).calls


def concluded(name: str) -> Call:
    return told(recorded(name)).call


def test_agents_among_themselves_are_no_call(suffix: str) -> None:
    assert told(recorded("agent_to_agent" + suffix)).calls == []


def test_an_answered_queue_call_is_owed_by_who_answered() -> None:
    call = concluded("queue_ringall_answered")
    assert sorted(offers(call)) == [
        ("PJSIP/101", "answered_elsewhere"),
        ("PJSIP/102", "answered"),
        ("PJSIP/103", "answered_elsewhere"),
    ]
    assert [(s.device.name, s.via) for s in call.segments if s.owes] == [("PJSIP/102", "queue")]
    assert visits(call) == [("sales", "answered")]
    assert call.recordings


def test_of_two_who_pick_up_at_once_one_has_the_customer() -> None:
    call = concluded("ringall_two_answer")
    (talker,) = talkers(call)
    assert {phone for phone, result in offers(call) if result == "answered_elsewhere"} == {
        "PJSIP/101", "PJSIP/102", "PJSIP/103",
    } - {talker}  # fmt: skip
    assert [s.device.name for s in call.segments if s.owes] == [talker]


def test_an_attended_transfer_is_one_call_and_the_consult_none() -> None:
    call = concluded("attended_transfer")
    assert offers(call) == [("PJSIP/101", "answered")]
    assert [(s.device.name, s.via) for s in answered(call)] == [("PJSIP/101", "queue"), ("PJSIP/102", "attended")]
    before, after = phones("attended_transfer", answered=True)
    assert call.segments[1].answered_at
    assert call.segments[1].answered_at.timestamp() > after[1] > before[1]


def test_no_answer_owes_nothing() -> None:
    call = concluded("queue_noanswer_then_next")
    assert offers(call) == [("PJSIP/101", "no_answer"), ("PJSIP/102", "answered")]
    assert [s.device.name for s in call.segments if s.owes] == ["PJSIP/102"]


@pytest.mark.parametrize("name", ["queue_abandoned_waiting", "queue_abandoned_ringing", "direct_did_abandoned"])
def test_who_gives_up_is_abandoned(name: str) -> None:
    call = concluded(name)
    assert (call.result, talkers(call)) == ("abandoned", [])
    assert {result for _, result in offers(call)} <= {"cancelled"}
    assert {result for _, result in visits(call)} <= {"abandoned"}


def test_a_queue_whose_time_is_up_is_missed_once() -> None:
    call = concluded("queue_timeout")
    assert (call.result, visits(call)) == ("missed", [("sales", "timeout")])
    assert {result for _, result in offers(call)} == {"no_answer"}


def test_an_agent_who_hangs_up_first_ends_the_call() -> None:
    *_, left, one, other = told(recorded("direct_did_answered")).kinds()
    assert (left, {one, other}) == ("Left", {"LegEnded", "Ended"})


@pytest.mark.parametrize("name", ["withheld_anonymous", "withheld_unknown"])
def test_a_hidden_number_is_withheld(name: str) -> None:
    assert concluded(name).withheld


def test_an_outgoing_call_is_to_whom_was_dialled() -> None:
    call = concluded("outgoing_answered")
    assert (call.direction, call.number_raw, talkers(call)) == ("outbound", "89161234567", ["PJSIP/101"])
    assert call.recordings


def test_names_come_as_they_were_sent() -> None:
    names = [call.name for call in told(recorded("utf8_name")).calls]
    assert names[0] == "Олена Гончаренко"
    assert "O'Brien" in "".join(names)


def test_hostile_numbers_forge_nothing_and_hide_no_call() -> None:
    tale: Tale = told(recorded("hostile_callerid"))
    assert len(tale.calls) == len(customers("hostile_callerid"))
    assert [len(talkers(call)) for call in tale.calls] == [1] * len(tale.calls)
    assert tale.left == (0, 0)


def test_a_killed_pbx_leaves_its_call_open_for_the_comparison() -> None:
    first, second = told(recorded("kill")).calls
    assert first.ended_at is None
    assert second.result == "answered"
