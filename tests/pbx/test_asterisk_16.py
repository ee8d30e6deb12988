"""The oldest Asterisk we work with reads the shipped configuration, and what it tells of a call is understood."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter.call import Call
from callcenter.routing.doctor.findings import CheckState
from tests.ami.tale import told
from tests.lab.amitap import AmiTap
from tests.lab.asterisk import AMI_SECRET, AMI_USER, Asterisk
from tests.lab.phones import Floor
from tests.lab.render import CONF
from tests.lab.root import cache_dir
from tests.pbx.doctored import Patient
from tests.pbx.test_gate_mechanics import ANNA, BORIS, CLARA, NUMBER, OTHER, owes, talk
from tests.pbx.test_routing import BLOCKED, BORIS_FIRST, NAME, REFUSED, answering
from tests.until import until

OURS = re.compile(rf"(WARNING|ERROR).* ({'|'.join(re.escape(path.name) for path in CONF.glob('*.conf'))})\b")
"""What Asterisk says of a file it could not make sense of."""


@pytest.fixture
def pbx() -> Iterator[Asterisk]:
    if not (cache_dir() / "asterisk-16/usr/sbin/asterisk").exists():
        pytest.skip("no root with Asterisk 16: ./run test builds it where the mirror still has Debian 11")
    with Asterisk(version="16") as running:
        yield running


def test_a_queue_call_is_gated_recorded_and_concluded(floor: Floor) -> None:
    pbx = floor.pbx
    assert "16." in pbx.cli("core show version")
    complaints = [line for line in (pbx.log / "messages").read_text().splitlines() if OURS.search(line)]
    assert complaints == []
    tap = AmiTap(pbx, AMI_USER, AMI_SECRET)
    floor.phone(ANNA)
    for other in (BORIS, CLARA):
        floor.phone(other, busy=True)
    talk(floor.caller(NUMBER, "7001", talk_ms=1500))
    until(lambda: "0 active channels" in pbx.cli("core show channels count"), 10, "no channel left")
    tap.close()
    assert owes(pbx, ANNA) == ("support", NUMBER, "7001")
    call = told(tap.data()).call
    assert [(visit.queue, visit.result) for visit in call.queues] == [("support", "answered")]
    assert [(s.device.name, s.outcome_state) for s in call.segments if s.answered_at] == [("PJSIP/101", "owed")]
    assert len(call.recordings) == 1
    assert len(list((pbx.spool / "monitor").iterdir())) == 3


def concluded(tap: AmiTap, floor: Floor) -> Call:
    """The one call of the moment, once everybody has gone."""
    until(lambda: all(caller.ended() for caller in floor.callers), 20, "all callers gone")
    until(lambda: "0 active channels" in floor.pbx.cli("core show channels count"), 10, "no channel left")
    data = tap.data()
    tap.close()
    return told(data).call


def parts(call: Call) -> list[tuple[str, str, str]]:
    return [(s.device.name, s.via, s.outcome_state) for s in call.segments if s.answered_at]


def leg_of(tap: AmiTap, agent: str) -> str:
    """The agent's channel, once he has talked for a second."""
    prefix = f"PJSIP/{agent}-"
    until(lambda: len(tap.events("BridgeEnter")) >= 2, 10, "talking")
    since = time.monotonic()
    until(lambda: time.monotonic() - since > 1.2, 5, "a talk that is more than a moment")
    return next(e["Channel"] for e in tap.events("BridgeEnter") if e["Channel"].startswith(prefix))


def test_handed_on_blindly_the_last_who_talked_owes(floor: Floor, tap: AmiTap) -> None:
    floor.phone(ANNA)
    floor.phone(BORIS)
    ours = AmiTap(floor.pbx, AMI_USER, AMI_SECRET)
    floor.caller(NUMBER, "7101", talk_ms=4500)
    tap.action("BlindTransfer", Channel=leg_of(ours, ANNA), Context="agents", Exten=BORIS)
    assert parts(concluded(ours, floor)) == [("PJSIP/101", "direct", "draft"), ("PJSIP/102", "blind", "owed")]


def test_handed_on_after_a_question_the_last_who_talked_owes(floor: Floor, tap: AmiTap) -> None:
    floor.phone(ANNA)
    boris = floor.phone(BORIS)
    ours = AmiTap(floor.pbx, AMI_USER, AMI_SECRET)
    floor.caller(NUMBER, "7101", talk_ms=6000)
    anna = leg_of(ours, ANNA)
    tap.action("Atxfer", Channel=anna, Context="agents", Exten=f"{BORIS}#")
    until(boris.taken, 10, "Boris giving advice")
    tap.action("Hangup", Channel=anna)
    assert parts(concluded(ours, floor)) == [("PJSIP/101", "direct", "draft"), ("PJSIP/102", "attended", "owed")]


def test_a_call_that_goes_out_is_to_whom_was_dialled(floor: Floor) -> None:
    tap = AmiTap(floor.pbx, AMI_USER, AMI_SECRET)
    floor.phone("trunk")
    floor.agent_dials(ANNA, "89161234567", talk_ms=800)
    call = concluded(tap, floor)
    assert (call.direction, call.number_raw, parts(call)) == (
        "outbound", "89161234567", [("PJSIP/101", "outbound", "owed")],
    )  # fmt: skip
    assert call.recordings


def test_it_is_asked_where_a_call_goes_and_silence_lets_the_call_through(floor: Floor, tap: AmiTap) -> None:
    with answering({NUMBER: BORIS_FIRST, BLOCKED: REFUSED}) as (where, heard):
        tap.action("DBPut", Family="callcenter-routing", Key="support", Val=where)
        tap.action("Setvar", Variable="CC_ROUTE_PATIENCE", Value="5")
        floor.phone(BORIS)
        refused = floor.caller(BLOCKED, "7001")
        until(refused.ended, 20, "refused")
        assert not refused.answered()
        talk(floor.caller(NUMBER, "7001", talk_ms=200))
        assert [(e["DestChannel"].split("-")[0], e["CallerIDName"]) for e in tap.events("DialBegin")] == [
            (f"PJSIP/{BORIS}", NAME)
        ]
        assert owes(floor.pbx, BORIS) == ("", NUMBER, "7001")
        tap.action("Setvar", Variable="CC_ROUTE_PATIENCE", Value="")
        floor.caller(OTHER, "7001")
        until(lambda: tap.events("QueueCallerJoin"), 10, "in the queue though nobody answered")
    assert heard == [BLOCKED, NUMBER, OTHER]


def test_the_doctor_sees_all_of_it_and_nothing_wrong(pbx: Asterisk, tmp_path: Path) -> None:
    patient = Patient.of(pbx, tmp_path)
    patient.settle()
    report = patient.examined()
    assert report.version.startswith("16.")
    assert {check.code: check.state for check in report.checks if check.state is not CheckState.OK} == {}
