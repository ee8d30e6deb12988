"""The PBX in the shape of FreePBX behaves as the one it stands for: persons, devices and callers are three things."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.amitap import AmiTap
from tests.lab.asterisk import Asterisk
from tests.lab.freepbx.shape import FREEPBX
from tests.lab.phones import Floor
from tests.until import until

ANNA, BORIS, ROSA = "101", "102", "103"


@pytest.fixture
def pbx() -> Iterator[Asterisk]:
    with Asterisk(shape=FREEPBX) as running:
        yield running


def test_a_queue_rings_a_person_at_the_device_he_is_logged_on_to(floor: Floor, tap: AmiTap) -> None:
    floor.phone(ANNA)
    for other in (BORIS, ROSA):
        floor.phone(other, busy=True)
    until(floor.caller("79161230001", "7001", talk_ms=800).ended, 20, "the call is over")
    assert [(offer.phone, offer.dialled, offer.result) for offer in floor.log().answered()] == [
        (ANNA, "2001", "talked")
    ]
    (connect,) = tap.events("AgentConnect")
    assert (connect["Queue"], connect["Interface"], connect["MemberName"]) == (
        "600",
        f"Local/{ANNA}@from-queue/n",
        "Anna Rossi",
    )
    (recording,) = (floor.pbx.spool / "monitor").rglob("*.wav")
    assert recording.name.startswith("q-600-79161230001-")


def test_a_route_rewrites_the_caller_right_after_he_arrived(floor: Floor, tap: AmiTap) -> None:
    floor.phone(BORIS)
    until(floor.caller("89161230002", "7102", display="Ivan", talk_ms=300).ended, 20, "the call is over")
    until(floor.caller("390699", "s", trunk="voip-it", display="Ivo", patience_ms=500).ended, 20, "he gave up")
    first = [
        (e["CallerIDNum"], e["Exten"])
        for e in tap.events("Newchannel")
        if e["Channel"].startswith(("PJSIP/mtt", "PJSIP/voip"))
    ]
    assert first == [("89161230002", "7102"), ("390699", "s")]
    last = {e["Channel"].rpartition("-")[0]: (e["CallerIDNum"], e["CallerIDName"]) for e in tap.events("Hangup")}
    assert last["PJSIP/mtt-msk"] == ("79161230002", "Ivan")
    assert last["PJSIP/voip-it"] == ("390699", "Roma: Ivo")


def test_an_agent_dials_out_through_the_trunk_of_the_country_which_says_so_as_long_as_he_talks(
    floor: Floor, tap: AmiTap
) -> None:
    floor.phone("trunk")
    call = floor.agent_dials(ANNA, "89161230003", talk_ms=600)
    until(lambda: len(tap.events("BridgeEnter")) == 2, 10, "talking")
    (trunk,) = {e["Channel"] for e in tap.events("BridgeEnter") if e["Channel"].startswith("PJSIP/mtt")}
    tap.action("Getvar", Channel=trunk, Variable="DIALEDPEERNUMBER")
    until(lambda: b"\r\nValue: 79161230003@mtt-msk\r\n" in tap.data(), 5, "with what the trunk was dialled")
    until(call.ended, 20, "the call is over")
    (offer,) = floor.log().of("trunk")
    assert (offer.dialled, offer.customer) == ("79161230003", "74951230000")


def test_follow_me_rings_the_desk_and_the_mobile(floor: Floor) -> None:
    floor.phone(ROSA, answer_ms=None)
    floor.phone("trunk", answer_ms=400)
    until(floor.caller("79161230004", "7303", talk_ms=300).ended, 20, "the call is over")
    rang = {ROSA: "answered_elsewhere", "trunk": "talked"}
    until(lambda: {offer.phone: offer.result for offer in floor.log().offers} == rang, 5, "one talked")
